"""Who may have the last descriptors: the scrollbacks the fewest, the daemon and a handover all of them.

The kernel gives the lowest free number, so a number tells how many are taken.
"""

import contextlib
import errno
import fcntl
import os
import resource

ROOM = 1 << 13
"""Descriptors for which there is room from the beginning: those of two thousand programs, 64 KiB."""


def make_room() -> None:
    """Let the kernel's table of our descriptors be large at once; for a process that has no threads yet.

    It grows by doubling, and in a process with threads everybody who opens something then waits for all
    processors to take notice (expand_fdtable, synchronize_rcu): 10 ms each time, in the middle of a burst.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = min(ROOM, hard)
    with contextlib.suppress(OSError), open(os.devnull, "rb", buffering=0) as nothing:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, room), hard))
        try:
            os.close(fcntl.fcntl(nothing, fcntl.F_DUPFD_CLOEXEC, room - 1))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def limit() -> int:
    """Return how many descriptors we may have."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def too_high_for_memory(fd: int) -> bool:
    """Whether a memory file of this number takes from programs what they need; memory does without, too."""
    return fd >= limit() // 3


def leave_some(fd: int) -> None:
    """Raise `OSError` if a program held by this number takes from the daemon and from those who ask."""
    if fd >= limit() - 2 * _spare():
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def too_high_for_caller(fd: int) -> bool:
    """Whether a connection of this number takes what the daemon and a handover need."""
    return fd >= limit() - _spare()


def _spare() -> int:
    return min(16, limit() // 8)
