"""Notes of what has a hidden name, so that it is not left for ever by a maker that was killed.

Rules:
- First the note, in `.holdfast/staged`: named like what it is about, with the path of the folder that is in.
- It is locked for as long as its maker is at work; the lock goes when the maker dies (flock(2)).
- `sweep` removes what is noted and not locked, and then the note.
"""

import contextlib
import fcntl
import os
import secrets
from typing import Self

from .errors import FileError, InvalidPath, about
from .hidden import hidden, hidden_if_there, tidy
from .progress import Progress
from .relpath import STAGED, RelPath
from .removal import remove, remove_doomed
from .root import Root

_KIND = "staged"
_LONGEST_NOTE = 8192


class Note:
    """The note that a hidden name exists, held locked for as long as its maker is at work."""

    def __init__(self, root: Root, folder: int) -> None:
        """Note a new name in an open folder; raises `InvalidPath`, `NoSpace`, `Denied`."""
        where = root.where(folder)
        if where is None:
            raise InvalidPath("the folder was moved meanwhile")
        self.name = f"{STAGED}{secrets.token_hex(8)}"
        self._kept = False
        with contextlib.ExitStack() as stack:
            stack.callback(tidy, root)
            self._notes = stack.enter_context(hidden(root, _KIND))
            with about(where):
                flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                fd = os.open(self.name, flags, 0o600, dir_fd=self._notes)
                stack.callback(os.close, fd)
                stack.callback(self._forget)
                with contextlib.suppress(OSError):  # not every file system has locks; then sweeps are early
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.write(fd, str(where).encode())
                os.fsync(fd)
            self._stack = stack.pop_all()

    def keep(self) -> None:
        """Leave the note when this ends: who sweeps shall remove what it is about."""
        self._kept = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _forget(self) -> None:
        if not self._kept:
            with contextlib.suppress(OSError):
                os.unlink(self.name, dir_fd=self._notes)


def forget(root: Root, name: str) -> None:
    """Remove the note about a name, of which nothing is left."""
    with contextlib.suppress(OSError), hidden_if_there(root, _KIND) as notes:
        if notes is not None:
            os.unlink(name, dir_fd=notes)


def sweep(root: Root, progress: Progress | None = None) -> int:
    """Remove what makers that live no more have left half done, and what was deleted and is still there.

    Returns how many there were.
    """
    progress = progress or Progress()
    removed = 0
    with hidden_if_there(root, _KIND) as notes:
        for name in os.listdir(notes) if notes is not None else ():
            with contextlib.suppress(FileError, OSError):  # the next sweep may do better
                removed += _clear(root, notes or 0, name, progress)
            progress.check()
    removed += remove_doomed(root, progress)
    tidy(root)
    return removed


def _clear(root: Root, notes: int, name: str, progress: Progress) -> int:
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=notes)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # somebody who lives is at work on it: OSError
        removed = 0
        with contextlib.suppress(ValueError, InvalidPath):  # no note of ours
            folder = RelPath.parse(os.read(fd, _LONGEST_NOTE).decode())
            if name.startswith(STAGED):
                with root.folder(folder) as place:
                    removed = int(_is_there(place, name))
                    remove(place, name, progress)
        os.unlink(name, dir_fd=notes)
        return removed
    finally:
        os.close(fd)


def _is_there(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
