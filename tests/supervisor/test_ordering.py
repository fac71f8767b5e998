"""Whatever is asked and whatever fails: services with random ties start and stop in their order."""

import json
from collections import deque
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor import Cause, CauseKind, Exit, RestartPolicy, State, StopPolicy, Ties, Wanted
from supervisor.events import (
    Asked,
    AskToStop,
    Condemned,
    Elapsed,
    Event,
    Exited,
    Held,
    Moved,
    Spawn,
    Spawned,
    SpawnFailed,
)
from supervisor.lifecycle import Lifecycle
from supervisor.ordering import Ordering
from supervisor.record import Record

from .graphs import NAMES, acyclic
from .world import spec

PERSON = Cause(CauseKind.PERSON, "anna")
COMMANDS = ("start", "stop", "restart", "kill", "condemn")
HAPPENINGS = ("settles", "crashes", "ends", "stops", "waited", "looked", "looked", "queue", "carried over")


class Program:
    """A service whose program exists in this story only."""

    def __init__(self, world: "World", name: str, ties: Ties) -> None:
        self.spec = replace(spec(name), requires=ties.requires, after=ties.after)
        self.world = world
        self.spawned = 0
        self._events: deque[Event] = deque()
        self.lifecycle = self.machine()

    def machine(self) -> Lifecycle:
        name = self.spec.name
        life = Lifecycle(name, StopPolicy(), RestartPolicy(budget=2), luck=lambda: 0.5)
        life.gate = lambda: self.world.ordering.gate(name)
        return life

    def take(self, event: Asked | Moved) -> None:
        self.tell(event)

    def tell(self, event: Event) -> None:
        """Do what the machine answers, as `Service` does."""
        self._events.append(event)
        if len(self._events) > 1:
            return
        while self._events:
            for effect in self.lifecycle.handle(self._events[0], 0.0):
                match effect:
                    case Spawn():
                        self.world.check_start(self)
                        self.spawned += 1
                        failed = self.world.fails(self.spec.name)
                        self._events.append(SpawnFailed("it cannot") if failed else Spawned())
                    case AskToStop() if not self.lifecycle.condemned and self.lifecycle.exit is None:
                        self.world.check_stop(self)
            self._events.popleft()
        self.world.ordering.noticed(self.spec.name)


