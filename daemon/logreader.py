"""Reading one server's log files as what they are: stretches of streams, with offsets and times.

It is blocking code for a thread, a block at a time. The writer may be at work meanwhile, parts may be
compressed or go: what is gone by then is left out.
"""

import contextlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from . import logindex
from .logfile import BLOCK
from .logfolder import BROKEN, LogFolder, Part
from .logindex import STAMP, Entry
from .sink import Place

LONGEST = 1 << 20
"""Bytes of a stamped line that is held in memory."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes of a stream, or a line of ours at that offset; `time` is None where nobody knows it."""

    stream: str
    offset: int
    time: float | None
    data: bytes
    ours: bool = False

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.offset if self.ours else self.offset + len(self.data)


class LogReader:
    """Reads the parts of a log; `close` it in the end."""

    def __init__(self, path: str) -> None:
        """Raises `OSError` if there is no such folder, or it cannot be read."""
        self._folder = LogFolder.open(path, make=False)
        try:
            self.parts: Sequence[Part] = self._folder.parts()
        except OSError:
            self._folder.close()
            raise
        self.end: Place | None = None
        """Where what was read so far ends."""

    def close(self) -> None:
        """Be done."""
        self._folder.close()

    def meets(self, part: Part, since: float | None, until: float | None) -> bool:
        """Tell whether anything of a part came between two moments."""
        if since is None and until is None:
            return True
        known = self.entries(part)
        # What an entry tells of came up to a second later than it says.
        return any(
            (since is None or entry.time + 1 >= since) and (until is None or entry.time < until)
            for entry in known
        )

    def stretches(self, parts: Sequence[Part]) -> Generator[Stretch, None, None]:
        """Yield what stands in some parts, in their order."""
        for part in parts:
            try:
                # The size first: what the index tells of by then covers all the text up to there.
                size = self._size(part)
                known = [entry for entry in self.entries(part) if size is None or entry.at <= size]
                with self._folder.read(part.text) as text:
                    for stretch in _stretches(text, known, size):
                        self.end = Place(stretch.stream, stretch.end)
                        yield stretch
            except FileNotFoundError:
                continue
            except BROKEN as exc:
                where = self.end or Place("", 0)
                line = f"[Holdfast] the rest of {part.text} cannot be read: {exc}\n".encode()
                yield Stretch(where.stream, where.offset, None, line, ours=True)

    def entries(self, part: Part) -> Sequence[Entry]:
        """Return what the index of a part tells; nothing if it cannot be read."""
        with contextlib.suppress(*BROKEN), self._folder.read(part.index) as index:
            return list(logindex.entries(_everything(index)))
        return []

    def _size(self, part: Part) -> int | None:
        """Return the size of a text; None of one that is compressed, and so will not grow."""
        return self._folder.size(part.text)


def _stretches(text: BinaryIO, known: Sequence[Entry], size: int | None) -> Iterator[Stretch]:
    begins = True
    for number, entry in enumerate(known):
        following = known[number + 1].at if number + 1 < len(known) else size
        stream = f"{entry.stream:016x}"
        if entry.ours:
            if following is not None and entry.at + entry.ours > following:
                return  # it is being written
            line = _exactly(text, entry.ours).lstrip(b"\n")
            yield Stretch(stream, entry.offset, entry.time, line[STAMP if entry.stamped else 0 :], ours=True)
            begins = True
        left = None if following is None else following - entry.at - entry.ours
        blocks = _blocks(text, left)
        raw = _unstamped(blocks, begins=begins) if entry.stamped else blocks
        offset = entry.offset
        last = b"\n" if begins else b" "
        for data in raw:
            yield Stretch(stream, offset, entry.time, data)
            offset += len(data)
            last = data[-1:] or last
        begins = last == b"\n"


def _blocks(text: BinaryIO, left: int | None) -> Iterator[bytes]:
    while left is None or left > 0:
        block = text.read(BLOCK if left is None else min(BLOCK, left))
        if not block:
            return
        if left is not None:
            left -= len(block)
        yield block


def _unstamped(blocks: Iterator[bytes], *, begins: bool) -> Iterator[bytes]:
    """Yield the same without the stamps; a stamp that is cut off at the end is left out."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        whole = []
        for line in lines:
            whole.append(line[STAMP:] if begins else line)
            begins = True
        if len(rest) > LONGEST:
            whole.append(rest[STAMP:] if begins else rest)
            yield b"\n".join(whole)
            rest, begins = b"", False
        elif whole:
            yield b"\n".join([*whole, b""])
    if tail := rest[STAMP:] if begins else rest:
        yield tail


def _exactly(text: BinaryIO, size: int) -> bytes:
    data = b""
    while len(data) < size and (block := text.read(size - len(data))):
        data += block
    return data


def _everything(file: BinaryIO) -> bytes:
    return b"".join(_blocks(file, None))
