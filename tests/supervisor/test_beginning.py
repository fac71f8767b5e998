"""Who starts with the supervisor: what the config says, what people asked for, and what was left behind."""

import itertools
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import pytest

from supervisor import Boot, Exit, LeftBehind, Plan, ServiceSpec, State, Supervisor, Wanted
from supervisor.beginning import Beginning, boots
from supervisor.child import Child
from supervisor.leftovers import Leftover
from supervisor.process import ProcessId
from supervisor.record import Record
from supervisor.wishes import Wishes

from .world import DEADLINE, ENVIRONMENT, spec, until

UP, DOWN = Wanted.UP, Wanted.DOWN

BOOTS = {
    # boot, autostart: with the wish for up, for down, without one
    (Boot.ENABLED, True): (True, True, True),
    (Boot.ENABLED, False): (False, False, False),
    (Boot.WANTED, True): (True, False, True),
    (Boot.WANTED, False): (True, False, False),
    (Boot.ALWAYS, True): (True, True, True),
    (Boot.ALWAYS, False): (True, True, True),
    (Boot.NEVER, True): (False, False, False),
    (Boot.NEVER, False): (False, False, False),
}

CASES = list(itertools.product(Boot, (True, False), (UP, DOWN, None)))


def one(boot: Boot, autostart: bool, leftovers: LeftBehind = LeftBehind.STOP) -> ServiceSpec:
    return replace(spec("a", autostart=autostart), boot=boot, leftovers=leftovers)


async def beginning(wish: Wanted | None) -> Beginning:
    wishes = Wishes()
    if wish is not None:
        await wishes.keep("a", wish)
    return Beginning(wishes)


@pytest.mark.parametrize(("boot", "autostart", "wish"), CASES)
def test_whether_a_service_starts_with_the_supervisor(
    boot: Boot, autostart: bool, wish: Wanted | None
) -> None:
    assert boots(one(boot, autostart), wish) is BOOTS[boot, autostart][(UP, DOWN, None).index(wish)]


@pytest.mark.parametrize(("boot", "autostart", "wish"), CASES)
async def test_the_first_plan_is_about_the_boot_and_later_ones_about_what_is_new(
    boot: Boot, autostart: bool, wish: Wanted | None
) -> None:
    known = one(boot, autostart)
    begin = await beginning(wish)
    at_boot = boots(known, wish)
    assert begin.starts(known, known=False) is at_boot
    assert not begin.starts(known, known=True), "it is kept, or stopped by a person just now"
    begin.left.add("a")
    assert begin.starts(known, known=True) is at_boot, "it was left behind and is being stopped"
    begin.carried_out()
    assert begin.starts(known, known=False) is autostart, "it is new"
    assert not begin.starts(known, known=True)


@pytest.mark.parametrize(("boot", "autostart", "wish"), CASES)
@pytest.mark.parametrize("leftovers", LeftBehind)
@pytest.mark.parametrize("whole", [True, False])
async def test_what_is_kept(
    boot: Boot, autostart: bool, wish: Wanted | None, leftovers: LeftBehind, whole: bool
) -> None:
    begin = await beginning(wish)
    child = Child(ProcessId.of(os.getpid()), -1, -1, 0.0, None if whole else Exit())
    try:
        kept = begin.keeps(Leftover(one(boot, autostart, leftovers), child))
    finally:
        child.close()
    asked_to_stop = boot is Boot.WANTED and wish is DOWN
    assert kept is (leftovers is LeftBehind.KEEP and whole and not asked_to_stop)


async def test_what_is_known_of_the_beginning_travels() -> None:
    begin = await beginning(DOWN)
    begin.left.add("b")
    after = Beginning(Wishes())
    after.thaw(Record(begin.freeze()))
    assert (after.planned, after.left, after.wishes.get("a")) == (False, {"b"}, DOWN)
    begin.carried_out()
    after.thaw(Record(begin.freeze()))
    assert (after.planned, after.left) == (True, set())


def test_a_record_of_an_older_version_is_from_after_the_beginning() -> None:
    begin = Beginning(Wishes())
    begin.thaw(Record({}))
    assert (begin.planned, begin.left) == (True, set())


@asynccontextmanager
async def supervisor(directory: str) -> AsyncIterator[Supervisor]:
    """One life of a supervisor with its state directory; at the end everything is stopped."""
    async with anyio.create_task_group() as tasks:
        one = Supervisor(tasks, ENVIRONMENT, wishes=Wishes(directory))
        one.clear_up()
        try:
            yield one
        finally:
            with anyio.CancelScope(shield=True), anyio.fail_after(DEADLINE):
                await one.shutdown()
        tasks.cancel_scope.cancel()


@pytest.fixture
def state(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("state"))


def services(autostart: bool = True) -> Plan:
    return Plan(tuple(replace(one(boot, autostart), name=str(boot)) for boot in Boot))


async def test_what_a_person_stopped_stays_stopped_where_that_counts(state: str) -> None:
    async with supervisor(state) as first:
        first.adopt(services())
        assert set(first.alive()) == {"enabled", "wanted", "always"}
        for boot in Boot:
            await first.stop(boot)
    async with supervisor(state) as second:
        second.adopt(services())
        assert set(second.alive()) == {"enabled", "always"}


async def test_what_a_person_started_comes_back_where_that_counts(state: str) -> None:
    async with supervisor(state) as first:
        first.adopt(services(autostart=False))
        assert set(first.alive()) == {"always"}
        for boot in Boot:
            await first.start(boot)
    async with supervisor(state) as second:
        second.adopt(services(autostart=False))
        assert set(second.alive()) == {"wanted", "always"}


async def test_neither_shutdowns_nor_crashes_nor_starts_of_our_own_are_wishes(state: str) -> None:
    crash = replace(one(Boot.WANTED, True), name="crash", command=(sys.executable, "-c", "exit(3)"))
    async with supervisor(state) as first:
        first.adopt(Plan((*services().services, crash)))
        await until(first, "crash", lambda status: status.state is State.FAILED)
        first.kill_all()
    assert os.listdir(state) == []
    async with supervisor(state) as second:
        second.adopt(services())
        assert set(second.alive()) == {"enabled", "wanted", "always"}


async def test_what_a_reload_brings_starts_as_ever(state: str) -> None:
    async with supervisor(state) as house:
        house.adopt(Plan())
        house.adopt(services())
        assert set(house.alive()) == {str(boot) for boot in Boot}
    async with supervisor(state) as house:
        house.adopt(Plan())
        house.adopt(services(autostart=False))
        assert house.alive() == []


async def test_the_wish_of_what_leaves_the_plan_is_forgotten(state: str) -> None:
    async with supervisor(state) as first:
        first.adopt(services())
        await first.stop("wanted")
        first.adopt(Plan())
    async with supervisor(state) as second:
        second.adopt(services())
        assert "wanted" in second.alive()


async def test_what_is_stopped_while_it_leaves_is_no_wish(state: str) -> None:
    async with supervisor(state) as first:
        first.adopt(services())
        first.adopt(Plan())
        await first.stop("wanted")
    async with supervisor(state) as second:
        second.adopt(services())
        assert "wanted" in second.alive()
