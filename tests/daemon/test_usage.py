"""CPU and memory of process trees: measured on real processes, with a clock of ours where time must pass."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import anyio
import pytest

from daemon import usage
from daemon.usage import FRESH, STALE, Sampler, total_memory

from .house import eventually

BUSY = "print('ready', flush=True)\nwhile True: pass"
IDLE = "print('ready', flush=True)\ninput()"
TREE = """import subprocess, sys
code = "x = bytearray(32 << 20); x[::4096] = b'1' * len(x[::4096]); print('ready', flush=True); input()"
child = subprocess.Popen([sys.executable, "-I", "-S", "-c", code], start_new_session="apart" in sys.argv)
child.wait()"""


class Programs:
    """Programs of a test; none outlives it."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def start(self, code: str, *arguments: str) -> int:
        """Start one and wait until it, or its child, is ready; return its pid."""
        command = [sys.executable, "-I", "-S", "-c", code, *arguments]
        process = self._stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        )
        self._stack.callback(process.kill)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        return process.pid


@pytest.fixture
def programs() -> Iterator[Programs]:
    with ExitStack() as stack:
        yield Programs(stack)


class Clock:
    """A monotonic clock that jumps when told to."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(usage, "time", clock)
    return clock


async def test_memory_is_that_of_the_whole_tree(programs: Programs) -> None:
    pid, apart = programs.start(TREE), programs.start(TREE, "apart")
    sampler = Sampler()
    for tree in (pid, apart):
        assert (await sampler.usage(tree, [pid, apart])).memory > 32 << 20
    assert (await sampler.usage(os.getpid(), [])).memory > 64 << 20  # they are ours


async def test_a_first_figure_is_the_average_since_the_start(programs: Programs) -> None:
    busy, idle = programs.start(BUSY), programs.start(IDLE)

    async def look() -> float:
        return (await Sampler().usage(busy, [])).cpu

    assert await eventually(look, lambda cpu: cpu > 5) < 110
    assert (await Sampler().usage(idle, [])).cpu < 101


async def test_two_who_ask_get_the_same_sample(programs: Programs, clock: Clock) -> None:
    busy = programs.start(BUSY)
    sampler = Sampler()
    first = await sampler.usage(busy, [busy])
    clock.ahead -= 100  # no time passes for the sampler, whatever the machine does
    results = []

    async def poll() -> None:
        results.append(await sampler.usage(busy, [busy]))

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(poll)
    assert all(result is first for result in results)


async def test_a_later_figure_is_the_use_between_two_samples(programs: Programs, clock: Clock) -> None:
    idle = programs.start(IDLE)
    sampler = Sampler()
    first = await sampler.usage(idle, [])
    clock.ahead += FRESH
    assert first.memory > 0
    assert (await sampler.usage(idle, [])).cpu == 0


async def test_an_old_sample_says_nothing_about_now(programs: Programs, clock: Clock) -> None:
    busy = programs.start(BUSY)

    async def look() -> float:
        return (await Sampler().usage(busy, [])).cpu

    await eventually(look, lambda cpu: cpu > 5)
    sampler = Sampler()
    await sampler.usage(busy, [busy])
    clock.ahead += STALE
    assert (await sampler.usage(busy, [busy])).cpu > 1  # the average again, not a use spread over the jump


async def test_a_process_that_is_gone_uses_nothing(programs: Programs) -> None:
    process = subprocess.Popen(["true"])  # noqa: ASYNC220
    process.wait()
    sampler = Sampler()
    for _ in range(2):
        assert await sampler.usage(process.pid, [process.pid]) == usage.Usage()
    assert await sampler.usage(2**22 + 1, []) == usage.Usage()


async def test_samples_of_those_who_are_gone_are_forgotten(programs: Programs, clock: Clock) -> None:
    one, other = programs.start(IDLE), programs.start(IDLE)
    sampler = Sampler()
    await sampler.usage(one, [one, other])
    assert sampler._trees.keys() == {one, other}
    clock.ahead += FRESH
    await sampler.usage(other, [other])
    assert sampler._trees.keys() == {other}


async def test_all_are_seen_by_one_look_and_by_another_when_one_is_new(
    programs: Programs, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = programs.start(IDLE), programs.start(IDLE)
    sampler = Sampler()
    first = await sampler.usages([one, 2**22 + 1])
    assert [*first] == [one], "who is gone is missing"
    assert (await sampler.usages([one, 2**22 + 1]))[one] is first[one], "and is not looked for again"
    second = await sampler.usages([one, other])
    assert second[one] is not first[one]
    assert second[other].memory > 0
    clock.ahead += FRESH
    third = await sampler.usages([one, other])
    assert third[one] is not second[one]
    sampler.cost = 10.0
    clock.ahead += FRESH
    assert (await sampler.usages([one, other]))[one] is third[one], "what takes long is done less often"
    assert (await sampler.sample([one]))[one] is not third[one]


async def test_a_name_of_a_process_may_hold_anything() -> None:
    with open("/proc/self/comm", "r+", encoding="ascii") as comm:  # noqa: ASYNC230
        before = comm.read().strip()
        comm.write(") S 1 (\n x")
        comm.flush()
        try:
            assert (await Sampler().usage(os.getpid(), [])).memory > 1 << 20
        finally:
            comm.seek(0)
            comm.write(before)


def test_total_memory_is_that_of_the_machine() -> None:
    with open("/proc/meminfo", encoding="ascii") as file:
        told = int(file.readline().split()[1]) * 1024
    assert abs(total_memory() - told) < told / 100
