"""The programs of Holdfast that a command starts. They are programs to it, not modules."""

import os
import subprocess
import sys

from .exits import Exit, Stop

# -P: the folder that we happen to be in may hold a `daemon.py` of its own.
PYTHON = (sys.executable, "-P", "-m")


def directories(config: str, state: str, runtime: str = "") -> tuple[str, str]:
    """Return where state is kept, and where the private socket is."""
    state = os.path.abspath(state or os.path.join(os.path.dirname(os.path.abspath(config)), "state"))
    return state, os.path.abspath(runtime or os.path.join(state, "run"))


def checked(config: str) -> int:
    """Have the daemon say on standard error what is wrong with a config; return its exit code."""
    return subprocess.run([*PYTHON, "daemon", "--check", "--config", config], check=False).returncode


def socket_in(config: str) -> str:
    """Return the Unix socket that a config names, nothing if it has none; raises `Stop`."""
    command = [*PYTHON, "daemon", "--socket", "--config", config]
    found = subprocess.run(command, capture_output=True, text=True, errors="surrogateescape", check=False)
    if found.returncode:
        raise Stop(found.stderr.strip().removeprefix("ERROR: "), Exit.CONFIG)
    return found.stdout.removesuffix("\n")
