"""A question to the API and its answer, as values: what they say, not how they travel.

An operation is a generator that yields requests, is sent the responses, and returns what came of it; so it is
written once and carried out by whoever can ask, waiting or awaiting.
"""

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar
from urllib.parse import quote, urlencode

from .failures import CannotAsk, Failure, NotHoldfast

T = TypeVar("T")

Value = str | int | float | bool | None

Sink = Callable[[bytes], object]

LARGEST = 1 << 28
"""Bytes of an answer that is taken whole; what may have more is taken piece by piece."""


class Body(Protocol):
    """A body that is sent piece by piece; asked anew, it begins anew."""

    @property
    def length(self) -> int | None:
        """Bytes in all; None if that is not known."""

    def pieces(self) -> Iterator[bytes]:
        """Return the pieces, from the beginning."""


def pieces_of(body: Body) -> Generator[bytes]:
    """Yield the pieces; raises `CannotAsk` if they cannot be read, or are not as many as was said."""
    left = body.length
    pieces = iter(body.pieces())
    try:
        while (piece := _next(pieces)) is not None:
            if left is not None:
                left -= len(piece)
                if left < 0:
                    raise CannotAsk("what was to be sent has grown meanwhile")
            if piece:
                yield piece
    finally:
        if isinstance(pieces, Generator):
            pieces.close()  # with it, the file that it reads
    if left:
        raise CannotAsk("what was to be sent has shrunk meanwhile")


def _next(pieces: Iterator[bytes]) -> bytes | None:
    try:
        return next(pieces, None)
    except Failure:
        raise
    except Exception as exc:
        raise CannotAsk(f"what was to be sent cannot be read: {_said(exc)}") from exc


def _said(exc: Exception) -> str:
    return exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)


class Whole:
    """Puts an answer together; raises `NotHoldfast` if it is larger than any of ours."""

    def __init__(self) -> None:
        self._body = bytearray()

    def add(self, data: bytes) -> None:
        """Take another piece."""
        self._body += data
        if len(self._body) > LARGEST:
            raise NotHoldfast(f"the answer has more than {LARGEST >> 20} MiB")

    @property
    def body(self) -> bytes:
        """All that has come."""
        return bytes(self._body)


@dataclass(frozen=True, slots=True)
class Request:
    """A request. Of the query, what is None is left out; true and false are the words.

    `sink` takes the body of a successful answer piece by piece; the response's own is empty then. `again`
    tells that it may be sent once more if the connection was cut before the answer.
    """

    method: str
    path: str
    query: Mapping[str, Value] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: "bytes | Body" = b""
    sink: Sink | None = None
    patience: float | None = None
    """Seconds until the answer is given up, if not the client's own."""
    again: bool | None = None

    @classmethod
    def json(
        cls, method: str, path: str, body: object, query: Mapping[str, Value] | None = None
    ) -> "Request":
        """Return a request whose body is JSON."""
        # All of it in ASCII: the name of a file may hold bytes that are no text, and UTF-8 refuses those.
        sent = json.dumps(body).encode()
        return cls(method, path, query or {}, {"Content-Type": "application/json"}, sent)

    @property
    def target(self) -> str:
        """Path and query, as they stand in the request line."""
        given = {key: _word(value) for key, value in self.query.items() if value is not None}
        if not given:
            return self.path
        try:
            return f"{self.path}?{urlencode(given, quote_via=quote, errors='surrogateescape')}"
        except UnicodeEncodeError as exc:
            raise CannotAsk("what was named is no text") from exc

    @property
    def repeatable(self) -> bool:
        """Whether nothing happens twice if it is sent twice, and no part of the answer has been used."""
        if self.again is not None:
            return self.again
        return self.method in ("GET", "HEAD") and self.sink is None


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; the names of its headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def good(self) -> bool:
        """Whether what was asked was done."""
        return 200 <= self.status < 300

    def moment(self, header: str) -> float | None:
        """Return the Unix time that a header tells (RFC 9110); None if it tells none."""
        from email.utils import parsedate_to_datetime  # noqa: PLC0415  (takes a while, and few want it)

        try:
            return parsedate_to_datetime(self.headers.get(header, "")).timestamp()
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Pause:
    """Instead of a request: go on after so many seconds."""

    seconds: float


Steps = Generator[Request | Pause, Response, T]
"""What an operation is. A pause is sent a response too, which means nothing."""


def at(*names: str) -> str:
    """Return the path of these names, whatever characters they have; raises `CannotAsk` for an empty one."""
    return "".join(f"/{_quoted(name)}" for name in names)


def _quoted(name: str) -> str:
    if not name:
        raise CannotAsk("a name is missing")  # without it, the path would be another resource's
    if name in (".", ".."):
        return "%2E" * len(name)  # who carries the request would take them for steps up
    try:
        return quote(name, safe="", errors="surrogateescape")
    except UnicodeEncodeError as exc:
        raise CannotAsk(f"{name!a} is no name") from exc


def _word(value: Value) -> str:
    match value:
        case True:
            return "true"
        case False:
            return "false"
        case float():
            return f"{value:.6f}".rstrip("0").rstrip(".")
    return str(value)
