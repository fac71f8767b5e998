"""A command of a server's that is run to its end, once, where and as whom the server runs.

Rules:
- It gets the environment that the server gets, never ours. When its time is over, or nobody waits for it any
  more, it is killed with all that it has started in its session (`run_errand` of the supervisor).
- Who outlives a daemon that was killed is known by a mark in the environment, and is ended by the next one:
  else the next run would be a second copy beside it.
"""

import os
import signal
from collections.abc import Collection, Sequence
from contextlib import suppress

from supervisor import ErrandFailed, ServiceSpec, base_environment, run_errand

from .tail import Tail

TAIL = 4096
"""Bytes of output that are kept."""

MARK = "HOLDFAST_RUN"


class CommandFailed(Exception):
    """It could not be run, failed, or took too long; the message says which, `output` what it has said."""

    def __init__(self, why: str, output: str) -> None:
        super().__init__(why)
        self.output = output


async def run_command(words: Sequence[str], spec: ServiceSpec, seconds: float, mark: str) -> str:
    """Run a command for so many seconds at most; return the end of its output. Raises `CommandFailed`."""
    output = Tail(TAIL)
    environment = {**base_environment(os.environ), "PWD": spec.directory, **spec.environment, MARK: mark}
    try:
        await run_errand(words, spec, environment, seconds, output.take)
    except ErrandFailed as exc:
        raise CommandFailed(str(exc), output.text) from exc
    return output.text


def end_left_behind(marks: Collection[str]) -> int:
    """Kill all that bears one of these marks; return how many there were. For a thread."""
    wanted = {f"{MARK}={mark}".encode("utf-8", "surrogateescape") for mark in marks}
    count = 0
    for name in os.listdir("/proc"):
        if not name.isdigit() or not _bears(name, wanted):
            continue
        with suppress(OSError):
            pidfd = os.pidfd_open(int(name))
            try:
                if _bears(name, wanted):  # not a stranger with the same number
                    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                    count += 1
            finally:
                os.close(pidfd)
    return count


def _bears(pid: str, wanted: Collection[bytes]) -> bool:
    with suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:
        return any(variable in wanted for variable in file.read().split(b"\0"))
    return False
