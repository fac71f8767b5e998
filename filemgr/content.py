"""The content of one file: out, in, and which content it is.

Rules:
- New content is written beside the file and replaces it in one step; until then, and if anything fails, the
  old one is there, whole.
- Who replaces content may say what it believes is there (by an ETag). That is looked at when the new content
  is complete and durable; then comes the rename. Writers of this process take turns at a name in between, so
  of two that believe the same one wins. Another process (the supervised program) has those few system calls
  for a write that goes unnoticed; the kernel has no rename that compares.
- What replaces must be able to: a folder, a FIFO, a device stays what it is.
"""

import errno
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Self

from .errors import AlreadyExists, InvalidPath, Modified, NoSpace, NotAFile, TooLarge, about
from .mime import SNIFFED, mime_of
from .relpath import RelPath
from .root import Root
from .staging import StagedFile

Accepts = Callable[[str | None], bool]
"""Says whether content may be replaced, by its ETag; None where nothing is."""

_FLUSHED = 32 << 20

_COPIED = 256 << 10

_NO_SENDFILE = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}
"""Some file systems cannot."""


def etag_of(info: os.stat_result) -> str:
    """Return the ETag of a regular file, quotes and all: while it stays, so does every byte.

    It is of the file (device and inode), its size, and its times. So it changes with each replacement, and
    with each write in place, but for one within the same tick of the kernel's clock (1 to 10 ms) that leaves
    the size alone. It also changes without need: with the mode, the owner, a hard link.
    """
    parts = info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns
    return '"' + "-".join(f"{part:x}" for part in parts) + '"'


