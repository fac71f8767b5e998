"""When a service starts, stops, crashes, waits and gives up: a machine without I/O, clock or process.

The rules:

- There is at most one live program per service. Only `Spawn` makes one, and `Spawn` is only ever returned
  when none is alive.
- A program is its whole process group. When its main process has ended and others of the group live on,
  the service is `stopping` until they are gone: asked, and after the grace killed.
- What follows a stop that was asked for is never a crash; nor are exit codes 0, 130 and 143, or death by
  SIGINT or SIGTERM, which shells report as the latter two.
- A crash is followed by a wait and a restart, until the budget of restarts in the window is used up: then
  the service is parked as `failed`. A run that lasts `stable_after` forgets earlier crashes, and so does a
  START by hand.
- What a supervisor before us left behind runs already when we begin. If it is kept, it is wanted up; how it
  ends nobody can tell us, which counts as a crash.
- The last command wins: a START while stopping means stop, then start; a STOP after that takes it back.
- A change of state ends the wait that was running; `Wait` begins another.

                 Start                Elapsed (settled)
    stopped ─────────────► starting ───────────────────► running
       ▲  ▲                │  ▲   │ SpawnFailed            │
       │  │ all gone       │  │   ▼        crash, budget   │
       │  │                │  │ failed ◄─────────────┐     │
       │  └──── stopping ◄─┼──┼────── Stop, Kill ────┼─────┤
       │        (wanted up:│  │ Elapsed              │     │
       │         starting) ▼  │                      │     │
       └─── Stop ───────── backoff ◄──── crash ──────┴─────┘
"""

import random
from collections.abc import Callable, Sequence

from .events import (
    AskToStop,
    Effect,
    Elapsed,
    Emptied,
    Event,
    Exit,
    Exited,
    Found,
    Keep,
    Kill,
    Remove,
    Say,
    SendKill,
    Spawn,
    Spawned,
    SpawnFailed,
    Start,
    State,
    Stop,
    Vanish,
    Wait,
    Wanted,
)
from .record import InvalidRecord, Record
from .spec import RestartPolicy, StopPolicy

SETTLE = 1.0
"""Seconds that a program must live to count as running rather than starting."""

KILL_AGAIN = 5.0
"""Seconds between one SIGKILL and the next, for a group that forks while it is killed."""


LEFT_BEHIND = "left behind by a supervisor that was killed"
PIPES_LOST = "its console and input are lost until it is started anew"


