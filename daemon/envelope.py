"""What an answer has whatever was asked: headers for the page that asks, and for every browser.

It is added in one place for all answers, whether they are sent at once or bit by bit.
"""

from collections.abc import Iterable

from starlette.types import Message, Send

from .hardening import Headers, harden, secure
from .head import Head
from .transport import Transport

_STARTS = frozenset({"http.response.start", "websocket.http.response.start"})


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


class Outlet:
    """Where an answer goes out, in its envelope; `begun` tells whether anything of it has."""

    __slots__ = ("_envelope", "_send", "begun")

    def __init__(self, send: Send, envelope: Envelope) -> None:
        self._send = send
        self._envelope = envelope
        self.begun = False

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] in _STARTS:
            message["headers"] = self._envelope.around(message.get("headers", ()))
        self.begun = True
        await self._send(message)
