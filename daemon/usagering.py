"""The numbers of a day in a bounded ring: all of the latest hour, averages with peaks of what is older.

Rules:
- A ring has levels (`LEVELS`): the finest takes each measurement; each other one has a row for so many
  seconds, with the average of all columns and the peak of some. No level ever has more rows than its bound.
- A number takes two bytes: the logarithm of it, exact to 0.03 % (whole numbers to 1,900 exactly), from one
  unit to 2^48. What is not known is a number of its own.
- A row says whether it begins anew: there is a gap before it, because the program was another or nobody
  measured. A row of several seconds begins anew if any measurement in it does.
- Times only grow. After the clock was set back, rows from the future are forgotten.

This knows no clock and no file; it is used in one thread at a time.
"""

import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

FINEST_ROWS = 720
FINEST = 3600
"""Seconds for which there is each measurement, if that makes no more than so many rows."""

LEVELS = ((60, 6 * 3600), (300, None))
"""Of the others: seconds of a row, and seconds that are kept; the last has the whole history."""

_STEPS = 1364.0
_MOST = 65_533
_UNKNOWN = 65_535


class Column(NamedTuple):
    """What is measured; numbers below half a unit are 0."""

    name: str
    unit: float = 1.0
    peak: bool = False
    """Whether rows of several seconds have its peak, too."""


class Row(NamedTuple):
    """The numbers of `width` seconds that begin at `time` (0: of this very moment); then the peaks."""

    time: int
    width: int
    anew: bool
    values: tuple[float | None, ...]
    peaks: tuple[float | None, ...]


@lru_cache(1 << 14)  # most servers do the same as a moment ago: nothing
def encode(value: float | None, unit: float = 1.0) -> int:
    """Return a number as it is kept."""
    if value is None or math.isnan(value):
        return _UNKNOWN
    value /= unit
    if value < 0.5:
        return 0
    return 1 if value <= 1 else min(_MOST, 1 + round(math.log2(min(value, 2.0**60)) * _STEPS))


@cache
def _values() -> tuple[float, ...]:  # made when they are wanted: 10 ms
    return tuple(2.0 ** ((code - 1) / _STEPS) for code in range(1, _MOST + 1))


def decode(code: int, unit: float = 1.0) -> float | None:
    """Return it as it was, nearly."""
    if code > _MOST:
        return None
    return _values()[code - 1] * unit if code else 0.0


def finest_rows(interval: float) -> int:
    """Return how many measurements are kept as they are."""
    return max(60, min(FINEST_ROWS, int(FINEST / max(interval, 1.0))))


class _Level:
    """Rows of one width, the oldest of which goes when there is no room."""

    __slots__ = ("_at", "columns", "flags", "rows", "times", "width")

    def __init__(self, width: int, rows: int, columns: int) -> None:
        self.width = width
        self.rows = max(1, rows)
        self.times = array("I")
        self.flags = array("B")
        self.columns = [array("H") for _ in range(columns)]
        self._at = 0

    def __len__(self) -> int:
        return len(self.times)

    def add(self, time: int, anew: bool, codes: Sequence[int]) -> None:
        if len(self.times) < self.rows:
            self.times.append(time)
            self.flags.append(anew)
            for column, code in zip(self.columns, codes, strict=True):
                column.append(code)
            return
        at = self._at
        self.times[at], self.flags[at] = time, anew
        for column, code in zip(self.columns, codes, strict=True):
            column[at] = code
        self._at = (at + 1) % self.rows

    def order(self) -> Iterable[int]:
        """Return the places of the rows, from the oldest on."""
        return (*range(self._at, len(self.times)), *range(self._at))

    def arrays(self) -> list["array[int]"]:
        return [self.times, self.flags, *self.columns]

    def straighten(self) -> None:
        """Let the oldest row stand first."""
        if self._at:
            for one in self.arrays():
                one[:] = one[self._at :] + one[: self._at]
            self._at = 0

    def resize(self, rows: int) -> None:
        self.straighten()
        self.rows = max(1, rows)
        self._cut(slice(0, max(0, len(self.times) - self.rows)))

    def forget_from(self, time: int) -> None:
        if self.times and self.times[self._at - 1] >= time:
            self.straighten()
            keep = next((at for at, known in enumerate(self.times) if known >= time), len(self.times))
            self._cut(slice(keep, len(self.times)))

    def _cut(self, part: slice) -> None:
        for one in self.arrays():
            del one[part]


class _Gathered:
    """A row of several seconds that is being made."""

    __slots__ = ("anew", "begin", "count", "peaks", "sums")

    def __init__(self, columns: int) -> None:
        self.begin = self.count = 0
        self.anew = False
        self.sums: list[float | None] = [0.0] * columns
        self.peaks: list[float | None] = [None] * columns

    def start(self, begin: int) -> None:
        self.begin, self.count, self.anew = begin, 0, False
        self.sums = [0.0] * len(self.sums)
        self.peaks = [None] * len(self.peaks)

    def take(
        self, count: int, anew: bool, values: Sequence[float | None], peaks: Sequence[float | None]
    ) -> None:
        self.count += count
        self.anew = self.anew or anew
        for at, (value, high) in enumerate(zip(values, peaks, strict=True)):
            known, highest = self.sums[at], self.peaks[at]
            self.sums[at] = None if known is None or value is None else known + value * count
            if high is not None and (highest is None or high > highest):
                self.peaks[at] = high

    def average(self) -> list[float | None]:
        return [None if value is None else value / self.count for value in self.sums]


