"""A folder that cannot be left.

Rules:
- Every operation goes through descriptors: of the folder, by `parent` or `folder`, and then by one name in it
  that is not followed. No path is ever checked and then used.
- The kernel does the walk, by openat2(2) with RESOLVE_BENEATH. Where there is none, and for what it refuses
  although it stays inside (absolute links that point into the root), we walk ourselves, one name at a time,
  each opened with O_NOFOLLOW in the folder before it. `..` of a link goes back by the folders that we came
  through, which are open, so nobody can move them under us.
- What we keep hidden cannot be reached through a link either.
- The supervised program may own the root and swap whatever it likes while we work; it can make us fail, or
  work on another thing of its own, never on something outside.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

from .errors import InvalidPath, NotAFile, NotAFolder, RootForbidden, about
from .relpath import HIDDEN, RelPath, is_ours
from .syscalls import has_open_beneath, open_beneath

_MOST_LINKS = 40
_TRIES = 32
"""How often a walk begins again that somebody's renaming has disturbed."""

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


class Root:
    """An open folder; use it from any thread, and close it."""

    def __init__(self, path: str, *, kernel: bool | None = None) -> None:
        """Open the folder at `path`, links and all; raises `NoSuchFile`, `NotAFolder`, `Denied`.

        `kernel` says whether openat2 shall be used; by default where it works.
        """
        self.path = os.path.abspath(path)
        self._kernel = has_open_beneath() if kernel is None else kernel
        with about(path):
            try:
                self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except NotADirectoryError as exc:
                raise NotAFolder(f"{path}: is not a folder") from exc

    @classmethod
    def inherited(cls, fd: int, path: str) -> Self:
        """Return the root that another process has opened: the descriptor is ours from now on."""
        root = cls.__new__(cls)
        root.path, root.fd, root._kernel = path, fd, has_open_beneath()
        return root

    def close(self) -> None:
        """Give the folder back; nothing works any more."""
        os.close(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self, path: RelPath, flags: int) -> int:
        """Open what is there, following links inside; O_NOFOLLOW in `flags` is about the last name.

        Nothing is created here: that is done by name in a `parent`. Raises what `about` raises.
        """
        with about(path):
            return self._open(path, flags)

    def open_file(self, path: RelPath) -> int:
        """Open a regular file for reading; raises `NotAFile` for anything else, and never waits for it."""
        # O_PATH touches nothing, so that no FIFO waits and no tape is wound back.
        look = self.open(path, os.O_PATH)
        try:
            _must_be_file(look, path)
        finally:
            os.close(look)
        # It may have been swapped for a FIFO since: O_NONBLOCK, and look again.
        fd = self.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            _must_be_file(fd, path)
        except BaseException:
            os.close(fd)
            raise
        return fd

    def where(self, folder: int) -> RelPath | None:
        """Return the path of an open folder, or None if it is not (any more) in this root."""
        with suppress(OSError, InvalidPath):
            top, path = (os.readlink(f"/proc/self/fd/{fd}") for fd in (self.fd, folder))
            if (path + "/").startswith(top.rstrip("/") + "/"):
                return RelPath.parse(path[len(top) :])
        return None

    @contextmanager
    def folder(self, path: RelPath) -> Iterator[int]:
        """Hold a folder open for reading its names; raises `NotAFolder`, `NoSuchFile`."""
        with about(path):
            try:
                fd = self._open(path, os.O_RDONLY | os.O_DIRECTORY)
            except NotADirectoryError as exc:
                self._tell_from_missing(path, exc)
        try:
            yield fd
        finally:
            os.close(fd)

    @contextmanager
    def parent(self, path: RelPath) -> Iterator[tuple[int, str]]:
        """Hold the folder open that something is in, or would be; with its name there.

        The name is not followed: it may be a link. Raises `RootForbidden` for the root, `NoSuchFile`.
        """
        if path.is_root:
            raise RootForbidden("the folder of the server itself is not to be touched")
        with about(path):
            fd = self._open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield fd, path.name
        finally:
            os.close(fd)

    @contextmanager
    def target(self, path: RelPath) -> Iterator[tuple[int, str]]:
        """Hold the folder open in which something really is, links followed, with its name there.

        What is written there by name goes where an editor would write: through the link. Raises as `parent`.
        """
        if path.is_root:
            raise RootForbidden("the folder of the server itself is not to be touched")
        with about(path):
            look, name = self._locate(path, follow=True)
        try:
            if name is None:
                raise NotAFile(f"{path}: is a folder")
            with about(path):
                fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=look)
                self._visible(fd, path)
        finally:
            os.close(look)
        try:
            yield fd, name
        finally:
            os.close(fd)

    def stat(self, path: RelPath, *, follow: bool = True) -> os.stat_result:
        """Return what is known of something; raises `NoSuchFile`, `InvalidPath` if it leads out."""
        fd = self.open(path, os.O_PATH | (0 if follow else os.O_NOFOLLOW))
        try:
            return os.fstat(fd)
        finally:
            os.close(fd)

    def _open(self, path: RelPath, flags: int) -> int:
        if self._kernel:
            for _ in range(_TRIES):
                try:
                    return self._visible(open_beneath(self.fd, path.relative, flags), path)
                except OSError as exc:
                    if exc.errno == errno.EXDEV:
                        break  # it may be an absolute link that stays inside
                    if exc.errno != errno.EAGAIN:
                        raise
        for _ in range(_TRIES):
            folder, name = self._locate(path, follow=not flags & os.O_NOFOLLOW)
            try:
                fd = os.open(name or ".", flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            except OSError as exc:
                swapped = not flags & os.O_NOFOLLOW and exc.errno in (errno.ELOOP, errno.ENOTDIR)
                if not (swapped and name and _is_link(folder, name)):
                    raise
                continue
            finally:
                os.close(folder)
            if flags & os.O_NOFOLLOW or not flags & os.O_PATH or not stat.S_ISLNK(os.fstat(fd).st_mode):
                return self._visible(fd, path)
            os.close(fd)
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN), str(path))

    def _visible(self, fd: int, path: RelPath) -> int:
        """Return an open descriptor, or close it and raise `InvalidPath` if it is of what we keep hidden."""
        top, text = (os.readlink(f"/proc/self/fd/{each}") for each in (self.fd, fd))
        if f"/{HIDDEN}" in text and any(is_ours(name) for name in text.removeprefix(top).split("/")):
            os.close(fd)
            raise InvalidPath(f"{path}: leads to what is Holdfast's own")
        return fd

    def _locate(self, path: RelPath, *, follow: bool) -> tuple[int, str | None]:
        """Walk to the folder that something is in; return it, and the name; None if it is that folder.

        With `follow`, the name was no link when we looked. Raises `OSError`, EXDEV for what leads out.
        """
        todo = list(reversed(path.names))
        came = [os.dup(self.fd)]
        links = 0
        try:
            while todo:
                name = todo.pop()
                if name == "..":
                    if len(came) == 1:
                        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(path))
                    os.close(came.pop())
                    continue
                if not todo and not follow:
                    return came.pop(), name
                if todo and (fd := _enter(came[-1], name)) is not None:
                    came.append(fd)
                    continue
                # A link, or the last name, which may be one.
                where = _read_link(came[-1], name)
                if where is None:
                    if todo:
                        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
                    return came.pop(), name
                links += 1
                if links > _MOST_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
                if where.startswith("/"):
                    where = self._inside(where)
                    while len(came) > 1:
                        os.close(came.pop())
                todo += [part for part in reversed(where.split("/")) if part not in ("", ".")]
            return came.pop(), None
        finally:
            for fd in came:
                os.close(fd)

    def _inside(self, where: str) -> str:
        """Return an absolute link's target from the root on; raises `OSError` EXDEV if it is elsewhere.

        Texts are compared, and it is safe: what comes back is walked from the root like any other.
        """
        for top in (self.path, os.path.realpath(self.path)):
            if where == top or where.startswith(top.rstrip("/") + "/"):
                return where[len(top) :]
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), where)

    def _tell_from_missing(self, path: RelPath, exc: OSError) -> None:
        """A file at the end of a path is no folder; one in the middle means that nothing is there."""
        os.close(self._open(path, os.O_PATH))  # raises again if it was in the middle
        raise NotAFolder(f"{path}: is not a folder") from exc


def _enter(folder: int, name: str) -> int | None:
    """Open a folder that is no link; None if it is something else."""
    try:
        return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
    except OSError as exc:
        if exc.errno in (errno.ELOOP, errno.ENOTDIR):
            return None
        raise


def _read_link(folder: int, name: str) -> str | None:
    """Return where a link points; None if it is none, or if nothing is there."""
    try:
        return os.readlink(name, dir_fd=folder)
    except OSError as exc:
        if exc.errno in (errno.EINVAL, errno.ENOENT):
            return None
        raise


def _is_link(folder: int, name: str) -> bool:
    return _read_link(folder, name) is not None


def _must_be_file(fd: int, path: RelPath) -> None:
    mode = os.fstat(fd).st_mode
    if stat.S_ISDIR(mode):
        raise NotAFile(f"{path}: is a folder")
    if not stat.S_ISREG(mode):
        raise NotAFile(f"{path}: is no regular file")
