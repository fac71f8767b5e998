"""Commands that outlive their daemon."""

import os
import subprocess
import sys

from daemon.commandrun import MARK, end_left_behind

WAITS = (sys.executable, "-I", "-S", "-c", "print(flush=True); input()")


def _waiting(mark: str) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, MARK: mark}
    child = subprocess.Popen(WAITS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    assert child.stdout is not None
    assert child.stdout.readline() == b"\n"  # it is that program by now
    return child


def test_what_an_earlier_daemon_left_of_a_run_is_ended_and_nothing_else() -> None:
    with _waiting("/state app/it 5.000") as left, _waiting("/other app/it 5.000") as other:
        assert end_left_behind(["/state app/it 5.000", "/state app/it 6.000"]) == 1
        assert left.wait() == -9
        assert other.poll() is None
        assert end_left_behind(["/state app/it 5.000"]) == 0
        other.communicate(b"\n")
        assert other.returncode == 0
