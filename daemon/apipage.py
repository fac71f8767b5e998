"""The page that shows the API: plain HTML of the OpenAPI document, without a script or another host.

All text goes through `_words` or is an attribute of `_element`, and is escaped there. The page is well-formed
XML, so that a test can tell that nothing was forgotten.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from .curl import lines
from .nodes import Node, items, named, node, nodes, text

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --link: #06c; }
@media (prefers-color-scheme: dark) { :root { --link: #7bf; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 0 1rem 4rem; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
h2 { margin: 3rem 0 0; border-bottom: 1px solid var(--line); }
h3 { margin: 2.5rem 0 0; font-size: 1rem; overflow-wrap: anywhere; }
h4 { margin: 1rem 0 0; font-size: .9rem; }
p { margin: .5rem 0; }
code, pre, h3 { font-family: ui-monospace, monospace; }
code { background: var(--soft); border-radius: .2rem; padding: 0 .2rem; overflow-wrap: anywhere; }
pre { background: var(--soft); border-radius: .3rem; padding: .5rem; overflow-x: auto; margin: .5rem 0; }
pre code { background: none; padding: 0; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-size: .9rem; }
td { border-top: 1px solid var(--line); padding: .2rem .6rem .2rem 0; vertical-align: top; }
td:first-child { width: 30%; overflow-wrap: anywhere; }
nav ul { list-style: none; padding: 0; columns: 18rem; margin: .5rem 0; }
nav li { break-inside: avoid; overflow-wrap: anywhere; }
"""

