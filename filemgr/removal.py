"""To remove a tree for good, whatever happens to it meanwhile.

Rules:
- What cannot be removed (a mount point, what is immutable) does not keep the rest; it is told at the end.
- What is gone already is what was wanted. What is added or swapped meanwhile is met in the next round.
- Folders that their owner may not write to are opened up: what is in them was to be removed as well.
"""

import errno
import os
import stat
from contextlib import suppress

from .errors import Busy, Denied, FileError, NoSuchFile, about
from .hidden import hidden_if_there
from .mounts import mounts_at_or_below
from .progress import Progress
from .root import Root
from .walk import Entry, walk

DOOMED = "doomed"
"""The kind under which that is kept which has been deleted already and is still on the disk."""

_ROUNDS = 8
_CHANGED = {errno.ENOTEMPTY, errno.EEXIST, errno.EISDIR, errno.ENOTDIR}
_HERE = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove(folder: int, name: str, progress: Progress) -> None:
    """Remove what has a name in a folder, and all below it, names of ours as well; nothing there is fine.

    Raises `Denied`, `Busy` (a mount point; somebody fills it faster), `Cancelled`.
    """
    for _ in range(_ROUNDS):
        try:
            if _round(folder, name, progress):
                return
        except NoSuchFile:
            return
        except Busy:
            continue  # a folder was moved or swapped under us
    raise Busy(f"{name}: is changed by somebody else all the time")


def must_be_removable(folder: int, name: str, *, for_good: bool = True) -> None:
    """Raise `Denied` or `Busy` if a tree holds what we may not remove; nothing has been touched then.

    What is mounted in it is refused, since to remove is to empty that as well; and, `for_good`, a folder of
    somebody else's. Immutable files are found only by trying.
    """
    with suppress(OSError):
        path = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), name)
        if mounted := mounts_at_or_below(path):
            where = os.path.join(name, os.path.relpath(mounted[0], path)).removesuffix("/.")
            raise Busy(f"{where}: something is mounted there")
    if for_good and os.geteuid() != 0:
        _must_be_ours(folder, name)


def _must_be_ours(folder: int, name: str) -> None:
    def refuse(entry: Entry, exc: FileError) -> None:
        if entry.info.st_uid != os.geteuid():  # one of our own can be opened up
            raise exc

    checked: Entry | None = None
    for entry in walk(folder, name, hidden=True, skip=refuse):
        above = entry.above
        if above is None or entry.leaving or above is checked:
            continue
        checked = above
        # What is in a folder can be removed by who may write to the folder.
        if above.info.st_uid != os.geteuid() and not _may_write(entry.folder):
            raise Denied(f"{above}: permission denied")


def _may_write(folder: int) -> bool:
    return os.access(".", os.W_OK | os.X_OK, dir_fd=folder, effective_ids=True)


def remove_doomed(root: Root, progress: Progress) -> int:
    """Remove what somebody has deleted who did not live to remove it; return how many there were."""
    removed = 0
    with hidden_if_there(root, DOOMED) as folder:
        for name in os.listdir(folder) if folder is not None else ():
            with suppress(FileError, OSError):
                remove(folder or 0, name, progress)
                removed += 1
            progress.check()
    return removed


def open_up(folder: int, name: str) -> None:
    """Let the owner of a folder work in it, whatever its mode is; what is no folder is left alone."""
    with suppress(OSError):
        fd = os.open(name, _HERE, dir_fd=folder)
        try:
            os.chmod(f"/proc/self/fd/{fd}", stat.S_IRWXU)
        finally:
            os.close(fd)


def _round(folder: int, name: str, progress: Progress) -> bool:
    """Remove what can be; return false if another round may do better."""
    failed: tuple[Entry, OSError] | None = None
    again = False
    for entry in walk(folder, name, hidden=True):
        if entry.is_folder and not entry.leaving:
            if entry.info.st_mode & stat.S_IRWXU != stat.S_IRWXU:
                open_up(entry.folder, entry.name)
            continue
        try:
            if entry.leaving:
                os.rmdir(entry.name, dir_fd=entry.folder)
            else:
                os.unlink(entry.name, dir_fd=entry.folder)
        except FileNotFoundError:
            pass
        except OSError as exc:
            if exc.errno in _CHANGED:
                again = True
            else:
                failed = failed or (entry, exc)
        progress.add(0 if entry.leaving else entry.info.st_size, 1)
    if failed is not None:
        with about(failed[0]):
            raise failed[1]
    return not again