class World:
    """Services with ties, and a queue of those that are to be started."""

    def __init__(self, graph: dict[str, Ties], failing: set[str]) -> None:
        self.graph = graph
        self.failing = failing
        self.ending = False
        self.queue: dict[str, None] = {}
        self.programs = {name: Program(self, name, ties) for name, ties in graph.items()}
        self.ordering = self.make()

    def make(self) -> Ordering:
        ordering = Ordering(self.programs, self.queue.__contains__, lambda: None)
        self.ordering = ordering
        ordering.renew()
        return ordering

    def state(self, name: str) -> State:
        return self.programs[name].lifecycle.state

    def held(self, name: str) -> Held | None:
        return self.programs[name].lifecycle.held

    def fails(self, name: str) -> bool:
        return name in self.failing

    def on_its_way(self, name: str) -> bool:
        life = self.programs[name].lifecycle
        if name in self.queue or life.held in (Held.START, Held.RESTART):
            return True
        up = life.wanted is Wanted.UP
        return up and life.state in (State.STARTING, State.STOPPING, State.BACKOFF)

    def check_start(self, program: Program) -> None:
        assert not self.ending, "nobody starts at the end"
        for other in program.spec.requires:
            life = self.programs[other].lifecycle
            assert life.state is State.RUNNING, f"{program.spec.name} started before {other} was ready"
            assert life.held is None, f"{program.spec.name} started while {other} is about to stop"
        for other in program.spec.after:
            assert not self.on_its_way(other), f"{program.spec.name} started before {other}"

    def check_stop(self, program: Program) -> None:
        name = program.spec.name
        for other, ties in self.graph.items():
            if name in ties.requires or (self.ending and name in ties.after):
                assert not self.state(other).alive, f"{name} is asked to stop while {other} lives"

    def command(self, what: str, name: str) -> None:
        lived = self.state(name).alive
        self.queue.pop(name, None)
        self.ordering.noticed(name)
        match what:
            case "start":
                self.ordering.start(name, PERSON)
                assert self.programs[name].lifecycle.wanted is Wanted.UP
            case "stop":
                self.ordering.stop(name, PERSON)
                assert self.programs[name].lifecycle.wanted is Wanted.DOWN
            case "kill":
                self.ordering.kill(name, PERSON)
                for other in self.graph:
                    if reaches(self.graph, other, name):
                        assert self.state(other) not in (State.STARTING, State.RUNNING) or not lived
            case "restart":
                self.ordering.restart(name, PERSON)
                assert self.programs[name].lifecycle.wanted is Wanted.UP
            case "condemn":
                self.programs[name].take(Condemned(PERSON, "it does not answer"))

    def happen(self, what: str, name: str) -> None:
        program, state = self.programs[name], self.state(name)
        match what:
            case "settles" if state is State.STARTING:
                program.tell(Elapsed())
            case "crashes" if state in (State.STARTING, State.RUNNING):
                program.tell(Exited(Exit(code=1)))
            case "ends" if state in (State.STARTING, State.RUNNING):
                program.tell(Exited(Exit(code=0)))
            case "stops" if state is State.STOPPING:
                program.tell(Exited(Exit(signal=15)))
            case "waited" if state is State.BACKOFF:
                program.tell(Elapsed())
            case "looked":
                self.ordering.step()
            case "queue" if not state.alive and program.lifecycle.held is None:
                self.queue[name] = None
                self.ordering.noticed(name)
            case "carried over":
                self.carry_over()

    def carry_over(self) -> None:
        """Go on with what was frozen."""
        for program in self.programs.values():
            frozen = json.loads(json.dumps(program.lifecycle.freeze(0.0)))
            program.lifecycle = program.machine()
            program.lifecycle.thaw(Record(frozen), 0.0)
        self.make()

    def look_at_all(self) -> None:
        while self.ordering.step():
            pass
        for name, program in self.programs.items():
            life = program.lifecycle
            if life.held is Held.START:
                assert self.ordering.gate(name) is not None, f"{name} waits for nothing"
                assert life.waits_for[0] in life.reason
            elif life.held is not None:
                assert life.waits_for, f"{name} waits for nothing"
                for other in life.waits_for:
                    assert self.state(other).alive, f"{name} waits for {other}, which is gone"

    def settle(self) -> None:
        """Let all that is under way come to its end."""
        for _ in range(1000):
            self.look_at_all()
            if self.queue:
                name = next(iter(self.queue))
                del self.queue[name]
                self.ordering.start(name, Cause(CauseKind.BOOT))
                self.ordering.noticed(name)
                continue
            moving = [name for name in self.programs if self.state(name) is State.STARTING]
            moving = moving or [name for name in self.programs if self.state(name) is State.BACKOFF]
            if stopping := [name for name in self.programs if self.state(name) is State.STOPPING]:
                self.happen("stops", stopping[-1])
            elif moving:
                self.happen("settles", moving[0])
                self.happen("waited", moving[0])
            else:
                return
        raise AssertionError("it never settles")


STEPS = st.tuples(st.sampled_from((*COMMANDS, *HAPPENINGS, *HAPPENINGS)), st.sampled_from(NAMES))


@settings(deadline=None, max_examples=300)
@given(acyclic(), st.sets(st.sampled_from(NAMES), max_size=2), st.lists(STEPS, min_size=5, max_size=60))
def test_starts_and_stops_keep_to_the_order_and_nobody_waits_for_nothing(
    graph: dict[str, Ties], failing: set[str], steps: list[tuple[str, str]]
) -> None:
    world = World(graph, failing)
    for what, name in steps:
        if what in COMMANDS:
            world.command(what, name)
        else:
            world.happen(what, name)
    world.settle()
    for name, program in world.programs.items():
        life = program.lifecycle
        assert life.held in (None, Held.START), "all stops have come to their end"
        if life.held is Held.START:
            for other in life.waits_for:
                down = world.state(other) in (State.STOPPED, State.FAILED)
                assert down, f"{name} waits for {other}, which is up"
                assert other in graph[name].requires or world.on_its_way(other)
    world.ending = True
    world.ordering.stop_all(Cause(CauseKind.SHUTDOWN))
    world.settle()
    assert {world.state(name) for name in graph} <= {State.STOPPED, State.FAILED}


@settings(deadline=None, max_examples=100)
@given(acyclic(), st.permutations(NAMES))
def test_a_boot_starts_all_once_and_a_repair_starts_those_that_wait(
    graph: dict[str, Ties], arrival: list[str]
) -> None:
    world = World(graph, {arrival[-1]})
    world.queue |= dict.fromkeys(arrival)
    world.ordering.renew()
    world.settle()
    for name in graph:
        life = world.programs[name].lifecycle
        assert (life.state is State.RUNNING) is (name != arrival[-1] and life.held is None)
    assert world.state(arrival[-1]) is State.FAILED or world.programs[arrival[-1]].lifecycle.held is None
    world.failing.clear()
    world.command("start", arrival[-1])
    world.settle()
    assert {world.state(name) for name in graph} == {State.RUNNING}
    assert all(program.spawned == 1 for name, program in world.programs.items() if name != arrival[-1])


