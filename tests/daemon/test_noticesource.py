"""What the changes of a server mean to those who want to be told."""

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import anyio
import pytest

from daemon.checksettings import Action
from daemon.checkup import HealthChange
from daemon.chronicle import Chronicle
from daemon.mirror import Mirror
from daemon.notice import Notice
from daemon.noticesource import STEADY, NoticeSource
from supervisor import Cause, CauseKind, Exit, Plan, ServiceSpec, ServiceStatus, State, Transition, Wanted

from .door import supervising
from .house import eventually

ENDED = Cause(CauseKind.EXIT)


def changes(*states: State, cause: Cause = ENDED) -> list[Transition]:
    """Return the changes of a server that goes through these states."""
    usual = Transition("mc", 5.0, State.STOPPED, State.STOPPED, Wanted.UP, cause, "it fell", 7)
    return [
        replace(usual, before=before, after=after, number=number)
        for number, (before, after) in enumerate(pairwise(states), 1)
    ]


def told(changes: list[Transition], *, news: bool = True) -> list[Notice]:
    notices: list[Notice] = []
    source = NoticeSource(notices.append)
    for at, change in enumerate(changes):
        source.happened(change, at, news=news)
    source.settle(len(changes) - 1 + STEADY)
    return notices


def kinds(*states: State, cause: Cause = ENDED) -> list[str]:
    return [str(notice.kind) for notice in told(changes(*states, cause=cause))]


def test_a_crash_is_told_as_it_was() -> None:
    (crash,) = changes(State.RUNNING, State.BACKOFF)
    ended = Exit(code=3, ran=2.5)
    crash = replace(crash, exit=ended, lines=("one", "two"), restarts=2, next="restart", next_in=4.0)
    (notice,) = told([crash])
    assert (notice.kind, notice.server, notice.at, notice.reason) == ("crashed", "mc", 5.0, "it fell")
    assert (notice.run, notice.exit, notice.lines) == (7, ended, ("one", "two"))
    assert (notice.restarts, notice.next) == (2, 4.0)


def test_it_has_recovered_when_it_is_up_again_and_not_before() -> None:
    assert kinds(State.RUNNING, State.BACKOFF, State.STARTING) == ["crashed"]
    up = (State.RUNNING, State.BACKOFF, State.STARTING, State.RUNNING)
    assert kinds(*up) == ["crashed", "recovered"]
    assert kinds(*up, State.STOPPING, State.STARTING, State.RUNNING) == ["crashed", "recovered"]


def test_who_crashes_again_and_again_has_not_recovered_in_between() -> None:
    crash, start, up, again = changes(
        State.RUNNING, State.BACKOFF, State.STARTING, State.RUNNING, State.BACKOFF
    )
    notices: list[Notice] = []
    source = NoticeSource(notices.append)
    for at, change in enumerate((crash, start, up)):
        source.happened(change, at)
    assert source.settle(2 + STEADY / 2) == 2 + STEADY
    source.happened(again, 2 + STEADY)
    assert source.settle(100) is None
    assert [str(notice.kind) for notice in notices] == ["crashed", "crashed"]


def test_parked_is_told_and_a_start_by_hand_recovers_it() -> None:
    assert kinds(State.RUNNING, State.FAILED, State.STARTING, State.RUNNING) == ["parked", "recovered"]


@pytest.mark.parametrize("kind", [CauseKind.CHECK, CauseKind.WATCHDOG])
def test_who_is_stopped_for_not_working_is_unhealthy(kind: CauseKind) -> None:
    assert kinds(State.RUNNING, State.STOPPING, cause=Cause(kind, "web")) == ["unhealthy"]
    assert kinds(State.RUNNING, State.STOPPING, cause=Cause(CauseKind.PERSON, "ann")) == []


def test_a_server_that_was_stopped_has_not_recovered() -> None:
    states = (State.RUNNING, State.BACKOFF, State.STOPPED, State.STARTING, State.RUNNING)
    assert kinds(*states) == ["crashed"]


def test_what_is_no_news_is_remembered_all_the_same() -> None:
    crash, start, up = changes(State.RUNNING, State.BACKOFF, State.STARTING, State.RUNNING)
    notices: list[Notice] = []
    source = NoticeSource(notices.append)
    source.happened(crash, 0, news=False)
    assert notices == []
    source.happened(start, 1)
    source.happened(up, 2)
    source.settle(2 + STEADY)
    assert [str(notice.kind) for notice in notices] == ["recovered"]


async def test_what_happens_while_the_supervisor_is_away_is_told_once(folder: str) -> None:
    notices: list[Notice] = []
    async with supervising(folder, over_socket=True) as door, anyio.create_task_group() as tasks:
        await door.supervisor.apply(Plan((ServiceSpec("old", ("/bin/false",), "/"),)))
        await eventually_failed(door.supervisor.list, "old")
        chronicle = Chronicle(Mirror(door.api), os.path.join(folder, "history.db"))
        chronicle.watch(NoticeSource(notices.append).take)
        await chronicle.open()
        tasks.start_soon(chronicle.run)

        async def crashed() -> list[str]:
            return [notice.server for notice in notices]

        specs = [ServiceSpec(name, ("/bin/sh", "-c", "read go; echo oh; exit 3"), "/") for name in ("a", "b")]
        await door.supervisor.apply(Plan(tuple(specs)))
        await door.supervisor.write("a", b"go\n")
        await eventually(crashed, lambda seen: "a" in seen)
        await door.shut()
        before = len(notices)
        await door.supervisor.write("b", b"go\n")
        await eventually_failed(door.supervisor.list, "b")
        assert len([notice for notice in notices[before:] if notice.server == "b"]) == 0
        door.open()
        await eventually(crashed, lambda seen: "b" in seen)
        assert "old" not in await crashed()
        first = next(notice for notice in notices if notice.server == "b")
        assert first.lines == ("oh",)
        tasks.cancel_scope.cancel()


async def eventually_failed(look: Callable[[], Awaitable[Sequence[ServiceStatus]]], name: str) -> None:
    async def down() -> bool:
        states = {status.name: status.state for status in await look()}
        return states[name] in (State.BACKOFF, State.FAILED)

    await eventually(down)


def test_what_a_check_says_is_told_unless_the_server_is_restarted_for_it() -> None:
    notices: list[Notice] = []
    source = NoticeSource(notices.append)
    source.looked(HealthChange("mc", "port", False, "no answer within 5 s", 7, 5.0))
    source.looked(HealthChange("mc", "port", True, "passes again", 7, 6.0))
    source.looked(HealthChange("mc", "port", False, "no answer", 7, 7.0, Action.RESTART))
    source.looked(HealthChange("mc", "port", True, "is no longer checked", 0, 8.0))
    assert [(str(one.kind), one.reason, one.at) for one in notices] == [
        ("unhealthy", "check port: no answer within 5 s", 5.0),
        ("recovered", "check port: passes again", 6.0),
    ]
