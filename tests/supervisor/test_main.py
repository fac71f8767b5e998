"""The program itself: `python -m supervisor` as systemd or `holdfast run` starts it."""

import fcntl
import json
import os
import resource
import signal
import socket
import stat
import subprocess
from dataclasses import replace

import anyio
import pytest

from supervisor import Boot, LeftBehind, Plan, ServiceSpec, ServiceStatus, State
from supervisor.planfile import PlanFile

from .real import Program, eventually, started
from .world import DEADLINE, Reading, alive, program, spec, until


@pytest.fixture
def directory(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("holdfast"))


def store(directory: str, *specs: ServiceSpec) -> None:
    """Leave a plan as an earlier supervisor has left it."""
    os.makedirs(os.path.join(directory, "state"))
    with open(os.path.join(directory, "state", "plan.json"), "w", encoding="utf-8") as file:
        json.dump(Plan(specs).to_dict(), file)


def damage(directory: str, content: bytes) -> None:
    """Let something else stand where the plan was stored."""
    with open(os.path.join(directory, "state", "plan.json"), "wb") as file:
        file.write(content)


def up(status: ServiceStatus) -> bool:
    return status.pid is not None


def up_anew(status: ServiceStatus) -> bool:
    return status.state in (State.STARTING, State.RUNNING)


async def test_it_boots_from_the_stored_plan_and_stops_everything(directory: str) -> None:
    store(directory, spec("a"), spec("b", program("stubborn"), grace=0.05), spec("off", autostart=False))
    with started(directory) as running:
        api = await running.ready()
        pids = [(await until(api, name, up)).pid for name in ("a", "b")]
        reading = Reading(await api.attach("b", 0))
        await reading.until(b"ready")
        await reading.aclose()
        running.process.send_signal(signal.SIGTERM)
        assert await running.ended() == 0
        assert not any(alive(pid) for pid in pids if pid is not None)
        assert not os.path.exists(running.socket)
        assert "Holdfast has stopped" in running.said()


async def test_a_second_sigterm_changes_nothing(directory: str) -> None:
    store(directory, spec("a", program("slow_stop")))
    with started(directory) as running:
        api = await running.ready()
        reading = Reading(await api.attach("a", 0))
        await reading.until(b"ready")
        running.process.send_signal(signal.SIGTERM)
        await reading.until(b"stopping")
        for _ in range(3):
            running.process.send_signal(signal.SIGTERM)
        assert (await api.list())[0].state is State.STOPPING
        await api.write("a", b"go\n")
        await reading.until(b"saved")
        await reading.aclose()
        assert await running.ended() == 0
        assert running.said().count("Holdfast stops") == 1


async def test_sigint_after_sigterm_kills_what_does_not_stop(directory: str) -> None:
    store(directory, spec("a", program("stubborn"), grace=3600))
    with started(directory) as running:
        api = await running.ready()
        reading = Reading(await api.attach("a", 0))
        await reading.until(b"ready")
        running.process.send_signal(signal.SIGTERM)
        await reading.until(b"Stopping server a")
        await reading.aclose()
        running.process.send_signal(signal.SIGINT)
        assert await running.ended() == 0


async def test_a_second_supervisor_names_the_first_and_touches_nothing(directory: str) -> None:
    with started(directory) as first:
        api = await first.ready()
        await api.apply(Plan((spec("a"),)))
        pid = (await until(api, "a", up)).pid
        before = {
            name: os.stat(os.path.join(first.state, name)).st_mtime_ns for name in os.listdir(first.state)
        }
        for runtime in ("runtime", "another"):
            with started(directory, runtime=runtime) as second:
                assert await second.ended() == 1
                said = second.said()
            assert said.count("\n") == 1
            assert f"(process {first.process.pid})" in said
        assert before == {
            name: os.stat(os.path.join(first.state, name)).st_mtime_ns for name in os.listdir(first.state)
        }
        assert (await api.list())[0].pid == pid


