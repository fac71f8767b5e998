"""The graph of who starts and stops before whom: cases by hand, and random graphs."""

from collections.abc import Mapping
from dataclasses import replace
from graphlib import CycleError
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor import InvalidSpec, Plan, ServiceSpec, State, Ties, Wanted, find_cycle
from supervisor.events import Held, Obstacle
from supervisor.order import Order, Standing, names_told

from .graphs import NAMES, acyclic, ties
from .world import spec

UP, DOWN = Wanted.UP, Wanted.DOWN

STOPPED = Standing(State.STOPPED, DOWN)
STARTING = Standing(State.STARTING, UP)
RUNNING = Standing(State.RUNNING, UP)
STOPPING = Standing(State.STOPPING, DOWN)
RESTARTING = Standing(State.STOPPING, UP)
BACKOFF = Standing(State.BACKOFF, UP)
FAILED = Standing(State.FAILED, UP)
ENDED = Standing(State.STOPPED, UP)
WAITING = Standing(State.STOPPED, UP, Held.START)
TO_STOP = Standing(State.RUNNING, DOWN, Held.STOP)
TO_RESTART = Standing(State.RUNNING, UP, Held.RESTART)
COMING = Standing(State.STOPPED, DOWN, coming=True)

CYCLES: dict[str, tuple[dict[str, Ties], tuple[str, ...]]] = {
    "nobody": ({}, ()),
    "strangers": ({"a": Ties(("b",)), "c": Ties()}, ()),
    "a chain": ({"a": Ties(("b",)), "b": Ties(after=("c",)), "c": Ties()}, ()),
    "a diamond": ({"a": Ties(("b", "c")), "b": Ties(("d",)), "c": Ties(("d",)), "d": Ties()}, ()),
    "itself": ({"a": Ties(("a",))}, ("a", "a")),
    "after itself": ({"a": Ties(after=("a",))}, ("a", "a")),
    "two": ({"b": Ties(("a",)), "a": Ties(("b",))}, ("b", "a", "b")),
    "three": ({"a": Ties(("b",)), "b": Ties(after=("c",)), "c": Ties(("a",))}, ("a", "b", "c", "a")),
    "behind a chain": (
        {"x": Ties(("a",)), "a": Ties(("b",)), "b": Ties(("c",)), "c": Ties(("b",))},
        ("b", "c", "b"),
    ),
}


@pytest.mark.parametrize("case", CYCLES)
def test_a_circle_is_told_from_its_first_to_itself(case: str) -> None:
    graph, cycle = CYCLES[case]
    assert find_cycle(graph) == cycle


@given(ties())
def test_a_circle_is_one_and_without_one_there_is_an_order(graph: dict[str, Ties]) -> None:
    if cycle := find_cycle(graph):
        assert cycle[0] == cycle[-1]
        assert len(set(cycle)) == len(cycle) - 1
        assert all(other in graph[name].names for name, other in pairwise(cycle))
        with pytest.raises(CycleError):
            Order(graph)
        specs = tuple(spec_of(name, its) for name, its in graph.items())
        with pytest.raises(InvalidSpec) as caught:
            Plan(specs)
        assert " → ".join(cycle) in str(caught.value)
        return
    layers = Order(graph).layers()
    depth = {name: at for at, layer in enumerate(layers) for name in layer}
    assert depth.keys() == graph.keys()
    for name, its in graph.items():
        known = [depth[other] for other in its.names if other in graph]
        assert depth[name] == max(known, default=-1) + 1, "as soon as possible, and no sooner"


def spec_of(name: str, its: Ties) -> ServiceSpec:
    return replace(spec(name), requires=its.requires, after=its.after)


OBSTACLES: dict[str, tuple[Standing | None, str, str]] = {
    # of what is required, and of what comes before: how it is, or that it is not waited for
    "running": (RUNNING, "", ""),
    "starting": (STARTING, "is starting", "is starting"),
    "to be started": (COMING, "is to be started", "is to be started"),
    "waiting": (WAITING, "waits itself", "waits itself"),
    "crashed": (BACKOFF, "has crashed and waits to be restarted", "has crashed and waits to be restarted"),
    "restarting": (RESTARTING, "is stopping, to be started again", "is stopping, to be started again"),
    "about to restart": (TO_RESTART, "is about to restart", "is about to restart"),
    "about to stop": (TO_STOP, "is about to stop", ""),
    "stopping": (STOPPING, "is stopping", ""),
    "stopped": (STOPPED, "is stopped", ""),
    "ended by itself": (ENDED, "is stopped", ""),
    "failed": (FAILED, "has failed", ""),
    "not there": (None, "does not exist", ""),
}