class Ring:
    """The numbers of one thing that is measured."""

    def __init__(self, columns: Sequence[Column], interval: float, history: int) -> None:
        self._columns = columns
        self._peaks = [at for at, column in enumerate(columns) if column.peak]
        wide = len(columns) + len(self._peaks)
        self.levels = [_Level(0, 1, len(columns)), *(_Level(width, 1, wide) for width, _ in LEVELS)]
        self._gathered = [_Gathered(len(columns)) for _ in LEVELS]
        self._anew = True
        self.last = 0
        """The time of the latest measurement."""
        self.resize(interval, history)

    def resize(self, interval: float, history: int) -> None:
        """Keep another time, or measurements that come more or less often."""
        self.levels[0].resize(min(finest_rows(interval), max(1, int(history / max(interval, 1.0)))))
        for level, (width, kept) in zip(self.levels[1:], LEVELS, strict=True):
            level.resize(min(kept or history, history) // width)

    def begin_anew(self) -> None:
        """Say that the next measurement has nothing to do with those before."""
        self._anew = True

    def add(self, time: int, values: Sequence[float | None]) -> None:
        """Take in a measurement."""
        if time <= self.last:
            self._forget_from(time)
        anew, self._anew, self.last = self._anew, False, time
        codes = [encode(value, column.unit) for value, column in zip(values, self._columns, strict=True)]
        self.levels[0].add(time, anew, codes)
        self._gather(0, time, 1, anew, values, values)

    def rows(self, since: float, until: float) -> Iterator[Row]:
        """Yield what is known of a time, each moment once, as finely as it is kept."""
        pieces: list[tuple[_Level, float, float]] = []
        end = math.inf
        for level in self.levels:
            if len(level):
                pieces.append((level, 0, end))
                end = level.times[next(iter(level.order()))]
        begin = -math.inf
        for level, _, before in reversed(pieces):
            for at in level.order():
                time = level.times[at]
                if not begin <= time < before:
                    continue
                if since < time + max(level.width, 1) and time <= until:
                    yield self._row(level, at)
            covered = [time for time in level.times if time < before]
            begin = max(begin, max(covered) + level.width) if covered else begin

    def _row(self, level: _Level, at: int) -> Row:
        count = len(self._columns)
        codes = [column[at] for column in level.columns]
        values = tuple(
            decode(code, column.unit) for code, column in zip(codes[:count], self._columns, strict=True)
        )
        if level.width:
            units = [self._columns[place].unit for place in self._peaks]
            peaks = tuple(decode(code, unit) for code, unit in zip(codes[count:], units, strict=True))
        else:
            peaks = tuple(values[place] for place in self._peaks)
        return Row(level.times[at], level.width, bool(level.flags[at]), values, peaks)

    def freeze(self) -> tuple[list[int], bytes]:
        """Return how many rows each level has, and all of them as bytes."""
        for level in self.levels:
            level.straighten()
        return [len(level) for level in self.levels], b"".join(
            one.tobytes() for level in self.levels for one in level.arrays()
        )

    def thaw(self, counts: Sequence[int], data: memoryview) -> int:
        """Become what `freeze` told, at the beginning of the data; return how much of it that was.

        Raises `ValueError`.
        """
        at = 0
        for level, count in zip(self.levels, counts, strict=True):
            for one in level.arrays():
                size = count * one.itemsize
                if count < 0 or at + size > len(data):
                    raise ValueError("rows are missing")
                one[:] = array(one.typecode, bytes(data[at : at + size]))
                at += size
            level.resize(level.rows)
        self.last = max((level.times[-1] for level in self.levels if len(level)), default=0)
        self._anew = True
        for place in reversed(
            range(len(self._gathered))
        ):  # what makes no whole row yet, the coarse ones first
            source, level = self.levels[place], self.levels[place + 1]
            whole = level.times[-1] + level.width if len(level) else 0
            for row in [self._row(source, at) for at in range(len(source)) if source.times[at] >= whole]:
                weight = max(1, source.width // 10)
                self._gather(place, row.time, weight, row.anew, row.values, self._all_peaks(row))
        return at

    def _all_peaks(self, row: Row) -> list[float | None]:
        highest = [*row.values]
        for at, peak in zip(self._peaks, row.peaks, strict=True):
            highest[at] = peak
        return highest

    def _gather(
        self,
        place: int,
        time: int,
        count: int,
        anew: bool,
        values: Sequence[float | None],
        peaks: Sequence[float | None],
    ) -> None:
        """Add to the row that is being made; when the next one begins, that one is complete."""
        gathered, level = self._gathered[place], self.levels[place + 1]
        begin = time - time % level.width
        if begin != gathered.begin:
            if gathered.count:
                self._finish(place, gathered, level)
            gathered.start(begin)
        gathered.take(count, anew, values, peaks)

    def _finish(self, place: int, gathered: _Gathered, level: _Level) -> None:
        columns, average = self._columns, gathered.average()
        codes = [encode(value, column.unit) for value, column in zip(average, columns, strict=True)]
        codes += [encode(gathered.peaks[at], columns[at].unit) for at in self._peaks]
        level.add(gathered.begin, gathered.anew, codes)
        if place + 1 < len(self._gathered):
            self._gather(place + 1, gathered.begin, gathered.count, gathered.anew, average, gathered.peaks)

    def _forget_from(self, time: int) -> None:
        for level in self.levels:
            level.forget_from(time - time % level.width if level.width else time)
        for gathered in self._gathered:
            if gathered.begin > time:
                gathered.start(0)
        self._anew = True
