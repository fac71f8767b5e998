"""Which instants a cron expression means, in a time zone whose clocks are moved.

Rules:
- The expression is read by cronsim, as Debian's cron reads it: five fields, or a word such as `@daily`.
- An expression that does not name its hours (`*/10 * * * *`) goes by elapsed time: it comes on at each real
  minute whose time on the clock fits, in the repeated hour too, and not in the hour that there is not.
- One that does (`30 2 * * *`, `0 */6 * * *`) goes by the clock on the wall: what falls into the hour that
  there is not comes once, as soon as that is over; what falls into the repeated hour comes in the first of
  the two. So it comes as often as the days and hours that it names.
- Instants are whole seconds since 1970, and each is named once, in their order.

cronsim sees times on the wall only, without a zone: which instants they are is decided here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

WORDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}

LONGEST = 200
"""Characters of an expression."""

_FIELDS = ("minute", "hour", "day-of-month", "month", "day-of-week")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (on the wall, of no zone)
_STEP = 7 * 86_400
"""Seconds between two looks for a change of the offset; no zone changes it twice in so short a time."""

_SPANS = (60, 3600, 86_400, 32 * 86_400)


class InvalidCron(ValueError):
    """No cron expression; the message says which part."""


@dataclass(frozen=True)
class Cron:
    """A cron expression in a time zone; raises `InvalidCron` for what is none."""

    text: str
    zone: ZoneInfo

    def __post_init__(self) -> None:
        """Read it once, to know that it can be read."""
        fields = self._fields.split()
        if len(self.text) > LONGEST:
            raise InvalidCron(f"it is longer than {LONGEST} characters")
        if len(fields) != len(_FIELDS):
            raise InvalidCron(f"it has {len(fields)} fields, expected 5: {', '.join(_FIELDS)}")
        try:
            CronSim(self._fields, _EPOCH)
        except CronSimError as exc:
            name = str(exc).removeprefix("Bad ")
            shown = f" {fields[_FIELDS.index(name)]!r}" if name in _FIELDS else ""
            raise InvalidCron(f"there is no {name}{shown}") from exc
        except (ValueError, AssertionError) as exc:
            raise InvalidCron("it cannot be understood") from exc

    @property
    def zone_name(self) -> str:
        """The name of the zone, for people."""
        return self.zone.key or "localtime"

    def next(self, after: float) -> float | None:
        """Return the first instant later than a moment; None if there is none in the next 50 years."""
        try:
            found = self._next_elapsed(after) if self._every_hour else self._next_on_the_wall(after)
        except (OverflowError, ValueError, OSError):  # beyond the year 9999
            return None
        return None if found is None else float(found)

    def latest(self, after: float, until: float) -> float | None:
        """Return the last instant that is later than a moment, and not later than another."""
        for span in (*_SPANS, None):
            begin = after if span is None else max(after, until - span)
            found = self.next(begin)
            if found is not None and found <= until:
                while (more := self.next(found)) is not None and more <= until:
                    found = more
                return found
            if begin == after:
                break
        return None

    def local(self, moment: float) -> str:
        """Return a moment as ISO 8601 has it, in the zone."""
        return datetime.fromtimestamp(moment, self.zone).isoformat(timespec="seconds")

    @cached_property
    def _fields(self) -> str:
        return WORDS.get(self.text.strip().lower(), self.text)

    @cached_property
    def _every_hour(self) -> bool:
        return set(CronSim(self._fields, _EPOCH).hours) == set(range(24))

    def _walls(self, after: datetime) -> Iterator[datetime]:
        """Yield the times on the wall that fit, later than one of them."""
        yield from CronSim(self._fields, after)

    def _next_on_the_wall(self, after: float) -> int | None:
        # What comes next on the wall may be past: in the second of two hours, or behind one that is left out.
        for wall in self._walls(_EPOCH + timedelta(seconds=int(after // 1) + self._offset(after))):
            found = self._instant(wall)
            if found > after:
                return found
        return None

    def _next_elapsed(self, after: float) -> int | None:
        begin = int(after // 1)
        offset = self._offset(begin)
        while True:
            wall = next(self._walls(_EPOCH + timedelta(seconds=begin + offset)), None)
            if wall is None:
                return None
            found = _seconds(wall) - offset
            change = self._change(begin, found, offset)
            if change is None:
                return found
            # The clock was moved before that: look again, from the moment when it was.
            begin, offset = change - 1, self._offset(change)

    def _instant(self, wall: datetime) -> int:
        """Return when the clock shows this for the first time; where it never does, the end of the gap."""
        before, after = (self._told(wall.replace(fold=fold)) for fold in (0, 1))
        first = _seconds(wall) - before
        if before >= after or self._offset(first) == before:  # PEP 495: in a gap, fold 0 has the smaller one
            return first
        return self._bisect(_seconds(wall) - after, first, before)

    def _change(self, begin: int, end: int, offset: int) -> int | None:
        """Return the first moment with another offset, later than one and not later than the other."""
        while begin < end:
            later = min(begin + _STEP, end)
            if self._offset(later) != offset:
                return self._bisect(begin, later, offset)
            begin = later
        return None

    def _bisect(self, low: int, high: int, offset: int) -> int:
        """Return the first moment with another offset: `low` is before it, `high` is not."""
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._offset(middle) == offset else (low, middle)
        return high

    def _offset(self, moment: float) -> int:
        return self._told(datetime.fromtimestamp(moment // 1, UTC).astimezone(self.zone))

    def _told(self, time: datetime) -> int:
        offset = time.replace(tzinfo=self.zone).utcoffset()
        return 0 if offset is None else int(offset.total_seconds())


def _seconds(wall: datetime) -> int:
    return (wall - _EPOCH) // timedelta(seconds=1)
