"""Copies of files and trees, made in places that nobody sees yet.

Rules:
- The kernel copies, a piece at a time: copy_file_range(2), sendfile(2) where that cannot, and else we do.
  Holes stay holes (SEEK_DATA, lseek(2)). A file that grows meanwhile is copied as long as it was.
- Modes (without setuid and setgid) and times are kept; if we are root, copies belong to the owner of the
  folder for which they are made. Links are copied as links. Two names of one file become two files. FIFOs,
  sockets and devices are left out, and so is what vanishes meanwhile.
- However deep a tree is, few descriptors are open: back up goes by `..`, which must be where we came from.
"""

import errno
import os
import stat
from collections.abc import Callable
from functools import partial
from typing import Self

from .errors import Busy, NotAFile, about
from .progress import Progress
from .walk import Entry, walk

PIECE = 1 << 20
"""Bytes copied between two looks at whether the work shall stop."""

_MODE = 0o777
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CANNOT = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF}

_Way = Callable[[int, int, int, int], int]


class Copier:
    """Copies what it is given, for a folder whose owner shall own the copies."""

    def __init__(self, progress: Progress, folder: int | None) -> None:
        """Without a folder, copies belong to whom the originals belong to, as far as we may give them."""
        self._progress = progress
        self._owner = None
        if folder is not None:
            info = os.fstat(folder)
            self._owner = info.st_uid, info.st_gid

    def copy(self, source: int, name: str, folder: int, copy: str) -> None:
        """Copy whatever has a name in a folder to a name in another; raises `NotAFile` for a FIFO and such.

        What is made before it fails is left there. Raises also `NoSuchFile`, `NoSpace`, `Denied`, `Busy`.
        """
        with about(name):
            info = os.stat(name, dir_fd=source, follow_symlinks=False)
            if stat.S_ISDIR(info.st_mode):
                os.mkdir(copy, 0o700, dir_fd=folder)
                made = os.open(copy, _FOLDER, dir_fd=folder)
                try:
                    self.fill(source, name, made)
                finally:
                    os.close(made)
            elif stat.S_ISLNK(info.st_mode):
                self.copy_link(source, name, folder, copy, info)
            else:
                self.copy_file(source, name, folder, copy)

    def fill(self, source: int, name: str, made: int) -> None:
        """Copy what is in a folder into one that was made for it, which gets its mode and time as well."""
        with _Descent(made) as here:
            for entry in walk(source, name):
                with about(entry):
                    if entry.leaving:
                        here.leave(partial(self._finish, info=entry.info))
                    elif entry.is_folder:
                        here.enter(None if entry.above is None else entry.name)
                    elif entry.above is None:
                        raise Busy(f"{entry}: is no folder any more")
                    else:
                        self._copy_entry(entry, here.fd)
                self._progress.add(entries=0 if entry.leaving else 1)

    def copy_file(self, source: int, name: str, folder: int, copy: str) -> None:
        """Copy a regular file to a new name; raises `NotAFile` if it is none (any more)."""
        fd = open_source(source, name)
        try:
            target = os.open(copy, _NEW, 0o600, dir_fd=folder)
            try:
                self.copy_content(fd, target)
            finally:
                os.close(target)
        finally:
            os.close(fd)

    def copy_content(self, source: int, target: int) -> None:
        """Copy one open file into another, which is empty, with mode, time and owner."""
        info = os.fstat(source)
        _copy_data(source, target, info.st_size, self._progress)
        self._finish(target, info)

    def copy_link(self, source: int, name: str, folder: int, copy: str, info: os.stat_result) -> None:
        """Make a link that says the same; what has the name already is not touched (EEXIST)."""
        os.symlink(os.readlink(name, dir_fd=source), copy, dir_fd=folder)
        if os.geteuid() != 0:
            return
        fd = os.open(copy, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        try:
            if stat.S_ISLNK(os.fstat(fd).st_mode):  # and nothing that somebody has put in its place
                os.chown(f"/proc/self/fd/{fd}", *self._owner_of(info))
        finally:
            os.close(fd)

    def _copy_entry(self, entry: Entry, folder: int) -> None:
        try:
            if entry.is_link:
                self.copy_link(entry.folder, entry.name, folder, entry.name, entry.info)
            elif entry.is_file:
                self.copy_file(entry.folder, entry.name, folder, entry.name)
        except FileNotFoundError:
            _must_be_gone(entry)
        except NotAFile:
            pass  # it has just become a FIFO or such
        except OSError as exc:
            if exc.errno == errno.EINVAL and entry.is_link:
                # readlink(2): it is no link any more.
                raise Busy(f"{entry}: changed while it was read") from exc
            raise

    def _finish(self, fd: int, info: os.stat_result) -> None:
        if os.geteuid() == 0:
            os.fchown(fd, *self._owner_of(info))
        os.fchmod(fd, stat.S_IMODE(info.st_mode) & _MODE)
        os.utime(fd, ns=(info.st_atime_ns, info.st_mtime_ns))

    def _owner_of(self, info: os.stat_result) -> tuple[int, int]:
        return self._owner or (info.st_uid, info.st_gid)


class _Descent:
    """A folder that is being filled, then one in it, and back; one is open at a time."""

    def __init__(self, top: int) -> None:
        self.fd = os.dup(top)
        self._above: list[tuple[int, int] | None] = []

    def enter(self, name: str | None) -> None:
        """Make a folder and go there; without a name, stay."""
        if name is None:
            self._above.append(None)
            return
        os.mkdir(name, 0o700, dir_fd=self.fd)
        below = os.open(name, _FOLDER, dir_fd=self.fd)
        info = os.fstat(self.fd)
        self._above.append((info.st_dev, info.st_ino))
        os.close(self.fd)
        self.fd = below

    def leave(self, finish: Callable[[int], None]) -> None:
        """Finish the folder and go back; raises `Busy` if that is not where we came from."""
        identity = self._above.pop()
        # Up before it is finished: with its mode, there may be no way out of it any more.
        above = os.dup(self.fd) if identity is None else _back(self.fd, identity)
        try:
            finish(self.fd)
        finally:
            os.close(self.fd)
            self.fd = above

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)


