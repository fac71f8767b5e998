"""A supervisor that is killed under systemd: the next one gets everything back, and no program notices."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio
import pytest

from supervisor import Plan, ScrollbackPolicy, ServiceStatus, State, SupervisorClient
from supervisor.estate import RecordFile
from supervisor.record import Record

from .real import Program, eventually, started
from .systemd import Systemd, systemd
from .test_handover import SLOWLY, Follower, hand_over, services, streams_of
from .world import Reading, alive, program, spec, until, until_dead


@asynccontextmanager
async def hearing(folder: Path, watchdog: float | None = None) -> AsyncIterator[Systemd]:
    """Be systemd, and listen meanwhile."""
    with systemd(str(folder / "notify"), watchdog) as one, one.hearing():
        yield one


def leads_to(pid: int, name: str, kept: int) -> bool:
    """Whether this is the other end of the process's stdin."""
    return name.startswith("i") and os.path.samestat(os.fstat(kept), os.stat(f"/proc/{pid}/fd/0"))


def is_of(name: str, kept: int) -> bool:
    """Whether this is the record of the service of that name."""
    return Record(RecordFile(0, kept).read()).record("spec").take("name", str) == name


async def kill(running: Program, by: Systemd) -> None:
    """Kill a supervisor, and hear its last words."""
    running.process.kill()
    await running.ended()
    by.listen()


def what_is_told(status: ServiceStatus) -> tuple[object, ...]:
    return status.state, status.wanted, status.reason, status.pid, status.exit, status.restarts


async def test_all_states_come_back_and_no_program_notices(tmp_path: Path) -> None:
    async with hearing(tmp_path) as by:
        with started(str(tmp_path / "house"), by=by) as running:
            api = await running.ready()
            specs = (
                spec("up", program("ticker")),
                spec("echo", program("echo")),
                spec("waiting", program("crash", "3"), restart=SLOWLY),
                spec("failed", ("/no/such/program",)),
                spec("off", autostart=False),
                spec("stopped"),
                spec("stopping", program("stubborn"), grace=600.0),
                spec("forker", program("forker", "3", "stubborn"), grace=600.0),
            )
            await api.apply(Plan(specs))
            await until(api, "waiting", lambda status: status.state is State.BACKOFF)
            await until(api, "forker", lambda status: status.state is State.STOPPING)
            for name in ("up", "echo", "stopping"):
                await until(api, name, lambda status: status.state is State.RUNNING)
            await api.write("echo", b"before\n")
            await api.stop("stopping")
            await api.stop("stopped")
            await until(api, "stopped", lambda status: status.state is State.STOPPED)
            before = await services(api)
            streams = await streams_of(api, before)
            async with anyio.create_task_group() as tasks:
                follower = Follower(api, "up")
                echo = Follower(api, "echo")
                tasks.start_soon(follower.run)
                tasks.start_soon(echo.run)
                await follower.until_tick(20)
                await kill(running, by)
                with started(str(tmp_path / "house"), by=by) as second:
                    await second.ready()
                    await api.apply(Plan(specs))
                    await follower.until_tick(follower.ticks[-1] + 20)
                    await api.write("echo", b"after\n")

                    async def echoed() -> bool:
                        return b"echo: after\n" in echo.data

                    await eventually(echoed)
                    after = await services(api)
                    for name in before:
                        one, two = before[name], after[name]
                        kept = (one.state, one.wanted, one.reason, one.pid, one.exit, one.restarts)
                        assert (two.state, two.wanted, two.reason, two.pid, two.exit, two.restarts) == kept, (
                            name
                        )
                    assert follower.ticks == list(range(len(follower.ticks))), "contiguous, none twice"
                    assert follower.lost == echo.lost == 0
                    assert await streams_of(api, before) == streams
                    assert echo.data.count(b"ready\n") == echo.data.count(b"echo: before\n") == 1
                    for name in ("stopping", "forker"):
                        await api.kill(name)
                        await until(api, name, lambda status: status.state is State.STOPPED)
                    tasks.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("ending", "told"),
    [(b"exit 7", "exited with code 7"), (b"kill -9 $$", "was ended by SIGKILL")],
)
async def test_how_an_adopted_program_ended_is_known_where_the_kernel_tells(
    tmp_path: Path, ending: bytes, told: str
) -> None:
    async with hearing(tmp_path) as by:
        with started(str(tmp_path / "house"), by=by) as running:
            api = await running.ready()
            await api.apply(Plan((spec("a", ("/bin/sh", "-c", "read line; eval $line")),)))
            await until(api, "a", lambda status: status.state is State.RUNNING)
            await kill(running, by)
        with started(str(tmp_path / "house"), by=by) as second:
            await second.ready()
            await api.write("a", ending + b"\n")
            status = await until(api, "a", lambda status: not status.state.alive)
            release = tuple(map(int, os.uname().release.split(".")[:2]))
            known = told if release >= (6, 15) else "how is unknown"
            assert known in str(status.exit)


