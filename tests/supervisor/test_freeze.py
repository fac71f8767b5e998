"""A supervisor as data: taken down and put up again around programs that do not notice."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import anyio.abc
import anyio.lowlevel
import pytest

from supervisor import (
    Boot,
    InvalidSpec,
    LeftBehind,
    Plan,
    RestartPolicy,
    State,
    Supervisor,
    Wanted,
    tending,
)
from supervisor.estate import OnTrial
from supervisor.leftovers import Leftovers
from supervisor.process import ProcessId
from supervisor.record import InvalidRecord

from .world import DEADLINE, ENVIRONMENT, Reading, alive, plan, program, spec, until, until_dead

NOW = 1_000_000.0


@asynccontextmanager
async def bare() -> AsyncIterator[Supervisor]:
    """A supervisor that is dropped at the end as execve drops it: its descriptors stay, its tasks end."""
    async with anyio.create_task_group() as tasks:
        yield Supervisor(tasks, ENVIRONMENT)
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def final() -> AsyncIterator[Supervisor]:
    """A supervisor that stops everything at the end."""
    async with bare() as supervisor:
        try:
            yield supervisor
        finally:
            with anyio.CancelScope(shield=True), anyio.fail_after(DEADLINE):
                for status in await supervisor.list():
                    await supervisor.kill(status.name)
                await supervisor.shutdown()
                supervisor.close()


def make_exact(supervisor: Supervisor) -> None:
    """Move all moments to such as a float can hold exactly, so that ages are exact as well."""
    for known in supervisor._services.values():
        if known.child is not None:
            known.child.started = NOW - 1024.5
        known.console.heard = NOW - 8.5
        if known._alarm.deadline is not None:
            known._alarm.deadline = NOW + 16.25
        known.lifecycle.restarts = tuple(NOW - 2.5 for _ in known.lifecycle.restarts)


def drop(supervisor: Supervisor) -> None:
    """Close what execve would close: the pidfds. Pipes and memory files live on under their numbers."""
    for known in supervisor._services.values():
        known.console.scrollback._close.detach()
        if known.child is not None and known.child.pidfd >= 0:
            os.close(known.child.pidfd)


async def test_everything_survives_as_data_and_no_program_notices() -> None:
    async with bare() as first:
        await first.apply(
            plan(
                spec("echo", program("echo")),
                spec("forker", program("forker", "3", "stubborn"), grace=1000.0),
                spec("crash", program("crash", "3"), restart=RestartPolicy(first=1000.0, cap=1000.0)),
                spec("failed", ("/no/such/program",)),
                spec("down", autostart=False),
                spec("stopping", program("stubborn"), grace=1000.0),
                spec("removed", program("echo")),
            )
        )
        for name in ("echo", "stopping", "removed"):
            await Reading(await first.attach(name, 0)).until(b"ready\n")
        await until(first, "forker", lambda status: status.state is State.STOPPING)
        await until(first, "crash", lambda status: status.state is State.BACKOFF)
        await first.stop("stopping")
        names = [s for s in (await first.list()) if s.name != "removed"]
        assert len(names) == 6
        services = [known.spec for name, known in first._services.items() if name != "removed"]
        await first.apply(plan(*services))
        before = await first.list()
        make_exact(first)
        frozen = first.freeze(NOW)
    drop(first)

    record = json.loads(json.dumps(frozen))
    assert record == json.loads(json.dumps(frozen))
    async with final() as second:
        second.thaw(record, NOW)
        assert second.freeze(NOW) == frozen
        second.open()
        after = {status.name: status for status in await second.list()}
        for status in before:
            now = after[status.name]
            assert (now.state, now.wanted, now.reason, now.pid, now.version, now.removed) == (
                status.state,
                status.wanted,
                status.reason,
                status.pid,
                status.version,
                status.removed,
            )
        # Clocks do not travel: what was moved for exactness moves back.
        for known in second._services.values():
            known._alarm.set(None if known._alarm.deadline is None else anyio.current_time() + 1000.0)
        reading = Reading(await second.attach("echo", 0))
        await second.write("echo", b"hello\n")
        await reading.until(b"echo: hello\n")
        assert reading.data.count(b"ready") == 1
        await second.kill("stopping")
        await until(second, "stopping", lambda status: status.state is State.STOPPED)
        await second.kill("forker")
        status = await until(second, "forker", lambda status: status.state is State.STOPPED)
        assert status.exit is not None
        assert status.exit.code == 3, "told before the handover"
        await second.stop("removed")
        assert (await second.start("crash")).pid is not None


async def test_an_end_that_nobody_was_told_of_yet_is_told_by_the_next_supervisor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The main process is reaped already, and its output still being waited for."""
    monkeypatch.setattr(tending, "DRAIN", 1000.0)
    async with bare() as first:
        await first.apply(plan(spec("a", program("daemoniser"))))
        reading = Reading(await first.attach("a", 0))
        other = int(await reading.word_after(b"daemon "))
        child = first._services["a"].child
        assert child is not None
        with anyio.fail_after(DEADLINE):
            while child._ended is None:
                await anyio.lowlevel.checkpoint()
        frozen = json.loads(json.dumps(first.freeze(anyio.current_time())))
    drop(first)
    os.kill(other, 9)
    async with final() as second:
        second.thaw(frozen, anyio.current_time())
        second.open()
        status = await until(second, "a", lambda status: status.state is State.STOPPED)
        assert status.exit is not None
        assert status.exit.code == 0


