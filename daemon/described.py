"""What an endpoint says about itself: parameters, body, answers, errors; for `/openapi.json` and `/docs`.

A description stands beside the endpoint (`@described(…)`) and is data: nothing of it is looked at when a
request comes. What follows from the route's rule (who may, by what, and the 401 and 403 of who may not) and
from its path is added by `openapi.py`; it is not said here. The first line of the endpoint's docstring is the
summary, the rest of it the long description.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

Endpoint = TypeVar("Endpoint", bound=Callable[..., object])
D = TypeVar("D")

Schema: TypeAlias = Mapping[str, object]
"""JSON Schema, draft 2020-12."""

Errors: TypeAlias = Mapping[int, str]
"""The machine words of the errors of each status, with blanks between them."""

JSON = "application/json"

_KEY = "described"


@dataclass(frozen=True, slots=True)
class Param:
    """A query parameter or a header; `example` is what the curl lines of the page say."""

    name: str
    about: str
    schema: Schema
    required: bool = False
    example: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """A body, of a request or of an answer: one schema for each media type that it may have."""

    about: str
    types: Mapping[str, Schema]
    headers: Sequence[Param] = ()
    example: str | None = None
    """What the curl line of the page sends."""
    required: bool = True
    """For a request: whether there must be one."""


@dataclass(frozen=True, slots=True)
class Description:
    """What there is to know of an HTTP endpoint."""

    tag: str
    answers: Mapping[int, Content]
    query: Sequence[Param] = ()
    headers: Sequence[Param] = ()
    body: Content | None = None
    errors: Sequence[Errors] = ()


@dataclass(frozen=True, slots=True)
class SocketDescription:
    """What there is to know of a WebSocket endpoint."""

    tag: str
    protocols: Mapping[str, str]
    """What each subprotocol is; the name is empty for a client that offers none."""
    closes: Mapping[int, str]
    query: Sequence[Param] = ()


def described(
    tag: str,
    *,
    answers: Mapping[int, Content],
    query: Sequence[Param] = (),
    headers: Sequence[Param] = (),
    body: Content | None = None,
    errors: Sequence[Errors] = (),
) -> Callable[[Endpoint], Endpoint]:
    """Return a decorator that describes an endpoint; `errors` are groups, whose words are put together."""
    return _with(Description(tag, answers, query, headers, body, errors))


def described_socket(
    tag: str, *, protocols: Mapping[str, str], closes: Mapping[int, str], query: Sequence[Param] = ()
) -> Callable[[Endpoint], Endpoint]:
    """Return a decorator that describes a WebSocket endpoint."""
    return _with(SocketDescription(tag, protocols, closes, query))


def description_of(endpoint: Callable[..., object], kind: type[D]) -> D | None:
    """Return what an endpoint says about itself, None if it says nothing: a test sees to it that all do."""
    found = vars(endpoint).get(_KEY)
    return found if isinstance(found, kind) else None


def prose_of(endpoint: Callable[..., object]) -> tuple[str, str]:
    """Return (the first line of the docstring without its full stop, the rest of it)."""
    summary, _, rest = (inspect.getdoc(endpoint) or "").partition("\n")
    return summary.removesuffix("."), rest.strip()


def json_of(schema: str | Schema, about: str, *headers: Param, example: str | None = None) -> Content:
    """Return a body of JSON, by the name of its schema in `schemas.py` or by the schema itself."""
    return Content(about, {JSON: ref(schema) if isinstance(schema, str) else schema}, headers, example)


def either(*names: str) -> Schema:
    """Return the schema of what is one of several in `schemas.py`."""
    return {"anyOf": [ref(name) for name in names]}


def empty(about: str, *headers: Param) -> Content:
    """Return an answer without a body."""
    return Content(about, {}, headers)


def ref(name: str) -> Schema:
    """Return a schema that is one of those in `schemas.py`."""
    return {"$ref": f"#/components/schemas/{name}"}


def _with(description: Description | SocketDescription) -> Callable[[Endpoint], Endpoint]:
    def attach(endpoint: Endpoint) -> Endpoint:
        vars(endpoint)[_KEY] = description
        return endpoint

    return attach
