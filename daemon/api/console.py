"""`WS /server/{id}/console`: a program's output and input, in Octyne's two protocols.

Without a subprotocol: text messages, the first is the scrollback, each one that comes is a line of input; who
may not view gets an HTTP error. With `console-v2`: JSON messages, errors too are told in them, and a client
says something every 30 s. We send no WebSocket PING: a known client dies of one.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import cast

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from starlette.responses import Response
from starlette.websockets import WebSocketDisconnect

from supervisor import InputRefused, NoSuchService, SupervisorUnreachable

from ..access import Identity
from ..consoles import TooManyViewers, Viewer, output_frame, parts
from ..errors import ApiError, NoSuchServer, answer_for
from ..parts import Call, SocketCall

V2 = "console-v2"

SILENCE = 30.0
"""Seconds of silence after which a `console-v2` client is taken for dead."""

STUCK = 30.0
"""Seconds in which a viewer must take a message."""

MOST_TYPED = 64
"""Lines of one viewer that wait for the program to take them."""

FAREWELL = 5.0
"""Seconds that a console stays open after its server was removed."""

_CLOSE_CODES = {401: 4401, 403: 4403, 404: 4404}


class _Malformed(Exception):
    """A message has the wrong shape."""


async def upgrade_needed(call: Call) -> Response:
    """Tell a client that asks over plain HTTP."""
    await call.parts.mirror.service(call.server)
    raise ApiError(400, "upgrade-needed", "This endpoint can only be used with a WebSocket!")


async def view(call: SocketCall) -> None:
    """Serve one viewer, from the first message to the last."""
    v2 = V2 in call.socket.scope["subprotocols"]
    refusal = call.refusal or await _missing(call)
    if refusal is not None or call.identity is None:
        await _refuse(call, refusal or NoSuchServer(), v2=v2)
        return
    session = (_SecondProtocol if v2 else _FirstProtocol)(call, call.identity)
    lines, size = call.parts.reloader.scrollback(call.server)
    try:
        async with call.parts.consoles.view(call.server, lines, size) as viewer:
            await call.socket.accept(V2 if v2 else None)
            call.parts.record(call.identity, "server.console.access", server=call.server)
            await session.serve(viewer)
    except TooManyViewers as exc:
        await _refuse(call, ApiError(429, "too-many-viewers", str(exc)), v2=v2)


async def _missing(call: SocketCall) -> ApiError | None:
    try:
        await call.parts.mirror.service(call.server)
    except NoSuchServer as exc:
        return exc
    except SupervisorUnreachable as exc:
        return ApiError(503, "supervisor-unreachable", str(exc))
    return None


async def _refuse(call: SocketCall, refusal: ApiError, *, v2: bool) -> None:
    if not v2:
        await call.socket.send_denial_response(answer_for(refusal))
        return
    try:
        await call.socket.accept(V2)
        error = {"type": "error", "message": refusal.message}
        await call.socket.send_text(json.dumps(error, separators=(",", ":")))
        # Not the message again: it may be longer than what fits into a close frame.
        await call.socket.close(_CLOSE_CODES.get(refusal.status, 4000 + refusal.status), refusal.kind)
    except (WebSocketDisconnect, RuntimeError):
        return  # gone already


class _FirstProtocol:
    """Plain text, one message a line (or several lines)."""

    silence: float | None = None

    def __init__(self, call: SocketCall, identity: Identity) -> None:
        self._call = call
        self._socket = call.socket
        self._identity = identity
        self._typing: MemoryObjectSendStream[str]
        self._may_write = identity.may("server.console.write", call.server)

    async def serve(self, viewer: Viewer) -> None:
        """Carry output and input until either side ends."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._show, viewer)
            tasks.start_soon(self._until, self._identity.ended, 0.0, 4401)
            tasks.start_soon(self._until, self._gone, FAREWELL, 4404)
            # Reading is not cut short by a failure to send, nor typing by the end of reading: a command that
            # was sent together with the closing of the socket is still to be executed.
            typing, typed = anyio.create_memory_object_stream[str](MOST_TYPED)
            done = anyio.Event()
            tasks.start_soon(self._type, typed, done)
            with typing:
                self._typing = typing
                await self._listen()
            with anyio.move_on_after(FAREWELL):
                await done.wait()
            tasks.cancel_scope.cancel()

    async def greet(self, scrollback: str) -> None:
        """Send what comes first."""
        for part in parts(scrollback):
            await self._socket.send_text(part)

    async def show(self, text: str, frame: Callable[[], str]) -> None:
        """Send output; `frame` is the same as a `console-v2` message, made when it is needed."""
        del frame
        await self._socket.send_text(text)

    async def hear(self, message: str) -> None:
        """Act on what the client said."""
        await self.enter(message)

    async def enter(self, text: str) -> None:
        """Have a line given to the program; nothing else that the client says waits for that."""
        try:
            self._typing.send_nowait(text)
        except anyio.WouldBlock:
            await self._tell(f"The input was not taken: {MOST_TYPED} lines are waiting already")

    async def _type(self, typed: MemoryObjectReceiveStream[str], done: anyio.Event) -> None:
        with typed:
            async for text in typed:
                await self._give(text)
        done.set()

    async def _give(self, text: str) -> None:
        """Give a line to the program; a typist whose line cannot be taken is told."""
        # What came before the end of the session may still be in the queue.
        if not self._may_write or self._identity.over:
            return
        server = self._call.server
        try:
            await self._call.parts.mirror.write(server, text.encode("utf-8", "replace") + b"\n")
        except (InputRefused, NoSuchService, SupervisorUnreachable) as exc:
            await self._tell(f"The input was not taken: {exc}")
            return
        self._call.parts.record(self._identity, "server.console.input", server=server, input=text)

    async def _tell(self, what: str) -> None:
        notice = f"[Holdfast] {what}"
        await self._send(self.show(notice, lambda: output_frame(notice)))

    async def _show(self, viewer: Viewer) -> None:
        if not await self._send(self.greet(await viewer.replay())):
            return
        try:
            while True:
                piece = await viewer.receive()
                if not await self._send(self.show(piece.text, lambda piece=piece: piece.frame)):  # type: ignore[misc]
                    return
        except anyio.EndOfStream:
            return

    async def _send(self, sending: Awaitable[None]) -> bool:
        """Send, unless the viewer has gone; one that does not read is cut off."""
        try:
            with anyio.move_on_after(STUCK) as patience:
                await sending
        except (WebSocketDisconnect, RuntimeError):
            return False  # closed, by them or by us; what they said before is still read
        if patience.cancelled_caught:
            self._cut()
        return not patience.cancelled_caught

    async def _listen(self) -> None:
        while True:
            with anyio.move_on_after(self.silence) as patience:
                message = await self._socket.receive()
            if patience.cancelled_caught:
                await self._close(1000, "Nothing was heard for 30 seconds")
                return
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            await self.hear(text if text is not None else message["bytes"].decode("utf-8", "replace"))

    async def _gone(self) -> None:
        await self._call.parts.mirror.gone(self._call.server)

    async def _until(self, happened: Callable[[], Awaitable[None]], wait: float, code: int) -> None:
        await happened()
        await anyio.sleep(wait)
        await self._close(code, "This console has ended")

    async def _close(self, code: int, reason: str) -> None:
        """Close; a viewer that does not take the message in time is cut off."""
        try:
            with anyio.move_on_after(1.0) as patience:
                await self._socket.close(code, reason)
        except (WebSocketDisconnect, RuntimeError):
            return
        if patience.cancelled_caught:
            self._cut()

    def _cut(self) -> None:
        cast("Callable[[], None]", self._socket.scope["state"]["abort"])()


