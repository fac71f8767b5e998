"""When a service starts, stops, crashes, waits and gives up: a machine without I/O, clock or process.

The rules:

- There is at most one live program per service. Only `Spawn` makes one, and `Spawn` is only ever returned
  when none is alive.
- A program is its whole process group. When its main process has ended and others of the group live on,
  the service is `stopping` until they are gone: asked, and after the grace killed.
- What follows a stop that was asked for is never a crash; nor are exit codes 0, 130 and 143, or death by
  SIGINT or SIGTERM, which shells report as the latter two, and what the policy names besides.
- A stop is a list of steps, each with its wait; what lives after the last one is killed. A step that cannot
  be done is not waited for. When only leftovers remain, signals alone are of use.
- A program is `running` when it has settled, or, where its policy says so, when it or somebody who looks at
  it says that it is ready. If that takes too long, or it is condemned for not working, it is stopped, and
  that counts as a crash.
- A crash is followed by a wait and a restart, unless the policy is `never`, until the budget of restarts in
  the window is used up: then the service is parked as `failed`. A run that lasts `stable_after` forgets
  earlier crashes, and so does a START by hand.
- What a supervisor before us left behind runs already when we begin. If it is kept, it is wanted up; how it
  ends nobody can tell us, which counts as a crash.
- The last command wins: a START while stopping means stop, then start; a STOP after that takes it back.
- A start passes the gate, whoever or whatever brings it: as long as others are in its way, the service is
  `stopped`, wanted up, and waits. A stop that comes behind those of others waits where it is. The last
  command wins here too, and KILL waits for nobody.
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

from .cause import Cause, CauseKind
from .events import (
    AskToStop,
    Condemned,
    Effect,
    Elapsed,
    Emptied,
    Event,
    Exited,
    Found,
    Happened,
    Held,
    Keep,
    Kill,
    Moved,
    Pause,
    Ready,
    Remove,
    Restart,
    Resume,
    Say,
    SendKill,
    Spawn,
    Spawned,
    SpawnFailed,
    Start,
    State,
    StepFailed,
    Stop,
    Wait,
    Wanted,
)
from .pausing import Pausing
from .policies import ReadyPolicy, RestartPolicy, Sign, StopPolicy, StopStep, Way, When

SETTLED = ReadyPolicy()

SETTLE = 1.0
"""Seconds that a program must live to count as running rather than starting."""

KILL_AGAIN = 5.0
"""Seconds between one SIGKILL and the next, for a group that forks while it is killed."""

LEFT_BEHIND = "left behind by a supervisor that was killed"
PIPES_LOST = "its console and input are lost until it is started anew"


class Lifecycle(Pausing):
    """The whole truth about one service; `handle` is its only way to change."""

    def __init__(
        self,
        name: str,
        stop: StopPolicy,
        restart: RestartPolicy,
        ready: ReadyPolicy = SETTLED,
        luck: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(name, ready)
        self.stop = stop
        self.restart = restart
        self._luck = luck

    def handle(self, event: Event, now: float) -> Sequence[Effect]:
        """Take in what was asked or happened at `now` (seconds, any steady clock); return what to do."""
        match event:
            case Start(cause):
                return self._on_start(cause)
            case Stop(cause, behind):
                return self._on_stop(cause, behind)
            case Kill(cause):
                return self._on_kill(cause)
            case Restart(cause, behind):
                return self._on_restart(cause, behind)
            case Condemned(cause, reason, steps):
                return self._condemn(cause, reason, steps)
            case Pause() | Resume():
                return self._on_pause(event)
            case Remove():
                self.removed = True
                return () if self.state.alive else self._vanish()
            case Keep():
                self.removed = False
                return ()
        return self._happened(event, now)

    def _happened(self, event: Happened, now: float) -> Sequence[Effect]:
        match self.state, event:
            case State.STARTING, Spawned():
                return self._on_spawned()
            case State.STOPPED, Found(kept):
                return self._on_found(kept=kept)
            case State.STARTING, SpawnFailed(reason, passing):
                self.cause = Cause(CauseKind.EXIT)
                return self._on_crash(f"cannot start: {reason}", now, again=passing)
            case State.STARTING, Ready(cause) if self.ready.by is not Sign.SETTLED:
                return self._settle("ready", cause)
            case _, Elapsed():
                return self._on_elapsed()
            case _, Moved(cause, behind):
                return self._on_moved(cause, behind)
            case State.STOPPING, StepFailed(reason):
                told = Say(f"[Holdfast] {self.name} could not be asked to stop: {reason}")
                if self.overdue or self.killed:
                    return (told,)
                self.steps = self.steps or self.stop.reserve
                return told, *self._on_overdue()
            case ((State.STARTING | State.RUNNING | State.STOPPING), Exited()):
                return self._on_exit(event, now)
            case State.STOPPING, Emptied():
                return self._conclude(now)
            case _:
                # A late message about a run that is already over.
                return ()

    def _on_elapsed(self) -> Sequence[Effect]:
        match self.state:
            case State.STARTING if self.ready.by is Sign.SETTLED:
                return self._settle("running", Cause(CauseKind.TIMER))
            case State.STARTING:
                late = f"it was not ready within {self.ready.timeout:g} s"
                return self._condemn(Cause(CauseKind.TIMER), late)
            case State.RUNNING:
                self.streak, self.restarts = 0, ()
            case State.BACKOFF:
                restarting = Say(f"[Octyne] Restarting server {self.name} …")
                return restarting, *self._begin("restarting", Cause(CauseKind.TIMER))
            case State.STOPPING:
                return self._on_overdue()
        return ()  # of a wait that ended just as the state changed

    def _on_moved(self, cause: Cause, behind: tuple[str, ...]) -> Sequence[Effect]:
        match self.held:
            case Held.START if (obstacle := self.gate()) is not None:
                self.waits_for, self.reason = obstacle.names, obstacle.reason
                return ()
            case Held.START:
                return self._begin("starting", cause)
            case Held.STOP | Held.RESTART if behind:
                self._wait_behind(behind)
                return ()
            case Held.STOP:
                return self._on_stop(self.cause)
            case Held.RESTART:
                return self._on_restart(self.cause)
        return ()

    def _begin(self, reason: str, cause: Cause) -> Sequence[Effect]:
        if (obstacle := self.gate()) is not None:
            return self._hold_start(obstacle, cause)
        self._enter(State.STARTING, reason)
        self.cause = cause
        self.run += 1
        self.asked = self.overdue = self.killed = False
        self.condemned, self.steps = "", ()
        self.previous, self.exit = self.exit or self.previous, None
        return (Spawn(),)

    def _on_spawned(self) -> Sequence[Effect]:
        started = Say(f"[Octyne] Started server {self.name}")
        if self.ready.by is Sign.SETTLED:
            return started, Wait(SETTLE)
        self.reason = f"{self.reason}, waiting until it is ready"
        return (started, Wait(self.ready.timeout)) if self.ready.timeout else (started,)

    def _settle(self, reason: str, cause: Cause) -> Sequence[Effect]:
        if self.held is None and not self.paused:
            self._enter(State.RUNNING, reason)
            self.cause = cause
        else:
            self.state = State.RUNNING  # that it is to stop, or paused, is what there is to say
        return (Wait(self.restart.stable_after),)

    def _on_found(self, *, kept: bool) -> Sequence[Effect]:
        self._enter(State.RUNNING, LEFT_BEHIND)
        self.cause = Cause(CauseKind.LEFTOVER)
        self.run += 1
        if kept:
            self.wanted = Wanted.UP
            self.reason = f"{LEFT_BEHIND}; {PIPES_LOST}"
        return (Say(f"[Holdfast] {self.name} was {self.reason}"),)

    def _on_start(self, cause: Cause) -> Sequence[Effect]:
        self.wanted = Wanted.UP
        if self.state in (State.STARTING, State.RUNNING):
            return self._take_back_stop(cause)
        self.streak, self.restarts = 0, ()
        if self.state is State.STOPPING:
            # Also where nobody had asked for the stop: a run of which only leftovers remain ends before the
            # one that is asked for now, however its main process ended.
            self.asked = True
            self.cause = cause
            self.reason = "stopping, will be started again"
            return ()
        return self._begin("starting", cause)

    def _on_restart(self, cause: Cause, behind: tuple[str, ...] = ()) -> Sequence[Effect]:
        if self.state not in (State.STARTING, State.RUNNING):
            return self._on_start(cause)
        stopping = self._hold_stop(Held.RESTART, behind, cause) if behind else self._on_stop(cause)
        self.wanted = Wanted.UP
        self.streak, self.restarts = 0, ()
        if not behind:
            self.reason = "asked to restart"
        return stopping

    def _on_stop(self, cause: Cause, behind: tuple[str, ...] = ()) -> Sequence[Effect]:
        again = self.state is State.STOPPING and self.wanted is Wanted.UP
        self.wanted = Wanted.DOWN
        if self.state in (State.STOPPED, State.FAILED):
            return self._take_back_start(cause)
        if behind and self.state in (State.STARTING, State.RUNNING):
            return self._hold_stop(Held.STOP, behind, cause)
        self.cause = cause
        if self.state is State.BACKOFF:
            self._enter(State.STOPPED, "stopped while waiting to be restarted")
            return (Say(f"[Octyne] Server {self.name} has stopped."),)
        self.asked = True
        if self.state is State.STOPPING:
            self.reason = "asked to stop" if again else self.reason
            return ()
        self._enter(State.STOPPING, "asked to stop")
        return Say(f"[Octyne] Stopping server {self.name}"), *self._ask(self.stop.steps)

    def _on_kill(self, cause: Cause) -> Sequence[Effect]:
        if not self.state.alive:
            return self._on_stop(cause)
        self.wanted = Wanted.DOWN
        self.asked = True
        self.cause = cause
        self.steps, self.killed = (), True
        self._enter(State.STOPPING, "being killed")
        return Say(f"[Octyne] Killing server {self.name}"), SendKill(), *self._wake(), Wait(KILL_AGAIN)

    def _condemn(self, cause: Cause, reason: str, steps: tuple[StopStep, ...] = ()) -> Sequence[Effect]:
        if self.paused or self.state not in (State.STARTING, State.RUNNING):
            return ()
        self.cause = cause
        self.condemned = reason
        self._enter(State.STOPPING, f"does not work: {reason}")
        said = Say(f"[Holdfast] {self.name} does not work and is stopped: {reason}")
        return said, *self._ask((*steps, *self.stop.steps))

    def _ask(self, steps: tuple[StopStep, ...]) -> Sequence[Effect]:
        """Take the first step; without one, kill at once."""
        if not steps:
            return self._on_overdue()
        self.steps = steps[1:]
        return *self._wake(), AskToStop(steps[0]), Wait(steps[0].wait)

    def _on_overdue(self) -> Sequence[Effect]:
        """Take the next step; after the last, kill."""
        if self.steps and not self.overdue:
            return self._ask(self.steps)
        if self.killed:
            return SendKill(), Wait(KILL_AGAIN)
        self.steps, self.overdue = (), True
        self.reason = f"did not stop within {self.stop.grace:g} s, is being killed"
        text = f"[Holdfast] {self.name} did not stop in time, killing what is left of it"
        return Say(text), SendKill(), *self._wake(), Wait(KILL_AGAIN)

    def _on_exit(self, event: Exited, now: float) -> Sequence[Effect]:
        self.exit = event.exit
        if not event.left:
            return self._conclude(now)
        text = f"[Holdfast] {self.name} {event.exit}, {event.left} of its processes remain"
        if self.state is State.STOPPING:
            # What is left reads no lines: of the steps to come, signals remain.
            signals = tuple(step for step in self.steps if step.way is Way.SIGNAL)
            self.steps = signals or (() if self.overdue or self.killed else self.stop.reserve)
            return (Say(text),)
        self.cause = Cause(CauseKind.EXIT)
        self._enter(State.STOPPING, "its main process ended, the others are asked to stop")
        return Say(f"{text}: asking them to stop"), *self._ask(self.stop.rest)

    def _conclude(self, now: float) -> Sequence[Effect]:
        ended = str(self.exit)
        fine = self.exit is not None and self.restart.fine(self.exit.code, self.exit.signal)
        if not self.asked and self.condemned:
            return self._on_crash(f"{self.condemned}; it {ended}", now, again=True)
        if not self.asked and (self.restart.when is When.ALWAYS or not fine):
            self.cause = Cause(CauseKind.EXIT)
            return self._on_crash(ended, now, again=True)
        stopped = Say(f"[Octyne] Server {self.name} has stopped.")
        if self.asked and self.wanted is Wanted.UP and not self.removed:
            return stopped, *self._begin("starting again", self.cause)
        if not self.asked:
            self.cause = Cause(CauseKind.EXIT)
        how = ", as it did not stop in time" if self.overdue else ", as asked" if self.asked else ""
        self._enter(State.STOPPED, f"{ended}{how}")
        return (stopped, *self._vanish()) if self.removed else (stopped,)

    def _on_crash(self, reason: str, now: float, *, again: bool) -> Sequence[Effect]:
        crashed = Say(f"[Octyne] Server {self.name} has crashed!")
        policy = self.restart
        self.restarts = tuple(moment for moment in self.restarts if now - moment < policy.window)
        again = again and policy.when is not When.NEVER
        spent = 0 <= policy.budget <= len(self.restarts)
        if self.removed or spent or not again:
            told = f"{reason}; restarted {len(self.restarts)} times already" if spent and again else reason
            self._enter(State.FAILED, f"{told}; not restarted until somebody starts it")
            why = Say(f"[Holdfast] {self.name} {self.reason}")
            return (crashed, why, *self._vanish()) if self.removed else (crashed, why)
        delay = policy.delay(self.streak, self._luck())
        self.streak += 1
        self.restarts = (*self.restarts, now)
        count = f"{len(self.restarts)} of {policy.budget}" if policy.budget >= 0 else f"{self.streak}"
        self._enter(State.BACKOFF, f"{reason}; waiting to be restarted ({count})")
        why = Say(f"[Holdfast] {self.name} {reason}; restarting in {delay:.1f} s ({count})")
        return crashed, why, Wait(delay)
