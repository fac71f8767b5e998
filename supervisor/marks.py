"""When the bytes of a console came: marks (offset, wall time), at most one a second.

Rules:
- A byte came at the time of the last mark at or before its offset, or less than `APART` later.
- There are never more than `MOST`. Where there would be, marks that are close to each other go, so that times
  are known less exactly; only if that does not help, the oldest go.
- The clock is the wall clock, since marks are for people: it may jump, and so may the times.
"""

import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .record import InvalidRecord, Record

APART = 1.0
"""Seconds between two marks."""

MOST = 4096

_ROOM = MOST * 3 // 4
"""How many are left where there were too many."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What lies at this offset came at this time: seconds since 1970."""

    offset: int
    time: float


@dataclass(frozen=True, slots=True)
class Marked:
    """The marks of a stream, by offset."""

    stream: str
    marks: Sequence[Mark]

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON data."""
        marks = [{"offset": mark.offset, "time": mark.time} for mark in self.marks]
        return {"stream": self.stream, "marks": marks}

    @classmethod
    def from_record(cls, record: Record) -> "Marked":
        """Return what `to_dict` described; raises `InvalidRecord`."""
        marks = [Mark(one.take("offset", int), one.take("time", float)) for one in record.records("marks")]
        return cls(record.take("stream", str), marks)


class Marks:
    """The marks of one console."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        # Arrays: a thousand consoles with lists of objects would take half a gigabyte.
        self._offsets = array("Q")
        self._times = array("d")
        self._latest = float("-inf")

    def note(self, offset: int, oldest: int) -> None:
        """Say that bytes came just now, the first of them at an offset; those before `oldest` are gone."""
        now = self._clock()
        # Also when the clock was set back.
        if 0 <= now - self._latest < APART:
            return
        self.add(offset, now)
        if len(self._offsets) > MOST:
            self._thin(oldest)

    def add(self, offset: int, moment: float) -> None:
        """Add a mark behind all others."""
        self._offsets.append(offset)
        self._times.append(moment)
        self._latest = moment

    def known(self, oldest: int) -> Sequence[Mark]:
        """Return the marks that tell anything of the bytes from an offset on."""
        return [
            Mark(*pair) for pair in list(zip(self._offsets, self._times, strict=True))[self._at(oldest) :]
        ]

    def freeze(self, oldest: int, end: int) -> dict[str, object]:
        """Return the same as JSON data: offsets, and times in milliseconds; and where the console ends."""
        first = self._at(oldest)
        return {
            "end": end,
            "offsets": self._offsets[first:].tolist(),
            "times": [round(moment * 1000) for moment in self._times[first:]],
        }

    @classmethod
    def thaw(cls, record: Record, end: int) -> "Marks":
        """Return the marks that `freeze` described, none where it did not; raises `InvalidRecord`.

        What came since it was frozen, up to `end`, came now at the latest.
        """
        marks = cls()
        offsets, times = record.numbers("offsets"), record.numbers("times")
        if len(offsets) != len(times):
            raise InvalidRecord(f"{record.where('times')}: expected as many as there are offsets")
        before = 0.0
        for offset, moment in zip(offsets, times, strict=True):
            if not before <= offset < 1 << 63:
                raise InvalidRecord(f"{record.where('offsets')}: expected offsets in their order")
            if offset <= end:
                marks.add(int(offset), moment / 1000)
            before = offset
        frozen = record.take("end", int, end)
        if frozen < end:
            marks.add(frozen, marks._clock())
        del marks._offsets[:-MOST], marks._times[:-MOST]
        return marks

    def _at(self, oldest: int) -> int:
        """Return which mark is the first that tells anything of the bytes from an offset on."""
        return max(bisect_right(self._offsets, oldest) - 1, 0)

    def _thin(self, oldest: int) -> None:
        first = self._at(oldest)
        pairs = list(zip(self._offsets[first:], self._times[first:], strict=True))
        apart = APART
        while len(pairs) > _ROOM and apart < 1 << 20:
            apart *= 2
            kept: list[tuple[int, float]] = []
            for offset, moment in pairs:
                if not kept or not 0 <= moment - kept[-1][1] < apart:
                    kept.append((offset, moment))
            pairs = kept
        pairs = pairs[-_ROOM:]
        self._offsets = array("Q", [offset for offset, _ in pairs])
        self._times = array("d", [moment for _, moment in pairs])
