"""Processes as the kernel shows them: which there are, what they hold, and their end."""

import os
import select
import signal
from contextlib import suppress

DEADLINE = 30.0
"""Seconds after which a condition is held never to come true; wide enough for a busy machine."""


def below(folder: str) -> dict[int, str]:
    """Return the command lines, by pid, of all others that work in a folder or name it; no zombies."""
    found: dict[int, str] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        with suppress(OSError):
            command = read(int(name), "cmdline").replace(b"\0", b" ").decode(errors="replace").strip()
            place = os.readlink(f"/proc/{name}/cwd")
            if folder in command or f"{place}/".startswith(f"{folder}/"):
                found[int(name)] = command
    return found


def read(pid: int, what: str) -> bytes:
    """Return one file of /proc/PID; raises `OSError` for a process that is gone."""
    with open(f"/proc/{pid}/{what}", "rb") as file:
        return file.read()


def memory(pid: int, field: str = "VmRSS") -> int:
    """Return bytes of memory: resident now, or at their peak (`VmHWM`)."""
    for line in read(pid, "status").decode().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(f"process {pid} has no memory any more")


def parent(pid: int) -> int | None:
    """Return the pid of a process's parent, None if it is gone."""
    try:
        return int(read(pid, "stat").rpartition(b")")[2].split()[1])
    except OSError:
        return None


def descriptors(pid: int) -> set[int]:
    """Return the numbers of the open descriptors."""
    return {int(name) for name in os.listdir(f"/proc/{pid}/fd")}


def until_ended(pid: int, deadline: float = DEADLINE) -> None:
    """Wait until a process has ended, whoever's child it is; raises `TimeoutError`."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if not select.select([pidfd], [], [], deadline)[0]:
            raise TimeoutError(f"process {pid} has not ended")
    finally:
        os.close(pidfd)


def kill(pid: int) -> None:
    """Kill a process as a crash would, and wait for its end."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    until_ended(pid)
