"""Files that a power cut leaves whole: the old text or the new one, never a part of either.

The steps of a write: the new text into a file beside it, fsync, rename over the old one, fsync the folder
(rename(2), fsync(2)). What a write that was cut short leaves is a `.NAME.*.new` that nobody reads.
"""

import contextlib
import logging
import os
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

log = logging.getLogger("holdfast.state")


def replace_file(path: str, data: bytes, prepare: Callable[[int], None] | None = None) -> None:
    """Write a file anew, durably; raises `OSError`, and then the old text stands.

    A new file is 0600; `prepare` may change the descriptor's mode and owner before anybody sees the file. A
    symbolic link stays one.
    """
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name[:200]}.{os.getpid()}.new")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)  # of one that was killed
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(fd, "wb") as file:
            file.write(data)
            file.flush()
            if prepare is not None:
                prepare(fd)
            os.fsync(fd)
        os.rename(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    sync_folder(folder)


def sync_folder(path: str) -> None:
    """Make what was renamed, linked or removed in a folder durable; raises `OSError`."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def set_aside(path: str) -> str:
    """Move a damaged file out of the way, under a name that says what it is; return it; raises `OSError`."""
    kept = base = f"{path}.damaged-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    number = 1
    while os.path.lexists(kept):
        number += 1
        kept = f"{base}-{number}"
    os.rename(path, kept)
    sync_folder(os.path.dirname(os.path.abspath(path)))
    return kept


class StateFile(Generic[T]):
    """A file of ours that holds one value, and the one before it as `NAME.old`.

    `parse` makes the value of the text; it raises `ValueError` for a text that is none.
    """

    def __init__(self, path: str, parse: Callable[[bytes], T]) -> None:
        self.path = path
        self._old = f"{path}.old"
        self._parse = parse
        self._good = False
        """Whether what stands there now was read or written by us."""

    def save(self, data: bytes) -> None:
        """Store a text durably; raises `OSError`, and then the old one stands."""
        if self._good:
            self._keep_old()
        replace_file(self.path, data)
        self._good = True

    def load(self) -> T | None:
        """Return the value, or None if there never was one.

        A damaged file is set aside, told of, and the one before takes its place. Raises `OSError` for a file
        that cannot be read at all.
        """
        try:
            value = self._read(self.path)
        except FileNotFoundError:
            return None
        except ValueError as exc:
            return self._fall_back(exc)
        self._good = True
        return value

    def _fall_back(self, damage: ValueError) -> T | None:
        kept = set_aside(self.path)
        log.error("%s is damaged (%s); kept as %s", self.path, damage, kept)
        try:
            value = self._read(self._old)
            os.link(self._old, self.path)
        except (OSError, ValueError):
            return None
        log.error("%s: the one before it is used instead", self.path)
        self._good = True
        return value

    def _read(self, path: str) -> T:
        with open(path, "rb") as file:
            data = file.read()
        try:
            return self._parse(data)
        except RecursionError as exc:
            raise ValueError("it is nested too deeply") from exc

    def _keep_old(self) -> None:
        fresh = f"{self._old}.new"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(fresh)
        os.link(self.path, fresh)
        os.rename(fresh, self._old)