_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""The Content-Security-Policy of the page: nothing but its own style."""

_BEGIN = """\
In the examples, `api` is where Holdfast listens, and `token` is what `/login` has given:
`api=http://127.0.0.1:42069`. On the machine itself, whoever may open the socket needs no token."""


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    path: str
    item: Node
    """What is said of the path."""
    told: Node
    """What is said of the method of it."""

    @property
    def title(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def group(self) -> str:
        return str(next(iter(items(self.told, "tags")), ""))


def render(document: Node) -> str:
    """Return the page for an OpenAPI document of ours."""
    info = node(document, "info")
    title = f"{text(info, 'title')} {text(info, 'version')}"
    groups = {text(tag, "name"): text(tag, "description") for tag in nodes(document, "tags")}
    routes = list(_routes(document))
    body = [
        _element("h1", _words(title)),
        *_paragraphs(text(info, "description")),
        _element("p", "For programs: ", _element("a", "openapi.json", href="openapi.json")),
        *_paragraphs(_BEGIN),
        _element("nav", *(_contents(group, routes) for group in groups)),
    ]
    for group, about in groups.items():
        body += [_element("h2", _words(group), id=_anchor(group)), _element("p", _words(f"{about}."))]
        for route in routes:
            body += _shown(route) if route.group == group else []
    body.append(_element("h2", "Schemas", id="schemas"))
    for name, schema in named(node(document, "components"), "schemas"):
        body += [_element("h3", _words(name), id=f"schema-{name}"), _shape(schema)]
    head = (
        '<meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
    )
    content = "\n".join(filter(None, body))
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{content}\n</body></html>\n'


def _routes(document: Node) -> Iterator[_Route]:
    for path, item in named(document, "paths"):
        for method in METHODS:
            if method in item:
                yield _Route(method.upper(), path, item, node(item, method))
        if "x-websocket" in item:
            yield _Route("WS", path, item, node(item, "x-websocket"))


def _contents(group: str, routes: Iterable[_Route]) -> str:
    listed = [
        _element("li", _element("a", _words(route.title), href=f"#{_anchor(route.title)}"))
        for route in routes
        if route.group == group
    ]
    return _element("h4", _element("a", _words(group), href=f"#{_anchor(group)}")) + _element("ul", *listed)


def _shown(route: _Route) -> Iterator[str]:
    told, anchor = route.told, _anchor(route.title)
    yield _element("h3", _element("a", _words(route.title), href=f"#{anchor}"), id=anchor)
    yield _element("p", _words(f"{text(told, 'summary')}."))
    yield from _paragraphs(text(told, "description"))
    yield _element("p", _words(_needs(told)))
    parameters = [*nodes(route.item, "parameters"), *nodes(told, "parameters")]
    yield _table("Parameters", ((_words(f"`{text(one, 'name')}`"), _parameter(one)) for one in parameters))
    yield _table("Body", _body(node(told, "requestBody")))
    answers = named(told, "responses")
    good = [row for status, answer in answers if status < "4" for row in _answer(status, answer)]
    yield _table("Answers", good)
    bad = [(status, _listed(text(answer, "description"))) for status, answer in answers if status >= "4"]
    yield _table("Errors", bad)
    for title, key in (("Subprotocols", "subprotocols"), ("Close codes", "closeCodes")):
        rows = node(told, key).items()
        yield _table(title, ((_words(name or "none"), _words(str(about))) for name, about in rows))
    if route.method != "WS":
        yield _element("pre", _element("code", escape("\n".join(lines(route.method, route.path, told)))))


def _needs(one: Node) -> str:
    permission = text(one, "x-permission")
    if not permission:
        return "Anybody may."
    by_ticket = any("ticket" in scheme for scheme in nodes(one, "security"))
    return f"Needs `{permission}`{', takes tickets' if by_ticket else ''}."


def _parameter(parameter: Node) -> str:
    required = "required; " if parameter.get("required") else ""
    about = f"{text(parameter, 'in')}; {required}{text(parameter, 'description')}"
    return f"{_words(about)}: {_type(node(parameter, 'schema'))}"


def _body(body: Node) -> Iterator[tuple[str, str]]:
    for kind, content in named(body, "content"):
        yield _words(kind), f"{_words(text(body, 'description'))}: {_type(node(content, 'schema'))}"


def _answer(status: str, answer: Node) -> Iterator[tuple[str, str]]:
    if "content" not in answer:
        yield _words(status), _words(text(answer, "description"))
    for kind, told in _body(answer):
        yield f"{_words(status)} {kind}", told
    for name, header in named(answer, "headers"):
        yield _words(f"`{name}:`"), _words(text(header, "description"))


def _listed(words: str) -> str:
    return ", ".join(_words(f"`{word}`") for word in words.split(", "))


def _shape(schema: Node) -> str:
    """Return a schema in full."""
    about = _element("p", _words(f"{text(schema, 'description')}.")) if "description" in schema else ""
    if several := _alternatives(schema):
        return about + _element("p", "One of these:") + "".join(map(_shape, several))
    properties = named(schema, "properties")
    if not properties:
        return _element("p", _type(schema)) + about
    always = items(schema, "required")
    rows = []
    for name, told in properties:
        words = [_type(told), "" if name in always else "optional", _words(text(told, "description"))]
        rows.append((_words(f"`{name}`"), "; ".join(word for word in words if word)))
    return about + _table("", rows)


def _type(schema: Node) -> str:
    """Return a schema in a few words."""
    if name := text(schema, "$ref").rpartition("/")[2]:
        return _element("a", _words(name), href=f"#schema-{name}")
    if several := _alternatives(schema):
        return " or ".join(map(_type, several))
    if choices := items(schema, "enum"):
        return " ".join(_words(f"`{choice}`") for choice in choices)
    if "const" in schema:
        return _words(f"`{json.dumps(schema['const'])}`")
    if properties := named(schema, "properties"):
        return "object of " + ", ".join(_words(f"`{name}`") for name, _ in properties)
    if inner := node(schema, "additionalProperties"):
        return f"object of {_type(inner)}"
    if inner := node(schema, "items"):
        return f"list of {_type(inner)}"
    kinds = items(schema, "type") or [schema.get("type", "anything")]
    return _words(" or ".join(map(str, kinds)))


def _alternatives(schema: Node) -> list[Node]:
    return [*nodes(schema, "anyOf"), *nodes(schema, "oneOf")]


def _table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    told = [_element("tr", _element("td", first), _element("td", second)) for first, second in rows]
    head = _element("h4", _words(title)) if title else ""
    return head + _element("table", _element("tbody", *told)) if told else ""


def _paragraphs(text: str) -> list[str]:
    return [_element("p", _words(part)) for part in text.split("\n\n") if part]


def _words(text: str) -> str:
    """Escape a text; what stands between backticks is code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def _element(name: str, *content: str, **attributes: str) -> str:
    """Return an element with content that is HTML already."""
    told = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}{told}>{''.join(content)}</{name}>"


def _anchor(text: str) -> str:
    return "-".join(re.findall("[A-Za-z0-9]+", text)).lower() or "root"
