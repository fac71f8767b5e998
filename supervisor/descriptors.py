"""Who may have the last descriptors: the scrollbacks the fewest, the daemon and a handover all of them.

The kernel gives the lowest free number, so a number tells how many are taken.
"""

import errno
import os
import resource


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
