"""The API as a document, OpenAPI 3.1: made of the route table and of what the endpoints say about themselves.

What a row implies is added here and nowhere else: who may (`x-permission`, `security`), the 401 and 403 of
who may not, and that a server may not exist. A route without a description is in the document all the same.

OpenAPI has no words for WebSockets: a path that has one says so under `x-websocket`.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from supervisor import VERSION

from .access import COOKIE, Rule
from .described import (
    JSON,
    Content,
    Description,
    Errors,
    Param,
    SocketDescription,
    description_of,
    prose_of,
    ref,
)
from .routes import ROUTES, SOCKET_ROUTES, Row, SocketRow
from .schemas import SCHEMAS
from .supervisionschemas import SCHEMAS as SUPERVISION

Node: TypeAlias = dict[str, object]

ABOUT = """\
Holdfast's API: Octyne's, with more.

Over TCP a request needs a token; on the Unix socket the kernel says who asks. What a request needs stands in
its `x-permission`.

Errors have the body of the schema `Error`, whatever the status. A method that a path does not have is
answered 405 before anything else is looked at; then come 401, 403 and 404. HEAD works wherever GET does.
Bodies that are read as a whole have at most 1 MiB. Doubled and trailing slashes in paths do not matter.

Ignore keys that you do not know: there will be more."""

SCHEMES: Mapping[str, Node] = {
    "token": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "A token from `/login`, or an API key, as it is",
    },
    "bearer": {"type": "http", "scheme": "bearer", "description": "The same as `Bearer TOKEN`"},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key"},
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "From `/login?cookie=true`; only from pages of the same host",
    },
    "ticket": {
        "type": "apiKey",
        "in": "query",
        "name": "ticket",
        "description": "From `/ott`: one use, 30 seconds, from the same address",
    },
    "share": {
        "type": "apiKey",
        "in": "query",
        "name": "share",
        "description": "From `POST /shares`: for the one console or file that is shared",
    },
}

PATH_PARAMS = {
    "id": "The name of the server",
    "job": "The id of the job",
    "target": "The name of the target",
    "upload": "The id of the upload",
}

TAGS = {
    "Holdfast": "The program itself",
    "Session": "Tokens and tickets",
    "Accounts": "Who can log in",
    "Access": "Who one is; sessions, API keys and shares",
    "Config": "The config file",
    "Notifications": "Who is told of crashes, and how that goes",
    "Servers": "What there is, how it is, and what shall become of it",
    "Console": "A program's output and input",
    "Files": "In the folder of a server; paths are relative to it, and none leaves it",
    "Archives": "Made and taken apart",
    "Trash": "What was deleted, and may come back",
    "Uploads": "That can be interrupted and resumed: tus 1.0",
    "Jobs": "Long work on files",
    "Schedules": "What is done with servers at certain times",
}
"""What each group of routes is about; one that is not here is called by its name."""

_OTHER = "Others"


def document(
    rows: Sequence[Row] = ROUTES, socket_rows: Sequence[SocketRow] = SOCKET_ROUTES
) -> Mapping[str, object]:
    """Return the document as JSON data."""
    paths: dict[str, Node] = defaultdict(dict)
    tags: dict[str, None] = {}
    for row in rows:
        description = description_of(row.endpoint, Description) or Description(_OTHER, {})
        paths[row.path][row.method.lower()] = _operation(row, description)
        tags[description.tag] = None
    for socket_row in socket_rows:
        paths[socket_row.path]["x-websocket"] = _socket(socket_row)
    for path, item in paths.items():
        if parameters := _path_params(path):
            item["parameters"] = parameters
    return {
        "openapi": "3.1.0",
        "info": {"title": "Holdfast", "version": VERSION, "description": ABOUT},
        # Relative to this document: it may be under /api, or behind a proxy.
        "servers": [{"url": "."}],
        "tags": [{"name": tag, "description": TAGS.get(tag, tag)} for tag in tags],
        "paths": paths,
        "components": {"schemas": {**SCHEMAS, **SUPERVISION}, "securitySchemes": SCHEMES},
    }


def operation_id(method: str, path: str) -> str:
    """Return the name of a route for those who generate clients: only the route itself can change it."""
    words = re.findall("[A-Za-z0-9]+", path) or ["root"]
    return method.lower() + "".join(word[0].upper() + word[1:] for word in words)


def _operation(row: Row, description: Description) -> Node:
    summary, details = prose_of(row.endpoint)
    parameters = [_param(one, "query") for one in description.query]
    parameters += [_param(one, "header") for one in description.headers]
    body = description.body
    return {
        "operationId": operation_id(row.method, row.path),
        "tags": [description.tag],
        "summary": summary,
        **({"description": details} if details else {}),
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": _request_body(body)} if body else {}),
        "responses": {
            **{str(status): _answer(content) for status, content in description.answers.items()},
            **_error_answers([*description.errors, *_implied(row.rule, row.path, body)]),
        },
        **_access(row.rule),
    }


def _socket(row: SocketRow) -> Node:
    description = description_of(row.endpoint, SocketDescription) or SocketDescription(_OTHER, {}, {})
    summary, details = prose_of(row.endpoint)
    return {
        "tags": [description.tag],
        "summary": summary,
        **({"description": details} if details else {}),
        "parameters": [_param(one, "query") for one in description.query],
        "subprotocols": description.protocols,
        "closeCodes": {str(code): about for code, about in description.closes.items()},
        **_access(row.rule),
    }


def _access(rule: Rule) -> Node:
    if rule.needs is None:
        return {"security": []}
    schemes = [name for name in SCHEMES if rule.ticket or name not in ("ticket", "share")]
    return {"security": [{name: []} for name in schemes], "x-permission": rule.needs}


def _implied(rule: Rule, path: str, body: Content | None) -> list[Errors]:
    implied: list[Errors] = []
    if rule.needs is not None:
        implied.append({401: "not-authenticated", 403: "not-permitted"})
    if "{id}" in path:
        implied.append({404: "no-such-server", 503: "supervisor-unreachable"})
    if body is not None:
        implied.append({413: "too-large"})
    return implied


def _path_params(path: str) -> list[Node]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": PATH_PARAMS.get(name, name),
            "schema": {"type": "string", "minLength": 1},
        }
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _param(param: Param, where: str) -> Node:
    return {
        "name": param.name,
        "in": where,
        "required": param.required,
        "description": param.about,
        "schema": param.schema,
        **({} if param.example is None else {"example": param.example}),
    }


def _request_body(content: Content) -> Node:
    types = {kind: {"schema": schema} for kind, schema in content.types.items()}
    example = {} if content.example is None else {"x-curl": content.example}
    return {"description": content.about, "required": content.required, "content": types, **example}


def _answer(content: Content) -> Node:
    headers = {
        one.name: {"description": one.about, "schema": one.schema, "required": one.required}
        for one in content.headers
    }
    return {
        "description": content.about,
        **({"headers": headers} if headers else {}),
        **(
            {"content": {kind: {"schema": it} for kind, it in content.types.items()}} if content.types else {}
        ),
    }


def _error_answers(groups: Sequence[Errors]) -> dict[str, Node]:
    words: dict[int, dict[str, None]] = defaultdict(dict)
    for group in groups:
        for status, kinds in group.items():
            words[status] |= dict.fromkeys(kinds.split())
    return {str(status): _error_answer(list(kinds)) for status, kinds in sorted(words.items())}


def _error_answer(kinds: list[str]) -> Node:
    if kinds == ["operation-failed"]:
        return {"description": kinds[0], "content": {JSON: {"schema": ref("OperationsFailed")}}}
    ours = {"allOf": [ref("Error"), {"properties": {"kind": {"enum": kinds}}}]}
    schema = {"anyOf": [ours, ref("OperationsFailed")]} if "operation-failed" in kinds else ours
    return {"description": ", ".join(kinds), "content": {JSON: {"schema": schema}}}
