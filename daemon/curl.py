"""How a route is called with curl, by its description in the OpenAPI document."""

import re
import shlex
from urllib.parse import quote

from .described import JSON
from .nodes import Node, named, node, nodes, text

FORM = "-F "
"""How an example begins that is a form's field."""


def lines(method: str, path: str, operation: Node) -> list[str]:
    """Return how it is called over TCP and, where that is possible, over the Unix socket."""
    where = re.sub(r"\{(\w+)\}", lambda found: found[1].upper(), path)
    query = "&".join(
        f"{text(one, 'name')}={quote(text(one, 'example'), safe='/*')}" for one in _shown(operation, "query")
    )
    target = f"{where}?{query}" if query else where
    how = {"GET": "curl", "HEAD": "curl -I"}.get(method, f"curl -X {method}")
    headers = [f"{text(one, 'name')}: {text(one, 'example')}" for one in _shown(operation, "header")]
    sent = [f"-H {shlex.quote(header)}" for header in headers]
    sent += _body(node(operation, "requestBody"))
    token = ['-H "Authorization: $token"'] if operation.get("security") else []
    found = [" ".join([how, f'"$api{target}"', *token, *sent])]
    if "local" not in text(node(node(operation, "responses"), "400"), "description").split(", "):
        found.append(" ".join([how, "--unix-socket state/api.sock", f'"http://x{target}"', *sent]))
    return found


def _shown(operation: Node, where: str) -> list[Node]:
    return [one for one in nodes(operation, "parameters") if one.get("in") == where and "example" in one]


def _body(body: Node) -> list[str]:
    example = text(body, "x-curl")
    if not example or example.startswith(FORM):
        return [example] if example else []
    kind = next((kind for kind, _ in named(body, "content")), JSON)
    said = [] if kind in (JSON, "text/plain") else [f"-H {shlex.quote(f'Content-Type: {kind}')}"]
    return [*said, f"{'--data-binary' if example.startswith('@') else '-d'} {shlex.quote(example)}"]
