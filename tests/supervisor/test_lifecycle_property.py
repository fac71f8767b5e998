"""Whatever is asked and happens in whatever order: the machine against a model of the world around it."""

import json
import random
from collections import deque
from dataclasses import replace

import pytest

from supervisor import (
    Cause,
    CauseKind,
    Exit,
    ReadyPolicy,
    RestartPolicy,
    Sign,
    State,
    StopPolicy,
    StopStep,
    Wanted,
    Way,
    When,
)
from supervisor.events import (
    AskToStop,
    Condemned,
    Elapsed,
    Emptied,
    Event,
    Exited,
    Found,
    Held,
    Keep,
    Kill,
    Moved,
    Obstacle,
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
    StepFailed,
    Stop,
    Suspend,
    Vanish,
    Wait,
    Wake,
)
from supervisor.lifecycle import Lifecycle
from supervisor.record import Record

INTERLEAVINGS = 12_000
STEPS = 24

POLICIES = [
    RestartPolicy(),
    RestartPolicy(when=When.ALWAYS),
    RestartPolicy(budget=0),
    RestartPolicy(budget=1, window=8.0),
    RestartPolicy(budget=-1, cap=2.0),
    RestartPolicy(when=When.NEVER),
    RestartPolicy(codes=(7,), signals=(9,)),
]

STOPS = [
    StopPolicy.by_signal(grace=2.0),
    StopPolicy(()),
    StopPolicy((StopStep(Way.LINE, "stop", wait=1.0), StopStep(Way.COMMAND, command=("x",), wait=0.5))),
    StopPolicy((StopStep(wait=1.0), StopStep(Way.LINE, "stop", wait=0.5), StopStep(signal=2, wait=0.25))),
]

READY = [ReadyPolicy(), ReadyPolicy(Sign.NOTIFY, 4.0), ReadyPolicy(Sign.CHECK)]

CHECK = Cause(CauseKind.CHECK, "web")
OTHER = Cause(CauseKind.DEPENDENCY, "db")

EXITS = [
    Exit(code=0),
    Exit(code=1),
    Exit(code=143),
    Exit(signal=9),
    Exit(signal=15),
    Exit(),
    Exit(code=7, ran=0.25),
]

COMMANDS: list[Event] = [
    Condemned(CHECK, "its watchdog", (StopStep(signal=6, wait=2.0),)),
    Start(),
    Start(),
    Stop(),
    Kill(),
    Restart(),
    Condemned(CHECK, "it does not answer"),
    Ready(CHECK),
    StepFailed("nobody reads it"),
    Remove(),
    Keep(),
    Stop(behind=("web", "bot")),
    Restart(behind=("web",)),
    Moved(OTHER),
    Moved(OTHER, ("web",)),
    Pause(CHECK),
    Resume(CHECK),
]

OBSTACLE = Obstacle(("db",), "waits for db, which is starting")


