"""A disk that ends at one of its steps: the calls that change it are counted, and one of them is not made.

- `killed`: from that step on nothing is changed any more, as if the process were dead. `Killed` is raised by
  each further call, so that no clean-up reaches the disk either.
- `failing`: that one step fails, and all goes on.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

from filemgr import syscalls

_CALLS = [
    "rename",
    "mkdir",
    "rmdir",
    "unlink",
    "link",
    "symlink",
    "chmod",
    "fchmod",
    "chown",
    "fchown",
    "utime",
    "write",
    "fsync",
    "ftruncate",
    "copy_file_range",
]


class Killed(BaseException):
    """The process would be dead."""


class Disk:
    """Counts the steps; `died` tells whether it came to the last one."""

    def __init__(self, step: Callable[[int], None]) -> None:
        self._step = step
        self.steps = 0

    def count(self) -> None:
        self.steps += 1
        self._step(self.steps)


@contextmanager
def killed(after: int) -> Iterator[Disk]:
    """Let this many steps happen, and no more."""

    def step(number: int) -> None:
        if number > after:
            raise Killed

    with _counted(Disk(step)) as disk:
        yield disk


@contextmanager
def failing(at: int, code: int = errno.ENOSPC) -> Iterator[Disk]:
    """Let the step with this number (from 1 on) fail."""

    def step(number: int) -> None:
        if number == at:
            raise OSError(code, os.strerror(code))

    with _counted(Disk(step)) as disk:
        yield disk


@contextmanager
def watched(step: Callable[[int], None]) -> Iterator[Disk]:
    """Call something before each step."""
    with _counted(Disk(step)) as disk:
        yield disk


@contextmanager
def _counted(disk: Disk) -> Iterator[Disk]:
    really_open = os.open
    really_synced = {"fsync"}

    def counting(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def step(*args: object, **more: object) -> object:
            disk.count()
            # Nothing here is about power cuts, and to sync takes most of the time.
            return None if name in really_synced else call(*args, **more)

        return step

    def opening(path: str, flags: int, *args: int, dir_fd: int | None = None) -> int:
        if flags & os.O_CREAT or flags & os.O_TMPFILE == os.O_TMPFILE:
            disk.count()
        return really_open(path, flags, *args, dir_fd=dir_fd)

    patches = [mock.patch.object(os, name, counting(name, getattr(os, name))) for name in _CALLS]
    patches.append(mock.patch.object(os, "open", opening))
    patches.append(mock.patch.object(syscalls, "_renameat2", counting("_renameat2", syscalls._renameat2)))
    for patch in patches:
        patch.start()
    try:
        yield disk
    finally:
        for patch in patches:
            patch.stop()
