"""The folder that an archive is unpacked into before anybody sees it.

Rules:
- Every folder on the way to a member is opened by its name in the one above it, and never through a link:
  what is written lands in this folder, whatever members or anybody else have put there.
- The last member with a name wins; a file is made anew, never written into, so no link is written through.
  Folders stay folders: what would take the place of one is left out, and so is what would need a folder where
  a file or a link is.
- Modes are kept, without setuid, setgid and sticky; the owner may always read and write (and search folders).
- If we are root, all of it belongs to the owner of the place that it is for.
"""

import os
import stat
from collections import OrderedDict
from contextlib import suppress
from functools import lru_cache
from types import TracebackType
from typing import NamedTuple, Self

from ..errors import InvalidPath, NoSuchFile, about
from ..relpath import RelPath
from ..root import Root
from .remarks import Remarks

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_FOLDERS = 64
_LONGEST_PATH = 4095
_LONGEST_TARGET = 4095

Names = tuple[str, ...]


class Unwanted(Exception):
    """A member that is left out; the message is the reason."""


class Look(NamedTuple):
    """How a member shall look; None where the archive does not say."""

    mode: int | None = None
    mtime: float | None = None
    """Seconds since 1970."""


def clean(name: str) -> Names:
    """Return the names on the way to a member; raises `Unwanted`. None at all: the destination itself."""
    above, _, last = name.rpartition("/")
    if not above or last in ("", ".", "..") or "\0" in last or len(name) > _LONGEST_PATH // 4:
        return _clean(name)
    try:
        return (*_clean(above), *(RelPath() / escaped(last)).names)
    except InvalidPath as exc:
        raise Unwanted(str(exc)) from exc


@lru_cache(64)
def _clean(name: str) -> Names:
    """The same; kept for a while, since members of one folder follow each other."""
    name = escaped(name)
    if "\0" in name:
        raise Unwanted("there is a NUL in its name")
    if name.startswith("/"):
        raise Unwanted("its path is absolute")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise Unwanted("its path leads upwards")
    path = RelPath()
    try:
        for part in parts:
            path = path / part
    except InvalidPath as exc:
        raise Unwanted(str(exc)) from exc
    if len("/".join(parts).encode("utf-8", "surrogateescape")) > _LONGEST_PATH:
        raise Unwanted("its path is too long")
    return path.names


