"""What becomes of a body that nobody has read, because the request was refused before.

Most clients send all of it before they look for an answer; if we closed the connection with bytes of it
unread, the kernel would reset it, and the answer would be lost on the way. So the answer is sent, says that
the connection ends, and what still comes is thrown away for a while (as nginx does, `lingering_close`).
"""

from collections.abc import Mapping

import anyio
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from .head import Head

SMALL = 64 << 10
"""Bytes of a body that are left to the connection, which then lives on."""

LINGER = 30.0
"""Seconds for which bodies are thrown away."""

HURRIED = 0.5
"""The same, for who may not send any more."""

SILENCE = 5.0
"""Seconds without a byte after which that ends."""


_HURRY = "hurry"


def hurry(scope: Scope) -> None:
    """Have no patience with what still comes: the sender has lost his right to send."""
    scope["state"][_HURRY] = True


def heard_out(head: Head, receive: Receive, send: Send) -> tuple[Receive, Send] | None:
    """Return by what to read a large body and to answer, so that its client hears the answer.

    None if there is none: then there is nothing to see to.
    """
    if not _has_large_body(head):
        return None
    return _Watched(receive, send, head.state).ends


class _Watched:
    def __init__(self, receive: Receive, send: Send, state: Mapping[str, object]) -> None:
        self._state = state
        self._receive = receive
        self._send = send
        self._read = False
        self._lingers = False

    @property
    def ends(self) -> tuple[Receive, Send]:
        return self.receive, self.send

    async def receive(self) -> Message:
        message = await self._receive()
        self._read = self._read or not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and not self._read:
            self._lingers = True
            MutableHeaders(scope=message)["Connection"] = "close"
        if message["type"] != "http.response.body" or message.get("more_body") or not self._lingers:
            await self._send(message)
            return
        await self._send({**message, "more_body": True})
        with anyio.move_on_after(HURRIED if self._state.get(_HURRY) else LINGER):
            await self._throw_away()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _throw_away(self) -> None:
        while not self._read:
            with anyio.move_on_after(SILENCE) as silence:
                await self.receive()
            if silence.cancelled_caught:
                return


def _has_large_body(head: Head) -> bool:
    declared = head.headers.get(b"content-length")
    if declared is not None and (not declared.isdigit() or int(declared) > SMALL):
        return True
    return b"transfer-encoding" in head.headers or bool(head.headers.get(b"expect"))
