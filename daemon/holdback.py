"""What of all that happens a target is told, and what is only counted: a machine without clock and network.

Rules:
- What happens again to the same server within `repeat` is counted. The next notice about this server says how
  often it happened. If there is none until that time is over, the latest that was counted is told then: so
  what a target was told last of a server is true, at most `repeat` late.
- Within an hour, a target is told so many times and no more. The first notice above that is replaced by a
  word that more are being held back; the next that may be sent says how many.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from .notice import Kind, Notice

HOUR = 3600.0

HELD = "held back"
"""The kind under which those are counted that were above the limit."""


@dataclass(slots=True)
class _Subject:
    """What a target was told of a server."""

    told: dict[Kind, float] = field(default_factory=dict)
    """Until when each kind is not told again."""
    counted: dict[str, int] = field(default_factory=dict)
    latest: Notice | None = None
    """The latest that was only counted, as long as nothing was told since."""
    due: float = 0.0


class Holdback:
    """Decides for one target. `repeat` is in seconds; moments are those of any clock that does not jump."""

    def __init__(self, repeat: float, per_hour: int) -> None:
        self.repeat = repeat
        self.per_hour = per_hour
        self.held = 0
        """How many were above the limit, in all."""
        self._subjects: dict[str, _Subject] = {}
        self._sent: deque[float] = deque()
        self._above = 0
        """How many were above the limit since the last that was sent."""

    def offer(self, notice: Notice, now: float) -> Sequence[Notice]:
        """Take what happened; return what is to be told at once."""
        self._forget(now)
        known = self._subjects.setdefault(notice.subject, _Subject())
        if known.told.get(notice.kind, now) > now:
            known.counted[notice.kind] = known.counted.get(notice.kind, 0) + 1
            known.latest, known.due = notice, known.told[notice.kind]
            return ()
        return self._tell(known, notice, now)

    def due(self, now: float) -> Sequence[Notice]:
        """Return what was counted and is to be told by now."""
        told: list[Notice] = []
        for known in self._subjects.values():
            if known.latest is not None and known.due <= now:
                latest = known.latest
                known.counted[latest.kind] -= 1
                told += self._tell(known, latest, now)
        self._forget(now)
        return told

    def next_due(self) -> float | None:
        """Return when `due` has something to return, if nothing happens until then."""
        return min((known.due for known in self._subjects.values() if known.latest is not None), default=None)

    def _tell(self, known: _Subject, notice: Notice, now: float) -> Sequence[Notice]:
        repeated = {kind: count for kind, count in known.counted.items() if count}
        known.counted, known.latest = {}, None
        known.told[notice.kind] = now + self.repeat
        return self._limited(replace(notice, repeated=_sum(notice.repeated, repeated)), now)

    def _limited(self, notice: Notice, now: float) -> Sequence[Notice]:
        while self._sent and self._sent[0] <= now - HOUR:
            self._sent.popleft()
        if len(self._sent) >= self.per_hour:
            self._above += 1
            self.held += 1
            if self._above > 1:
                return ()
            reason = f"More than {self.per_hour} notices in an hour: more are being held back"
            return (Notice(Kind.HELD_BACK, at=notice.at, reason=reason, about=tuple(notice.servers)),)
        self._sent.append(now)
        above, self._above = self._above, 0
        return (replace(notice, repeated=_sum(notice.repeated, {HELD: above})),)

    def _forget(self, now: float) -> None:
        """Forget the servers of which nothing is counted and everything may be told."""
        over = [
            name
            for name, known in self._subjects.items()
            if known.latest is None and all(until <= now for until in known.told.values())
        ]
        for name in over:
            del self._subjects[name]


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    counts = {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}
    return {key: count for key, count in counts.items() if count}