def escaped(name: str) -> str:
    """Return a name that is text: bytes that are none become `%E9`, so that clients can name the file."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return "".join(_percent(c) if "\ud800" <= c <= "\udfff" else c for c in name)
    return name


class Tree:
    """Makes members in a folder; use it from one thread, except for `dress`."""

    def __init__(self, folder: int, owner: os.stat_result, remarks: Remarks) -> None:
        self._top = folder
        whose = (owner.st_uid, owner.st_gid)
        # What we make is root's already, or the group's where folders hand that down: inode(7), S_ISGID.
        self._owner = whose if os.geteuid() == 0 and whose != (0, os.getegid()) else None
        self._remarks = remarks
        self._open: OrderedDict[Names, int] = OrderedDict()
        self._folders: dict[Names, Look] = {}
        self._links: list[Names] = []

    def folder(self, names: Names, look: Look) -> None:
        """Make a folder, or say how one shall look."""
        if names:
            self._enter(names)
            self._folders[names] = look

    def file(self, names: Names) -> int:
        """Make a file, and return it open; whoever gets it closes it, best by `dress`."""
        folder = self._parent(names)
        try:
            return os.open(names[-1], _NEW, 0o600, dir_fd=folder)
        except FileExistsError:
            self._remove(folder, names[-1])
            return os.open(names[-1], _NEW, 0o600, dir_fd=folder)

    def dress(self, fd: int, look: Look) -> None:
        """Give a file its look, and close it."""
        try:
            if self._owner is not None:
                os.fchown(fd, *self._owner)
            os.fchmod(fd, (0o644 if look.mode is None else look.mode & 0o777) | 0o600)
            _date(fd, look.mtime)
        finally:
            os.close(fd)

    def link(self, names: Names, target: str) -> None:
        """Make a symbolic link; raises `Unwanted` if it leads out."""
        target = escaped(target)
        _check_target(names, target)
        folder = self._parent(names)
        try:
            os.symlink(target, names[-1], dir_fd=folder)
        except FileExistsError:
            self._remove(folder, names[-1])
            os.symlink(target, names[-1], dir_fd=folder)
        if self._owner is not None:
            os.chown(names[-1], *self._owner, dir_fd=folder, follow_symlinks=False)
        self._links.append(names)

    def hard_link(self, names: Names, target: Names) -> None:
        """Give a file that is already there another name; raises `Unwanted` if none is."""
        if not target:
            raise Unwanted("is a hard link to a folder")
        try:
            above = os.dup(self._enter(target[:-1], make=False))
        except FileNotFoundError as exc:
            raise Unwanted("is a hard link to what is not there") from exc
        try:
            info = _look(above, target[-1])
            if info is None or not stat.S_ISREG(info.st_mode):
                raise Unwanted("is a hard link to what is no file in the archive before it")
            folder = self._parent(names)
            if _same(_look(folder, names[-1]), info):
                return
            self._remove(folder, names[-1])
            os.link(target[-1], names[-1], src_dir_fd=above, dst_dir_fd=folder, follow_symlinks=False)
        finally:
            os.close(above)

    def finish(self, where: str) -> None:
        """Give folders their looks, from the deepest up, and take away links that lead out after all."""
        self._check_links(where)
        for names, look in sorted(self._folders.items(), key=lambda item: len(item[0]), reverse=True):
            fd = self._enter(names)
            if look.mode is not None:
                os.fchmod(fd, look.mode & 0o777 | 0o700)
            _date(fd, look.mtime)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        for fd in self._open.values():
            os.close(fd)

    def _parent(self, names: Names) -> int:
        if not names:
            raise Unwanted("has the name of the destination itself")
        return self._enter(names[:-1])

    def _enter(self, names: Names, *, make: bool = True) -> int:
        """Return a folder, made if need be; it stays open for a while."""
        if not names:
            return self._top
        if (fd := self._open.get(names)) is not None:
            self._open.move_to_end(names)
            return fd
        depth = len(names) - 1
        while depth and names[:depth] not in self._open:
            depth -= 1
        fd = self._open[names[:depth]] if depth else self._top
        while depth < len(names):
            depth += 1
            fd = self._step(fd, names[depth - 1], make=make)
            self._open[names[:depth]] = fd
            if len(self._open) > _OPEN_FOLDERS:
                os.close(self._open.popitem(last=False)[1])
        return fd

    def _step(self, folder: int, name: str, *, make: bool) -> int:
        made = False
        if make:
            with suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=folder)
                made = True
        try:
            fd = os.open(name, _FOLDER, dir_fd=folder)
        except OSError as exc:  # a link is ENOTDIR here: open(2)
            info = _look(folder, name)
            if info is None or stat.S_ISDIR(info.st_mode):
                raise
            if stat.S_ISLNK(info.st_mode):
                raise Unwanted("its path goes through a link") from exc
            raise Unwanted("a file is where its folder would be") from exc
        if made and self._owner is not None:
            os.fchown(fd, *self._owner)
        return fd

    def _remove(self, folder: int, name: str) -> None:
        with suppress(FileNotFoundError):
            try:
                os.unlink(name, dir_fd=folder)
            except IsADirectoryError as exc:
                raise Unwanted("a folder has its name") from exc

    def _check_links(self, where: str) -> None:
        """A link through another one may lead out although its text does not: the kernel knows."""
        root = Root.inherited(os.dup(self._top), where)
        try:
            for names in self._links:
                path = RelPath(names)
                try:
                    root.stat(path)
                except NoSuchFile:
                    continue  # it points to nothing, which is no harm
                except InvalidPath:
                    with suppress(NoSuchFile), about(path), root.parent(path) as (folder, name):
                        os.unlink(name, dir_fd=folder)
                        self._remarks.add(
                            "/".join(names), "is a link that leads out, or nowhere, through another one"
                        )
        finally:
            root.close()


def _check_target(names: Names, target: str) -> None:
    if not target or "\0" in target or len(os.fsencode(target)) > _LONGEST_TARGET:
        raise Unwanted("is a link to nowhere")
    if target.startswith("/"):
        raise Unwanted("is a link to an absolute path")
    depth = len(names) - 1
    for part in target.split("/"):
        if part == "..":
            depth -= 1
        elif part not in ("", "."):
            depth += 1
        if depth < 0:
            raise Unwanted("is a link that leads out")


def _percent(surrogate: str) -> str:
    code = ord(surrogate)
    return f"%{code - 0xDC00:02X}" if 0xDC80 <= code <= 0xDCFF else f"%u{code:04X}"


def _date(fd: int, mtime: float | None) -> None:
    if mtime is not None:
        try:
            os.utime(fd, (mtime, mtime))
        except (OSError, OverflowError, ValueError):
            return  # a time that no file can have


def _look(folder: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _same(one: os.stat_result | None, other: os.stat_result) -> bool:
    return one is not None and (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
