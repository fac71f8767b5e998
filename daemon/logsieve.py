"""Lines out of stretches of output: put together, those that are asked for picked out, and told.

The memory is bounded: a line is cut at `LONGEST` bytes, and of the last lines that are asked for no more than
`MOST_KEPT` bytes are kept.
"""

import base64
import json
from collections import deque

from .logindex import stamp
from .logquery import LogQuery
from .logreader import Stretch
from .sink import Place, missing

LONGEST = 1 << 20
MOST_KEPT = 32 << 20

LOST = "the supervisor no longer has them, and no file does"


class Sieve:
    """Takes stretches in their order, gives back what is to be sent."""

    def __init__(self, query: LogQuery, *, whole: bool = True, after: Place | None = None) -> None:
        """`whole` says whether the first stretch begins with a line, or nothing lies before it.

        `after` is where a line ended: what was told up to there is not told again. All that comes before its
        stream does is older.
        """
        self._query = query
        self._stream = ""
        self._next: int | None = None
        self._line = bytearray()
        self._begin = 0
        """The offset of the line."""
        self._end = 0
        """The offset behind it, or what there is of it."""
        self._after = after
        self._reached = False
        """Whether the stream of `_after` has come."""
        if after is not None:
            self._stream, self._next = after.stream, after.offset
        self._time: float | None = None
        self._partial = not whole
        self._kept: deque[bytes] | None = None if query.tail is None else deque()
        self._size = 0
        self.full = query.tail is None
        """Whether there are as many lines as are asked for."""

    def take(self, stretch: Stretch) -> bytes:
        """Take a stretch; return what is to be sent now."""
        if self._after is not None:
            rest = self._behind(stretch, self._after)
            if rest is None:
                return b""
            stretch, self._after = rest, None
        told: list[bytes] = []
        if stretch.ours:
            self._end_line(told)
            self._partial = False
            where = stretch.stream, stretch.offset, stretch.offset
            self._tell(told, stretch.data.rstrip(b"\n"), *where, stretch.time, notice=True)
            self._stream, self._next = stretch.stream, stretch.offset
            return b"".join(told)
        if stretch.stream != self._stream or stretch.offset != self._next:
            same = stretch.stream == self._stream and self._next is not None
            self._end_line(told)
            if same and self._next is not None and stretch.offset > self._next:
                line = missing(stretch.offset - self._next, LOST).encode()
                where = stretch.stream, stretch.offset, stretch.offset
                self._tell(told, line, *where, stretch.time, notice=True)
        self._stream, self._next = stretch.stream, stretch.end
        offset, data = stretch.offset, stretch.data
        start = 0
        while start < len(data):
            end = data.find(b"\n", start)
            stop = len(data) if end < 0 else end
            if not self._line:
                self._begin, self._time = offset + start, stretch.time
            self._end = offset + (stop if end < 0 else stop + 1)
            if end >= 0 and not self._line:
                self._tell_line(told, data[start:stop])
            else:
                self._line += data[start:stop]
                if end >= 0 or len(self._line) >= LONGEST:
                    self._end_line(told, empty=True)
            start = stop + 1
        return b"".join(told)

    def stand(self, place: Place) -> None:
        """Take note that a stream, of which nothing has come, is at this place."""
        if self._next is None or self._stream != place.stream:
            self._stream, self._next = place.stream, place.offset

    @property
    def mark(self) -> bytes:
        """How far it has come, in a line of JSON: up to the end of the last line. Nothing if nothing came."""
        if self._next is None:
            return b""
        end = self._begin if self._line else self._next
        return _json({"stream": self._stream, "end": end})

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

    def _behind(self, stretch: Stretch, after: Place) -> Stretch | None:
        """Return what of a stretch lies behind a place; None for nothing."""
        if stretch.stream != after.stream:
            return stretch if self._reached else None
        self._reached = True
        if stretch.ours:
            return stretch if stretch.offset > after.offset else None
        if stretch.end <= after.offset:
            return None
        begin = max(stretch.offset, after.offset)
        return Stretch(stretch.stream, begin, stretch.time, stretch.data[begin - stretch.offset :])

    def _tell_line(self, told: list[bytes], line: bytes) -> None:
        if self._partial:
            self._partial = False
        else:
            self._tell(told, line, self._stream, self._begin, self._end, self._time)

    def _tell(
        self,
        told: list[bytes],
        line: bytes,
        stream: str,
        offset: int,
        end: int,
        moment: float | None,
        *,
        notice: bool = False,
    ) -> None:
        query = self._query
        if not query.fits(moment) or (query.grep is not None and not query.grep.search(line)):
            return
        line = line.removesuffix(b"\r")
        if query.json:
            shown = _entry(line, stream, offset, end, moment, notice=notice)
        else:
            mark = stamp(moment) if query.timestamps and moment is not None else b""
            shown = mark + line + b"\n"
        if self._kept is None:
            told.append(shown)
            return
        self._kept.append(shown)
        self._size += len(shown)
        while self._kept and (len(self._kept) > (query.tail or 0) or self._size > MOST_KEPT):
            self._size -= len(self._kept.popleft())
            self.full = True
        self.full = self.full or len(self._kept) == query.tail


def _entry(line: bytes, stream: str, offset: int, end: int, moment: float | None, *, notice: bool) -> bytes:
    """Return what JSON tells of a line."""
    entry: dict[str, object] = {"time": moment, "offset": offset}
    try:
        entry["line"] = line.decode()
    except UnicodeDecodeError:
        entry["line"] = line.decode("utf-8", "replace")
        entry["bytes"] = base64.b64encode(line).decode("ascii")
    if notice:
        entry["notice"] = True
    return _json({**entry, "stream": stream, "end": end})


def _json(value: dict[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
