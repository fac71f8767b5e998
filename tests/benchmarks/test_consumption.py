"""What a program and its workers use: theirs, and only theirs."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.consumption import consumed, family

BURN = "import time\nwhile time.process_time() < 0.6: pass\n"

EMPLOYER = f"""
import subprocess, sys
print(flush=True)
sys.stdin.readline()
subprocess.run([sys.executable, "-I", "-S", "-c", {BURN!r}])
print("done", flush=True)
sys.stdin.read()
"""

GROWING = """
import sys
print(flush=True)
sys.stdin.readline()
held = bytearray(64 << 20)
held[::4096] = b"x" * (16 << 10)
print("done", flush=True)
sys.stdin.read()
"""


@contextmanager
def running(code: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program in Python that has said that it is there, and ends with its standard input."""
    command = [sys.executable, "-I", "-S", "-c", code]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        process.stdout.readline()
        yield process
        process.stdin.close()


PARENT = """
import subprocess, sys
same = subprocess.Popen([sys.executable, "-I", "-S", "-c", "input()"], stdin=subprocess.PIPE)
other = subprocess.Popen(["/bin/sleep", "1000"])
print(same.pid, other.pid, flush=True)
sys.stdin.read()
other.kill()
same.communicate(b"\\n")
other.wait()
"""


def test_workers_belong_to_a_program_and_what_it_supervises_does_not() -> None:
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        worker, supervised = map(int, process.stdout.readline().split())
        found = family(process.pid)
        process.stdin.close()
    assert found == [process.pid, worker]
    assert supervised not in found


def test_what_a_worker_used_counts_also_when_it_has_gone() -> None:
    with running(EMPLOYER) as process, consumed(process.pid) as used:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"done\n"
    assert used.cpu >= 0.2  # it took 0.6; what it used after the last look is missed


def test_memory_is_told_as_it_was_before_and_at_its_peak() -> None:
    with running(GROWING) as process, consumed(process.pid) as used:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()
    assert used.before < 64 << 20
    assert 64 <= used.grown < 128


def test_of_a_program_that_nobody_can_see_nothing_is_told() -> None:
    with consumed(None) as used:
        pass
    assert (used.cpu, used.peak) == (0.0, 0)