class _SecondProtocol(_FirstProtocol):
    """JSON messages, each with a type."""

    silence = SILENCE

    async def greet(self, scrollback: str) -> None:
        """Send what comes first."""
        await self._say({"type": "settings", "readOnly": not self._may_write})
        for part in parts(scrollback):
            await self._socket.send_text(output_frame(part))

    async def show(self, text: str, frame: Callable[[], str]) -> None:
        """Send output."""
        del text
        await self._socket.send_text(frame())

    async def hear(self, message: str) -> None:
        """Act on what the client said."""
        try:
            await self._act(_parse(message))
        except _Malformed:
            await self._send(self._say({"type": "error", "message": "Invalid message format"}))

    async def _act(self, said: Mapping[str, object]) -> None:
        match said.get("type", ""):
            case "ping":
                await self._send(self._say({"type": "pong", "id": _text(said, "id")}))
            case "input" if text := _text(said, "data"):
                await self.enter(text)
            case kind:
                error = {"type": "error", "message": f"Invalid message type: {kind}"}
                await self._send(self._say(error))

    async def _say(self, message: Mapping[str, object]) -> None:
        await self._socket.send_text(json.dumps(message, separators=(",", ":")))


def _parse(message: str) -> Mapping[str, object]:
    try:
        said = json.loads(message)
    except (ValueError, RecursionError) as exc:
        raise _Malformed from exc
    if not isinstance(said, dict) or not isinstance(said.get("type", ""), str):
        raise _Malformed
    return said


def _text(said: Mapping[str, object], key: str) -> str:
    value = said.get(key, "")
    if not isinstance(value, str):
        raise _Malformed
    return value
