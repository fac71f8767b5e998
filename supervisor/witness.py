"""Notes what each event has changed about a service, and why."""

import time
from collections.abc import Callable

from .events import Emptied, Event, Exited, Held, State, Wanted
from .facts import Facts
from .history import Transition


class Witness:
    """Compares a service with what it was before an event."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._pid: int | None = None
        self._lines: tuple[str, ...] = ()
        self._see()

    def look(self, event: Event, pid: int | None, read_lines: Callable[[], tuple[str, ...]]) -> None:
        """Look at the service before the event is taken in.

        `pid` is that of its live process; `read_lines` returns the last lines of output of the run.
        """
        self._see()
        self._ends = isinstance(event, Exited | Emptied)
        # Our own word about the end is not part of what led to it.
        self._lines = read_lines() if self._ends else ()
        self._pid = pid or self._pid

    def compare(self, name: str, pid: int | None, wait: float | None) -> Transition | None:
        """Return what the event has changed, if it has; `wait` is the time until what happens next."""
        facts = self._facts
        if self._look() == self._seen:
            return None
        exit_ = facts.exit or (facts.previous if self._ends else None)
        following, due = facts.following(wait)
        return Transition(
            service=name,
            at=time.time(),
            before=self._seen[0],
            after=facts.state,
            wanted=facts.wanted,
            cause=facts.cause,
            reason=facts.reason,
            run=facts.run,
            pid=pid or (self._pid if self._ends else None),
            exit=exit_ if self._ends else None,
            restarts=len(facts.restarts),
            lines=self._lines,
            next=following,
            next_in=due,
        )

    def _see(self) -> None:
        self._seen = self._look()
        self._ends = False

    def _look(self) -> tuple[State, Wanted, int, Held | None, bool]:
        facts = self._facts
        return facts.state, facts.wanted, facts.run, facts.held, facts.paused
