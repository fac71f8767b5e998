"""One viewer of a console, from the first message to the last: what all protocols have in common.

We send no WebSocket PING: a known client dies of one.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, cast

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from starlette.websockets import WebSocketDisconnect

from supervisor import InputRefused, NoSuchService, SupervisorUnreachable

from .access import Identity
from .attempt import Attempt, cause_of
from .jsontext import InvalidJson, read_json
from .parts import SocketCall

SILENCE = 30.0
"""Seconds of silence after which a client that speaks JSON is taken for dead."""

STUCK = 30.0
"""Seconds in which a viewer must take a message."""

MOST_TYPED = 64
"""Lines of one viewer that wait for the program to take them."""

FAREWELL = 5.0
"""Seconds that a console stays open after its server was removed."""

INPUT = "server.console.input"

ENTER = b"\r"
"""What the Enter key sends in a terminal; who reads lines there gets a newline all the same (ICRNL)."""

Typed = tuple[bytes, str, bool, str | None]
"""Input: what the program gets, how it stands in the audit log, whether these are lines, and what the client
calls it, if it wants to hear what becomes of it."""


class Line(Protocol):
    """The connection itself, for frames that were built once for many viewers."""

    writable: asyncio.Event
    """Set while it takes more."""

    def pass_on(self, frames: bytes) -> bool:
        """Send frames of whole messages as they are; tell whether the connection is open."""


class Malformed(Exception):
    """A message has the wrong shape."""


class Conversation:
    """One viewer's connection; a protocol says what is shown, and what is meant by what is heard."""

    name: str | None = None
    """The WebSocket subprotocol."""
    silence: float | None = None
    """Seconds of silence after which the connection is closed."""

    def __init__(self, call: SocketCall, identity: Identity) -> None:
        self.call = call
        self.socket = call.socket
        self.may_write = identity.may("server.console.write", call.server)
        self._identity = identity
        self._introduced = anyio.Event()
        self._line = cast("Line", call.socket.scope["state"]["line"])
        self._typing: MemoryObjectSendStream[Typed]

    async def converse(self) -> None:
        """Let the viewer in and serve it until either side ends.

        Raises `ApiError` or `TooManyViewers`, in place of letting the viewer in.
        """
        raise NotImplementedError

    async def hear(self, message: str) -> None:
        """Act on what the client said."""
        raise NotImplementedError

    async def hear_bytes(self, data: bytes) -> None:
        """Act on what the client said in a binary message."""
        await self.hear(data.decode("utf-8", "replace"))

    async def tell(self, what: str) -> None:
        """Tell the viewer something that is not the program's word."""
        raise NotImplementedError

    async def not_taken(self, why: str, about: str | None, kind: str) -> None:  # noqa: ARG002
        """Tell the viewer that the program was not given his input, which he may have named."""
        await self.tell(f"The input was not taken: {why}")

    async def taken(self, about: str) -> None:
        """Tell the viewer that the program was given what he has named; not every protocol can say that."""

    def introduced(self) -> None:
        """Say that the viewer was told what comes first: from now on he is listened to."""
        self._introduced.set()

    async def serve(self, show: Callable[[], Awaitable[None]]) -> None:
        """Let the viewer in; carry output, as `show` does, and input, until either side ends."""
        await self.socket.accept(self.name)
        self.call.parts.record(self._identity, "server.console.access", server=self.call.server)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._show, show)
            tasks.start_soon(self._until_over)
            tasks.start_soon(self._until_gone)
            # Reading is not cut short by a failure to send, nor typing by the end of reading: a command that
            # was sent together with the closing of the socket is still to be executed.
            typing, typed = anyio.create_memory_object_stream[Typed](MOST_TYPED)
            done = anyio.Event()
            tasks.start_soon(self._type, typed, done)
            with typing:
                self._typing = typing
                await self._listen()
            with anyio.move_on_after(FAREWELL):
                await done.wait()
            tasks.cancel_scope.cancel()

    async def enter(self, data: bytes, text: str, *, lines: bool = False, about: str | None = None) -> None:
        """Have input given to the program; nothing else that the client says waits for that."""
        try:
            self._typing.send_nowait((data, text, lines, about))
        except anyio.WouldBlock:
            await self.not_taken(f"{MOST_TYPED} lines are waiting already", about, "input-refused")

    async def enter_line(self, text: str, about: str | None = None) -> None:
        """Have a line given to the program, with the newline that ends it."""
        await self.enter(text.encode("utf-8", "replace") + b"\n", text, lines=True, about=about)

    async def send(self, sending: Awaitable[None]) -> bool:
        """Send, unless the viewer has gone; one that does not read is cut off."""
        try:
            with anyio.move_on_after(STUCK) as patience:
                await sending
        except (WebSocketDisconnect, RuntimeError):
            return False  # closed, by them or by us; what they said before is still read
        if patience.cancelled_caught:
            self._cut()
        return not patience.cancelled_caught

    async def pass_on(self, frames: bytes) -> bool:
        """Send frames that are built already, on the conditions of `send`.

        Without a task, a timer or a copy: this is done for each viewer with each block of a flood.
        """
        line = self._line
        if not line.writable.is_set():
            with anyio.move_on_after(STUCK) as patience:
                await line.writable.wait()
            if patience.cancelled_caught:
                self._cut()
                return False
        return line.pass_on(frames)

    async def _show(self, show: Callable[[], Awaitable[None]]) -> None:
        try:
            await show()
        except anyio.EndOfStream:
            return  # the service is gone, and the connection ends a little later
        finally:
            self.introduced()  # whatever happened, nobody waits for that any more

    async def _type(self, typed: MemoryObjectReceiveStream[Typed], done: anyio.Event) -> None:
        with typed:
            async for data, text, lines, about in typed:
                if data or about is None:
                    await self._give(data, text, lines=lines, about=about)
                else:
                    await self.taken(about)
        done.set()

    async def _give(self, data: bytes, text: str, *, lines: bool, about: str | None) -> None:
        """Give input to the program; a typist whose input cannot be taken is told."""
        # What came before the end of the session may still be in the queue.
        if self._identity.over:
            return
        server = self.call.server
        attempt = Attempt(self.call.parts.audit, INPUT, server)
        attempt.fields["input"] = text
        if not self.may_write:
            attempt.failed(self._identity, "", "not-permitted: this console is read-only", denied=True)
            return
        if not self._is_listed(data):
            listed = ", ".join(self._identity.typing_list(server) or ())
            await self.not_taken(f"you may type only: {listed}", about, "not-permitted")
            attempt.failed(self._identity, "", "not-permitted: this is not in the list", denied=True)
            return
        status = self.call.parts.mirror.latest.get(server)
        if lines and status is not None and status.terminal is not None:
            data = data.replace(b"\n", ENTER)
        try:
            await self.call.parts.mirror.write(server, data)
        except (InputRefused, NoSuchService, SupervisorUnreachable) as exc:
            attempt.failed(self._identity, "", cause_of(exc))
            await self.not_taken(str(exc), about, "input-refused")
            return
        self.call.parts.record(self._identity, INPUT, server=server, input=text)
        if about is not None:
            await self.taken(about)

    async def _listen(self) -> None:
        await self._introduced.wait()
        while True:
            with anyio.move_on_after(self.silence) as patience:
                message = await self.socket.receive()
            if patience.cancelled_caught:
                await self._close(1000, "Nothing was heard for 30 seconds")
                return
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            await (self.hear_bytes(message["bytes"]) if text is None else self.hear(text))

    def _is_listed(self, data: bytes) -> bool:
        """Tell whether each line of this is among what may be typed, if a list limits that."""
        if self._identity.typing_list(self.call.server) is None:
            return True
        # Whole lines only: what is sent in parts could become another line. No control characters either: a
        # carriage return ends a line for some programs.
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return False
        lines = text.removesuffix("\n").split("\n")
        return text.endswith("\n") and all(
            line.isprintable() and self._identity.may_type(self.call.server, line) for line in lines
        )

    async def _until_over(self) -> None:
        """Close when the viewer is logged out, or has other rights: then he may come back with those."""
        await self._identity.ended()
        if self._identity.holder.ended.is_set():
            await self._close(4401, "This console has ended")
        elif self._identity.holder.standing.rights.may("server.console.view", self.call.server):
            await self._close(1012, "Your rights have changed")
        else:
            await self._close(4403, "You may not see this console any more")

    async def _until_gone(self) -> None:
        await self.call.parts.mirror.gone(self.call.server)
        await anyio.sleep(FAREWELL)
        await self._close(4404, "This console has ended")

    async def _close(self, code: int, reason: str) -> None:
        """Close; a viewer that does not take the message in time is cut off."""
        try:
            with anyio.move_on_after(1.0) as patience:
                await self.socket.close(code, reason)
        except (WebSocketDisconnect, RuntimeError):
            return
        if patience.cancelled_caught:
            self._cut()

    def _cut(self) -> None:
        cast("Callable[[], None]", self.socket.scope["state"]["abort"])()