class Lifecycle:
    """The whole truth about one service; `handle` is its only way to change."""

    def __init__(
        self,
        name: str,
        stop: StopPolicy,
        restart: RestartPolicy,
        luck: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.stop = stop
        self.restart = restart
        self._luck = luck
        self.state = State.STOPPED
        self.wanted = Wanted.DOWN
        self.reason = "never started"
        self.asked = False
        """A stop was asked for in this run: how it ends is no crash."""
        self.overdue = False
        """It was asked to stop in this run, and did not in time."""
        self.removed = False
        """No longer in the plan: vanishes when it is not alive."""
        self.previous: Exit | None = None
        """How the run before ended."""
        self.exit: Exit | None = None
        """How the latest run ended; None while it goes on and before the first."""
        self.streak = 0
        """Restarts since the last stable run or START by hand."""
        self.restarts: tuple[float, ...] = ()
        """When these were, on the caller's clock, as far as they count against the budget."""

    def handle(self, event: Event, now: float) -> Sequence[Effect]:
        """Take in what was asked or happened at `now` (seconds, any steady clock); return what to do."""
        match self.state, event:
            case _, Start():
                return self._on_start()
            case _, Stop() | Kill():
                return self._on_stop(kill=isinstance(event, Kill))
            case _, Remove():
                self.removed = True
                return () if self.state.alive else self._vanish()
            case _, Keep():
                self.removed = False
                return ()
            case State.STARTING, Spawned():
                return Say(f"[Octyne] Started server {self.name}"), Wait(SETTLE)
            case State.STOPPED, Found(kept):
                return self._on_found(kept=kept)
            case State.STARTING, SpawnFailed(reason, passing):
                return self._on_crash(f"cannot start: {reason}", now, again=passing)
            case State.STARTING, Elapsed():
                self._enter(State.RUNNING, "running")
                return (Wait(self.restart.stable_after),)
            case State.RUNNING, Elapsed():
                self.streak, self.restarts = 0, ()
                return ()
            case State.BACKOFF, Elapsed():
                return Say(f"[Octyne] Restarting server {self.name} …"), *self._begin("restarting")
            case State.STOPPING, Elapsed():
                self.overdue = True
                self.reason = f"did not stop within {self.stop.grace:g} s, is being killed"
                text = f"[Holdfast] {self.name} did not stop in time, killing what is left of it"
                return Say(text), SendKill(), Wait(KILL_AGAIN)
            case ((State.STARTING | State.RUNNING | State.STOPPING), Exited()):
                return self._on_exit(event, now)
            case State.STOPPING, Emptied():
                return self._conclude(now)
            case _:
                # A late message about a run that is already over, such as a wait that ended just now.
                return ()

    def freeze(self, now: float) -> dict[str, object]:
        """Return everything as JSON data; moments become ages, since clocks do not travel."""
        return {
            "state": str(self.state),
            "wanted": str(self.wanted),
            "reason": self.reason,
            "asked": self.asked,
            "overdue": self.overdue,
            "removed": self.removed,
            "previous": None if self.previous is None else self.previous.to_dict(),
            "exit": None if self.exit is None else self.exit.to_dict(),
            "streak": self.streak,
            "restart_ages": [now - moment for moment in self.restarts],
        }

    def thaw(self, record: Record, now: float) -> None:
        """Take over what `freeze` returned; raises `InvalidRecord`."""
        try:
            self.state = State(record.take("state", str))
            self.wanted = Wanted(record.take("wanted", str))
        except ValueError as exc:
            raise InvalidRecord(f"{record.where('state')}: {exc}") from exc
        self.reason = record.take("reason", str)
        self.asked = record.take("asked", bool)
        self.overdue = record.take("overdue", bool)
        self.removed = record.take("removed", bool)
        self.previous = Exit.from_record(record.record("previous")) if record.has("previous") else None
        self.exit = Exit.from_record(record.record("exit")) if record.has("exit") else None
        self.streak = record.take("streak", int)
        self.restarts = tuple(now - age for age in record.numbers("restart_ages"))

    def _enter(self, state: State, reason: str) -> None:
        self.state = state
        self.reason = reason

    def _begin(self, reason: str) -> Sequence[Effect]:
        self._enter(State.STARTING, reason)
        self.asked = self.overdue = False
        self.previous, self.exit = self.exit or self.previous, None
        return (Spawn(),)

    def _on_found(self, *, kept: bool) -> Sequence[Effect]:
        self._enter(State.RUNNING, LEFT_BEHIND)
        if kept:
            self.wanted = Wanted.UP
            self.reason = f"{LEFT_BEHIND}; {PIPES_LOST}"
        return (Say(f"[Holdfast] {self.name} was {self.reason}"),)

    def _on_start(self) -> Sequence[Effect]:
        self.wanted = Wanted.UP
        if self.state in (State.STARTING, State.RUNNING):
            return ()
        self.streak, self.restarts = 0, ()
        if self.state is State.STOPPING:
            # Also where nobody had asked for the stop: a run of which only leftovers remain ends before the
            # one that is asked for now, however its main process ended.
            self.asked = True
            self.reason = "stopping, will be started again"
            return ()
        return self._begin("starting")

    def _on_stop(self, *, kill: bool) -> Sequence[Effect]:
        again = self.state is State.STOPPING and self.wanted is Wanted.UP
        self.wanted = Wanted.DOWN
        match self.state:
            case State.STOPPED | State.FAILED:
                return ()
            case State.BACKOFF:
                self._enter(State.STOPPED, "stopped while waiting to be restarted")
                return (Say(f"[Octyne] Server {self.name} has stopped."),)
            case State.STOPPING if not kill:
                self.asked = True
                self.reason = "asked to stop" if again else self.reason
                return ()
        self.asked = True
        self._enter(State.STOPPING, "being killed" if kill else "asked to stop")
        if kill:
            return Say(f"[Octyne] Killing server {self.name}"), SendKill(), Wait(KILL_AGAIN)
        return Say(f"[Octyne] Stopping server {self.name}"), AskToStop(), Wait(self.stop.grace)

    def _on_exit(self, event: Exited, now: float) -> Sequence[Effect]:
        self.exit = event.exit
        if not event.left:
            return self._conclude(now)
        text = f"[Holdfast] {self.name} {event.exit}, {event.left} of its processes remain"
        if self.state is State.STOPPING:
            return (Say(text),)
        self._enter(State.STOPPING, "its main process ended, the others are asked to stop")
        return Say(f"{text}: asking them to stop"), AskToStop(), Wait(self.stop.grace)

    def _conclude(self, now: float) -> Sequence[Effect]:
        ended = str(self.exit)
        fine = self.exit is not None and self.exit.fine
        if not self.asked and (self.restart.always or not fine):
            return self._on_crash(ended, now, again=True)
        stopped = Say(f"[Octyne] Server {self.name} has stopped.")
        if self.asked and self.wanted is Wanted.UP and not self.removed:
            return stopped, *self._begin("starting again")
        how = ", as it did not stop in time" if self.overdue else ", as asked" if self.asked else ""
        self._enter(State.STOPPED, f"{ended}{how}")
        return (stopped, *self._vanish()) if self.removed else (stopped,)

    def _on_crash(self, reason: str, now: float, *, again: bool) -> Sequence[Effect]:
        crashed = Say(f"[Octyne] Server {self.name} has crashed!")
        policy = self.restart
        self.restarts = tuple(moment for moment in self.restarts if now - moment < policy.window)
        spent = 0 <= policy.budget <= len(self.restarts)
        if self.removed or spent or not again:
            told = f"{reason}; restarted {len(self.restarts)} times already" if spent and again else reason
            self._enter(State.FAILED, f"{told}; not restarted until somebody starts it")
            why = Say(f"[Holdfast] {self.name} {self.reason}")
            return (crashed, why, *self._vanish()) if self.removed else (crashed, why)
        # The exponent has a cap of its own: a float overflows at the thousandth crash in a row.
        delay = min(policy.cap, policy.first * policy.factor ** min(self.streak, 64))
        delay *= 1 + policy.jitter * (2 * self._luck() - 1)
        self.streak += 1
        self.restarts = (*self.restarts, now)
        count = f"{len(self.restarts)} of {policy.budget}" if policy.budget >= 0 else f"{self.streak}"
        self._enter(State.BACKOFF, f"{reason}; waiting to be restarted ({count})")
        why = Say(f"[Holdfast] {self.name} {reason}; restarting in {delay:.1f} s ({count})")
        return crashed, why, Wait(delay)

    def _vanish(self) -> Sequence[Effect]:
        text = (
            f"[Octyne] Server {self.name} was marked for deletion, stopped/crashed, and has now been removed."
        )
        return Say(text), Vanish()
