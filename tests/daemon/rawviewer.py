"""A viewer of `console-v3`, as docs/api.md tells one to be."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import anyio
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from .house import House
from .viewer import DEADLINE, Message

V3 = "console-v3"


class RawViewer:
    """One open console; its bytes are in `parts`, states and ends in `states`, all else in `said`."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.said: list[Message] = []
        self.states: list[Message] = []
        """What was said about the server: states and ends."""
        self._skipping = True
        self.settings: Message = {}
        self.stream = ""
        self.parts: list[tuple[int, bytearray]] = []
        """Offsets and bytes; every gap and every reset begins another part."""

    @property
    def begin(self) -> int:
        """The offset at which the latest part begins."""
        return self.parts[-1][0]

    @property
    def data(self) -> bytearray:
        """The latest part."""
        return self.parts[-1][1]

    @property
    def position(self) -> int:
        """The offset of the next byte."""
        return self.begin + len(self.data)

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """What was lost."""
        gaps = [message for message in self.said if message["type"] == "gap"]
        return [(cast("int", gap["from"]), cast("int", gap["to"])) for gap in gaps]

    async def open(self) -> "RawViewer":
        """Wait for the first message, the settings."""
        self.settings = await self.message()
        assert self.settings["type"] == "settings", self.settings
        self.stream = cast("str", self.settings["stream"])
        self._go_on(self.settings["offset"])
        return self

    async def message(self) -> Message:
        """Wait for one message, output or not; for output a message of the type `output` is returned."""
        with anyio.fail_after(DEADLINE):
            got = await self.connection.recv()
        if isinstance(got, bytes):
            assert len(got) > 8, "a message of output without output"
            assert int.from_bytes(got[:8], "big") == self.position, "output at an offset that does not fit"
            self.data.extend(got[8:])
            return {"type": "output"}
        message: Message = json.loads(got)
        if message["type"] in ("state", "exit"):
            self.states.append(message)
            return await self.message() if self._skipping else message
        self.said.append(message)
        if message["type"] == "gap":
            assert message["from"] == self.position
            assert cast("int", message["to"]) > self.position
            self._go_on(message["to"])
        elif message["type"] == "reset":
            self.stream = cast("str", message["stream"])
            self._go_on(message["offset"])
        return message

    async def answer(self) -> Message:
        """Wait for a message that is not output."""
        while (message := await self.message())["type"] == "output":
            pass
        return message

    async def until(self, wanted: bytes) -> bytes:
        """Wait until this was shown, without a gap in it; return the bytes of `data`."""
        looked = 0
        while self.data.find(wanted, looked) < 0:
            # There may be very many, and a gap begins them anew.
            before = self.begin, max(0, len(self.data) - len(wanted))
            try:
                await self.message()
            except TimeoutError as exc:
                raise TimeoutError(f"{wanted!r} was never shown, but {bytes(self.data[-500:])!r}") from exc
            looked = before[1] if self.begin == before[0] else 0
        return bytes(self.data)

    async def until_state(self, **wanted: object) -> Message:
        """Wait until a state or an end has all of this, if none had it; return it."""
        self._skipping = False
        try:
            while True:
                for message in self.states:
                    if wanted.items() <= message.items():
                        return message
                await self.message()
        except TimeoutError as exc:
            raise TimeoutError(
                f"{wanted!r} not told, but {self.states!r}, {bytes(self.data[-500:])!r}"
            ) from exc
        finally:
            self._skipping = True

    async def until_offset(self, offset: int) -> None:
        """Wait until all bytes before an offset were shown or lost."""
        while self.position < offset:
            await self.message()

    async def say(self, **message: object) -> None:
        """Send a JSON message."""
        await self.connection.send(json.dumps(message))

    async def type(self, line: str) -> None:
        """Enter a line."""
        await self.say(type="input", data=line)

    async def close_code(self) -> int | None:
        """Wait until it is closed from the other side; return the code."""
        try:
            while True:
                await self.message()
        except ConnectionClosed as exc:
            return None if exc.rcvd is None else exc.rcvd.code

    def _go_on(self, offset: object) -> None:
        self.parts.append((cast("int", offset), bytearray()))


@asynccontextmanager
async def watch(
    house: House,
    name: str = "app",
    *,
    since: int | None = None,
    stream: str | None = None,
    local: bool = True,
) -> AsyncIterator[RawViewer]:
    """View a console in `console-v3`, over TCP if anything is asked for; the settings have come."""
    asked = {"since": since, "stream": stream}
    query = "&".join(f"{key}={value}" for key, value in asked.items() if value is not None)
    token = house.token if query or not local else None
    async with house.view(name, protocol=V3, query=query and f"?{query}", token=token) as viewer:
        assert viewer.connection.subprotocol == V3
        yield await RawViewer(viewer.connection).open()