async def test_a_program_that_ends_meanwhile_is_seen_to_crash() -> None:
    async with bare() as first:
        await first.apply(plan(spec("a", program("echo"))))
        await Reading(await first.attach("a", 0)).until(b"ready\n")
        pid = (await first.list())[0].pid
        frozen = json.loads(json.dumps(first.freeze(anyio.current_time())))
    drop(first)
    assert pid is not None
    os.kill(pid, 9)
    async with final() as second:
        second.thaw(frozen, anyio.current_time())
        second.open()
        status = await until(second, "a", lambda status: status.state is State.FAILED)
        assert status.exit is not None
        assert status.exit.signal == 9
        assert not alive(pid)


async def test_services_that_still_wait_for_their_start_are_started_by_the_next_supervisor() -> None:
    async with bare() as first:
        first.adopt(plan(*(spec(f"s{number:02}") for number in range(40))))
        frozen = json.loads(json.dumps(first.freeze(anyio.current_time())))
        assert len(frozen["waiting"]) > 0
        first._starts.clear()
    drop(first)
    async with final() as second:
        second.thaw(frozen, anyio.current_time())
        second.open()
        await until(second, "s39", lambda status: status.pid)
        assert len(second.alive()) == 40


@pytest.mark.parametrize(
    "change",
    [
        {"version": 0},
        {"version": None},
        {"counter": "x"},
        {"services": 3},
        {"planned": "yes"},
        {"left": 3},
        {"wishes": {"a": "sideways"}},
        {"services": [{}]},
        {"services": [{"spec": {"name": "a", "command": ["x"], "directory": "/"}}]},
    ],
)
async def test_a_damaged_record_is_refused(change: dict[str, object]) -> None:
    async with bare() as first:
        frozen = first.freeze(NOW)
        with pytest.raises((InvalidRecord, InvalidSpec)):
            first.thaw({**frozen, **change}, NOW)