class World:
    """The machine, and what its effects make of the world: at most one main process and its group."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = 4096.0
        """Moments are multiples of 1/4, which a float holds exactly."""
        self.life = Lifecycle(
            "game",
            self.random.choice(STOPS),
            self.random.choice(POLICIES),
            self.random.choice(READY),
            luck=lambda: self.random.choice((0.0, 0.5)),
        )
        # A jitter of an eighth and luck of 0 or a half keep the waits exact.
        self.life.restart = replace(self.life.restart, jitter=0.125)
        self.blocked = False
        self.life.gate = self.gate
        self.main = False
        self.group = 0
        self.deadline: float | None = None
        self.vanished = False
        self.suspended = False
        self.spawns = 0
        self.told: list[Event] = []
        match self.random.randrange(8):
            case 0:
                self.find(kept=True)
            case 1:
                self.find(kept=False)

    @property
    def alive(self) -> bool:
        return self.main or self.group > 0

    def tell(self, event: Event) -> None:
        """Perform what the machine answers, as `Service` does."""
        events = deque([event])
        while events:
            self.told.append(events[0])
            before = self.life.state
            effects = self.life.handle(events.popleft(), self.now)
            if self.life.state is not before:
                self.deadline = None
            for effect in effects:
                assert not self.vanished, "what has vanished does nothing"
                match effect:
                    case Spawn():
                        assert not self.alive, "a second copy was started"
                        assert self.life.wanted is Wanted.UP
                        assert not self.life.removed
                        assert not self.blocked, "it passed the gate"
                        events.append(self.spawn())
                    case AskToStop() | SendKill():
                        assert self.alive, "a signal went to nobody"
                        killed = isinstance(effect, SendKill)
                        assert killed or not self.suspended, "who sleeps cannot hear what is asked"
                    case Suspend() | Wake():
                        assert self.alive, "nobody can be paused or woken"
                        assert self.suspended is isinstance(effect, Wake)
                        self.suspended = not self.suspended
                    case Wait(seconds):
                        assert seconds >= 0
                        self.deadline = self.now + seconds
                    case Vanish():
                        assert not self.alive, "it vanished alive"
                        assert self.life.removed
                        self.vanished = True
                        self.deadline = None
                    case Say(text):
                        assert text.startswith(("[Octyne] ", "[Holdfast] "))
        self.check()

    def gate(self) -> Obstacle | None:
        """Something is in the way of a start, or nothing is."""
        return OBSTACLE if self.blocked else None

    def find(self, *, kept: bool) -> None:
        """Begin with what a supervisor before us left behind."""
        self.main = True
        self.tell(Found(kept))
        if not kept:
            self.tell(Stop())

    def spawn(self) -> Event:
        self.spawns += 1
        if self.random.random() < 0.2:
            return SpawnFailed("it cannot", passing=self.random.random() < 0.5)
        self.main, self.suspended = True, False
        return Spawned()

    def check(self) -> None:
        """What holds between two events."""
        state = self.life.state
        assert state.alive == self.alive
        assert self.life.paused == (self.suspended and self.alive)
        assert not self.life.paused or state in (State.STARTING, State.RUNNING)
        if self.vanished:
            return
        patient = state is State.STARTING and self.life.ready == ReadyPolicy(Sign.CHECK)
        waits = state in (State.STARTING, State.STOPPING, State.BACKOFF) and not patient
        assert self.deadline is not None or not waits, "it would wait for ever"
        assert self.deadline is None or waits or state is State.RUNNING, "it waits for nothing"
        if state is State.BACKOFF:
            assert self.life.wanted is Wanted.UP
        match self.life.held:
            case None:
                assert not self.life.waits_for
            case Held.START:
                assert (state, self.life.wanted) == (State.STOPPED, Wanted.UP)
                assert self.life.waits_for == OBSTACLE.names, "it waits for nobody"
            case held:
                assert state in (State.STARTING, State.RUNNING)
                assert self.life.waits_for, "it waits for nobody"
                assert self.life.wanted is (Wanted.UP if held is Held.RESTART else Wanted.DOWN)
        if state is State.STOPPED and self.life.wanted is Wanted.UP and self.life.held is None:
            assert self.life.exit is not None
            assert self.life.restart.fine(self.life.exit.code, self.life.exit.signal), (
                "it stopped by itself, but was up to be restarted"
            )
        assert self.alive or not self.life.removed, "it is removed, not alive, and still there"

    def happen(self) -> None:
        """Let something happen that can happen now."""
        choices: list[str] = ["command"]
        choices += ["exit"] * 2 if self.main else []
        choices += ["gone"] * 2 if self.group and not self.main else []
        choices += ["time"] * 2 if self.deadline is not None else []
        choices += ["carry over", "gate"]
        match self.random.choice(choices):
            case "command":
                self.tell(self.random.choice(COMMANDS))
            case "exit":
                self.main = False
                self.group = self.random.choice((0, 0, 3))
                self.tell(Exited(self.random.choice(EXITS), self.group))
            case "gone":
                self.group = 0
                self.tell(Emptied())
            case "time":
                self.elapse()
            case "gate":
                self.blocked = not self.blocked
            case "carry over":
                self.carry_over()
        self.now += self.random.choice((0.0, 0.25, 1.0, 64.0))

    def elapse(self) -> None:
        assert self.deadline is not None
        self.now = max(self.now, self.deadline + self.random.choice((0.0, 0.25)))
        self.deadline = None
        self.tell(Elapsed())

    def carry_over(self) -> None:
        """Go on with another machine that thawed from this one's record."""
        frozen = json.loads(json.dumps(self.life.freeze(self.now)))
        other = Lifecycle("game", self.life.stop, self.life.restart, self.life.ready, self.life._luck)
        other.gate = self.gate
        other.thaw(Record(frozen), self.now)
        assert other.freeze(self.now) == frozen
        moved = self.now + 1024.0
        third = Lifecycle("game", self.life.stop, self.life.restart, self.life.ready, self.life._luck)
        third.thaw(Record(frozen), moved)
        assert third.freeze(moved) == frozen, "a record means the same on another clock"
        self.life = other

    def rest(self) -> None:
        """Let all waits elapse and all processes end that were asked to: it settles where it is wanted."""
        self.blocked = False
        for _ in range(100 if not self.vanished else 0):
            if self.life.held is not None:
                self.tell(Moved(OTHER))
            elif self.life.state is State.STOPPING:
                exited, self.main, self.group = self.main, False, 0
                self.tell(Exited(Exit(signal=9)) if exited else Emptied())
            elif self.life.state is State.STARTING and self.life.ready.by is not Sign.SETTLED:
                self.tell(Ready(CHECK))
            elif self.deadline is not None:
                self.elapse()
            else:
                break
        assert self.deadline is None, "it never settles"
        if self.life.state is State.STOPPED and self.life.wanted is Wanted.UP:
            return  # it stopped by itself
        if self.life.wanted is Wanted.UP and not self.vanished:
            assert self.life.state in (State.RUNNING, State.FAILED)
        else:
            assert not self.alive


def test_random_interleavings_never_start_a_second_copy_and_never_get_stuck() -> None:
    spawns = 0
    for seed in range(INTERLEAVINGS):
        world = World(seed)
        try:
            for _ in range(STEPS):
                if not world.vanished:
                    world.happen()
            world.rest()
        except AssertionError as exc:
            pytest.fail(f"seed {seed}: {exc}\n" + "\n".join(map(str, world.told)))
        spawns += world.spawns
    assert spawns > INTERLEAVINGS, "the stories are about running programs"
