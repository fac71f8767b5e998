"""Files that a power cut leaves whole: the old text or the new one, never a part of either.

Rules:
- The steps of a write: the new text into a file beside it, fsync, rename over the old one, fsync the folder
  (rename(2), fsync(2)). When it returns, the text is on the disk.
- What a write that was cut short leaves is a `.NAME.*.new` that nobody reads, and that the next write clears.
  A live writer holds a lock on its own, so that two writers of one file do not clear each other's.
- A damaged text is kept, as `NAME.damaged-20260131T235959Z`. It gets that name before its place is taken: at
  no moment is there no file, which would mean that there never was one.
"""

import contextlib
import errno
import fcntl
import logging
import os
import re
import secrets
import stat
import time
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")

log = logging.getLogger("holdfast.state")

_LONGEST = 230
"""Bytes of a file's name that the name of its temporary file repeats; 255 are possible."""

_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
"""What link(2) says where it cannot be done at all: on FAT, or of a file that is somebody else's."""


def replace_file(
    path: str,
    data: bytes,
    prepare: Callable[[int], None] | None = None,
    confirm: Callable[[], None] | None = None,
) -> None:
    """Write a file anew, durably; raises `OSError`, and then the old text stands.

    Only if the very last step fails, the new one does, and a power cut may undo it. A new file is 0600;
    `prepare` may change mode and owner of its descriptor before anybody sees it. `confirm` is called just
    before the new file takes its place; what it raises is passed on, and nothing has happened. A link stays a
    link.
    """
    target = os.path.realpath(path)
    temporary = _temporary(target)
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            with contextlib.suppress(OSError):  # not every file system has locks; then nothing is cleared
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.fchmod(fd, 0o600)
            _write(fd, data)
            if prepare is not None:
                prepare(fd)
            os.fsync(fd)
            if confirm is not None:
                confirm()
            os.rename(temporary, target)
        finally:
            os.close(fd)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    sync_folder(os.path.dirname(target))


def sync_folder(path: str) -> None:
    """Make what was renamed, linked or removed in a folder durable; raises `OSError`."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as exc:
        if exc.errno != errno.EINVAL:  # a file system that has no such thing for folders
            raise
    finally:
        os.close(fd)


def damaged_name(path: str) -> str:
    """Return the free name under which a damaged file is kept: what it is, and since when (UTC)."""
    kept = base = f"{path}.damaged-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    number = 1
    while os.path.lexists(kept):
        number += 1
        kept = f"{base}-{number}"
    return kept


def set_aside(path: str) -> str:
    """Keep a damaged file under a name that says what it is; return that; raises `OSError`.

    It stays where it is as well, until something takes its place or it is removed.
    """
    target = os.path.realpath(path)
    kept = damaged_name(target)
    _link(target, kept)
    sync_folder(os.path.dirname(target))
    return kept


class StateFile(Generic[T]):
    """A file of ours that holds one value, and the one before it as `NAME.old`.

    `parse` makes the value of the text; it raises `ValueError` for a text that is none. Nothing here is meant
    for two threads at once.
    """

    def __init__(self, path: str, parse: Callable[[bytes], T]) -> None:
        self.path = path
        self.old = f"{path}.old"
        self._parse = parse

    def save(self, data: bytes) -> None:
        """Store a text durably; raises `OSError`, and then the old one stands."""
        confirm: Callable[[], None] | None = None
        try:
            before = _text(self.path)
            if before != data:  # what is stored anew is good
                self._value(before)
        except ValueError as exc:
            confirm = partial(self._set_aside, self.path, exc)
        except OSError:
            pass  # there is none, or none that can be read: it is replaced by one that can
        else:
            if before == data:
                # The daemon brings the same plan at each of its starts. What rests cannot be torn.
                sync_folder(os.path.dirname(os.path.realpath(self.path)))
                return
            confirm = partial(_link_over, self.path, self.old)
        replace_file(self.path, data, confirm=confirm)

    def load(self) -> T | None:
        """Return the value, or None if none is known.

        A damaged file is set aside, told of, and the one before takes its place. Raises `OSError` for a file
        that cannot be read at all, if there is none before it either.
        """
        try:
            return self._value(_text(self.path))
        except FileNotFoundError:
            return self._fall_back("is gone")
        except OSError as exc:
            value = self._fall_back(f"cannot be read ({exc.strerror})", put_back=False)
            if value is None:
                raise
            return value
        except ValueError as exc:
            self._set_aside(self.path, exc)
        value = self._fall_back("is damaged")
        if value is None:
            with contextlib.suppress(OSError):
                os.unlink(self.path)
        return value

    def _fall_back(self, fault: str, *, put_back: bool = True) -> T | None:
        try:
            value = self._value(_text(self.old))
        except FileNotFoundError:
            return None
        except OSError as exc:
            log.error("%s cannot be read: %s", self.old, exc.strerror)
            return None
        except ValueError as exc:
            self._set_aside(self.old, exc)
            with contextlib.suppress(OSError):
                os.unlink(self.old)
            return None
        log.error("%s %s: the one before it, %s, is used instead", self.path, fault, self.old)
        if put_back:
            try:
                _link_over(self.old, self.path)
                sync_folder(os.path.dirname(os.path.realpath(self.path)))
            except OSError as exc:
                log.error("%s cannot be put back: %s", self.path, exc.strerror)
        return value

    def _set_aside(self, path: str, damage: ValueError) -> None:
        try:
            kept = set_aside(path)
        except OSError as exc:
            log.error("%s is damaged (%s) and cannot be set aside: %s", path, damage, exc.strerror)
        else:
            log.error("%s is damaged (%s); kept as %s", path, damage, kept)

    def _value(self, text: bytes) -> T:
        try:
            return self._parse(text)
        except RecursionError as exc:
            raise ValueError("it is nested too deeply") from exc


def _text(path: str) -> bytes:
    with open(path, "rb", opener=open_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", path)
        return file.read()


def open_without_waiting(path: str, flags: int) -> int:
    """Open as `open` does, for its `opener`, but never wait: a FIFO would for a writer."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)


def _write(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _temporary(target: str) -> str:
    """Return a new name beside a file, after clearing those that writers before us have left behind."""
    folder, name = os.path.split(target)
    short = os.fsdecode(os.fsencode(name)[:_LONGEST])
    ours = re.compile(rf"\.{re.escape(short)}\.[0-9a-f]{{16}}\.new", re.DOTALL)
    for found in os.listdir(folder):
        if ours.fullmatch(found):
            with contextlib.suppress(OSError):
                _clear(os.path.join(folder, found))
    return os.path.join(folder, f".{short}.{secrets.token_hex(8)}.new")


def _clear(path: str) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused if its writer lives
        os.unlink(path)
    finally:
        os.close(fd)


def _link_over(path: str, target: str) -> None:
    """Let another name be that of a file too, in place of what has it now; raises `OSError`.

    A link rather than a copy: what has been on the disk for long is not written again, so it cannot be torn.
    """
    temporary = _temporary(target)
    try:
        _link(path, temporary)
        os.rename(temporary, target)
    finally:
        # rename(2) does nothing if both are the same file already.
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def _link(path: str, new: str) -> None:
    try:
        os.link(path, new)
    except OSError as exc:
        if exc.errno not in _NO_LINKS:
            raise
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            _write(fd, _text(path))
            os.fsync(fd)
        finally:
            os.close(fd)