async def test_a_program_that_ended_meanwhile_is_seen_to_with_its_last_words(
    tmp_path: Path,
) -> None:
    async with hearing(tmp_path) as by:
        with started(str(tmp_path / "house"), by=by) as running:
            api = await running.ready()
            last = "echo ready; read line; echo last words; exit 3"
            await api.apply(Plan((spec("a", ("/bin/sh", "-c", last)), spec("b", program("ticker")))))
            pid = (await until(api, "a", lambda status: status.state is State.RUNNING)).pid
            assert pid is not None
            os.kill(running.process.pid, signal.SIGSTOP)
            (stdin,) = [numbers[0] for name, numbers in by.kept.items() if leads_to(pid, name, numbers[0])]
            os.write(stdin, b"\n")
            await kill(running, by)
            await until_dead(pid)
        with started(str(tmp_path / "house"), by=by) as second:
            await second.ready()
            status = await until(api, "a", lambda status: status.state is State.FAILED)
            assert status.exit is not None
            attached = await api.attach("a", 0)
            output = await attached.receive()
            await attached.aclose()
            assert b"last words\n" in output.data


async def test_the_stream_goes_on_where_its_bytes_do(tmp_path: Path) -> None:
    """Who comes back with an offset gets the rest from the next supervisor, or hears that there is none."""
    async with hearing(tmp_path) as by:
        specs = [spec(name, program("echo")) for name in ("kept", "resized", "lost")]
        with started(str(tmp_path / "house"), by=by) as running:
            api = await running.ready()
            await api.apply(Plan(tuple(specs)))
            ends = {}
            for one in specs:
                reading = Reading(await api.attach(one.name, 0))
                ends[one.name] = len(await reading.until(b"ready\n"))
                await reading.aclose()
            specs[1] = replace(specs[1], scrollback=ScrollbackPolicy(bytes=5000))
            await api.apply(Plan(tuple(specs)))
            before = await streams_of(api, ends)
            await kill(running, by)
            (record,) = [name for name, fds in by.kept.items() if name[0] == "s" and is_of("lost", fds[0])]
            for fd in by.kept.pop(f"m{record[1:]}"):
                os.close(fd)
        with started(str(tmp_path / "house"), by=by) as second:
            await second.ready()
            await api.apply(Plan(tuple(specs)))
            after = await streams_of(api, ends)
            assert (after["kept"], after["resized"]) == (before["kept"], before["resized"])
            assert after["lost"] != before["lost"]
            for name, end in ends.items():
                # More than was said before, so that the end does not tell.
                await api.write(name, b"x" * 1000 + b"\n")
                await eventually(partial(said_more, api, name))
                reading = Reading(await api.attach(name, end, before[name]))
                begin = reading.attachment.offset
                assert begin == (0 if name == "lost" else end)
                assert (await reading.until(b"x\n")).startswith(b"echo: xxx")
                await reading.aclose()


async def said_more(api: SupervisorClient, name: str) -> bool:
    attached = await api.attach(name, 0)
    await attached.aclose()
    return attached.end > 1000


async def test_without_a_store_the_next_supervisor_has_streams_of_its_own(tmp_path: Path) -> None:
    one = spec("a", ("/bin/sh", "-c", "echo hello; exec sleep 1000"))
    seen = []
    for _ in range(2):
        with started(str(tmp_path / "house")) as running:
            api = await running.ready()
            await api.apply(Plan((one,)))
            await until(api, "a", lambda status: status.state is State.RUNNING)
            seen.append((await streams_of(api, ["a"]))["a"])
            attached = await api.attach("a", 3, seen[0])
            await attached.aclose()
            assert attached.offset == (3 if attached.stream == seen[0] else 0)
            running.process.kill()
            await running.ended()
    assert len(set(seen)) == 2
    with started(str(tmp_path / "house")) as running:
        await running.ready()  # it stops what the last one has left


async def test_an_orderly_end_leaves_nothing_to_the_next_one(tmp_path: Path) -> None:
    async with hearing(tmp_path) as by:
        with started(str(tmp_path / "house"), by=by) as running:
            api = await running.ready()
            await api.apply(Plan((spec("a"), spec("b", program("echo")))))
            running.process.send_signal(signal.SIGTERM)
            assert await running.ended() == 0
        by.listen()
        assert by.kept == {}
        assert by.values("STOPPING") == ["1"]


async def test_what_is_kept_goes_with_the_service(tmp_path: Path) -> None:
    async with hearing(tmp_path) as by:
        with started(str(tmp_path / "house"), by=by) as running:
            api = await running.ready()
            await api.apply(Plan((spec("a"), spec("b"))))

            async def most() -> bool:
                return len(by.kept) == 10

            await eventually(most)
            assert max(map(len, by.kept)) <= 3, "thousands of names must fit into one variable of 128 KiB"
            await api.stop("a")
            await until(api, "a", lambda status: status.state is State.STOPPED)

            async def less() -> bool:
                return len(by.kept) == 7

            await eventually(less)
            await api.apply(Plan((spec("b"),)))

            async def least() -> bool:
                return len(by.kept) == 5

            await eventually(least)


