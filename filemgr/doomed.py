"""Deleting: it vanishes at once and whole, and is removed from the disk after that.

Rules:
- A file or a link is simply unlinked. A folder is renamed into `.holdfast/doomed`; on another file system, or
  if that may not be, to a hidden name beside it, with a note. What has not been removed when we are killed
  is removed by `sweep`.
- Where no rename can be (a mount point; a disk so full that no note can be written) it is removed in place.
"""

import errno
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass

from .errors import Busy, Denied, FileError, NoSuchFile, about
from .hidden import hidden, hidden_if_there, tidy
from .notes import Note, forget
from .places import Place, source
from .progress import Progress
from .relpath import RelPath
from .removal import DOOMED, must_be_removable, remove
from .root import Root
from .syscalls import rename_new

_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT}
"""Who may not rename it may not remove it either: then nothing of it shall be lost."""


@dataclass(frozen=True, slots=True)
class Doomed:
    """Something deleted. `purge` frees the disk of it, at any time and in any process, or `sweep` does."""

    vanished: bool = True
    """Whether nobody sees it any more; if not, it could not be renamed and goes piece by piece."""
    _name: str = ""
    """Empty if nothing is left to be removed."""
    _folder: RelPath | None = None
    """Where it is, if it is not where we keep what is doomed."""
    _inode: int = 0

    def purge(self, root: Root, progress: Progress) -> None:
        """Remove it from the disk; raises `Busy`, `Denied`, `Cancelled`."""
        if not self._name:
            return
        if self._folder is None:
            with hidden_if_there(root, DOOMED) as folder:
                if folder is not None:
                    remove(folder, self._name, progress)
            tidy(root)
            return
        with suppress(NoSuchFile), root.folder(self._folder) as folder:
            if not self.vanished:
                with about(self._folder / self._name):
                    info = os.stat(self._name, dir_fd=folder, follow_symlinks=False)
                if info.st_ino != self._inode:
                    raise Busy(f"{self._folder / self._name}: was replaced by something else")
            remove(folder, self._name, progress)
        forget(root, self._name)
        tidy(root)

    def purge_or_put_back(self, root: Root, path: RelPath, progress: Progress) -> None:
        """The same; what cannot be removed is put back to where it was, at `path`, and told of."""
        try:
            self.purge(root, progress)
        except (Busy, Denied) as exc:
            self._put_back(root, path)
            raise type(exc)(str(exc).replace(self._name, str(path), 1)) from exc

    def _put_back(self, root: Root, path: RelPath) -> None:
        if not self._name or not self.vanished:
            return
        # If that cannot be, it stays where we keep what is doomed, and the next sweep tries again.
        with suppress(OSError, FileError), root.parent(path) as (folder, name):
            if self._folder is None:
                with hidden_if_there(root, DOOMED) as doomed:
                    rename_new(doomed or 0, self._name, folder, name)
            else:
                with root.folder(self._folder) as beside:
                    rename_new(beside, self._name, folder, name)
                forget(root, self._name)
        tidy(root)


def delete(root: Root, path: RelPath, progress: Progress) -> None:
    """Delete something with all that is in it; a link itself. Raises as `discard` and `Doomed.purge`.

    What cannot be removed is where it was afterwards.
    """
    discard(root, path).purge_or_put_back(root, path, progress)


def discard(root: Root, path: RelPath) -> Doomed:
    """Let something vanish, a link itself; what is left to do takes its time.

    Raises `RootForbidden`, `NoSuchFile`, `InvalidPath`, `Denied`, `Busy`.
    """
    with source(root, path) as (place, info):
        if stat.S_ISDIR(info.st_mode):
            must_be_removable(place.folder, place.name)
        return doom(root, place, info)


def doom(root: Root, place: Place, info: os.stat_result) -> Doomed:
    """Let what is at a place vanish if it is still what we have seen; raises `Busy` if not, and `Denied`."""
    with about(place.path):
        now = os.stat(place.name, dir_fd=place.folder, follow_symlinks=False)
        if (now.st_dev, now.st_ino) != (info.st_dev, info.st_ino):
            raise Busy(f"{place.path}: was replaced by something else")
        if not stat.S_ISDIR(info.st_mode):
            try:
                os.unlink(place.name, dir_fd=place.folder)
            except IsADirectoryError as exc:
                raise Busy(f"{place.path}: was replaced by a folder") from exc
            return Doomed()
    return _hide(root, place) or _hide_beside(root, place) or _leave(root, place, info)


def _hide(root: Root, place: Place) -> Doomed | None:
    name = secrets.token_hex(8)
    try:
        with hidden(root, DOOMED) as folder:
            rename_new(place.folder, place.name, folder, name)
    except FileNotFoundError as exc:
        raise NoSuchFile(f"{place.path}: does not exist") from exc
    except (OSError, FileError):
        tidy(root)
        return None
    return Doomed(_name=name)


def _hide_beside(root: Root, place: Place) -> Doomed | None:
    try:
        with Note(root, place.folder) as note:
            folder = root.where(place.folder)
            rename_new(place.folder, place.name, place.folder, note.name)
            note.keep()
            return Doomed(_name=note.name, _folder=folder)
    except FileError:
        return None
    except OSError as exc:
        if exc.errno not in _FORBIDDEN:
            return None
        with about(place.path):
            raise


def _leave(root: Root, place: Place, info: os.stat_result) -> Doomed:
    if not os.access(".", os.W_OK | os.X_OK, dir_fd=place.folder, effective_ids=True):
        # Who may not remove the folder itself shall not begin with what is in it.
        raise Denied(f"{place.path}: permission denied")
    folder = root.where(place.folder) or place.path.parent
    return Doomed(vanished=False, _name=place.name, _folder=folder, _inode=info.st_ino)