@pytest.mark.parametrize("content", [b"", b"{", b'{"services": 3}', b"\xff\xff", b"[" * 50_000])
async def test_a_damaged_plan_is_told_and_a_new_one_taken(directory: str, content: bytes) -> None:
    store(directory)
    damage(directory, content)
    with started(directory) as running:
        api = await running.ready()
        await running.says("plan.json is damaged")
        await api.apply(Plan((spec("a"),)))
        await until(api, "a", up)
        kept = [name for name in os.listdir(running.state) if name.startswith("plan.json.damaged-")]
        assert len(kept) == 1
        assert kept[0] in running.said()


async def test_with_a_damaged_plan_it_boots_from_the_one_before(directory: str) -> None:
    store(directory)
    PlanFile(os.path.join(directory, "state")).save(Plan((spec("before"),)))
    PlanFile(os.path.join(directory, "state")).save(Plan((spec("latest"),)))
    damage(directory, b"\0" * 100)
    with started(directory) as running:
        api = await running.ready()
        await until(api, "before", up)
        assert "plan.json.old, is used instead" in running.said()


async def test_the_daemon_is_started_again_however_it_ends(directory: str) -> None:
    pids = os.path.join(directory, "pids")
    os.mkfifo(pids)
    fifo = os.open(pids, os.O_RDWR | os.O_NONBLOCK)
    heard = b""

    async def another() -> int:
        nonlocal heard
        with anyio.fail_after(DEADLINE):
            while b"\n" not in heard:
                await anyio.wait_readable(fifo)
                heard += os.read(fifo, 100)
        line, _, heard = heard.partition(b"\n")
        return int(line)

    try:
        # Its first copy waits to be killed, the second one ends by itself, and so on.
        count = os.path.join(directory, "count")
        text = f"echo $$ > {pids}; echo x >> {count}; [ $(($(wc -l < {count}) % 2)) = 0 ] || exec sleep 1000"
        with started(directory, "/bin/sh", "-c", text) as running:
            await running.ready()
            first = await another()
            os.kill(first, signal.SIGKILL)
            second = await another()
            third = await another()
            assert len({first, second, third}) == 3
            assert list(await running.api.list()) == [], "it is none of the plan's services"
            running.process.send_signal(signal.SIGTERM)
            assert await running.ended() == 0
            assert not alive(third)
    finally:
        anyio.notify_closing(fifo)
        os.close(fifo)


async def test_the_daemon_gets_our_environment_and_programs_do_not(directory: str) -> None:
    with started(directory, "/bin/sh", "-c", "echo daemon has $HOLDFAST_TOKEN; exec sleep 1000") as running:
        api = await running.ready()
        await api.apply(Plan((spec("a", program("about")),)))
        reading = Reading(await api.attach("a", 0))
        found = json.loads("{" + await reading.word_after(b"{"))
        await reading.aclose()
        assert "HOLDFAST_TOKEN" not in found["environment"]
        assert found["descriptors"] == [0, 1, 2]

        async def daemon_has_said() -> bool:
            return "daemon has secret" in running.said()

        await eventually(daemon_has_said)


async def test_the_stored_plan_waits_for_todays_and_counts_if_the_daemon_fails(directory: str) -> None:
    store(directory, spec("yesterday"))
    with started(directory, "/bin/sleep", "1000") as running:
        api = await running.ready()
        assert await api.list() == [], "the daemon may yet bring another"
        await api.apply(Plan((spec("today"),)))
        assert [status.name for status in await api.list()] == ["today"]
    directory = os.path.join(directory, "another")
    store(directory, spec("yesterday"))
    with started(directory, "/bin/false") as running:
        api = await running.ready()
        await until(api, "yesterday", lambda status: status.pid)
        await running.says("the programs run by the last one")


