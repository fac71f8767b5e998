"""A supervisor as data: taken down and put up again around programs that do not notice."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.abc
import anyio.lowlevel
import pytest

from supervisor import InvalidSpec, Plan, RestartPolicy, State, Supervisor, service
from supervisor.estate import OnTrial
from supervisor.record import InvalidRecord

from .world import DEADLINE, ENVIRONMENT, Reading, alive, plan, program, spec, until

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
        if known._deadline is not None:
            known._deadline = NOW + 16.25
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
            known._wait(None if known._deadline is None else anyio.current_time() + 1000.0)
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
    monkeypatch.setattr(service, "DRAIN", 1000.0)
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
        first._waiting.clear()
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
        {"services": [{}]},
        {"services": [{"spec": {"name": "a", "command": ["x"], "directory": "/"}}]},
    ],
)
async def test_a_damaged_record_is_refused(change: dict[str, object]) -> None:
    async with bare() as first:
        frozen = first.freeze(NOW)
        with pytest.raises((InvalidRecord, InvalidSpec)):
            first.thaw({**frozen, **change}, NOW)


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
