"""Octyne's two console protocols: whole lines of text.

Without a subprotocol: text messages, the first is the scrollback, each one that comes is a line of input.
With `console-v2`: JSON messages, and a client says something every 30 s.
"""

from collections.abc import Mapping

from .consoles import Piece, Viewer, output_frame
from .conversation import Conversation, JsonConversation, text_of


class FirstProtocol(Conversation):
    """Plain text, one message a line (or several lines)."""

    async def converse(self) -> None:
        """Show lines as they come, after the scrollback."""
        lines, size = self.call.parts.reloader.scrollback(self.call.server)
        async with self.call.parts.consoles.view(self.call.server, lines, size) as viewer:

            async def show_all() -> None:
                await self._show_all(viewer)

            await self.serve(show_all)

    async def introduce(self) -> None:
        """Send what comes before all else."""

    def frames_of(self, piece: Piece) -> bytes:
        """Return the frames that show a piece of output."""
        return piece.plain

    async def show(self, text: str) -> None:
        """Send a line that is no output."""
        await self.socket.send_text(text)

    async def hear(self, message: str) -> None:
        """Act on what the client said."""
        await self.enter_line(message)

    async def tell(self, what: str) -> None:
        """Tell the viewer something, in a line that says whose it is."""
        await self.send(self.show(f"[Holdfast] {what}"))

    async def _show_all(self, viewer: Viewer) -> None:
        open_ = await self.send(self.introduce())
        self.introduced()
        open_ = open_ and await self.pass_on(self.frames_of(await viewer.replay()))
        while open_:
            open_ = await self.pass_on(self.frames_of(await viewer.receive()))


class SecondProtocol(JsonConversation, FirstProtocol):
    """JSON messages, also for output."""

    name = "console-v2"

    async def introduce(self) -> None:
        """Send what comes before all else."""
        await self.say({"type": "settings", "readOnly": not self.may_write})

    def frames_of(self, piece: Piece) -> bytes:
        """Return the frames that show a piece of output."""
        return piece.json

    async def show(self, text: str) -> None:
        """Send a line that is no output."""
        await self.socket.send_text(output_frame(text))

    async def act(self, said: Mapping[str, object]) -> bool:
        """Do what a message asks for."""
        if said.get("type") == "input" and (text := text_of(said, "data")):
            await self.enter_line(text)
            return True
        return await super().act(said)
