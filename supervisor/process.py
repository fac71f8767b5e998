"""Processes as the kernel lists them: who one is, and who descends from whom."""

import contextlib
import fcntl
import os
import signal
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import anyio
import anyio.lowlevel

from . import procfile

_INFO = struct.Struct("=Q52xi")  # struct pidfd_info: mask, and at byte 60 exit_code
_INFO_EXIT = 1 << 3
_GENERATIONS = 64
"""Ancestors that are looked at; nobody nests as deep."""

_GET_INFO = 3 << 30 | _INFO.size << 16 | 0xFF << 8 | 11  # _IOWR(PIDFS_IOCTL_MAGIC, 11, struct pidfd_info)

AGAIN = 0.5
"""Seconds until something is tried again that failed because we had no descriptor left."""


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process for as long as it lives: pids come back, a pid with its start time does not."""

    pid: int
    start_time: int
    """Clock ticks since boot, as in /proc/PID/stat (proc(5), field 22)."""

    @classmethod
    def of(cls, pid: int) -> "ProcessId":
        """Return the identity of a living or unreaped process; raises `ProcessLookupError`."""
        return cls(pid, int(_stat_fields(pid)[19]))

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) - self.start_time / os.sysconf("SC_CLK_TCK")


def told_exit(identity: ProcessId, pidfd: int) -> int | None:
    """Return the wait status of a process that has ended and is not our child, if the kernel tells.

    It does until somebody waits for it (proc(5), /proc/PID/stat, field 52), and since Linux 6.15 for as long
    as a pidfd of it is open (ioctl PIDFD_GET_INFO, linux/pidfd.h).
    """
    with contextlib.suppress(ProcessLookupError):
        fields = _stat_fields(identity.pid)
        if fields[0] == "Z" and int(fields[19]) == identity.start_time:
            return int(fields[49])
    asked = bytearray(_INFO.size)
    _INFO.pack_into(asked, 0, _INFO_EXIT, 0)
    try:
        fcntl.ioctl(pidfd, _GET_INFO, asked)
    except OSError:
        return None
    known, status = _INFO.unpack(asked)
    return int(status) if known & _INFO_EXIT else None


@dataclass(frozen=True, slots=True)
class Member:
    """A living process: its group, its session, its parent, and its state as proc(5) has it."""

    identity: ProcessId
    group: int
    session: int
    parent: int
    state: str

    def signal(self, number: int) -> None:
        """Send it a signal, and it alone, unless it is gone or somebody else's."""
        with contextlib.suppress(OSError):
            pidfd = os.pidfd_open(self.identity.pid)
            try:
                if ProcessId.of(self.identity.pid) == self.identity:
                    signal.pidfd_send_signal(pidfd, number)
            finally:
                os.close(pidfd)


class Kin:
    """Our own children that somebody here knows and will wait for, by pid."""

    def __init__(self) -> None:
        self._pids: set[int] = set()
        self.waited: Callable[[], object] = lambda: None
        """Called when one of them was waited for."""

    def __contains__(self, pid: object) -> bool:
        return pid in self._pids

    def add(self, pid: int) -> None:
        """Know a child, in the same breath in which it was started."""
        self._pids.add(pid)

    def discard(self, pid: int) -> None:
        """Forget a child that was waited for."""
        if pid in self._pids:
            self._pids.discard(pid)
            self.waited()


KIN = Kin()


async def gone(member: Member) -> None:
    """Wait until a process has ended."""
    try:
        pidfd = os.pidfd_open(member.identity.pid)
    except ProcessLookupError:
        return
    except OSError:
        await anyio.sleep(AGAIN)
        return
    try:
        if ProcessId.of(member.identity.pid) == member.identity:
            await anyio.wait_readable(pidfd)
    except ProcessLookupError:
        return
    finally:
        anyio.notify_closing(pidfd)
        os.close(pidfd)


def environment(pid: int) -> Sequence[bytes]:
    """Return the variables that a process was started with; none where we may not look, or it is gone."""
    try:
        return procfile.read(f"/proc/{pid}/environ").split(b"\0")
    except OSError:
        return ()


def belongs(pid: int, leader: int) -> bool:
    """Whether a process is of the session that another leads, or descends from it.

    Raises `ProcessLookupError` if it is gone.
    """
    fields = _stat_fields(pid)
    if leader in (pid, int(fields[3])):
        return True
    for _ in range(_GENERATIONS):
        if (parent := int(fields[1])) in (0, 1):
            break
        if parent == leader:
            return True
        try:
            fields = _stat_fields(parent)
        except ProcessLookupError:
            break
    return False


def owner(pid: int) -> int | None:
    """Return the real user id of a process, None if it is gone."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status", "rb") as file:
        for line in file:
            if line.startswith(b"Uid:"):
                return int(line.split()[1])
    return None


def look_at(pid: int) -> Member | None:
    """Return a process as it is now; None if it has ended."""
    try:
        fields = _stat_fields(pid)
    except ProcessLookupError:
        return None
    if fields[0] in "ZX":
        return None
    return Member(ProcessId(pid, int(fields[19])), int(fields[2]), int(fields[3]), int(fields[1]), fields[0])


def between(pid: int, *, readable: bool) -> bool:
    """Whether a process without an environment has ended, or is just becoming another program (execve(2))."""
    try:
        fields = _stat_fields(pid)
    except ProcessLookupError:
        return True
    # env_start: 0 also where we may not look; who merely has no variables has a place for them.
    return fields[0] in "ZX" or (readable and fields[47] == "0")


def _stat_fields(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from `state` on; raises `ProcessLookupError`."""
    try:
        text = procfile.read(f"/proc/{pid}/stat")
    except (FileNotFoundError, ProcessLookupError) as exc:
        raise ProcessLookupError(f"process {pid} is gone") from exc
    # The name in parentheses may hold anything, also blanks and parentheses: count from its end.
    return text[text.rindex(b")") + 2 :].decode("ascii").split()
