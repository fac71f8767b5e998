"""A folder that cannot be left.

Rules:
- Every operation goes through descriptors: of the folder, by `parent` or `folder`, and then by one name in it
  that is not followed. No path is ever checked and then used.
- The kernel does the walk, by openat2(2) with RESOLVE_BENEATH. Where there is none, and for what it refuses
  although it stays inside (absolute links that point into the root), we walk ourselves (`way.py`).
- What we keep hidden cannot be reached through a link either.
- Fences (`fences.py`) limit what a path may name. A path is then resolved from its fence, which it cannot
  leave either: a link that leads elsewhere in the root is one that leads out. What we keep at the top is
  reached by `fd`, which no path goes through.
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
from .fences import Fences, fence_around, leading, outermost
from .relpath import HIDDEN, ROOT, RelPath, is_ours
from .syscalls import has_open_beneath, open_beneath
from .way import Way, is_link, open_plain

_TRIES = 32
"""How often a walk begins again that somebody's renaming has disturbed."""


class Root:
    """An open folder; use it from any thread, and close it."""

    def __init__(self, path: str, fences: Fences = None, *, kernel: bool | None = None) -> None:
        """Open the folder at `path`, links and all; raises `NoSuchFile`, `NotAFolder`, `Denied`.

        With `fences`, what is given a path raises `OutOfBounds` for one that is outside of all of them, and
        treats each of them as the root. `kernel` says whether openat2 shall be used; by default where it
        works.
        """
        self.path = os.path.abspath(path)
        self._fences = outermost(fences)
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
        root.path, root.fd, root._kernel, root._fences = path, fd, has_open_beneath(), None
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

    @property
    def is_fenced(self) -> bool:
        """Whether some paths are out of bounds."""
        return self._fences is not None

    def fence(self, path: RelPath) -> RelPath:
        """Return the folder that keeps what is at a path, the root or a fence; raises `OutOfBounds`."""
        return fence_around(self._fences, path)

    def is_top(self, path: RelPath) -> bool:
        """Tell whether it is the root, or a fence: what is in it may be touched, not itself."""
        return self.fence(path) == path

    def spare_top(self, path: RelPath) -> None:
        """Raise `RootForbidden` for the root, and for a fence."""
        if self.is_top(path):
            raise RootForbidden(f"{path}: the folder itself is not to be touched, only what is in it")

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
    def shown(self, path: RelPath) -> Iterator[tuple[int, frozenset[str] | None]]:
        """Hold a folder open whose names are to be told, also one above a fence: then only with these names.

        None means all of them. Raises as `folder`.
        """
        names = leading(self._fences, path)
        if names is None:
            with self.folder(path) as fd:
                yield fd, None
            return
        with about(path):
            fd = open_plain(self.fd, path, os.O_PATH, kernel=self._kernel)
        try:
            yield fd, names
        finally:
            os.close(fd)

    @contextmanager
    def itself(self, path: RelPath) -> Iterator[tuple[int, str]]:
        """Hold the folder open that something is in, only to look at it; for the top, itself and `.`."""
        with self.folder(path) if self.is_top(path) else self.folder(path.parent) as fd:
            yield fd, "." if self.is_top(path) else path.name

    @contextmanager
    def parent(self, path: RelPath) -> Iterator[tuple[int, str]]:
        """Hold the folder open that something is in, or would be; with its name there.

        The name is not followed: it may be a link. Raises `RootForbidden` for the root, `NoSuchFile`.
        """
        self.spare_top(path)
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
        self.spare_top(path)
        with about(path), self._way(path) as way:
            look, name = way.locate(follow=True)
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
        with self._way(path) as way:
            if self._kernel:
                for _ in range(_TRIES):
                    try:
                        return self._visible(open_beneath(way.fd, way.rest.relative, flags), path)
                    except OSError as exc:
                        if exc.errno == errno.EXDEV:
                            break  # it may be an absolute link that stays inside
                        if exc.errno != errno.EAGAIN:
                            raise
            return self._open_walking(way, flags)

    def _open_walking(self, way: Way, flags: int) -> int:
        path = way.path
        for _ in range(_TRIES):
            folder, name = way.locate(follow=not flags & os.O_NOFOLLOW)
            try:
                fd = os.open(name or ".", flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            except OSError as exc:
                swapped = not flags & os.O_NOFOLLOW and exc.errno in (errno.ELOOP, errno.ENOTDIR)
                if not (swapped and name and is_link(folder, name)):
                    raise
                continue
            finally:
                os.close(folder)
            if flags & os.O_NOFOLLOW or not flags & os.O_PATH or not stat.S_ISLNK(os.fstat(fd).st_mode):
                return self._visible(fd, path)
            os.close(fd)
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN), str(path))

    @contextmanager
    def _way(self, path: RelPath) -> Iterator[Way]:
        """Hold the folder open from which a path is resolved; raises `OSError`, `OutOfBounds`."""
        if self._fences is None:
            yield Way(self.fd, path, ROOT, self.path)
            return
        fence = self.fence(path)
        fd = open_plain(self.fd, fence, os.O_PATH, kernel=self._kernel)
        try:
            yield Way(fd, path, fence, self.path)
        finally:
            os.close(fd)

    def _visible(self, fd: int, path: RelPath) -> int:
        """Return an open descriptor, or close it and raise `InvalidPath` if it is of what we keep hidden."""
        top, text = (os.readlink(f"/proc/self/fd/{each}") for each in (self.fd, fd))
        if f"/{HIDDEN}" in text and any(is_ours(name) for name in text.removeprefix(top).split("/")):
            os.close(fd)
            raise InvalidPath(f"{path}: leads to what is Holdfast's own")
        return fd

    def _tell_from_missing(self, path: RelPath, exc: OSError) -> None:
        """A file at the end of a path is no folder; one in the middle means that nothing is there."""
        os.close(self._open(path, os.O_PATH))  # raises again if it was in the middle
        raise NotAFolder(f"{path}: is not a folder") from exc


def _must_be_file(fd: int, path: RelPath) -> None:
    mode = os.fstat(fd).st_mode
    if stat.S_ISDIR(mode):
        raise NotAFile(f"{path}: is a folder")
    if not stat.S_ISREG(mode):
        raise NotAFile(f"{path}: is no regular file")
