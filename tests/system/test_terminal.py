"""`holdfast run` in a terminal, where Ctrl-C goes to whoever is in the foreground."""

import fcntl
import os
import pty
import signal
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager

from . import processes
from .house import Holdfast, holdfast, program, sleeper
from .output import Output

CTRL_C = b"\x03"
NEVER = 1000
"""Seconds of grace that no test lives to see the end of."""


@contextmanager
def terminal(house: Holdfast) -> Iterator[tuple[int, "subprocess.Popen[bytes]", Output]]:
    """Type `holdfast run`; yields (the keyboard, the process, the screen)."""
    keyboard, line = pty.openpty()
    command, environment = holdfast("run", "--config", house.path("config.hjson"))

    def own_the_terminal() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        command,
        cwd=house.folder,
        env={**environment, **house.environment},
        stdin=line,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=own_the_terminal,
    )
    os.close(line)
    assert process.stdout is not None
    screen = Output(process.stdout)
    try:
        yield keyboard, process, screen
    finally:
        process.kill()
        process.wait()
        house.sweep()
        screen.until_end()
        os.close(keyboard)


def test_ctrl_c_stops_each_program_in_its_own_way(house: Holdfast) -> None:
    house.configure(farewell=program("farewell"), deaf=program("deaf"), sleeper=sleeper())
    with terminal(house) as (keyboard, process, screen):
        screen.until(" serves ")
        for name in ("farewell", "deaf"):
            house.console(name).until("ready")
        os.write(keyboard, CTRL_C)
        assert process.wait(processes.DEADLINE) == 0
        assert "Holdfast stops 3 programs" in screen.until_end()
        assert processes.below(house.folder) == {}
    assert os.path.exists(house.path("programs", "farewell", "farewell"))


def test_a_second_ctrl_c_ends_all_at_once_and_leaves_nothing(house: Holdfast) -> None:
    house.configure(stubborn=program("stubborn", stopGrace=NEVER), sleeper=sleeper())
    with terminal(house) as (keyboard, process, screen):
        screen.until(" serves ")
        house.console("stubborn").until("ready")
        os.write(keyboard, CTRL_C)
        screen.until("Holdfast stops 2 programs")
        os.write(keyboard, CTRL_C)
        assert process.wait(processes.DEADLINE) == 0
        assert processes.below(house.folder) == {}


def test_a_second_ctrl_c_does_not_wait_for_a_daemon_that_is_stuck(house: Holdfast) -> None:
    house.configure(stubborn=program("stubborn", stopGrace=NEVER))
    with terminal(house) as (keyboard, process, screen):
        screen.until(" serves ")
        house.console("stubborn").until("ready")
        pids = [pid for pid, command in processes.below(house.folder).items() if "--with-parent" in command]
        (daemon,) = [pid for pid in pids if pid != process.pid]
        os.kill(daemon, signal.SIGSTOP)
        os.write(keyboard, CTRL_C)
        screen.until("Holdfast stops 1 program")
        os.write(keyboard, CTRL_C)
        assert process.wait(processes.DEADLINE) == 0
        assert processes.below(house.folder) == {}
