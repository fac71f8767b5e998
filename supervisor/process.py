"""Processes as the kernel lists them: who one is, and who belongs to a session."""

import contextlib
import fcntl
import os
import signal
import struct
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import anyio
import anyio.lowlevel

_INFO = struct.Struct("=Q52xi")  # struct pidfd_info: mask, and at byte 60 exit_code
_INFO_EXIT = 1 << 3
_GENERATIONS = 64
"""Ancestors that are looked at; nobody nests as deep."""

_GET_INFO = 3 << 30 | _INFO.size << 16 | 0xFF << 8 | 11  # _IOWR(PIDFS_IOCTL_MAGIC, 11, struct pidfd_info)


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


def sessions() -> Mapping[int, Sequence["Member"]]:
    """Return all living processes by session; raises `OSError` if there is no descriptor to look with."""
    found: dict[int, list[Member]] = defaultdict(list)
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            fields = _stat_fields(int(name))
        except ProcessLookupError:
            continue
        if fields[0] not in "ZX":
            identity = ProcessId(int(name), int(fields[19]))
            found[int(fields[3])].append(Member(identity, int(fields[2])))
    return found


@dataclass(frozen=True, slots=True)
class Member:
    """A living process of a session, and its process group."""

    identity: ProcessId
    group: int

    def signal(self, number: int) -> None:
        """Send it a signal, and it alone, unless it is gone or somebody else's."""
        with contextlib.suppress(OSError):
            pidfd = os.pidfd_open(self.identity.pid)
            try:
                if ProcessId.of(self.identity.pid) == self.identity:
                    signal.pidfd_send_signal(pidfd, number)
            finally:
                os.close(pidfd)


class Census:
    """Who lives in which session: one look at /proc serves all who ask at the same time."""

    def __init__(self) -> None:
        self._asked: list[anyio.Event] = []
        self._seen: Mapping[int, Sequence[Member]] = {}

    async def members(self, session: int) -> Sequence[Member]:
        """Return the living processes of a session, as of after the call; raises `OSError`."""
        mine = anyio.Event()
        self._asked.append(mine)
        # A storm of exits arrives in one round of the event loop: the first of it looks for all.
        await anyio.lowlevel.checkpoint()
        if not mine.is_set():
            self._seen = sessions()
            for event in self._asked:
                event.set()
            self._asked.clear()
        return self._seen.get(session, ())


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


def _stat_fields(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from `state` on; raises `ProcessLookupError`."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except (FileNotFoundError, ProcessLookupError) as exc:
        raise ProcessLookupError(f"process {pid} is gone") from exc
    # The name in parentheses may hold anything, also blanks and parentheses: count from its end.
    return text[text.rindex(b")") + 2 :].decode("ascii").split()
