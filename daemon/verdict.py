"""From single looks to a judgement: a machine without I/O and clock.

The rules:

- Nothing is known at the beginning of a run.
- So many looks in a row that pass make it healthy, so many in a row that fail make it unhealthy: one look
  that says the opposite begins the count anew.
- While a server is starting, a failed look is no failure: it is not up yet. It only ends a row that passed.
"""

from collections.abc import Callable
from enum import StrEnum


class Condition(StrEnum):
    """What is known of a check."""

    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class Verdict:
    """The judgement by one check about one run after the other. Moments are on the caller's clock."""

    def __init__(
        self, failures: int, successes: int, now: float, changed: Callable[[], None] = lambda: None
    ) -> None:
        """So many failures in a row make it unhealthy, so many successes healthy.

        `changed` hears each time that the condition has become another.
        """
        self._changed = changed
        self._most_failures = failures
        self._most_successes = successes
        self.condition = Condition.UNKNOWN
        self.since = now
        self.failures = 0
        """In a row, up to now."""
        self.successes = 0
        """The same."""
        self.error = ""
        """Why the latest look failed; empty if it passed."""

    def begin(self, now: float) -> None:
        """Know nothing: another run has begun."""
        self.failures = self.successes = 0
        self.error = ""
        self._become(Condition.UNKNOWN, now)

    def end(self, now: float) -> None:
        """Nothing is known of a run that is over, but for its latest error."""
        self._become(Condition.UNKNOWN, now)

    def looked(self, failure: str | None, now: float, *, starting: bool = False) -> bool:
        """Take in one look, `failure` says why it failed; tell whether the condition is another now."""
        before = self.condition
        self.error = failure or ""
        if failure is None:
            self.successes, self.failures = self.successes + 1, 0
            if self.successes >= self._most_successes:
                self._become(Condition.HEALTHY, now)
        elif starting:
            self.successes = 0
            self._become(Condition.UNKNOWN, now)
        else:
            self.successes, self.failures = 0, self.failures + 1
            if self.failures >= self._most_failures:
                self._become(Condition.UNHEALTHY, now)
        return self.condition is not before

    def passed(self, now: float) -> None:
        """Take it for healthy: the server is up, which is all that was to be known."""
        self.error = ""
        self._become(Condition.HEALTHY, now)

    def _become(self, condition: Condition, now: float) -> None:
        if condition is not self.condition:
            self.condition, self.since = condition, now
            self._changed()