async def test_before_the_first_plan_a_record_says_so_and_what_was_left_behind(tmp_path: Path) -> None:
    left = replace(spec("left", program("stubborn"), grace=1000.0), boot=Boot.NEVER)
    old = subprocess.Popen(  # noqa: ASYNC220
        left.command, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    assert old.stdout is not None
    assert old.stdout.readline() == b"ready\n"
    Leftovers(str(tmp_path)).note(ProcessId.of(old.pid), left)
    async with anyio.create_task_group() as tasks:
        first = Supervisor(tasks, ENVIRONMENT, leftovers=Leftovers(str(tmp_path)))
        first.clear_up()
        await first._wishes.keep("left", Wanted.UP)
        frozen = json.loads(json.dumps(first.freeze(anyio.current_time())))
        tasks.cancel_scope.cancel()
    drop(first)
    assert (frozen["planned"], frozen["left"], frozen["wishes"]) == (False, ["left"], {"left": "up"})
    async with final() as second:
        second.thaw(frozen, anyio.current_time())
        second.open()
        second.adopt(plan(left, replace(spec("new"), boot=Boot.NEVER)))
        assert second.planned
        assert second.alive() == ["left"], "this first plan is about the boot: nobody starts"
        await second.kill("left")
        status = await until(second, "left", lambda status: status.state is State.STOPPED)
        assert status.wanted is Wanted.DOWN
    old.wait(DEADLINE)
    old.stdout.close()


async def test_a_record_of_a_version_that_knew_no_wishes_is_taken_over() -> None:
    async with bare() as first:
        first.adopt(plan(spec("a")))
        frozen = json.loads(json.dumps(first.freeze(anyio.current_time())))
    drop(first)
    for key in ("planned", "left", "wishes"):
        del frozen[key]
    for key in ("boot", "leftovers"):
        del frozen["services"][0]["spec"][key], frozen["services"][0]["spawned_spec"][key]
    async with final() as second:
        second.thaw(frozen, anyio.current_time())
        second.open()
        assert second.planned, "it had carried out a plan"
        (status,) = await second.list()
        assert (status.pid is not None, status.outdated) == (True, False)
        second.adopt(plan(spec("a"), replace(spec("b"), boot=Boot.NEVER)))
        assert set(second.alive()) == {"a", "b"}, "what is new starts as ever"


@pytest.mark.parametrize("remains", [False, True])
async def test_what_was_left_behind_and_ends_unseen_during_a_handover_is_a_crash(
    tmp_path: Path, remains: bool
) -> None:
    """It is not our child: nobody keeps its pid for us."""
    script = "import os, time; os.fork(); os.write(1, b'%d\\n' % os.getpid()); time.sleep(600)"
    kept = replace(spec("a", (sys.executable, "-S", "-c", script)), leftovers=LeftBehind.KEEP)
    old = subprocess.Popen(  # noqa: ASYNC220
        kept.command, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    assert old.stdout is not None
    pids = {int(old.stdout.readline()), int(old.stdout.readline())}
    (other,) = pids - {old.pid}
    Leftovers(str(tmp_path)).note(ProcessId.of(old.pid), kept)
    async with anyio.create_task_group() as tasks:
        first = Supervisor(tasks, ENVIRONMENT, leftovers=Leftovers(str(tmp_path)))
        assert first.clear_up().kept == ["a"]
        first.adopt(plan(kept))
        frozen = json.loads(json.dumps(first.freeze(anyio.current_time())))
        tasks.cancel_scope.cancel()
    drop(first)
    old.kill()
    if not remains:
        os.kill(other, 9)
        await until_dead(other)
    old.wait(DEADLINE)
    async with final() as second:
        second.thaw(frozen, anyio.current_time())
        second.open()
        status = await until(second, "a", lambda status: status.state is State.FAILED)
        assert "how is unknown" in status.reason
        assert not alive(other)
    old.stdout.close()


async def test_a_record_that_is_tried_out_starts_nobody(tmp_path: Path) -> None:
    """Neither who waits for its turn, nor who waits for a restart that is overdue by now."""
    trace = tmp_path / "started"
    toucher = spec("a", ("/usr/bin/touch", str(trace)), autostart=False)
    async with anyio.create_task_group() as tasks:
        first = Supervisor(tasks, ENVIRONMENT)
        first.adopt(Plan((toucher,)))
        frozen = {**first.freeze(0.0), "waiting": ["a"]}
        entry = json.loads(json.dumps(frozen))
        entry["services"][0]["lifecycle"]["state"] = "backoff"
        entry["services"][0]["remaining"] = 0.0
        second = Supervisor(tasks, ENVIRONMENT)
        second.thaw(entry, 0.0, OnTrial())
        await anyio.wait_all_tasks_blocked()
        assert not trace.exists()
        assert second.alive() == []
        tasks.cancel_scope.cancel()
