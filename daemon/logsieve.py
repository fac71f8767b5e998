"""Lines out of stretches of output: put together, those that are asked for picked out, and told.

The memory is bounded: a line is cut at `LONGEST` bytes, and of the last lines that are asked for no more than
`MOST_KEPT` bytes are kept.
"""

import json
from collections import deque

from .logindex import stamp
from .logquery import LogQuery
from .logreader import Stretch
from .sink import missing

LONGEST = 1 << 20
MOST_KEPT = 32 << 20

LOST = "the supervisor no longer has them, and no file does"


class Sieve:
    """Takes stretches in their order, gives back what is to be sent."""

    def __init__(self, query: LogQuery, *, whole: bool = True) -> None:
        """`whole` says whether the first stretch begins with a line, or nothing lies before it."""
        self._query = query
        self._stream = ""
        self._next: int | None = None
        self._line = bytearray()
        self._begin = 0
        """The offset of the line."""
        self._time: float | None = None
        self._partial = not whole
        self._kept: deque[bytes] | None = None if query.tail is None else deque()
        self._size = 0
        self.full = query.tail is None
        """Whether there are as many lines as are asked for."""

    def take(self, stretch: Stretch) -> bytes:
        """Take a stretch; return what is to be sent now."""
        told: list[bytes] = []
        if stretch.ours:
            self._end_line(told)
            self._partial = False
            self._tell(told, stretch.data.rstrip(b"\n"), stretch.offset, stretch.time, notice=True)
            self._stream, self._next = stretch.stream, stretch.offset
            return b"".join(told)
        if stretch.stream != self._stream or stretch.offset != self._next:
            same = stretch.stream == self._stream and self._next is not None
            self._end_line(told)
            if same and self._next is not None and stretch.offset > self._next:
                line = missing(stretch.offset - self._next, LOST).encode()
                self._tell(told, line, stretch.offset, stretch.time, notice=True)
        self._stream, self._next = stretch.stream, stretch.end
        offset, data = stretch.offset, stretch.data
        start = 0
        while start < len(data):
            end = data.find(b"\n", start)
            stop = len(data) if end < 0 else end
            if not self._line:
                self._begin, self._time = offset + start, stretch.time
            if end >= 0 and not self._line:
                self._tell_line(told, data[start:stop])
            else:
                self._line += data[start:stop]
                if end >= 0 or len(self._line) >= LONGEST:
                    self._end_line(told, empty=True)
            start = stop + 1
        return b"".join(told)

    def settle(self) -> bytes:
        """Return the last lines, if they were asked for, and keep none from now on."""
        kept, self._kept = self._kept, None
        return b"".join(kept or ())

    def finish(self) -> bytes:
        """Return what is left, at the end; a line without an end counts as one."""
        told: list[bytes] = []
        self._end_line(told)
        return self.settle() + b"".join(told)

    def _end_line(self, told: list[bytes], *, empty: bool = False) -> None:
        if self._line or empty:
            line = bytes(self._line)
            self._line.clear()
            self._tell_line(told, line)

    def _tell_line(self, told: list[bytes], line: bytes) -> None:
        if self._partial:
            self._partial = False
        else:
            self._tell(told, line, self._begin, self._time)

    def _tell(
        self, told: list[bytes], line: bytes, offset: int, moment: float | None, *, notice: bool = False
    ) -> None:
        query = self._query
        if not query.fits(moment) or (query.grep is not None and not query.grep.search(line)):
            return
        shown = self._shown(line.removesuffix(b"\r"), offset, moment, notice=notice)
        if self._kept is None:
            told.append(shown)
            return
        self._kept.append(shown)
        self._size += len(shown)
        while self._kept and (len(self._kept) > (query.tail or 0) or self._size > MOST_KEPT):
            self._size -= len(self._kept.popleft())
            self.full = True
        self.full = self.full or len(self._kept) == query.tail

    def _shown(self, line: bytes, offset: int, moment: float | None, *, notice: bool) -> bytes:
        if not self._query.json:
            mark = stamp(moment) if self._query.timestamps and moment is not None else b""
            return mark + line + b"\n"
        entry: dict[str, object] = {"time": moment, "offset": offset, "line": line.decode("utf-8", "replace")}
        if notice:
            entry["notice"] = True
        return json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