@pytest.mark.parametrize("case", OBSTACLES)
def test_what_is_in_the_way_of_a_start(case: str) -> None:
    there, required, before = OBSTACLES[case]
    for its, told in (
        (Ties(("db",)), required),
        (Ties(after=("db",)), before),
        (Ties(("db",), ("db",)), required),
    ):
        order = Order({"app": its, "db": Ties()})
        expected = Obstacle(("db",), f"waits for db, which {told}") if told else None
        assert order.obstacle("app", {"db": there}.get) == expected


def test_of_many_in_the_way_all_count_and_some_are_told() -> None:
    names = tuple(f"s{number}" for number in range(7))
    obstacle = Order({"app": Ties(names)}).obstacle("app", lambda name: FAILED)
    assert obstacle is not None
    assert obstacle.names == names
    assert obstacle.reason.startswith("waits for s0, which has failed; s1, which")
    assert obstacle.reason.endswith("s4, which has failed; and 2 more")
    assert names_told(names) == "s0, s1, s2, s3, s4 and 2 more"


CHAIN = Order(
    {
        "web": Ties(("app",)),
        "app": Ties(("db", "cache")),
        "db": Ties(),
        "cache": Ties(("db",)),
        "bot": Ties(after=("db",)),
    }
)


def view(**standings: Standing) -> Mapping[str, Standing]:
    return dict.fromkeys(("web", "app", "db", "cache", "bot"), STOPPED) | standings


def test_what_a_start_brings_along() -> None:
    assert CHAIN.needed("web", view().get) == [("db", "app"), ("cache", "app"), ("app", "web")]
    assert CHAIN.needed("web", view(app=RUNNING).get) == [], "who is up has cared for its own"
    assert CHAIN.needed("web", view(db=STARTING, cache=FAILED).get) == [("cache", "app"), ("app", "web")]
    assert CHAIN.needed("web", view(app=COMING).get) == []
    assert CHAIN.needed("web", view(app=TO_STOP, db=TO_STOP).get) == [
        ("db", "app"),
        ("cache", "app"),
        ("app", "web"),
    ]
    assert CHAIN.needed("bot", view().get) == [], "to come after something brings nothing along"


def test_what_a_stop_takes_along_and_waits_for() -> None:
    assert CHAIN.leaning("db", view().get) == [("app", "db"), ("cache", "db"), ("web", "app")]
    everything = view(web=RUNNING, app=RUNNING, db=RUNNING, cache=RUNNING, bot=RUNNING)
    assert CHAIN.behind("db", everything.get) == ("app", "cache")
    assert CHAIN.behind("db", everything.get, all_ties=True) == ("app", "cache", "bot")
    assert CHAIN.behind("cache", {**everything, "app": FAILED}.get) == ("web",), "beyond one that is down"
    assert CHAIN.behind("web", everything.get) == ()


def test_the_dearest_chain() -> None:
    assert CHAIN.longest({}) == 0.0
    assert CHAIN.longest({"web": 1.0, "app": 2.0, "cache": 4.0, "db": 8.0, "bot": 32.0}) == 40.0
    assert CHAIN.longest({"web": 1.0, "app": 2.0, "cache": 4.0, "db": 8.0}) == 15.0
    assert CHAIN.longest({"web": 1.0, "db": 8.0}) == 9.0, "beyond those that are down"
    assert CHAIN.longest({"stranger": 5.0, "web": 1.0}) == 5.0


def test_a_thousand_in_a_row_are_no_recursion() -> None:
    row = {f"s{n}": Ties((f"s{n + 1}",)) for n in range(5000)} | {"s5000": Ties()}
    order = Order(row)
    assert len(order.layers()) == 5001
    assert len(order.needed("s0", lambda name: STOPPED)) == 5000
    assert len(order.leaning("s5000", lambda name: STOPPED)) == 5000
    assert order.longest(dict.fromkeys(row, 1.0)) == 5001.0
    assert len(find_cycle({**row, "s5000": Ties(("s0",))})) == 5002


@given(acyclic(), st.data())
def test_what_is_brought_along_comes_after_its_own_needs(graph: dict[str, Ties], data: st.DataObject) -> None:
    standing = st.sampled_from([STOPPED, RUNNING, FAILED, BACKOFF, TO_STOP, COMING])
    there = {name: data.draw(standing) for name in graph}
    name = data.draw(st.sampled_from(NAMES))
    needed = Order(graph).needed(name, there.get)
    started = [one for one, _ in needed]
    assert len(set(started)) == len(started)
    for at, (one, by) in enumerate(needed):
        assert one in graph[by].requires
        assert not there[one].up
        for other in graph[one].requires:
            assert other not in there or there[other].up or other in started[:at]