async def test_what_we_were_started_with_does_not_reach_a_program(directory: str) -> None:
    """A descriptor that somebody left open for us, such as a shell's."""
    store(directory, spec("a", program("about")))
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    real = subprocess.Popen.__init__
    try:
        with pytest.MonkeyPatch.context() as patch:

            def leaky(self: subprocess.Popen[bytes], *args: object, **options: object) -> None:
                real(self, *args, close_fds=False, **options)  # type: ignore[call-overload]

            patch.setattr(subprocess.Popen, "__init__", leaky)
            context = started(directory)
            running = context.__enter__()
        try:
            api = await running.ready()
            reading = Reading(await api.attach("a", 0))
            found = json.loads("{" + await reading.word_after(b"{"))
            await reading.aclose()
            assert found["descriptors"] == [0, 1, 2]
        finally:
            context.__exit__(None, None, None)
    finally:
        os.close(reader)
        os.close(writer)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
async def test_the_socket_is_ours_alone_under_any_umask(directory: str, umask: int) -> None:
    with started(directory, umask=umask) as running:
        await running.ready()
        assert stat.S_IMODE(os.stat(running.socket).st_mode) == 0o600
        assert stat.S_IMODE(os.stat(running.runtime).st_mode) == 0o700
        assert stat.S_IMODE(os.stat(running.state).st_mode) == 0o700
        await running.api.apply(Plan())
        assert stat.S_IMODE(os.stat(os.path.join(running.state, "plan.json")).st_mode) == 0o600


async def test_a_program_has_the_umask_that_we_were_started_with(directory: str) -> None:
    store(directory, spec("a", ("/bin/sh", "-c", "umask; exec sleep 1000")))
    with started(directory, umask=0o027) as running:
        api = await running.ready()
        reading = Reading(await api.attach("a", 0))
        await reading.until(b"0027\n")
        await reading.aclose()


async def test_a_dead_socket_is_replaced(directory: str) -> None:
    runtime = os.path.join(directory, "runtime")
    os.makedirs(runtime)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(os.path.join(runtime, "supervisor.sock"))
    with started(directory) as running:
        await running.ready()
        running.process.kill()
        await running.ended()
        assert os.path.exists(running.socket)
    with started(directory) as running:
        await running.ready()


async def test_a_long_runtime_directory_works(directory: str) -> None:
    with started(directory, runtime="/".join(["long" * 20] * 3)) as running:
        assert len(running.socket) > 107
        api = await running.ready()
        await api.apply(Plan((spec("a"),)))
        await until(api, "a", up)


async def test_a_directory_that_cannot_be_made_ends_in_one_sentence(directory: str) -> None:
    os.mknod(os.path.join(directory, "state"))
    with started(directory) as running:
        assert await running.ended() == 1
        assert running.said().startswith("Holdfast cannot start: ")
        assert running.said().count("\n") == 1


async def test_without_descriptors_callers_wait_and_are_served_once_there_are_some(directory: str) -> None:
    with started(directory) as running:
        api = await running.ready()
        pid = running.process.pid
        limit = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, limit[1]))
        answered: list[int] = []

        async def ask() -> None:
            answered.append(len(await api.list()))

        with anyio.fail_after(DEADLINE):
            async with anyio.create_task_group() as tasks:
                for _ in range(20):
                    tasks.start_soon(ask)
                await anyio.wait_all_tasks_blocked()
                assert not answered
                before = processor_time(pid)
                await anyio.wait_all_tasks_blocked()
                resource.prlimit(pid, resource.RLIMIT_NOFILE, limit)
        assert len(answered) == 20
        assert processor_time(pid) - before < 1.0, "it does not spin"


