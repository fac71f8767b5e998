"""What is in a folder, with what a person wants to know of it.

Only regular files are opened, to see what they are; a FIFO or a device never.
"""

import heapq
import os
import stat
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .errors import about
from .mime import SNIFFED, TEXT, UNKNOWN, mime_of
from .progress import Progress
from .relpath import RelPath, is_ours
from .root import Root

_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC

_SPECIAL = {
    stat.S_IFIFO: "inode/fifo",
    stat.S_IFSOCK: "inode/socket",
    stat.S_IFCHR: "inode/chardevice",
    stat.S_IFBLK: "inode/blockdevice",
}

_PERMISSIONS = 0o777

_RUN = 4096

_CHECKED = 64
"""Entries after which it is seen whether this shall go on."""

_Key = tuple[int, int, int, int]


class Listed(NamedTuple):
    """Something in a folder: bytes, MIME type (folders: none), the second of its last change, mode."""

    name: str
    """As it can be shown: what is not UTF-8 has become U+FFFD."""
    size: int
    mime: str
    folder: bool
    """A link counts as one, as in Octyne, whatever it leads to."""
    modified: int
    mode: int
    """Who may read, write and run it: the permission bits alone."""


class _Sniffed:
    """What was found out before, for files that have not changed since; used from many threads.

    Two generations, each of `ENTRIES`: what is not asked for while one fills up is forgotten.
    """

    ENTRIES = 16384

    def __init__(self) -> None:
        self._young: dict[_Key, str] = {}
        self._old: dict[_Key, str] = {}

    def get(self, key: _Key) -> str | None:
        found = self._young.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            self.put(key, found)
        return found

    def put(self, key: _Key, mime: str) -> None:
        if len(self._young) >= self.ENTRIES:
            self._old, self._young = self._young, {}
        self._young[key] = mime


_sniffed = _Sniffed()


def list_folder(root: Root, path: RelPath, progress: Progress | None = None) -> Iterator[Listed]:
    """Yield what is in a folder, sorted by name; without what is ours, or vanishes while we look.

    Above a fence, only the folders are there that lead to one. The first one comes when the names are read.
    Raises `NoSuchFile`, `NotAFolder`, `InvalidPath`, `OutOfBounds`, `Denied`, `Cancelled`.
    """
    # One at a time: of very many at once the garbage collector would make long pauses for all threads.
    progress = progress or Progress()
    with root.shown(path) as (folder, leading), about(path):
        names = os.listdir(folder) if leading is None else list(leading)
        for number, name in enumerate(_sorted(names)):
            if number % _CHECKED == 0:
                progress.add(entries=min(_CHECKED, len(names) - number))
            if is_ours(name):
                continue
            try:
                info = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                continue
            if leading is not None and not stat.S_ISDIR(info.st_mode):
                continue  # nothing else leads anywhere, and what it is must not be told
            yield _listed(folder, name, info)


def _sorted(names: list[str]) -> Iterable[str]:
    """Sort a few at a time: one sort of very many would keep all other threads waiting, too."""
    if len(names) <= _RUN:
        return sorted(names)
    return heapq.merge(*(sorted(names[at : at + _RUN]) for at in range(0, len(names), _RUN)))


def _listed(folder: int, name: str, info: os.stat_result) -> Listed:
    kind = stat.S_IFMT(info.st_mode)
    if kind == stat.S_IFREG:
        mime, is_folder = _mime(folder, name, info), False
    elif kind == stat.S_IFDIR:
        mime, is_folder = "", True
    elif kind == stat.S_IFLNK:
        mime, is_folder = "inode/symlink", True
    else:
        mime, is_folder = _SPECIAL.get(kind, UNKNOWN), False
    if not name.isascii():
        name = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return Listed(name, info.st_size, mime, is_folder, int(info.st_mtime), info.st_mode & _PERMISSIONS)


def _mime(folder: int, name: str, info: os.stat_result) -> str:
    if not info.st_size:
        return TEXT
    # The time of the last change of any kind: that of the content can be set back by anybody.
    key = info.st_dev, info.st_ino, info.st_ctime_ns, info.st_size
    mime = _sniffed.get(key)
    if mime is None:
        head = _head(folder, name)
        if head is None:
            return UNKNOWN
        mime = mime_of(head)
        _sniffed.put(key, mime)
    return mime


def _head(folder: int, name: str) -> bytes | None:
    """Return how a file begins, or None if it cannot be read."""
    try:
        fd = os.open(name, _OPEN, dir_fd=folder)
        try:
            return os.read(fd, SNIFFED) if stat.S_ISREG(os.fstat(fd).st_mode) else None
        finally:
            os.close(fd)
    except OSError:
        return None
