"""Real programs that need each other: started, stopped, handed over and repaired in their order."""

import json
from collections.abc import Sequence
from dataclasses import replace

import anyio
import pytest

from supervisor import (
    Cause,
    CauseKind,
    InvalidSpec,
    Plan,
    ReadyPolicy,
    ServiceSpec,
    Sign,
    State,
    Supervision,
    Supervisor,
    Wanted,
    lifecycle,
)

from .test_freeze import bare, drop, final
from .world import ENVIRONMENT, NEVER, House, Reading, alive, program, spec, until

GENEROUS = 120.0
"""Seconds for a thousand programs."""

CHECK = Cause(CauseKind.CHECK, "port")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that lives is up."""
    monkeypatch.setattr(lifecycle, "SETTLE", 0.0)


def tied(service: ServiceSpec, *requires: str, after: Sequence[str] = ()) -> ServiceSpec:
    return replace(service, requires=requires, after=tuple(after))


def checked(name: str, *requires: str, autostart: bool = True) -> ServiceSpec:
    """A service that is ready when the test says so."""
    return replace(tied(spec(name, autostart=autostart), *requires), ready=ReadyPolicy(Sign.CHECK))


async def say_ready(api: Supervision, name: str) -> None:
    status = await until(api, name, lambda status: status.pid is not None)
    await api.ready(name, status.run, CHECK)


async def test_what_a_server_requires_comes_with_it_and_is_ready_first(house: House) -> None:
    await house.apply(
        checked("db", autostart=False),
        tied(spec("app", autostart=False), "db"),
        tied(spec("web", autostart=False), after=["db"]),
    )
    waiting = await house.api.start("app")
    assert (waiting.state, waiting.wanted, waiting.pid) == (State.STOPPED, Wanted.UP, None)
    assert waiting.waits_for == ("db",)
    assert waiting.waits_to_start
    assert waiting.reason == "waits for db, which is starting"
    db = await house.status("db")
    assert (db.state, db.cause) == (
        State.STARTING,
        Cause(CauseKind.DEPENDENCY, "app", "app requires it"),
    )
    await (await house.console("app")).until(b"[Holdfast] app waits for db, which is starting")
    assert (await house.api.start("web")).waits_for == ("db",), "it is on its way, so it comes first"
    await say_ready(house.api, "db")
    app = await house.until("app", lambda status: status.state is State.RUNNING)
    assert app.waits_for == ()
    await house.until("web", lambda status: status.state is State.RUNNING)


async def test_to_come_after_what_is_not_wanted_or_has_failed_is_to_start_at_once(house: House) -> None:
    await house.apply(
        spec("off", autostart=False),
        spec("broken", ("/no/such/program",)),
        tied(spec("a"), after=["off", "broken", "nobody"]),
    )
    await house.until("a", lambda status: status.state is State.RUNNING)
    assert (await house.status("off")).state is State.STOPPED


async def test_what_waits_for_one_that_failed_starts_when_it_is_repaired(house: House) -> None:
    broken = replace(spec("db", ("/no/such/program",)), restart=NEVER)
    await house.apply(tied(spec("app"), "db"), broken)
    status = await house.until("app", lambda status: "failed" in status.reason)
    assert (status.state, status.wanted) == (State.STOPPED, Wanted.UP)
    assert status.reason == "waits for db, which has failed"
    await house.apply(tied(spec("app"), "db"), spec("db"))
    assert (await house.status("app")).waits_for == ("db",), "a new config starts nobody who has failed"
    await house.api.start("db")
    app = await house.until("app", lambda status: status.state is State.RUNNING)
    assert app.run == 1


async def test_a_stop_takes_back_a_start_that_waits(house: House) -> None:
    await house.apply(checked("db"), tied(spec("app"), "db"))
    assert (await house.status("app")).waits_to_start
    stopped = await house.api.stop("app")
    assert (stopped.state, stopped.wanted, stopped.waits_for) == (State.STOPPED, Wanted.DOWN, ())
    await say_ready(house.api, "db")
    await house.until("db", lambda status: status.state is State.RUNNING)
    assert (await house.status("app")).run == 0


async def test_a_stop_waits_for_those_that_need_it_and_they_stay_down(house: House) -> None:
    await house.apply(spec("db"), tied(spec("app", program("slow_stop")), "db"))
    console = await house.console("app")
    await console.until(b"ready")
    db = await house.api.stop("db")
    assert (db.state, db.wanted, db.waits_for) == (State.RUNNING, Wanted.DOWN, ("app",))
    assert db.reason == "asked to stop, waits for app to stop first"
    app = await house.status("app")
    assert (app.state, app.wanted) == (State.STOPPING, Wanted.DOWN)
    assert app.cause == Cause(CauseKind.DEPENDENCY, "db", "db is to stop")
    await console.until(b"stopping")
    assert (await house.status("db")).state is State.RUNNING
    await house.api.write("app", b"go\n")
    await house.until("db", lambda status: status.state is State.STOPPED)
    await console.until(b"saved")
    await house.api.start("db")
    await house.until("db", lambda status: status.state is State.RUNNING)
    assert (await house.status("app")).state is State.STOPPED


async def test_a_kill_waits_for_nobody(house: House) -> None:
    await house.apply(spec("db"), tied(spec("app", program("stubborn"), grace=3600), "db"))
    await (await house.console("app")).until(b"ready")
    await house.api.stop("db")
    await house.api.kill("db")
    await house.until("db", lambda status: status.state is State.STOPPED)
    await house.until("app", lambda status: status.state is State.STOPPED)


async def test_a_restart_takes_along_and_brings_back_those_that_need_it(house: House) -> None:
    await house.apply(spec("db"), tied(spec("app", program("slow_stop")), "db"), spec("other"))
    console = await house.console("app")
    await console.until(b"ready")
    other = await house.until("other", lambda status: status.state is State.RUNNING)
    db = await house.api.restart("db")
    assert (db.state, db.wanted, db.waits_for) == (State.RUNNING, Wanted.UP, ("app",))
    await console.until(b"stopping")
    await house.api.write("app", b"go\n")
    again = await house.until("app", lambda status: status.state is State.RUNNING and status.run == 2)
    assert again.cause.kind is CauseKind.TIMER
    assert (await house.status("db")).run == 2
    assert (await house.status("other")).pid == other.pid


async def test_a_crash_of_what_they_need_does_not_touch_those_that_run(house: House) -> None:
    await house.apply(spec("db"), tied(spec("app"), "db"))
    app = await house.until("app", lambda status: status.state is State.RUNNING)
    db = await house.status("db")
    await house.api.signal("db", db.run, 9)
    await house.until("db", lambda status: status.state is State.FAILED)
    assert (await house.status("app")).pid == app.pid


async def test_what_is_no_longer_required_is_no_longer_waited_for(house: House) -> None:
    await house.apply(tied(spec("app"), "db"), checked("db"))
    assert (await house.status("app")).waits_for == ("db",)
    await house.apply(spec("app"))
    await house.until("app", lambda status: status.state is State.RUNNING)


async def test_what_is_newly_required_comes_with_one_that_waits(house: House) -> None:
    await house.apply(tied(spec("app"), "db"), checked("db"), spec("cache", autostart=False))
    assert (await house.status("app")).waits_for == ("db",)
    await house.apply(tied(spec("app"), "db", "cache"), checked("db"), spec("cache", autostart=False))
    await house.until("cache", lambda status: status.state is State.RUNNING)
    await say_ready(house.api, "db")
    await house.until("app", lambda status: status.state is State.RUNNING)


async def test_a_plan_with_a_circle_is_refused(house: House) -> None:
    with pytest.raises(InvalidSpec) as caught:
        await house.apply(tied(spec("a"), "b"), tied(spec("b"), after=["a"]))
    assert "these wait for each other: a → b → a" in str(caught.value)
    assert await house.api.list() == []


async def test_one_slow_stop_keeps_only_those_that_it_needs(house: House) -> None:
    slow = tied(spec("slow", program("slow_stop")), "base")
    await house.apply(spec("base"), slow, spec("db"), tied(spec("app"), after=["db"]))
    console = await house.console("slow")
    await console.until(b"ready")
    for name in ("base", "app", "db"):
        await house.until(name, lambda status: status.state is State.RUNNING)
    assert house.supervisor.longest_grace() == 60.0, "two that wait for each other"
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(house.supervisor.shutdown)
        await house.until("db", lambda status: status.state is State.STOPPED)
        assert (await house.status("app")).state is State.STOPPED
        assert (await house.status("slow")).state is State.STOPPING
        assert (await house.status("base")).state is State.RUNNING
        await console.until(b"stopping")
        await house.api.write("slow", b"go\n")
    assert (await house.status("base")).state is State.STOPPED


async def test_an_end_in_a_hurry_keeps_to_no_order(house: House) -> None:
    await house.apply(spec("db"), tied(spec("app", program("stubborn"), grace=3600), "db"))
    await (await house.console("app")).until(b"ready")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(house.supervisor.shutdown)
        await house.until("db", lambda status: status.waits_for == ("app",))
        house.supervisor.kill_all()
    assert house.supervisor.alive() == []


async def test_what_waits_survives_a_handover() -> None:
    async with bare() as first:
        await first.apply(
            Plan(
                (
                    spec("db"),
                    tied(spec("app", program("slow_stop")), "db"),
                    checked("cache"),
                    tied(spec("web"), "cache"),
                )
            )
        )
        await Reading(await first.attach("app", 0)).until(b"ready")
        await first.stop("db")
        before = {status.name: status for status in await first.list()}
        assert (before["db"].waits_for, before["web"].waits_for) == (("app",), ("cache",))
        now = anyio.current_time()
        data = json.loads(json.dumps(first.freeze(now)))
        drop(first)
    async with final() as second:
        second.thaw(data, now)
        second.open()
        after = {status.name: status for status in await second.list()}
        assert {name: status.waits_for for name, status in after.items()} == {
            name: status.waits_for for name, status in before.items()
        }
        assert after["web"].reason == before["web"].reason
        await say_ready(second, "cache")
        await until(second, "web", lambda status: status.state is State.RUNNING)
        await second.write("app", b"go\n")
        await until(second, "db", lambda status: status.state is State.STOPPED)
        pid = before["db"].pid
        assert pid is not None
        assert not alive(pid)


async def test_what_waits_to_start_survives_a_handover_at_which_the_wait_has_just_ended() -> None:
    async with bare() as first:
        await first.apply(Plan((checked("db"), tied(spec("app"), "db"))))
        db = await until(first, "db", lambda status: status.pid is not None)
        await anyio.wait_all_tasks_blocked()
        await first.ready("db", db.run, CHECK)
        assert (await first.list())[0].waits_to_start, "nobody has looked at it yet"
        now = anyio.current_time()
        data = json.loads(json.dumps(first.freeze(now)))
        drop(first)
    async with final() as second:
        second.thaw(data, now)
        second.open()
        await until(second, "app", lambda status: status.state is State.RUNNING)


async def test_ten_chains_of_a_hundred_start_each_link_once() -> None:
    chains = [
        tied(spec(f"s{chain}-{link}"), *([f"s{chain}-{link + 1}"] if link < 99 else []))
        for chain in range(10)
        for link in range(100)
    ]
    with anyio.fail_after(GENEROUS):
        async with anyio.create_task_group() as tasks:
            one = Supervisor(tasks, ENVIRONMENT)
            try:
                await one.apply(Plan(tuple(chains)))
                for chain in range(10):
                    await until(one, f"s{chain}-0", lambda status: status.state is State.RUNNING)
                assert {status.state for status in await one.list()} == {State.RUNNING}
                history = (await (await one.history()).receive()).transitions
                assert len(history) <= 4 * len(chains), "each waits, starts and runs, and that is all"
                assert one.longest_grace() == 3000.0
            finally:
                with anyio.CancelScope(shield=True):
                    one.kill_all()
                    await one.shutdown()
            tasks.cancel_scope.cancel()


async def test_the_history_tells_what_waits_and_that_it_starts_by_itself(house: House) -> None:
    await house.apply(checked("db"), tied(spec("app"), "db"))
    following = await house.api.history()
    told = (await following.receive()).transitions
    await following.aclose()
    (app,) = [one for one in told if one.service == "app"]
    assert (app.after, app.wanted, app.run, app.next, app.next_in) == (
        State.STOPPED,
        Wanted.UP,
        0,
        "start",
        None,
    )
    assert app.reason == "waits for db, which is starting"
    assert app.cause.kind is CauseKind.BOOT
