"""A supervised program over time: performs what its lifecycle decides, and tells it what happened."""

from collections.abc import Callable, Mapping, Sequence

import anyio
import anyio.abc

from .alarm import Alarm, Clock
from .asking import Asking
from .cannot_spawn import CannotSpawn
from .cause import SOMEBODY, Cause, CauseKind
from .child import Child
from .console import Console
from .errand import run_errand
from .estate import Carried, Heir, Keeping
from .events import (
    Asked,
    AskToStop,
    Condemned,
    Effect,
    Elapsed,
    Emptied,
    Event,
    Exit,
    Exited,
    Found,
    Keep,
    Kill,
    Moved,
    Pause,
    Ready,
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
    Suspend,
    Vanish,
    Wait,
    Wake,
)
from .history import Transition, last_lines
from .lifecycle import Lifecycle
from .manner import manner
from .policies import StopStep
from .record import Record
from .rollcall import RollCall
from .socketstore import SocketStore
from .spawning import spawn, surroundings
from .spec import ServiceSpec
from .status import ServiceStatus
from .stdin import InputRefused
from .tending import tend
from .voice import Voice
from .witness import Witness

CARRIED = Carried()


class Service:
    """One service. Every method but `write` acts at once and never waits."""

    def __init__(
        self,
        spec: ServiceSpec,
        environment: Mapping[str, str],
        tasks: anyio.abc.TaskGroup,
        clock: Clock,
        *,
        changed: Callable[["Service"], None],
        happened: Callable[[Transition], None],
        vanished: Callable[["Service"], None],
        keeping: Keeping,
        attached: SocketStore | None = None,
    ) -> None:
        """`attached` is for the daemon: its output is ours, and its sockets are kept there."""
        self.spec = spec
        self.console = Console(spec.scrollback.bytes)
        self.child: Child | None = None
        self.lifecycle = Lifecycle(spec.name, spec.stop, spec.restart, spec.ready)
        self._environment = environment
        self._attached = attached
        self._keeping = keeping
        self._changed = changed
        self._happened = happened
        self._witness = Witness(self.lifecycle)
        self._roll = RollCall(tasks, self._not_ended)
        self.asking = Asking(tasks)
        self._run_begin = 0  # where its output begins in this run
        self._vanished = vanished
        self._spawned_spec = spec
        self._alarm = Alarm(lambda: self._handle(Elapsed()), clock)
        self._voice = Voice(tasks, clock, lambda: self.name, self._handle, self._note_voice)
        self._events: list[Event] = []  # few at a time: a deque has room for 64, a thousand times
        self._tasks = tasks

    @property
    def name(self) -> str:
        """The service's name."""
        return self.spec.name

    @property
    def descriptors(self) -> Sequence[int]:
        """What `freeze` names by number."""
        ours = [fd] if (fd := self.console.scrollback.fd) >= 0 else []
        return [*ours, *self._voice.descriptors, *(self.child.descriptors if self.child is not None else ())]

    def status(self, version: int) -> ServiceStatus:
        """Return what is known now."""
        life = self.lifecycle
        alive, (then, due) = self.child if life.state.alive else None, life.following(self._alarm.deadline)
        return ServiceStatus(
            name=self.name,
            state=life.state,
            wanted=life.wanted,
            reason=f"{life.reason}; {roll}" if (roll := str(self._roll)) else life.reason,
            version=version,
            pid=alive.pid if alive else None,
            started=alive.started if alive else None,
            restart_at=due if life.state is State.BACKOFF else None,
            restarts=len(life.restarts),
            exit=life.exit or life.previous,
            removed=life.removed,
            outdated=life.state.alive and not self.spec.runs_as(self._spawned_spec),
            run=life.run,
            cause=life.cause,
            waits_for=life.waits_for,
            terminal=alive.terminal if alive else self.spec.terminal,
            paused=life.paused,
            limits=alive.tree.unenforced if alive else {},
            survivors=tuple(self._roll.survivors),
            run_begin=self._run_begin,
            awaits=life.awaits,
            note=self._voice.note,
            next=then,
            next_at=due,
        )

    def start(self, cause: Cause = SOMEBODY) -> None:
        """Want it up."""
        self._handle(Start(cause))

    def stop(self, cause: Cause = SOMEBODY) -> None:
        """Want it down, asking first."""
        self._handle(Stop(cause))

    def kill(self, cause: Cause = SOMEBODY) -> None:
        """Want it down at once."""
        self._handle(Kill(cause))

    def take(self, event: Asked | Moved) -> None:
        """Take in what is asked of it, or that others have moved for whom it waits."""
        self._handle(event)

    def ready(self, cause: Cause) -> None:
        """Take it for up: it says so, or somebody who has looked at it."""
        self._handle(Ready(cause))

    def condemn(self, cause: Cause, reason: str) -> None:
        """Stop what does not work, asking first, and take that for a crash."""
        self._handle(Condemned(cause, reason))

    def hear(self, event: Pause | Resume) -> None:
        """Let nothing of it run until it is resumed or stopped, or let it run again."""
        self._handle(event)

    def forgive(self) -> None:
        """Forget earlier crashes: it has shown that it works."""
        self.lifecycle.streak, self.lifecycle.restarts = 0, ()

    def apply(self, spec: ServiceSpec) -> None:
        """Take a new spec: policies count at once, the rest with the next start."""
        self.spec = spec
        self.lifecycle.stop, self.lifecycle.restart = spec.stop, spec.restart
        self.console.resize(spec.scrollback.bytes)
        if self.child is not None:
            self.child.tree.limit(spec.limits, spec.directory)
        self._handle(Keep())

    async def write(self, data: bytes) -> None:
        """Give bytes to the program's stdin; raises `InputRefused`."""
        if (child := self.child) is None:
            raise InputRefused(f"{self.name} is not running")
        try:
            await child.stdin.write(data)
        except InputRefused as exc:
            raise InputRefused(f"{self.name}: {exc}") from exc
        if child.stdin.owed:
            self._tasks.start_soon(child.stdin.pour)

    def take_over(self, child: Child, *, kept: bool) -> None:
        """Begin, before `open`, with what another supervisor left behind: let it run on, or stop it."""
        # Its output went into a pipe that nobody can read any more: going on with it must be asked for.
        self.child = child
        self._handle(Found(kept))
        if not kept:
            self._handle(Stop(Cause(CauseKind.LEFTOVER)))

    def open(self) -> None:
        """Begin to watch the clock, and the child if there is one already."""
        self._alarm.open()
        if self.child is not None:
            self._voice.begin(self.child)
            self._tasks.start_soon(self._tend, self.child)
            self._roll.call(self.child, stopping=self.lifecycle.state is State.STOPPING)
            self.child.tree.limit(self.spec.limits, self.spec.directory)
        elif self.lifecycle.state.alive:
            self._handle(Emptied() if self._told else Exited(Exit()))

    def close(self) -> None:
        """Let go of a service that is not alive: its waits and its readers end."""
        self._alarm.close()
        self._voice.end()
        self.console.close()

    def freeze(self, now: float) -> dict[str, object]:
        """Return everything as JSON data, from which `thaw` makes the same service."""
        return {
            "spec": self.spec.to_dict(),
            "spawned_spec": self._spawned_spec.to_dict(),
            "lifecycle": self.lifecycle.freeze(now),
            "run_begin": self._run_begin,
            "remaining": self._alarm.remaining(now),
            "voice": self._voice.freeze(now),
            "silence": now - self.console.heard,
            "child": None if self.child is None else self.child.freeze(now),
            "console": self.console.freeze(),
        }

    def thaw(self, record: Record, now: float, heir: Heir = CARRIED) -> None:
        """Become what `freeze` described, before `open`; raises `InvalidRecord`, `InvalidSpec`.

        A child that ended meanwhile is adopted all the same while it is unreaped, and then seen to exit.
        """
        self.spec = ServiceSpec.from_record(record.record("spec"))
        self._spawned_spec = ServiceSpec.from_record(record.record("spawned_spec"))
        self.lifecycle.name = self.spec.name
        self.lifecycle.stop, self.lifecycle.restart = self.spec.stop, self.spec.restart
        self.lifecycle.ready = self._spawned_spec.ready
        self.lifecycle.thaw(record.record("lifecycle"), now)
        self._run_begin = record.take("run_begin", int, 0)
        self._alarm.resume(record.optional("remaining", float), now)
        self._voice.thaw(record.record("voice"), self.lifecycle.ready, now, carried=heir.carried)
        self.console = Console.thaw(record.record("console"), lambda: heir.scrollback(record))
        self.console.heard = now - record.take("silence", float, 0.0)
        self.child = heir.child(record.record("child"), now) if record.has("child") else None

    def _handle(self, event: Event) -> None:
        # An effect can bring an event (a spawn that fails): one after the other, never one inside another.
        self._events.append(event)
        if len(self._events) > 1:
            return
        while self._events:
            event, life, before = self._events[0], self.lifecycle, self.lifecycle.state
            self._witness.look(event, self._pid, self._last_lines)
            effects = life.handle(event, anyio.current_time())
            if life.state is not before:
                self._alarm.set(None)
                self._voice.follow(life.state)
            self._roll.call(self.child, stopping=life.state is State.STOPPING)
            for effect in effects:
                self._perform(effect)
            wait = self._alarm.remaining(anyio.current_time())
            if (transition := self._witness.compare(self.name, self._pid, wait)) is not None:
                self._happened(transition)
            del self._events[0]
        self._changed(self)

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Spawn():
                self._spawn()
            case AskToStop(step) if self.child is not None:
                self.asking.ask(step, self.child, self._run_step, self._step_failed)
            case SendKill() if self.child is not None:
                self.asking.kill(self.child)
            case Suspend() | Wake() if self.child is not None:
                self.child.tree.pause(on=isinstance(effect, Suspend))
            case Wait(seconds):
                self._alarm.set(anyio.current_time() + seconds)
            case Say(text):
                self.console.say(text, manner(self._spawned_spec, self.child))
            case Vanish():
                self._vanished(self)

    def _note_voice(self, more: float) -> None:
        """Tell what it says of itself, and give it more time to become ready, if it has asked for that."""
        self._alarm.put_off(anyio.current_time() + more)
        self._changed(self)

    @property
    def _pid(self) -> int | None:
        return None if self.child is None else self.child.pid

    def _last_lines(self) -> tuple[str, ...]:
        kept = self.console.scrollback
        return last_lines(lambda size: kept.since(max(kept.end - size, self._run_begin))[1])

    async def _run_step(self, step: StopStep) -> None:
        known = {**surroundings(self.spec, self._environment, self._keeping), "HOLDFAST_PID": str(self._pid)}
        await run_errand(step.command, self._spawned_spec, known, step.wait, self.console.read_from)

    def _step_failed(self, child: Child, reason: str) -> None:
        if self.child is child:
            self._handle(StepFailed(reason))

    def _not_ended(self, who: str) -> None:
        self.console.say(f"[Holdfast] {self.name} is being stopped; {who}")
        self._changed(self)

    def _spawn(self) -> None:
        try:
            more = self._voice.prepare(self.spec)
            child = spawn(self.spec, self._environment, self._keeping, self._attached, more, self.console.say)
        except CannotSpawn as exc:
            self._voice.end()
            self._events.append(SpawnFailed(exc.reason, exc.passing))
            return
        self.child = child
        self._run_begin, self.console.heard = self.console.scrollback.end, child.started
        self.lifecycle.ready = self.spec.ready
        self._voice.begin(child)
        self._spawned_spec = self.spec
        self._tasks.start_soon(self._tend, child)
        self._events.append(Spawned())

    async def _tend(self, child: Child) -> None:
        """Care for one child until it and all that belong to it are gone; then tell."""
        ended = await tend(child, self.console, self.name, self.asking, self._left)
        self._roll.end()
        child.close()
        self.child = None
        self._voice.end()
        self._keeping.ended(child, self.name)
        self._handle(Emptied() if self._told else Exited(ended))

    def _left(self, ended: Exited) -> None:
        if not self._told:
            self._handle(ended)

    @property
    def _told(self) -> bool:
        """Whether the lifecycle knows how this run ended; an adopted child may have told it before."""
        return self.lifecycle.exit is not None
