"""What a supervisor that was killed leaves behind: no second copy, ever."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from supervisor import (
    Boot,
    CauseKind,
    InputRefused,
    LeftBehind,
    Plan,
    RestartPolicy,
    ServiceSpec,
    State,
    StopPolicy,
    Supervisor,
    Wanted,
)
from supervisor.beginning import ClearedUp
from supervisor.child import Child
from supervisor.leftovers import Leftovers
from supervisor.process import ProcessId
from supervisor.wishes import Wishes

from .world import NEVER, SOON, Reading, alive, until, until_dead

DEADLINE = 30.0

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(1, flush=True)
time.sleep(600)
"""


FORKING = """
import os, time
os.fork()
os.write(1, b"%d\\n" % os.getpid())
time.sleep(600)
"""


def spec(
    name: str,
    script: str = "import time; time.sleep(600)",
    grace: float = 10.0,
    *,
    autostart: bool = True,
    boot: Boot = Boot.ENABLED,
    leftovers: LeftBehind = LeftBehind.STOP,
    restart: RestartPolicy = NEVER,
) -> ServiceSpec:
    command = (sys.executable, "-S", "-c", script)
    stop = StopPolicy.by_signal(grace=grace)
    return ServiceSpec(
        name,
        command,
        "/",
        stop=stop,
        autostart=autostart,
        boot=boot,
        leftovers=leftovers,
        restart=restart,
    )


def leave(leftovers: Leftovers, one: ServiceSpec) -> "subprocess.Popen[bytes]":
    """Start a program as a supervisor would, and let nobody supervise it."""
    process = subprocess.Popen(
        one.command, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    leftovers.note(ProcessId.of(process.pid), one)
    return process


def dismiss(child: Child, process: "subprocess.Popen[bytes]") -> None:
    child.signal(signal.SIGKILL)
    child.close()
    process.communicate()


async def settled(house: Supervisor, name: str, state: State) -> int | None:
    watch = await house.watch()
    with anyio.fail_after(DEADLINE):
        while True:
            for status in (await watch.receive()).services:
                if status.name == name and status.state is state:
                    await watch.aclose()
                    return status.pid


@pytest.mark.parametrize(("script", "grace"), [("import time; time.sleep(600)", 30.0), (STUBBORN, 0.1)])
async def test_what_is_left_ends_before_its_service_starts(tmp_path: Path, script: str, grace: float) -> None:
    one = spec("a", script, grace)
    old = leave(Leftovers(str(tmp_path)), one)
    assert old.stdout is not None
    if script is STUBBORN:
        assert old.stdout.readline()
    async with anyio.create_task_group() as tasks:
        house = Supervisor(tasks, {}, leftovers=Leftovers(str(tmp_path)))
        assert house.clear_up() == ClearedUp(stopped=["a"], kept=[])
        (status,) = await house.list()
        assert status.cause.kind is CauseKind.LEFTOVER, "nobody has asked for it"
        house.adopt(Plan((one,)))
        (status,) = await house.list()
        assert status.state is State.STOPPING
        assert status.pid == old.pid
        pid = await settled(house, "a", State.STARTING)
        assert pid != old.pid
        assert old.poll() is not None, "the old one is gone"
        assert len(os.listdir(tmp_path / "children")) == 1
        await house.shutdown()
        assert os.listdir(tmp_path / "children") == []
        tasks.cancel_scope.cancel()
    old.stdout.close()


async def test_what_is_left_and_not_in_the_plan_is_stopped_and_vanishes(tmp_path: Path) -> None:
    old = leave(Leftovers(str(tmp_path)), spec("gone"))
    async with anyio.create_task_group() as tasks:
        house = Supervisor(tasks, {}, leftovers=Leftovers(str(tmp_path)))
        house.clear_up()
        house.adopt(Plan((spec("other", autostart=False),)))
        watch = await house.watch()
        with anyio.fail_after(DEADLINE):
            while "gone" not in (await watch.receive()).removed:
                pass
        old.wait(DEADLINE)
        tasks.cancel_scope.cancel()
    assert old.stdout is not None
    old.stdout.close()


async def test_what_is_left_and_disabled_stays_stopped(tmp_path: Path) -> None:
    old = leave(Leftovers(str(tmp_path)), spec("a"))
    async with anyio.create_task_group() as tasks:
        house = Supervisor(tasks, {}, leftovers=Leftovers(str(tmp_path)))
        house.clear_up()
        house.adopt(Plan((spec("a", autostart=False),)))
        assert await settled(house, "a", State.STOPPED) is None
        tasks.cancel_scope.cancel()
    old.wait(DEADLINE)
    assert old.stdout is not None
    old.stdout.close()


def test_a_stranger_with_the_same_number_is_left_alone(tmp_path: Path) -> None:
    leftovers = Leftovers(str(tmp_path))
    mine = ProcessId.of(os.getpid())
    leftovers.note(ProcessId(mine.pid, mine.start_time + 1), spec("a"))
    leftovers.note(ProcessId(2**22 - 1, 5), spec("b"))
    assert leftovers.find() == []
    assert os.listdir(tmp_path / "children") == [], "and is not looked at again"


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"spec": 3}', "\udcff", "[" * 100_000])
async def test_of_a_damaged_note_the_name_says_enough(tmp_path: Path, content: str) -> None:
    """A full disk leaves an empty file, and so does a kill at the right moment."""
    leftovers = Leftovers(str(tmp_path))
    old = leave(leftovers, spec("a/ä."))
    (note,) = (tmp_path / "children").iterdir()
    note.write_text(content, encoding="utf-8", errors="surrogateescape")
    (left,) = leftovers.find()
    assert (left.spec.name, left.child.pid) == ("a/ä.", old.pid)
    dismiss(left.child, old)


