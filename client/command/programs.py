"""The programs of Holdfast that a command starts. They are programs to it, not modules."""

import os
import subprocess
import sys

# -P: the folder that we happen to be in may hold a `daemon.py` of its own.
PYTHON = (sys.executable, "-P", "-m")


def directories(config: str, state: str, runtime: str = "") -> tuple[str, str]:
    """Return where state is kept, and where the private socket is."""
    state = os.path.abspath(state or os.path.join(os.path.dirname(os.path.abspath(config)), "state"))
    return state, os.path.abspath(runtime or os.path.join(state, "run"))


def checked(config: str) -> int:
    """Have the daemon say on standard error what is wrong with a config; return its exit code."""
    return subprocess.run([*PYTHON, "daemon", "--check", "--config", config], check=False).returncode