def open_source(folder: int, name: str) -> int:
    """Open a regular file without waiting for anything; raises `NotAFile`, and `OSError` as open(2)."""
    try:
        fd = os.open(name, _READ, dir_fd=folder)
    except OSError as exc:
        if exc.errno in (errno.ENXIO, errno.ELOOP, errno.ENODEV):
            raise NotAFile(f"{name}: is no regular file") from exc
        raise
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise NotAFile(f"{name}: is no regular file")
    return fd


def _copy_data(source: int, target: int, size: int, progress: Progress) -> None:
    ways: list[_Way] = [_by_kernel, _by_sendfile, _by_hand]
    at = 0
    while at < size:
        try:
            at = os.lseek(source, at, os.SEEK_DATA)
            end = min(os.lseek(source, at, os.SEEK_HOLE), size)
        except OSError as exc:
            if exc.errno == errno.ENXIO:
                break  # the rest is a hole
            if exc.errno != errno.EINVAL:
                raise
            end = size  # a file system that knows of no holes
        while at < end:
            copied = _copy_piece(ways, source, target, at, min(PIECE, end - at))
            if not copied:
                break  # it has become shorter
            at += copied
            progress.add(copied)
        if at < end:
            break
    os.ftruncate(target, min(size, os.fstat(source).st_size))


def _copy_piece(ways: list[_Way], source: int, target: int, at: int, size: int) -> int:
    while True:
        try:
            copied = ways[0](source, target, at, size)
        except OSError as exc:
            if exc.errno not in _CANNOT or len(ways) == 1:
                raise
        else:
            # Some kernels copy nothing of what is not on a disk, and do not say so.
            if copied or len(ways) == 1:
                return copied
        del ways[0]


def _by_kernel(source: int, target: int, at: int, size: int) -> int:
    return os.copy_file_range(source, target, size, at, at)


def _by_sendfile(source: int, target: int, at: int, size: int) -> int:
    os.lseek(target, at, os.SEEK_SET)
    return os.sendfile(target, source, at, size)


def _by_hand(source: int, target: int, at: int, size: int) -> int:
    return os.pwrite(target, os.pread(source, size, at), at)


def _back(here: int, identity: tuple[int, int]) -> int:
    fd = os.open("..", _FOLDER, dir_fd=here)
    info = os.fstat(fd)
    if (info.st_dev, info.st_ino) != identity:
        os.close(fd)
        raise Busy("the copy was moved while it was made")
    return fd


def _must_be_gone(entry: Entry) -> None:
    """What vanishes from the original is left out; if it is still there, the copy is what vanished."""
    try:
        os.stat(entry.name, dir_fd=entry.folder, follow_symlinks=False)
    except FileNotFoundError:
        return
    raise Busy(f"{entry}: the copy was moved while it was made")
