"""Moves what was unpacked into a folder that is there already, one rename for each file.

Rules:
- Folders are merged, and keep the modes that they have; a file takes the place of a file or of a link, which
  is not followed. A folder that is not there yet is moved as a whole.
- Where one has a folder and the other something else, what is there stays.
- Once begun, it is not cancelled: nothing is left to do but renaming.
"""

import errno
import os
import stat

from ..errors import Busy
from ..syscalls import rename_new
from ..walk import Entry, walk
from .remarks import Remarks

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_TRIES = 8

Names = tuple[str, ...]


def merge(folder: int, dest: int, remarks: Remarks) -> None:
    """Move all that is in a folder into another one; raises `Busy`, `OSError`."""
    place = _Place(dest)
    refused: Names | None = None
    try:
        for entry in walk(folder, "."):
            names = () if entry.above is None else tuple(entry.path.split("/"))
            if entry.leaving or not names or (refused is not None and names[: len(refused)] == refused):
                continue
            clash = _move(entry, place.of(names[:-1]), names[-1])
            if clash is not None:
                remarks.add("/".join(names), clash)
                refused = names
    finally:
        place.close()


def _move(entry: Entry, above: int, name: str) -> str | None:
    """Move one thing; a folder that is there already stays to be walked. Returns why it cannot be."""
    for _ in range(_TRIES):
        try:
            there = os.stat(name, dir_fd=above, follow_symlinks=False)
        except FileNotFoundError:
            there = None
        if there is None:
            try:
                rename_new(entry.folder, entry.name, above, name)
            except FileExistsError:
                continue  # somebody has just made it
            return None
        if entry.is_folder:
            if stat.S_ISDIR(there.st_mode):
                return None
            return "a link has its name there" if stat.S_ISLNK(there.st_mode) else "a file has its name there"
        if stat.S_ISDIR(there.st_mode):
            return "a folder has its name there"
        try:
            os.rename(entry.name, name, src_dir_fd=entry.folder, dst_dir_fd=above)
        except OSError as exc:
            if exc.errno not in (errno.EISDIR, errno.ENOTEMPTY):
                raise
            continue  # it has just become a folder
        return None
    raise Busy(f"{name}: is changed by somebody else all the time")


class _Place:
    """Folders in the destination; the last one stays open, since its neighbours come next."""

    def __init__(self, top: int) -> None:
        self._top = top
        self._names: Names = ()
        self._fd = os.dup(top)

    def of(self, names: Names) -> int:
        """Return a folder, opened from the top on without following a link; raises `Busy` if it is gone."""
        if names != self._names:
            fd = os.dup(self._top)
            for name in names:
                try:
                    below = os.open(name, _FOLDER, dir_fd=fd)
                except OSError as exc:
                    raise Busy(f"{'/'.join(names)}: changed while it was unpacked into") from exc
                finally:
                    os.close(fd)
                fd = below
            os.close(self._fd)
            self._fd, self._names = fd, names
        return self._fd

    def close(self) -> None:
        os.close(self._fd)