async def test_after_a_handover_a_death_loses_nothing_either(tmp_path: Path) -> None:
    async with hearing(tmp_path) as by:
        with started(str(tmp_path / "house"), by=by) as running:
            api = await running.ready()
            await api.apply(Plan((spec("tick", program("ticker")), spec("other"))))
            pids = {name: status.pid for name, status in (await services(api)).items()}
            async with anyio.create_task_group() as tasks:
                follower = Follower(api, "tick")
                tasks.start_soon(follower.run)
                await follower.until_tick(5)
                await hand_over(running)
                await follower.until_tick(follower.ticks[-1] + 5)
                await kill(running, by)
                assert all(len(numbers) == 1 for numbers in by.kept.values()), by.kept
                with started(str(tmp_path / "house"), by=by) as second:
                    await second.ready()
                    await follower.until_tick(follower.ticks[-1] + 5)
                    assert {name: status.pid for name, status in (await services(api)).items()} == pids
                    await hand_over(second)
                    await follower.until_tick(follower.ticks[-1] + 5)
                    tasks.cancel_scope.cancel()
                    assert follower.ticks == list(range(len(follower.ticks)))
                    assert {name: status.pid for name, status in (await services(api)).items()} == pids


async def test_descriptors_without_a_record_leave_no_second_copy(tmp_path: Path) -> None:
    """It was killed between the start of a program and the record of it."""
    async with hearing(tmp_path) as by:
        with started(str(tmp_path / "house"), by=by) as running:
            api = await running.ready()
            await api.apply(Plan((spec("a"),)))
            pid = (await services(api))["a"].pid
            assert pid is not None
            await kill(running, by)
            for name in [name for name in by.kept if name.startswith("s")]:
                for fd in by.kept.pop(name):
                    os.close(fd)
        with started(str(tmp_path / "house"), by=by) as second:
            await second.ready()
            status = await until(api, "a", lambda status: status.state is State.RUNNING and status.pid != pid)
            assert status.pid is not None
            assert not alive(pid)


async def test_systemd_hears_how_it_goes(tmp_path: Path) -> None:
    async with hearing(tmp_path, watchdog=0.5) as by:
        with started(str(tmp_path / "house"), by=by) as running:
            api = await running.ready()
            await api.apply(Plan((spec("a"), spec("b", ("/no/such/program",)), spec("c", autostart=False))))

            async def told() -> bool:
                return "1 of 3 programs run, 1 failed" in by.values("STATUS")

            await eventually(told)

            async def beaten() -> bool:
                return len(by.values("WATCHDOG")) >= 3

            await eventually(beaten)
            assert by.values("READY") == ["1"]
            await hand_over(running)

            async def reloaded() -> bool:
                return by.values("READY") == ["1", "1"]

            await eventually(reloaded)
            (begun,) = by.values("MONOTONIC_USEC")
            assert begun.isdigit()
            running.process.send_signal(signal.SIGTERM)
            assert await running.ended() == 0
        by.listen()
        assert any(status.startswith("Stopping, 1 programs left: a") for status in by.values("STATUS"))


async def test_a_systemd_that_does_not_listen_holds_nothing_up(tmp_path: Path) -> None:
    """Its queue is full; what is told waits, and at the end not for long."""
    with systemd(str(tmp_path / "notify")) as by, started(str(tmp_path / "house"), by=by) as running:
        api = await running.ready()
        await api.apply(Plan(tuple(spec(f"s{number}") for number in range(20))))
        assert len(await services(api)) == 20
        running.process.send_signal(signal.SIGTERM)
        assert await running.ended() == 0, running.said()


async def test_what_was_stopping_only_because_we_were_is_started_again(tmp_path: Path) -> None:
    """Killed in the middle of an orderly end: nobody had wished that the programs be down."""
    async with hearing(tmp_path) as by:
        with started(str(tmp_path / "house"), by=by) as running:
            api = await running.ready()
            await api.apply(Plan((spec("a", program("stubborn"), grace=600.0), spec("b"))))
            reading = Reading(await api.attach("a", 0))
            await reading.until(b"ready")
            await reading.aclose()
            old = (await services(api))["a"].pid
            assert old is not None
            running.process.send_signal(signal.SIGTERM)
            await until(api, "b", lambda status: status.state is State.STOPPED)
            await kill(running, by)
        with started(str(tmp_path / "house"), by=by) as second:
            await second.ready()
            os.kill(old, signal.SIGKILL)
            for name in ("a", "b"):
                status = await until(api, name, lambda status: status.state is State.RUNNING)
                assert status.pid not in (None, old)
            await api.kill("a")
            await until(api, "a", lambda status: status.state is State.STOPPED)
