"""The terminal is another command's for a while."""

import os
import signal
import subprocess
import sys

from ...target import Target
from ..exits import Exit
from ..programs import PYTHON


def leave_to(target: Target, command: str, *words: str) -> None:
    """Run a command of ours that asks the same Holdfast, and return when it has ended.

    What it says when it fails stays there until somebody has read it.
    """
    where = ["--socket", target.socket] if target.socket else ["--url", target.url]
    if target.ca:
        where += ["--ca", target.ca]
    # Not as an option: others see those in the list of processes.
    environment = {**os.environ, "HOLDFAST_TOKEN": target.token}
    # Ctrl-C is for the other one, which gets it as well.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = subprocess.run(
            [*PYTHON, "client", command, *where, *words], env=environment, check=False
        ).returncode
        if code not in (Exit.DONE, Exit.INTERRUPTED):
            sys.stderr.write("Press Enter to go back. ")
            sys.stderr.flush()
            sys.stdin.readline()
    finally:
        signal.signal(signal.SIGINT, before)
