"""`console-v3`: the program's bytes by their offset, so that who comes back gets exactly the rest.

Binary messages are bytes, of output or of input; text messages are JSON. What the daemon has to say never
looks like output: the offsets count the supervisor's stream and nothing else.
"""

import contextlib
from collections.abc import Mapping

import anyio
import anyio.abc

from .access import Identity
from .conversation import JsonConversation, Malformed, text_of
from .errors import ApiError
from .parts import SocketCall
from .query import whole_number
from .rawconsoles import Place, RawViewer
from .resizing import Resizing, size_of
from .statenews import StateNews, size

MOST_OFFSET = (1 << 53) - 1
"""The largest whole number that every JSON parser keeps."""


class ThirdProtocol(JsonConversation):
    """Bytes in binary messages, everything else in JSON."""

    name = "console-v3"

    def __init__(self, call: SocketCall, identity: Identity) -> None:
        super().__init__(call, identity)
        self._resizing = Resizing(call.parts.mirror, call.server, self.tell)

    async def converse(self) -> None:
        """Show bytes as they come, from the offset that the query asks for."""
        since = _offset(self.socket.query_params.get("since"))
        async with self.call.parts.raw_consoles.view(self.call.server) as viewer:

            async def show_all() -> None:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(self._resizing.run)
                    with contextlib.suppress(anyio.EndOfStream):  # the service is gone
                        await self._show_all(viewer, since, tasks)
                    tasks.cancel_scope.cancel()

            await self.serve(show_all)

    async def hear_bytes(self, data: bytes) -> None:
        """Give the program bytes as they are."""
        if data and await self._may_type():
            await self.enter(data, self._noted(data))

    def _noted(self, data: bytes) -> str:
        """Return what the audit log says of bytes; of keys on a terminal only how many.

        They may be a password's, typed where no echo shows it.
        """
        status = self.call.parts.mirror.latest.get(self.call.server)
        if status is not None and status.terminal is not None:
            return f"{len(data)} bytes of keys"
        return data.decode("utf-8", "replace")

    async def act(self, said: Mapping[str, object]) -> bool:
        """Do what a message asks for."""
        if said.get("type") == "resize":
            await self._resize(said)
            return True
        if said.get("type") == "mark":
            await self.enter(b"", "", about=text_of(said, "id"))
            return True
        if said.get("type") != "input":
            return await super().act(said)
        if "data" not in said:
            raise Malformed
        text, about = text_of(said, "data"), text_of(said, "id") if "id" in said else None
        if await self._may_type(about):
            await self.enter_line(text, about)
        return True

    async def tell(self, what: str) -> None:
        """Tell the viewer something."""
        await self.send(self.say({"type": "notice", "message": what}))

    async def not_taken(self, why: str, about: str | None, kind: str) -> None:
        """Tell the viewer that the program was not given his input, which he may have named."""
        named = {} if about is None else {"id": about, "kind": kind}
        message = f"The input was not taken: {why}"
        await self.send(self.say({"type": "notice", "message": message, **named}))

    async def taken(self, about: str) -> None:
        """Tell the viewer that the program was given what he has named."""
        await self.send(self.say({"type": "taken", "id": about}))

    async def _may_type(self, about: str | None = None) -> bool:
        if not self.may_write:
            await self.not_taken("this console is read-only", about, "not-permitted")
        return self.may_write

    async def _resize(self, said: Mapping[str, object]) -> None:
        if (wanted := size_of(said)) is None:
            raise Malformed
        if self.may_write:
            self._resizing.ask(wanted)
        else:
            await self.tell("The size was not taken: this console is read-only")

    async def _show_all(self, viewer: RawViewer, since: int | None, tasks: anyio.abc.TaskGroup) -> None:
        place = await viewer.begin(since, self.socket.query_params.get("stream"))
        open_ = await self.send(self._greet(viewer.stream, place))
        self.introduced()
        tasks.start_soon(self._tell_states)
        position = place.offset
        while open_:
            chunk = await viewer.receive()
            if chunk.anew:
                open_ = await self.send(self._reset(viewer.stream, chunk.offset))
            elif chunk.offset != position:
                open_ = await self.send(self._tell_gap(position, chunk.offset))
            if chunk.data:
                open_ = open_ and await self.pass_on(chunk.frame)
            position = chunk.end

    async def _tell_states(self) -> None:
        """Tell how the server is, and each change of that; output does not wait for it."""
        mirror, news, open_ = self.call.parts.mirror, StateNews(), True
        while open_:
            for message in news.messages(mirror.latest.get(self.call.server)):
                open_ = open_ and await self.send(self.say(message))
            # No await since: what is told meanwhile is not missed, only what a later state has overtaken.
            await mirror.told(self.call.server)

    async def _greet(self, stream: str, place: Place) -> None:
        settings = {"type": "settings", "readOnly": not self.may_write, "stream": stream}
        status = self.call.parts.mirror.latest.get(self.call.server)
        terminal = size(None if status is None else status.terminal)
        await self.say({**settings, "offset": place.offset, "end": place.end, "terminal": terminal})
        if place.anew:
            await self._reset(stream, place.offset)

    async def _tell_gap(self, begin: int, end: int) -> None:
        await self.say({"type": "gap", "from": begin, "to": end})

    async def _reset(self, stream: str, offset: int) -> None:
        await self.say({"type": "reset", "stream": stream, "offset": offset})


def _offset(text: str | None) -> int | None:
    """Return the offset that a query asks for; raises `ApiError`."""
    if text is None:
        return None
    if (offset := whole_number(text, 0, MOST_OFFSET)) is None:
        raise ApiError(400, "invalid-since", f"since must be a whole number from 0 to {MOST_OFFSET}")
    return offset