def processor_time(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def test_a_lost_socket_does_not_spoil_the_end(directory: str) -> None:
    with started(directory) as running:
        await running.ready()
        os.unlink(running.socket)
        running.process.send_signal(signal.SIGTERM)
        assert await running.ended() == 0


async def test_the_lock_is_gone_with_its_owner(directory: str) -> None:
    with started(directory) as running:
        await running.ready()
        running.process.kill()
        await running.ended()
        lock = os.open(os.path.join(running.state, "lock"), os.O_RDWR)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(lock)


async def test_sighup_without_a_daemon_ends_nothing(directory: str) -> None:
    with started(directory) as running:
        api = await running.ready()
        running.process.send_signal(signal.SIGHUP)
        await api.apply(Plan((spec("a"),)))
        await until(api, "a", up)


# Who starts again, and what runs on.


def relying(name: str, boot: Boot, command: tuple[str, ...] = ("/bin/sleep", "1000")) -> ServiceSpec:
    return replace(spec(name, command), boot=boot)


async def states(running: Program) -> dict[str, State]:
    return {status.name: status.state for status in await running.api.list()}


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
async def test_what_a_person_stopped_stays_stopped_in_the_next_life(
    directory: str, end: signal.Signals
) -> None:
    """An orderly end, and one after which leftovers are stopped first."""
    names = ("stopped", "running", "always", "never", "enabled")
    boots = (Boot.WANTED, Boot.WANTED, Boot.ALWAYS, Boot.NEVER, Boot.ENABLED)
    store(directory, *(relying(name, boot) for name, boot in zip(names, boots, strict=True)))
    with started(directory) as first:
        api = await first.ready()
        await until(api, "enabled", up)
        assert (await states(first))["never"] is State.STOPPED
        await api.start("never")
        for name in ("stopped", "always", "enabled"):
            await api.stop(name)
        first.process.send_signal(end)
        await first.ended()
    with started(directory) as second:
        api = await second.ready()
        for name in ("running", "always", "enabled"):
            await until(api, name, up_anew)
        for name in ("stopped", "never"):
            await until(api, name, lambda status: status.state is State.STOPPED)


async def test_a_hurried_end_is_nobodys_wish(directory: str) -> None:
    store(directory, relying("a", Boot.WANTED, program("stubborn")))
    with started(directory) as first:
        api = await first.ready()
        reading = Reading(await api.attach("a", 0))
        await reading.until(b"ready")
        first.process.send_signal(signal.SIGINT)
        await reading.until(b"Stopping server a")
        await reading.aclose()
        first.process.send_signal(signal.SIGINT)
        assert await first.ended() == 0
    with started(directory) as second:
        api = await second.ready()
        await until(api, "a", up)
        await api.kill("a")


async def test_what_is_kept_runs_on_when_its_supervisor_is_killed(directory: str) -> None:
    store(directory, replace(spec("kept"), leftovers=LeftBehind.KEEP), spec("stopped"))
    with started(directory) as first:
        api = await first.ready()
        pids = {name: (await until(api, name, up)).pid for name in ("kept", "stopped")}
        first.process.kill()
        await first.ended()
    for end in (signal.SIGKILL, signal.SIGTERM):
        with started(directory) as later:
            api = await later.ready()
            await later.says(
                "left behind by a supervisor that was killed, and kept: kept; its console and input"
            )
            kept = await until(api, "kept", up)
            assert (kept.state, kept.pid) == (State.RUNNING, pids["kept"])
            stopped = await until(api, "stopped", up_anew)
            assert stopped.pid != pids["stopped"]
            later.process.send_signal(end)
            await later.ended()
    pid = pids["kept"]
    assert pid is not None
    assert not alive(pid), "an orderly end stops it too"


async def test_a_disk_that_takes_no_wish_keeps_nothing_from_happening(directory: str) -> None:
    store(directory, spec("a"))
    with started(directory) as running:
        api = await running.ready()
        await until(api, "a", up)
        os.makedirs(os.path.join(running.state, "wanted.json", "in the way"))
        await api.stop("a")
        await until(api, "a", lambda status: status.state is State.STOPPED)
        await api.start("a")
        assert running.said().count("what people ask for cannot be stored") == 1
        os.rmdir(os.path.join(running.state, "wanted.json", "in the way"))
        os.rmdir(os.path.join(running.state, "wanted.json"))
        await api.kill("a")
        await running.says("what people ask for is stored again")