@settings(deadline=None, max_examples=100)
@given(acyclic(), st.sampled_from(NAMES), st.data())
def test_a_restart_brings_back_all_that_it_took_along(
    graph: dict[str, Ties], name: str, data: st.DataObject
) -> None:
    world = World(graph, set())
    for one in NAMES:
        world.command("start", one)
    world.settle()
    world.command("restart", name)
    for _ in range(data.draw(st.integers(0, 20))):
        world.happen(
            data.draw(st.sampled_from(("stops", "settles", "looked", "carried over"))),
            data.draw(st.sampled_from(NAMES)),
        )
    world.settle()
    assert {world.state(one) for one in graph} == {State.RUNNING}
    leaning = {one for one in graph if reaches(graph, one, name)}
    assert {one for one, program in world.programs.items() if program.spawned == 2} == leaning
    world.command("stop", name)
    world.settle()
    assert {one for one in graph if world.state(one) is State.STOPPED} == leaning
    world.command("start", name)
    world.settle()
    assert {one for one in graph if world.state(one) is State.STOPPED} == leaning - {name}


def reaches(graph: dict[str, Ties], one: str, other: str) -> bool:
    """Whether one is or requires the other, directly or through others."""
    return one == other or any(reaches(graph, needed, other) for needed in graph[one].requires)


ROW = {"web": Ties(("app",)), "app": Ties(("db",)), "db": Ties()}


def row() -> World:
    """Three services that run, each of which requires the next."""
    world = World(ROW, set())
    world.command("start", "web")
    world.settle()
    assert {world.state(name) for name in ROW} == {State.RUNNING}
    return world


def test_a_start_in_the_middle_of_a_restart_does_not_run_on_without_what_it_needs() -> None:
    world = row()
    world.command("restart", "db")
    assert [world.programs[name].lifecycle.held for name in ROW] == [None, Held.RESTART, Held.RESTART]
    world.command("stop", "app")
    assert world.held("app") is Held.STOP
    world.command("start", "app")
    assert world.held("app") is Held.RESTART, "db waits for it, to restart"
    world.settle()
    assert [world.programs[name].spawned for name in ROW] == [1, 2, 2], "web was stopped with app"


def test_a_start_of_what_is_to_restart_changes_nothing() -> None:
    world = row()
    world.command("restart", "db")
    world.command("start", "app")
    world.settle()
    assert [world.programs[name].spawned for name in ROW] == [2, 2, 2]


def test_a_stop_waits_for_those_beyond_one_that_is_down() -> None:
    world = row()
    for _ in range(3):
        world.happen("crashes", "app")
        world.happen("waited", "app")
    assert (world.state("app"), world.state("web")) == (State.FAILED, State.RUNNING)
    world.command("stop", "db")
    assert (world.state("web"), world.state("db")) == (State.STOPPING, State.RUNNING)
    assert world.programs["db"].lifecycle.waits_for == ("web",)
    world.settle()
    assert world.state("db") is State.STOPPED


def test_a_start_takes_a_stop_back_that_waits() -> None:
    world = row()
    world.command("stop", "db")
    world.command("start", "db")
    assert (world.state("db"), world.programs["db"].lifecycle.held) == (State.RUNNING, None)
    world.happen("crashes", "db")
    assert world.state("db") is State.BACKOFF, "it was not asked to stop any more"


def test_a_tie_that_a_plan_turns_round_holds_nobody_for_ever() -> None:
    world = row()
    world.command("stop", "db")
    turned = {"web": Ties(("app",)), "app": Ties(), "db": Ties(("app",))}
    for name, ties in turned.items():
        program = world.programs[name]
        program.spec = replace(program.spec, requires=ties.requires)
    world.graph = {}
    world.ordering.renew()
    world.command("stop", "app")
    assert world.programs["app"].lifecycle.waits_for == ("web",), "db waits for it already"
    world.settle()
    assert {world.state(name) for name in ROW} == {State.STOPPED}


def test_what_leaves_may_be_tied_the_other_way_round() -> None:
    world = row()
    world.programs["app"].lifecycle.removed = True
    world.programs["db"].spec = replace(world.programs["db"].spec, requires=("app",))
    world.ordering.renew()
    world.command("stop", "web")
    world.settle()
    assert world.state("web") is State.STOPPED
