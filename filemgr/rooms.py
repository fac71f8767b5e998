"""Rooms: hidden folders in each of which is one thing, with a text about it."""

import errno
import fcntl
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from .relpath import RelPath

THING = "thing"
"""The name in its room of what was removed."""

INFO = "info"
SIZE = "size"
_LONGEST = 64 << 10
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def opened(folder: int, name: str) -> Iterator[int]:
    """Hold a room open; raises `OSError`."""
    fd = os.open(name, _FOLDER, dir_fd=folder)
    try:
        yield fd
    finally:
        os.close(fd)


def write_info(room: int, path: RelPath, real: RelPath | None, by: str, when: float) -> None:
    """Write, durably, what is known of the thing that will be in a room; raises `OSError`.

    `real` is where it is, without the links that may be on the way of `path`, if that can be told.
    """
    said = {"path": str(path), "real": real and str(real), "by": by, "when": when}
    write_text(room, INFO, json.dumps(said))


def write_text(room: int, name: str, text: str) -> None:
    """Write a text that is not there yet, durably; raises `OSError`."""
    fd = os.open(name, _NEW, 0o600, dir_fd=room)
    try:
        data = text.encode()
        while data:
            data = data[os.write(fd, data) :]
        os.fsync(fd)
    finally:
        os.close(fd)


def lock_room(folder: int, name: str, room: int) -> bool:
    """Keep others from clearing a room away while it is open; false if the file system has no locks.

    Raises `BlockingIOError` if somebody clears it away.
    """
    try:
        fcntl.flock(room, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return False
    with suppress(FileNotFoundError):
        if os.stat(name, dir_fd=folder, follow_symlinks=False).st_ino == os.fstat(room).st_ino:
            return True
    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN), name)


def text_in(room: int, name: str) -> str:
    """Return a text that may be anything; empty if there is none."""
    with suppress(OSError, ValueError):
        fd = os.open(name, _READ, dir_fd=room)
        try:
            if stat.S_ISREG(os.fstat(fd).st_mode):
                return os.read(fd, _LONGEST).decode()
        finally:
            os.close(fd)
    return ""


def size_in(room: int) -> int | None:
    """Return how large the thing in a room was found to be."""
    text = text_in(room, SIZE)
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else None


def has_thing(folder: int, name: str) -> bool:
    """Tell whether something is in a room; raises `OSError` if that cannot be told."""
    with suppress(FileNotFoundError, NotADirectoryError), opened(folder, name) as room:
        return bool(os.stat(THING, dir_fd=room, follow_symlinks=False))
    return False
