"""A command that is told of a notice.

Rules:
- What happened comes in variables `HOLDFAST_…` and as JSON on its standard input, never among its arguments:
  no shell and no program takes output of a server for an order.
- It has the environment that programs have, so none of our secrets; a session of its own, and a time. When it
  ends, or its time is over, what is left of its process group is killed.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence

import anyio
import anyio.to_thread

from supervisor import base_environment

_STARTING = anyio.CapacityLimiter(4)


class CannotStart(Exception):
    """There is no such program, or it must not be run."""


class TookTooLong(Exception):
    """It had to be killed."""


async def run_command(command: Sequence[str], words: Mapping[str, str], told: bytes, timeout: float) -> int:
    """Run a command and return its exit code, or the negative number of a signal.

    Raises `CannotStart`, `TookTooLong`; then, and when it is cancelled, nothing of its group lives.
    """
    environment = base_environment(os.environ)
    environment |= {f"HOLDFAST_{key.upper()}": _whole(text) for key, text in words.items()}
    with anyio.CancelScope(shield=True):  # a thread cannot be cancelled; what it starts must not get lost
        process = await anyio.to_thread.run_sync(_start, command, environment, told, limiter=_STARTING)
    pidfd = -1
    ended = False
    try:
        pidfd = os.pidfd_open(process.pid)
        with anyio.move_on_after(timeout):
            await anyio.wait_readable(pidfd)
            ended = True
    finally:
        # Until somebody waits for it, the pid is its own: the group that is killed is no other.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        if pidfd >= 0:
            anyio.notify_closing(pidfd)
            os.close(pidfd)
        with anyio.CancelScope(shield=True):
            code = await anyio.to_thread.run_sync(process.wait, limiter=_STARTING)
    if not ended:
        raise TookTooLong(f"the command took longer than {timeout:g} s and was killed")
    return code


def _whole(text: str) -> str:
    """Return what a variable can hold."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _start(command: Sequence[str], environment: Mapping[str, str], told: bytes) -> "subprocess.Popen[bytes]":
    # A file in memory rather than a pipe: nobody has to wait until it is read, or whether it is.
    stdin = os.memfd_create("notice", os.MFD_CLOEXEC)
    try:
        os.write(stdin, told)
        os.lseek(stdin, 0, os.SEEK_SET)
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd="/",
            start_new_session=True,
        )
    except (OSError, ValueError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "its words cannot be passed on"
        raise CannotStart(f"the command cannot be started: {why}") from exc
    finally:
        os.close(stdin)