class JsonConversation(Conversation):
    """JSON messages, each with a type."""

    silence: float | None = SILENCE

    async def hear(self, message: str) -> None:
        """Act on what the client said."""
        try:
            said = _parse(message, self.call.parts.transport.quotas.limits.json_depth)
            if not await self.act(said):
                error = {"type": "error", "message": f"Invalid message type: {said.get('type', '')}"}
                await self.send(self.say(error))
        except Malformed:
            await self.send(self.say({"type": "error", "message": "Invalid message format"}))

    async def act(self, said: Mapping[str, object]) -> bool:
        """Do what a message asks for; return whether its type is known. Raises `Malformed`."""
        if said.get("type") != "ping":
            return False
        await self.send(self.say({"type": "pong", "id": text_of(said, "id")}))
        return True

    async def say(self, message: Mapping[str, object]) -> None:
        """Send a message."""
        await self.socket.send_text(json.dumps(message, separators=(",", ":")))


def _parse(message: str, depth: int) -> Mapping[str, object]:
    try:
        said = read_json(message, depth)
    except InvalidJson as exc:
        raise Malformed from exc
    if not isinstance(said, dict) or not isinstance(said.get("type", ""), str):
        raise Malformed
    return said


def text_of(said: Mapping[str, object], key: str) -> str:
    """Return a text in a message, empty if there is none; raises `Malformed`."""
    value = said.get(key, "")
    if not isinstance(value, str):
        raise Malformed
    return value
