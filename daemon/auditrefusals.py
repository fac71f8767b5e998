"""Refusals that come again and again: the first is an entry, the others are counted, and no count is lost.

Rules:
- The same is what the same caller (user, process' user, key, share, address) was refused: the action, the
  server, and the account or path that was meant.
- When its minute is over, the count is told; also when there is no room for it any more, and at the end.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .auditentry import Detail

REPEATED = 60.0
"""Seconds in which a refusal that is repeated is only counted."""

MOST_REFUSALS = 1000
"""Refusals that are remembered for that."""

_TELLING = ("server", "uid", "key", "share", "taggedUser", "path")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was refused, to whom and why; its texts are short already."""

    action: str
    fields: Mapping[str, Detail]
    ip: str
    user: str
    cause: str

    @property
    def key(self) -> tuple[object, ...]:
        """What it has in common with those that are the same."""
        return (self.action, self.user, self.ip, *(str(self.fields.get(name, "")) for name in _TELLING))


@dataclass(slots=True)
class _Noted:
    """When a refusal was noted, and how often it came since."""

    refusal: Refusal
    moment: float
    repeated: int = 0


class Refusals:
    """Those of the last minute, the oldest first. Moments are of a clock that never goes back."""

    def __init__(self) -> None:
        self._noted: dict[tuple[object, ...], _Noted] = {}

    def counts(self, refusal: Refusal) -> bool:
        """Count it if it is the same as one of this minute; return whether it was."""
        known = self._noted.get(refusal.key)
        if known is None:
            return False
        known.repeated += 1
        return True

    def note(self, refusal: Refusal, now: float) -> None:
        """Remember one that is an entry of its own."""
        self._noted[refusal.key] = _Noted(refusal, now)

    def over(self, now: float, most: int) -> Iterator[tuple[Refusal, int]]:
        """Forget those whose minute is over, and the oldest beyond `most`; yield those that were counted."""
        while self._noted:
            first = next(iter(self._noted))
            noted = self._noted[first]
            if now - noted.moment < REPEATED and len(self._noted) <= most:
                return
            del self._noted[first]
            if noted.repeated:
                yield noted.refusal, noted.repeated

    def due(self) -> float | None:
        """Return when the first minute is over; None if there is nothing to wait for."""
        return next((noted.moment + REPEATED for noted in self._noted.values()), None)
