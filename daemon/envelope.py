"""What an answer has whatever was asked: headers for the page that asks, and for every browser.

It is added in one place for all answers, whether they are written whole or sent bit by bit.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple, TypeAlias

from starlette.responses import JSONResponse, Response
from starlette.types import Message, Scope, Send

from .hardening import Headers, harden, secure
from .head import Head
from .listing import Kept
from .transport import Transport

WHOLE = "holdfast.whole"
"""The extension of ASGI by which a connection takes an answer whole: one write, and less to do."""

_STARTS = frozenset({"http.response.start", "websocket.http.response.start"})
_WHOLE = frozenset({Response, JSONResponse, Kept})
"""Answers that are whole when they are made. Others send themselves, bit by bit."""


class Whole(NamedTuple):
    """An answer that can be written at once: its status, its lines behind the date, its body."""

    status: int
    lines: bytes
    body: bytes


Write: TypeAlias = Callable[[Whole], Awaitable[None]]


class Envelope:
    """That of one answer, made before the request is looked at: what is in force then counts."""

    __slots__ = ("_hsts", "told")

    def __init__(self, head: Head, way: Transport) -> None:
        self.told = way.callers.told(head) if head.scope["type"] == "http" else None
        self._hsts = way.hsts if secure(head.scheme) else 0

    def around(self, given: Iterable[tuple[bytes, bytes]]) -> Headers:
        """Return the headers of an answer, of those that its endpoint gives it."""
        headers = list(given)
        if self.told is not None:
            self.told.add_to(headers)
        harden(headers, self._hsts)
        return headers

    def whole(self, answer: object) -> Whole | None:
        """Return an answer as it is written; None for one that sends itself."""
        if not isinstance(answer, Response) or type(answer) not in _WHOLE:
            return None
        headers = self.around(answer.raw_headers)
        lines = b"".join([b"%b: %b\r\n" % header for header in headers])
        if lines.count(b"\n") != len(headers):
            raise ValueError("a header has more than one line")
        return Whole(answer.status_code, lines, bytes(answer.body))


class Outlet:
    """Where an answer goes out, in its envelope; `begun` tells whether anything of it has."""

    __slots__ = ("_envelope", "_send", "_write", "begun")

    def __init__(self, scope: Scope, send: Send, envelope: Envelope) -> None:
        self._send = send
        self._envelope = envelope
        self._write: Write | None = scope.get("extensions", {}).get(WHOLE)
        self.begun = False

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] in _STARTS:
            message["headers"] = self._envelope.around(message.get("headers", ()))
        self.begun = True
        await self._send(message)

    async def sent_whole(self, answer: Response) -> bool:
        """Write an answer, if it is whole and the connection takes it so; tell whether that is done."""
        whole = None if self._write is None else self._envelope.whole(answer)
        if whole is None or self._write is None:
            return False
        self.begun = True
        await self._write(whole)
        return True
