"""A console as its viewer sees it, over a real WebSocket."""

import json
from collections.abc import Awaitable, Callable
from typing import cast

import anyio
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

DEADLINE = 20.0
V2 = "console-v2"

Message = dict[str, object]


class Viewer:
    """One open console; output is gathered in `lines`, everything else in `said`."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.lines: list[str] = []
        self.said: list[Message] = []

    @property
    def text(self) -> str:
        """All output so far."""
        return "\n".join(self.lines)

    async def receive(self) -> str:
        """Wait for one message, whatever it is."""
        with anyio.fail_after(DEADLINE):
            return cast("str", await self.connection.recv())

    async def message(self) -> Message:
        """Wait for one message of `console-v2`."""
        message: Message = json.loads(await self.receive())
        if message["type"] == "output":
            self.lines += cast("str", message["data"]).split("\n")
        else:
            self.said.append(message)
        return message

    async def answer(self) -> Message:
        """Wait for a message that is not output."""
        while (message := await self.message())["type"] == "output":
            pass
        return message

    async def until(self, wanted: str) -> str:
        """Wait until this has been shown; return all output."""
        await self._until(wanted, self.message)
        return self.text

    async def until_raw(self, wanted: str) -> str:
        """Like `until`, in the first protocol."""

        async def more() -> None:
            self.lines += (await self.receive()).split("\n")

        await self._until(wanted, more)
        return self.text

    async def _until(self, wanted: str, more: Callable[[], Awaitable[object]]) -> None:
        looked = 0  # at so many lines already: there may be very many
        try:
            while wanted not in "\n".join(self.lines[max(0, looked - wanted.count("\n")) :]):
                looked = len(self.lines)
                await more()
        except TimeoutError as exc:
            raise TimeoutError(f"{wanted!r} was never shown, but {self.text[-500:]!r}") from exc

    async def say(self, **message: object) -> None:
        """Send a message of `console-v2`."""
        await self.connection.send(json.dumps(message))

    async def type(self, line: str) -> None:
        """Enter a line."""
        await self.say(type="input", data=line)

    async def close_code(self) -> int | None:
        """Wait until it is closed from the other side; return the code."""
        try:
            while True:
                await self.message() if self.connection.subprotocol else await self.receive()
        except ConnectionClosed as exc:
            return None if exc.rcvd is None else exc.rcvd.code
