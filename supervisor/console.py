"""What a service has said: kept by absolute offset, followed by whoever wants, waiting for nobody."""

import base64
import re
import time
from collections.abc import Callable

import anyio
import anyio.lowlevel

from .manner import PLAIN, Manner
from .marks import Marks
from .record import InvalidRecord, Record
from .scrollback import Scrollback

MOST_FOLLOWED = 128 * 1024
"""Bytes that a reader gets at once."""


class Console:
    """A service's output, fed by the program and by us, followed by any number of readers."""

    def __init__(self, limit: int, scrollback: Scrollback | None = None, marks: Marks | None = None) -> None:
        self.scrollback = scrollback or Scrollback(limit)
        self.marks = marks or Marks()
        self.heard = time.monotonic()
        """When the program was last heard, on the machine's clock; what we say ourselves does not count."""
        self._news: anyio.Event | None = None
        self._closed = False

    def feed(self, data: bytes) -> None:
        """Take in output. Never waits: no reader, and no absence of one, slows a program down."""
        self._mark(self.scrollback.end)
        self.scrollback.feed(data)
        self._tell()

    def read_from(self, fd: int) -> int:
        """Take in what can be read from a descriptor; see `Scrollback.read_from`."""
        end = self.scrollback.end
        size = self.scrollback.read_from(fd)
        if size:
            self._mark(end)
        self.heard = time.monotonic()
        self._tell()
        return size

    def say(self, text: str, manner: Manner = PLAIN) -> None:
        """Put in a line of our own, on a line of its own."""
        between = manner.newline if self.scrollback.last not in (None, 0x0A) else b""
        # A text may hold a file's name, and with it bytes that are no text.
        words = text.encode("utf-8", "backslashreplace")
        self.feed(manner.before + between + words + manner.newline)

    def close(self) -> None:
        """Say that nothing will follow."""
        self._closed = True
        if self._news is not None:
            self._news.set()

    def _mark(self, offset: int) -> None:
        self.marks.note(offset, self.scrollback.begin)

    def _tell(self) -> None:
        if self._news is not None:
            self._news.set()
            self._news = None

    async def news(self) -> None:
        """Wait for the next `feed`; raises `anyio.EndOfStream` after `close`."""
        if self._closed:
            raise anyio.EndOfStream
        if self._news is None:
            self._news = anyio.Event()
        await self._news.wait()

    def resize(self, limit: int) -> None:
        """Keep another number of bytes from now on."""
        if limit != self.scrollback.limit:
            self.scrollback = self.scrollback.resized(limit)

    def freeze(self) -> dict[str, object]:
        """Return the stream so far as JSON data; the bytes stay in their memory file, if they have one."""
        kept = self.scrollback
        marks = {"marks": self.marks.freeze(kept.begin, kept.end)}
        if kept.fd >= 0:
            return {"limit": kept.limit, "memory": kept.fd, **marks}
        data = base64.b64encode(kept.everything()).decode("ascii")
        return {"limit": kept.limit, "end": kept.end, "stream": kept.stream, "bytes": data, **marks}

    @classmethod
    def thaw(cls, record: Record, open_memory: Callable[[], Scrollback]) -> "Console":
        """Return the console that `freeze` described; raises `InvalidRecord`."""
        scrollback = _unpacked(record) if record.has("bytes") else open_memory()
        return cls(scrollback.limit, scrollback, Marks.thaw(record.record("marks"), scrollback.end))


def _unpacked(record: Record) -> Scrollback:
    """Return a stream of which the record has the bytes, in base64, as its first version always has."""
    try:
        kept = base64.b64decode(record.take("bytes", str), validate=True)
    except ValueError as exc:
        raise InvalidRecord(f"{record.where('bytes')}: {exc}") from exc
    end = record.take("end", int)
    if end < len(kept):
        raise InvalidRecord(f"{record.where('end')}: {end} is less than what is kept")
    stream = record.optional("stream", str)
    if stream is not None and not re.fullmatch("[0-9a-f]{16}", stream):
        raise InvalidRecord(f"{record.where('stream')}: expected 16 hexadecimal digits")
    scrollback = Scrollback(record.take("limit", int), end - len(kept), stream)
    scrollback.feed(kept)
    return scrollback


class Follower:
    """A reader of a console, at its own pace; one task at a time may `receive`."""

    def __init__(self, console: Console, offset: int, stream: str | None = None) -> None:
        """`stream` names what the offset is one of; with None or "" that is not known."""
        self._console = console
        kept = console.scrollback
        # An offset from the future belongs to another stream, whatever its name is.
        other = offset > kept.end or (bool(stream) and stream != kept.stream)
        self.offset = kept.begin if other else max(offset, 0)
        """Where the next bytes are read from."""

    @property
    def stream(self) -> str:
        """The name of the console's stream."""
        return self._console.scrollback.stream

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
            offset, data = self._console.scrollback.since(self.offset, MOST_FOLLOWED)
            if data:
                self.offset = offset + len(data)
                return offset, data
            await self._console.news()