@dataclass(frozen=True, slots=True)
class Download:
    """A regular file, open for reading; what is told of it was so when it was opened. Close it."""

    fd: int
    name: str
    size: int
    mtime_ns: int
    etag: str
    mime: str

    def read(self, offset: int, size: int) -> bytes:
        """Return what is there, less than asked for only at the end of the file; raises `OSError`."""
        return os.pread(self.fd, size, offset)

    def send(self, to: int, offset: int, size: int) -> int:
        """Write what is there to a socket, past our memory (sendfile(2)); return how many bytes it took.

        0 means that the file ends there. Raises `BlockingIOError`, `OSError`.
        """
        try:
            return os.sendfile(to, self.fd, offset, size)
        except OSError as exc:
            if exc.errno not in _NO_SENDFILE:
                raise
            data = self.read(offset, min(size, _COPIED))
            return os.write(to, data) if data else 0

    def close(self) -> None:
        """Give the file back."""
        os.close(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_download(root: Root, path: RelPath) -> Download:
    """Open a file, links followed; raises `NoSuchFile`, `NotAFile`, `InvalidPath`, `Denied`."""
    fd = root.open_file(path)
    try:
        with about(path):
            info = os.fstat(fd)
            mime = mime_of(os.pread(fd, SNIFFED, 0))
    except BaseException:
        os.close(fd)
        raise
    return Download(fd, path.name, info.st_size, info.st_mtime_ns, etag_of(info), mime)


class Incoming:
    """Content on its way into a file; close it, and what was not published is gone."""

    def __init__(self, root: Root, path: RelPath, limit: int) -> None:
        """Begin to write at most `limit` bytes; raises `NoSuchFile` if there is no folder, `NotAFile`."""
        self._staged = StagedFile(root, path)
        self._limit = limit
        self._flushed = 0
        self.path = path
        self.size = 0
        try:
            look(self._staged)
        except BaseException:
            self.close()
            raise

    def make_room(self, size: int) -> None:
        """Raise `TooLarge` or `NoSpace` if so many bytes more cannot be had."""
        self._count(size)
        refuse_without_space(self._staged.fd, size, self.path)

    def write(self, data: bytes | memoryview) -> None:
        """Add content; raises `TooLarge` before it is more than allowed, `NoSpace`."""
        self._count(len(data))
        with about(self.path):
            write_all(self._staged.fd, data)
            self.size += len(data)
            if self.size - self._flushed >= _FLUSHED:
                # The disk begins with it now, so that the end needs not wait for all of it.
                os.posix_fadvise(self._staged.fd, self._flushed, 0, os.POSIX_FADV_DONTNEED)
                self._flushed = self.size

    def publish(self, accepts: Accepts | None = None, *, replace: bool = True) -> str:
        """Make it the file's content; return its ETag. Raises as `publish`."""
        return publish(self._staged, accepts, replace=replace)

    def close(self) -> None:
        """End it."""
        self._staged.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _count(self, more: int) -> None:
        if self.size + more > self._limit:
            raise TooLarge(f"{self.path}: a file may have at most {self._limit} bytes here")


def publish(staged: StagedFile, accepts: Accepts | None = None, *, replace: bool = True) -> str:
    """Let a staged file replace what is at its place, if that is accepted; return the new ETag.

    Raises `Modified` if it is not (any more), also if something is there and `replace` is false; `NotAFile`,
    `NoSpace`. Nothing has changed then.
    """
    with about(staged.path):
        os.fsync(staged.fd)  # it may take long, so it comes before the look
    with _turns.take(staged):
        there = look(staged)
        if accepts is not None and not accepts(there and etag_of(there)):
            raise Modified(f"{staged.path}: is not any more what it was")
        try:
            staged.publish(replace=replace)
        except AlreadyExists as exc:
            raise Modified(f"{staged.path}: exists already") from exc
    with about(staged.path):
        return etag_of(os.fstat(staged.fd))  # the rename has changed it


def look(staged: StagedFile) -> os.stat_result | None:
    """Return what is where a staged file goes, None if nothing is; raises `NotAFile`, `InvalidPath`."""
    folder, name = staged.place
    with about(staged.path):
        try:
            info = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return None
    if stat.S_ISDIR(info.st_mode):
        raise NotAFile(f"{staged.path}: is a folder")
    if not stat.S_ISREG(info.st_mode):
        raise InvalidPath(f"{staged.path}: something else than a file has this name")
    return info


def current_etag(root: Root, path: RelPath) -> str | None:
    """Return the ETag of what is there, None if nothing is; raises `NoSuchFile` if there is no folder."""
    with root.target(path) as (folder, name), about(path):
        with suppress(FileNotFoundError):
            return etag_of(os.stat(name, dir_fd=folder, follow_symlinks=False))
        return None


def refuse_without_space(fd: int, size: int, what: object) -> None:
    """Raise `NoSpace` if a file system has not so many bytes left for those who are not root."""
    with about(what):
        disk = os.fstatvfs(fd)
    # Some network file systems know nothing of their size, and say 0.
    if disk.f_blocks and size > disk.f_bavail * disk.f_frsize:
        raise NoSpace(
            f"{what}: {size} bytes do not fit, {disk.f_bavail * disk.f_frsize} are left on the disk"
        )


def write_all(fd: int, data: bytes | memoryview) -> None:
    """Write all of it at the file's offset; raises `OSError`."""
    left = memoryview(data)
    while left:
        written = os.write(fd, left)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left = left[written:]


class _Turns:
    """One at a time for each name in each folder."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken: dict[tuple[int, int, str], tuple[threading.Lock, int]] = {}

    @contextmanager
    def take(self, staged: StagedFile) -> Iterator[None]:
        folder, name = staged.place
        with about(staged.path):
            info = os.fstat(folder)
        key = info.st_dev, info.st_ino, name
        with ExitStack() as stack:
            with self._guard:
                lock, waiting = self._taken.get(key, (threading.Lock(), 0))
                self._taken[key] = lock, waiting + 1
            stack.callback(self._give_back, key)
            stack.enter_context(lock)
            yield

    def _give_back(self, key: tuple[int, int, str]) -> None:
        with self._guard:
            lock, waiting = self._taken.pop(key)
            if waiting > 1:
                self._taken[key] = lock, waiting - 1


_turns = _Turns()
