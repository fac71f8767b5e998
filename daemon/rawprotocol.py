"""`console-v3`: the program's bytes by their offset, so that who comes back gets exactly the rest.

Binary messages are bytes, of output or of input; text messages are JSON. What the daemon has to say never
looks like output: the offsets count the supervisor's stream and nothing else.
"""

from collections.abc import Mapping

from .conversation import JsonConversation, Malformed, text_of
from .errors import ApiError
from .rawconsoles import Chunk, Place, RawViewer

MOST_OFFSET = (1 << 53) - 1
"""The largest whole number that every JSON parser keeps."""


class ThirdProtocol(JsonConversation):
    """Bytes in binary messages, everything else in JSON."""

    name = "console-v3"

    async def converse(self) -> None:
        """Show bytes as they come, from the offset that the query asks for."""
        since = _offset(self.socket.query_params.get("since"))
        async with self.call.parts.raw_consoles.view(self.call.server) as viewer:

            async def show_all() -> None:
                await self._show_all(viewer, since)

            await self.serve(show_all)

    async def hear_bytes(self, data: bytes) -> None:
        """Give the program bytes as they are."""
        if data and await self._may_type():
            await self.enter(data, data.decode("utf-8", "replace"))

    async def act(self, said: Mapping[str, object]) -> bool:
        """Do what a message asks for."""
        if said.get("type") != "input":
            return await super().act(said)
        if "data" not in said:
            raise Malformed
        text = text_of(said, "data")
        if await self._may_type():
            await self.enter_line(text)
        return True

    async def tell(self, what: str) -> None:
        """Tell the viewer something."""
        await self.send(self.say({"type": "notice", "message": what}))

    async def _may_type(self) -> bool:
        if not self.may_write:
            await self.tell("The input was not taken: this console is read-only")
        return self.may_write

    async def _show_all(self, viewer: RawViewer, since: int | None) -> None:
        place = await viewer.begin(since, self.socket.query_params.get("stream"))
        open_ = await self.send(self._greet(viewer.stream, place))
        self.introduced()
        position = place.offset
        while open_:
            chunk = await viewer.receive()
            open_ = await self.send(self._show_chunk(viewer.stream, chunk, position))
            position = chunk.offset + len(chunk.data)

    async def _greet(self, stream: str, place: Place) -> None:
        settings = {"type": "settings", "readOnly": not self.may_write, "stream": stream}
        await self.say({**settings, "offset": place.offset, "end": place.end})
        if place.anew:
            await self._reset(stream, place.offset)

    async def _show_chunk(self, stream: str, chunk: Chunk, position: int) -> None:
        if chunk.anew:
            await self._reset(stream, chunk.offset)
        elif chunk.offset != position:
            await self.say({"type": "gap", "from": position, "to": chunk.offset})
        if chunk.data:
            await self.socket.send_bytes(chunk.offset.to_bytes(8, "big") + chunk.data)

    async def _reset(self, stream: str, offset: int) -> None:
        await self.say({"type": "reset", "stream": stream, "offset": offset})


def _offset(text: str | None) -> int | None:
    """Return the offset that a query asks for; raises `ApiError`."""
    if text is None:
        return None
    # Not more digits than int() is willing to look at.
    if not (text.isascii() and text.isdigit() and len(text) <= 20) or int(text) > MOST_OFFSET:
        raise ApiError(400, "invalid-since", f"since must be a whole number from 0 to {MOST_OFFSET}")
    return int(text)
