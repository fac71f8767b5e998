"""Stretches of output, from wherever they lie, put together to lines."""

import base64
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..logs import Line

LONGEST = 1 << 20
"""Bytes after which a line is cut."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes of a stream, or a line of the log's own at that offset."""

    stream: str
    offset: int
    time: float | None
    data: bytes
    ours: bool = False

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.offset if self.ours else self.offset + len(self.data)


def timed(stream: str, begin: int, data: bytes, marks: Sequence[tuple[int, float]]) -> Iterator[Stretch]:
    """Yield output in stretches, each with the time of its mark: (offset, Unix time), by offset."""
    offsets = [offset for offset, _ in marks]
    offset, end = begin, begin + len(data)
    while offset < end:
        at = bisect_right(offsets, offset)
        stop = min(end, offsets[at]) if at < len(offsets) else end
        time = marks[max(at - 1, 0)][1] if marks else None
        yield Stretch(stream, offset, time, data[offset - begin : stop - begin])
        offset = stop


def lines(stretches: Iterable[Stretch]) -> Iterator[Line]:
    """Yield whole lines, and at the end of a stream what there is of the last one."""
    rest, first, end = bytearray(), Stretch("", 0, None, b""), 0
    for stretch in stretches:
        if rest and (stretch.ours or stretch.stream != first.stream or stretch.offset != end):
            yield _line(bytes(rest), first.stream, first.offset, end, first.time)
            rest.clear()
        if stretch.ours:
            text = stretch.data.rstrip(b"\n")
            yield _line(text, stretch.stream, stretch.offset, stretch.offset, stretch.time, notice=True)
            continue
        at = 0
        while at < len(stretch.data):
            found = stretch.data.find(b"\n", at)
            stop = len(stretch.data) if found < 0 else found
            if not rest:
                first = Stretch(stretch.stream, stretch.offset + at, stretch.time, b"")
            rest += stretch.data[at:stop]
            at = stop + 1
            end = stretch.offset + min(at, len(stretch.data))
            if found >= 0 or len(rest) >= LONGEST:
                yield _line(bytes(rest), first.stream, first.offset, end, first.time)
                rest.clear()
    if rest:
        yield _line(bytes(rest), first.stream, first.offset, end, first.time)


def _line(
    data: bytes, stream: str, offset: int, end: int, time: float | None, *, notice: bool = False
) -> Line:
    data = data.removesuffix(b"\r")
    text = data.decode("utf-8", "replace")
    raw: dict[str, object] = {"time": time, "offset": offset, "line": text}
    exact = None
    if "\ufffd" in text:
        exact = raw["bytes"] = base64.b64encode(data).decode("ascii")
    if notice:
        raw["notice"] = True
    raw |= {"stream": stream, "end": end}
    return Line(
        line=text, time=time, offset=offset, stream=stream, end=end, bytes_=exact, notice=notice, raw=raw
    )
