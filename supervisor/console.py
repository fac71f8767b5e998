"""What a service has said: kept by absolute offset, followed by whoever wants, waiting for nobody."""

import base64
from collections import deque

import anyio
import anyio.lowlevel

from .record import InvalidRecord, Record

BLOCK = 64 * 1024
"""Bytes up to which small pieces are gathered into one block."""


class Scrollback:
    """The latest bytes of a stream, addressed by their offset from its very beginning.

    Keeps at least `limit` bytes once it had as many, in blocks; a block goes when all of it is surplus.
    """

    def __init__(self, limit: int, end: int = 0) -> None:
        self.limit = limit
        self.end = end
        """The offset behind the last byte: how much has been fed in all."""
        self._kept = 0
        self._blocks: deque[bytes | bytearray] = deque()

    @property
    def begin(self) -> int:
        """The offset of the oldest byte that is kept."""
        return self.end - self._kept

    @property
    def last(self) -> int | None:
        """The last byte, if any is kept."""
        return self._blocks[-1][-1] if self._blocks else None

    def feed(self, data: bytes) -> None:
        """Append bytes, forgetting the oldest."""
        if not data:
            return
        self.end += len(data)
        self._kept += len(data)
        tail = self._blocks[-1] if self._blocks else None
        if isinstance(tail, bytearray) and len(tail) + len(data) <= BLOCK:
            tail += data
        else:
            self._blocks.append(data if len(data) >= BLOCK else bytearray(data))
        while self._kept - len(self._blocks[0]) >= self.limit and len(self._blocks) > 1:
            self._kept -= len(self._blocks.popleft())

    def since(self, offset: int, most: int = BLOCK) -> tuple[int, bytes]:
        """Return (offset, bytes); the offset is later than asked for if bytes were lost.

        Returns at most `most` bytes, and none for an offset at or past the end.
        """
        offset = max(offset, self.begin)
        if offset >= self.end:
            return self.end, b""
        position = self.begin
        for block in self._blocks:
            if offset < position + len(block):
                start = offset - position
                return offset, bytes(block[start : start + most])
            position += len(block)
        raise AssertionError("an offset between begin and end lies in no block")

    def tail(self, lines: int) -> int:
        """Return the offset at which the last `lines` lines begin, within the last `limit` bytes."""
        offset = self.end
        # The newline that ends the last line begins no other.
        wanted = lines + 1 if self.last == 0x0A else lines
        for block in reversed(self._blocks):
            position = len(block)
            while wanted > 0 and (position := block.rfind(b"\n", 0, position)) >= 0:
                wanted -= 1
                if wanted == 0:
                    return max(offset - len(block) + position + 1, self.end - self.limit)
            offset -= len(block)
        return max(self.begin, self.end - self.limit) if lines else self.end

    def everything(self) -> bytes:
        """Return all that is kept."""
        return b"".join(self._blocks)


class Console:
    """A service's output, fed by the program and by us, followed by any number of readers."""

    def __init__(self, limit: int) -> None:
        self.scrollback = Scrollback(limit)
        self._news: anyio.Event | None = None
        self._closed = False

    def feed(self, data: bytes) -> None:
        """Take in output. Never waits: no reader, and no absence of one, slows a program down."""
        self.scrollback.feed(data)
        if self._news is not None:
            self._news.set()
            self._news = None

    def say(self, text: str) -> None:
        """Put in a line of our own, on a line of its own."""
        unfinished = self.scrollback.last not in (None, 0x0A)
        # A text may hold a file's name, and with it bytes that are no text.
        self.feed(f"{chr(10) if unfinished else ''}{text}\n".encode("utf-8", "backslashreplace"))

    def close(self) -> None:
        """Say that nothing will follow."""
        self._closed = True
        if self._news is not None:
            self._news.set()

    async def news(self) -> None:
        """Wait for the next `feed`; raises `anyio.EndOfStream` after `close`."""
        if self._closed:
            raise anyio.EndOfStream
        if self._news is None:
            self._news = anyio.Event()
        await self._news.wait()

    def freeze(self) -> dict[str, object]:
        """Return the stream so far as JSON data, the bytes in base64."""
        kept = self.scrollback
        data = base64.b64encode(kept.everything()).decode("ascii")
        return {"limit": kept.limit, "end": kept.end, "bytes": data}

    @classmethod
    def thaw(cls, record: Record) -> "Console":
        """Return the console that `freeze` described; raises `InvalidRecord`."""
        console = cls(record.take("limit", int))
        try:
            kept = base64.b64decode(record.take("bytes", str), validate=True)
        except ValueError as exc:
            raise InvalidRecord(f"{record.where('bytes')}: {exc}") from exc
        end = record.take("end", int)
        if end < len(kept):
            raise InvalidRecord(f"{record.where('end')}: {end} is less than what is kept")
        console.scrollback = Scrollback(console.scrollback.limit, end - len(kept))
        console.scrollback.feed(kept)
        return console


class Follower:
    """A reader of a console, at its own pace; one task at a time may `receive`."""

    def __init__(self, console: Console, offset: int) -> None:
        self._console = console
        kept = console.scrollback
        # An offset from the future belongs to another stream, that of a supervisor which is no more.
        self.offset = kept.begin if offset > kept.end else max(offset, 0)
        """Where the next bytes are read from."""

    @property
    def end(self) -> int:
        """Where the console ends by now."""
        return self._console.scrollback.end

    async def receive(self) -> tuple[int, bytes]:
        """Wait for output; return (offset, bytes), with a later offset than expected if some was lost.

        Raises `anyio.EndOfStream` when the service is gone and all was read.
        """
        # A reader that always finds something must not keep everybody else waiting.
        await anyio.lowlevel.checkpoint()
        while True:
            offset, data = self._console.scrollback.since(self.offset)
            if data:
                self.offset = offset + len(data)
                return offset, data
            await self._console.news()
