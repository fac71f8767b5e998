"""What a supervisor that was killed leaves behind: no second copy, ever."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from supervisor import Plan, ServiceSpec, State, StopPolicy, Supervisor
from supervisor.beginning import ClearedUp
from supervisor.child import Child
from supervisor.leftovers import Leftovers
from supervisor.process import ProcessId

DEADLINE = 30.0

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(1, flush=True)
time.sleep(600)
"""


def spec(
    name: str, script: str = "import time; time.sleep(600)", grace: float = 10.0, *, autostart: bool = True
) -> ServiceSpec:
    command = (sys.executable, "-S", "-c", script)
    return ServiceSpec(name, command, "/", stop=StopPolicy(grace=grace), autostart=autostart)


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
    assert {left.spec.name for left in found} == {"x: y"}
    assert len(found) == 2, "also one that has left the session"
    assert old.pid in {left.child.pid for left in found}
    for left in found:
        left.child.signal(signal.SIGKILL)
        left.child.close()
    old.communicate()


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