def test_another_boot_left_nothing(tmp_path: Path) -> None:
    leftovers = Leftovers(str(tmp_path))
    leftovers.note(ProcessId.of(os.getpid()), spec("a"))
    (note,) = (tmp_path / "children").iterdir()
    pid, start_time, _, name = note.name.split(".", 3)
    note.rename(note.with_name(f"{pid}.{start_time}.00000000.{name}"))
    assert leftovers.find() == []


async def test_a_program_that_was_never_noted_down_is_known_by_its_mark(tmp_path: Path) -> None:
    one = spec("x: y")
    mark = Leftovers(str(tmp_path)).mark(one)
    command = [*one.command[:-1], "import os; os.fork() or os.setsid(); print(1, flush=True); input()"]
    old = subprocess.Popen(  # noqa: ASYNC220
        command, env=mark, start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert old.stdin is not None
    assert old.stdout is not None
    assert old.stdout.read(4) == b"1\n1\n"
    assert Leftovers(str(tmp_path / "another")).find() == []
    found = Leftovers(str(tmp_path)).find()
    assert [left.spec.name for left in found] == ["x: y"]
    (left,) = found
    members = {member.identity.pid for member in await left.child.survivors()}
    assert old.pid in members
    assert len(members) == 2, "also one that has left the session"
    left.child.signal(signal.SIGKILL)
    old.communicate()
    for pid in members:
        await until_dead(pid)
    left.child.close()


async def test_a_group_whose_leader_is_gone_is_found(tmp_path: Path) -> None:
    script = "import os, time; os.fork() or (print(1, flush=True), time.sleep(600)); os._exit(0)"
    leftovers = Leftovers(str(tmp_path))
    old = leave(leftovers, spec("a", script))
    assert old.stdout is not None
    assert old.stdout.readline()
    assert old.wait(DEADLINE) == 0
    (left,) = leftovers.find()
    assert isinstance(left.child, Child)
    left.child.signal(signal.SIGKILL)
    with anyio.fail_after(DEADLINE):
        await left.child.emptied()
    left.child.close()
    old.stdout.close()


# What is kept.

KEEP = LeftBehind.KEEP


@asynccontextmanager
async def successor(directory: Path) -> AsyncIterator[Supervisor]:
    """The supervisor after the one that was killed; at the end nothing of it lives."""
    async with anyio.create_task_group() as tasks:
        house = Supervisor(
            tasks, {}, leftovers=Leftovers(str(directory)), wishes=Wishes(str(directory / "wishes"))
        )
        try:
            yield house
        finally:
            with anyio.CancelScope(shield=True), anyio.fail_after(DEADLINE):
                house.kill_all()
                await house.shutdown()
        tasks.cancel_scope.cancel()


@pytest.fixture(autouse=True)
def _a_place_for_wishes(tmp_path: Path) -> None:
    (tmp_path / "wishes").mkdir()


async def remember(directory: Path, name: str, wish: Wanted) -> None:
    """Leave a wish as an earlier supervisor has left it."""
    await Wishes(str(directory / "wishes")).keep(name, wish)


def over(process: "subprocess.Popen[bytes]") -> None:
    """Reap what has ended, as init would."""
    process.wait(DEADLINE)
    assert process.stdout is not None
    process.stdout.close()


async def test_what_is_kept_runs_on_and_is_not_started_a_second_time(tmp_path: Path) -> None:
    one = spec("a", leftovers=KEEP)
    old = leave(Leftovers(str(tmp_path)), one)
    async with successor(tmp_path) as house:
        assert house.clear_up() == ClearedUp(stopped=[], kept=["a"])
        for _ in range(2):
            house.adopt(Plan((one,)))
            (status,) = await house.list()
            assert (status.state, status.wanted, status.pid) == (State.RUNNING, Wanted.UP, old.pid)
            assert not status.outdated
            assert "left behind by a supervisor that was killed" in status.reason
            assert "console and input are lost until it is started anew" in status.reason
        assert (await house.start("a")).pid == old.pid
        assert len(os.listdir(tmp_path / "children")) == 1, "it is known to the next one as well"
        reading = Reading(await house.attach("a", 0))
        await reading.until(b"[Holdfast] a was left behind by a supervisor that was killed")
        with pytest.raises(InputRefused, match="a: its input was lost with the supervisor that was killed"):
            await house.write("a", b"hello\n")
        assert old.poll() is None
    over(old)
    assert os.listdir(tmp_path / "children") == []


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_what_is_kept_can_be_stopped_and_started_anew(tmp_path: Path, how: str) -> None:
    one = spec("a", leftovers=KEEP)
    old = leave(Leftovers(str(tmp_path)), one)
    async with successor(tmp_path) as house:
        house.clear_up()
        house.adopt(Plan((one,)))
        await getattr(house, how)("a")
        status = await until(house, "a", lambda status: status.state is State.STOPPED)
        assert status.wanted is Wanted.DOWN
        over(old)
        status = await house.start("a")
        assert status.pid not in (None, old.pid)


async def test_the_end_of_what_is_kept_is_a_crash_and_it_is_restarted_by_the_plans_spec(
    tmp_path: Path,
) -> None:
    one = spec("a", leftovers=KEEP, restart=SOON)
    old = leave(Leftovers(str(tmp_path)), one)
    new = replace(one, command=("/bin/sleep", "1000"))
    async with successor(tmp_path) as house:
        house.clear_up()
        house.adopt(Plan((new,)))
        assert (await house.list())[0].outdated
        old.kill()
        over(old)
        status = await until(house, "a", lambda status: status.pid not in (None, old.pid))
        assert status.exit is not None
        assert status.exit.code is None
        assert not status.outdated
        reading = Reading(await house.attach("a", 0))
        # The kernel may tell, until its parent has waited for it.
        told = b"a ended, how is unknown, after " if status.exit.signal is None else b"a was ended by SIGKILL"
        await reading.until(told)


@pytest.mark.parametrize(
    ("boot", "autostart"), [(Boot.NEVER, True), (Boot.WANTED, False), (Boot.ENABLED, False)]
)
async def test_what_is_kept_runs_on_though_it_would_not_start(
    tmp_path: Path, boot: Boot, autostart: bool
) -> None:
    one = spec("a", leftovers=KEEP, boot=boot, autostart=autostart)
    old = leave(Leftovers(str(tmp_path)), one)
    async with successor(tmp_path) as house:
        house.clear_up()
        house.adopt(Plan((one,)))
        assert (await house.list())[0].state is State.RUNNING
        assert old.poll() is None
    over(old)


async def test_what_a_person_had_asked_to_stop_is_not_kept(tmp_path: Path) -> None:
    """The supervisor was killed during the grace."""
    one = spec("a", leftovers=KEEP, boot=Boot.WANTED)
    old = leave(Leftovers(str(tmp_path)), one)
    await remember(tmp_path, "a", Wanted.DOWN)
    async with successor(tmp_path) as house:
        assert house.clear_up() == ClearedUp(stopped=["a"], kept=[])
        house.adopt(Plan((one,)))
        await until(house, "a", lambda status: status.state is State.STOPPED)
    over(old)


async def test_what_is_kept_and_not_in_the_plan_vanishes_when_it_ends(tmp_path: Path) -> None:
    old = leave(Leftovers(str(tmp_path)), spec("a", leftovers=KEEP, restart=SOON))
    async with successor(tmp_path) as house:
        house.clear_up()
        house.adopt(Plan())
        (status,) = await house.list()
        assert (status.removed, status.state, status.pid) == (True, State.RUNNING, old.pid)
        watch = await house.watch()
        old.kill()
        with anyio.fail_after(DEADLINE):
            while "a" not in (await watch.receive()).removed:
                pass
        await watch.aclose()
    over(old)


async def test_the_spec_it_was_started_with_says_whether_it_is_kept(tmp_path: Path) -> None:
    old = [
        leave(Leftovers(str(tmp_path)), spec("was", leftovers=KEEP)),
        leave(Leftovers(str(tmp_path)), spec("becomes")),
    ]
    async with successor(tmp_path) as house:
        assert house.clear_up() == ClearedUp(stopped=["becomes"], kept=["was"])
        house.adopt(Plan((spec("was"), spec("becomes", leftovers=KEEP))))
        status = {status.name: status for status in await house.list()}
        assert (status["was"].pid, status["was"].outdated) == (old[0].pid, True)
        await until(house, "becomes", lambda status: status.pid not in (None, old[1].pid))
        assert old[0].poll() is None
    for process in old:
        over(process)


async def test_only_the_first_part_is_kept_and_a_second_one_stopped(tmp_path: Path) -> None:
    one = spec("a", leftovers=KEEP)
    first, second = (leave(Leftovers(str(tmp_path)), one) for _ in range(2))
    async with successor(tmp_path) as house:
        found = house.clear_up()
        assert found.kept == ["a"]
        (stopped,) = found.stopped
        kept = (await house.list())[0].pid
        assert kept in (first.pid, second.pid)
        other = second if kept == first.pid else first
        assert stopped == f"a (process {other.pid})"
        house.adopt(Plan((one,)))
        await until_dead(other.pid)
        (status,) = [status for status in await house.list() if status.name == "a"]
        assert status.pid == kept
    over(first)
    over(second)


async def test_what_has_lost_its_main_process_is_over_and_not_kept(tmp_path: Path) -> None:
    one = spec("a", FORKING, leftovers=KEEP)
    old = leave(Leftovers(str(tmp_path)), one)
    assert old.stdout is not None
    pids = {int(old.stdout.readline()), int(old.stdout.readline())}
    old.kill()
    old.wait(DEADLINE)
    (other,) = pids - {old.pid}
    async with successor(tmp_path) as house:
        assert house.clear_up() == ClearedUp(stopped=["a"], kept=[])
        await until_dead(other)
    assert not alive(other)
    old.stdout.close()


@pytest.mark.parametrize("wish", [Wanted.UP, Wanted.DOWN, None])
@pytest.mark.parametrize("boot", Boot)
async def test_what_is_stopped_first_starts_again_as_its_boot_says(
    tmp_path: Path, boot: Boot, wish: Wanted | None
) -> None:
    one = spec("a", autostart=False, boot=boot)
    old = leave(Leftovers(str(tmp_path)), one)
    if wish is not None:
        await remember(tmp_path, "a", wish)
    async with successor(tmp_path) as house:
        assert house.clear_up() == ClearedUp(stopped=["a"], kept=[])
        house.adopt(Plan((one,)))
        if boot is Boot.ALWAYS or (boot is Boot.WANTED and wish is Wanted.UP):
            await until(house, "a", lambda status: status.pid not in (None, old.pid))
        else:
            await until(house, "a", lambda status: status.state is State.STOPPED)
    over(old)


async def test_who_stops_what_was_left_behind_before_there_is_a_plan_is_right(tmp_path: Path) -> None:
    one = spec("a", boot=Boot.ALWAYS)
    old = leave(Leftovers(str(tmp_path)), one)
    async with successor(tmp_path) as house:
        house.clear_up()
        await house.stop("a")
        house.adopt(Plan((one,)))
        await until(house, "a", lambda status: status.state is State.STOPPED)
    over(old)
