"""A look at all processes: nobody slips through between the listing and the look itself."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from supervisor import population, process
from supervisor.population import Population
from supervisor.process import Member, ProcessId

MARK = b"HOLDFAST_SERVICE=looked-at"

PARENT = """
import os, sys
print("ready", flush=True)
sys.stdin.readline()
if not (child := os.fork()):
    os.setsid()
    os.close(1)
    sys.stdin.readline()
    os._exit(0)
print(child, flush=True)
"""


@contextmanager
def parent() -> Iterator["subprocess.Popen[str]"]:
    """A program that starts another one and ends, at a word; both end with the block."""
    environment = {**os.environ, "HOLDFAST_SERVICE": "looked-at"}
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True, env=environment) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "ready\n"  # its environment can be read by now
        yield started


def fork_and_end(one: "subprocess.Popen[str]") -> int:
    """Have it start another one and end; return the pid of that."""
    assert one.stdin is not None
    assert one.stdout is not None
    one.stdin.write("go\n")
    one.stdin.flush()
    child = int(one.stdout.readline())
    one.wait()
    return child


def once(act: Callable[[], None]) -> Callable[[], None]:
    acts = [act]

    def run() -> None:
        while acts:
            acts.pop()()

    return run


def test_whoever_is_started_after_the_listing_by_one_who_ends_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    born: list[int] = []
    with parent() as one:
        act, listed = once(lambda: born.append(fork_and_end(one))), os.listdir

        def listing(path: str) -> list[str]:
            names = listed(path)
            act()
            return names

        monkeypatch.setattr(os, "listdir", listing)
        found = Population.now().members
        assert born[0] in found


def test_whoever_is_started_before_the_mark_of_one_who_ends_is_read_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    born: list[int] = []
    with parent() as one:
        act, read = once(lambda: born.append(fork_and_end(one))), process.environment

        def environment(pid: int) -> object:
            if pid == one.pid:
                act()
            return read(pid)

        monkeypatch.setattr(population, "environment", environment)
        found = [member.identity.pid for member in Population.now().orphans(MARK)]
        assert found == born


def test_whose_parent_is_gone_before_it_was_looked_at_is_an_orphan() -> None:
    with parent() as one:
        child = Member(ProcessId.of(one.pid), one.pid, one.pid, 2**22 + 1, "S")
        ours = Member(ProcessId.of(os.getpid()), os.getpgid(0), os.getsid(0), 0, "S")
        assert list(Population([ours, child]).orphans(MARK)) == [child]
