"""What the changes of the servers mean to those who want to be told: crashed, parked, unhealthy, recovered.

Rules:
- What is no news is known and not told: what had happened before the chronicle of a new daemon began.
- A server has recovered when it is up again after it crashed, was parked or was stopped for not working, and
  has stayed so for ten seconds: one that crashes again and again has not recovered in between.
- A server that is stopped by somebody has not recovered, and is not down any more either.
"""

import math
from collections.abc import Callable

import anyio

from supervisor import CauseKind, State, Transition

from .checksettings import Action
from .checkup import HealthChange
from .notice import Kind, Notice

STEADY = 10.0
"""Seconds that a server must be up to have recovered."""

_DOWN = {State.BACKOFF: Kind.CRASHED, State.FAILED: Kind.PARKED}
_CONDEMNED = (CauseKind.CHECK, CauseKind.WATCHDOG)


class NoticeSource:
    """Turns changes into notices; `tell` must not wait. Moments are on the monotonic clock, in seconds."""

    def __init__(self, tell: Callable[[Notice], None]) -> None:
        self._tell = tell
        self._down: set[str] = set()
        """Who is down and has not recovered."""
        self._up: dict[str, tuple[float, Notice]] = {}
        """Who of them is up again: when it will have recovered, what is told then; the next stands first."""
        self._news = anyio.Event()

    def happened(self, transition: Transition, now: float, *, news: bool = True) -> None:
        """Take a change; what is no news is only remembered."""
        name, kind = transition.service, _kind(transition)
        if transition.after is not State.RUNNING:
            self._up.pop(name, None)
        if kind is not None:
            self._down.add(name)
            if news:
                self._tell(_notice(kind, transition))
        elif transition.after is State.STOPPED:
            self._down.discard(name)
        elif transition.after is State.RUNNING and name in self._down and name not in self._up:
            self._up[name] = now + STEADY, _notice(Kind.RECOVERED, transition)
            self._news.set()

    def settle(self, now: float) -> float | None:
        """Tell who has recovered by now; return when the next one will have."""
        while self._up:
            name, (due, notice) = next(iter(self._up.items()))
            if due > now:
                return due
            del self._up[name]
            self._down.discard(name)
            self._tell(notice)
        return None

    def take(self, transition: Transition, news: bool) -> None:
        """Take a change from the chronicle."""
        self.happened(transition, anyio.current_time(), news=news)

    def looked(self, change: HealthChange) -> None:
        """Take what health checks say. Of one that has its server restarted, the chronicle tells."""
        if change.action is Action.WARN and change.run:
            kind = Kind.RECOVERED if change.healthy else Kind.UNHEALTHY
            reason = f"check {change.check}: {change.reason}"
            self._tell(Notice(kind, change.server, at=change.at, run=change.run, reason=reason))

    async def run(self) -> None:
        """Tell who has recovered, when it has, until cancelled."""
        while True:
            due = self.settle(anyio.current_time())
            self._news = anyio.Event()
            with anyio.move_on_at(math.inf if due is None else due):
                await self._news.wait()


def _kind(transition: Transition) -> Kind | None:
    """Return what has gone wrong, if anything has."""
    if transition.after is State.STOPPING and transition.cause.kind in _CONDEMNED:
        return Kind.UNHEALTHY
    kind = _DOWN.get(transition.after)
    return kind if transition.before is not transition.after else None


def _notice(kind: Kind, transition: Transition) -> Notice:
    return Notice(
        kind,
        transition.service,
        at=transition.at,
        run=transition.run,
        reason="is up again" if kind is Kind.RECOVERED else transition.reason,
        exit=transition.exit,
        lines=transition.lines,
        restarts=transition.restarts,
        next=transition.next_in if transition.next == "restart" else None,
    )
