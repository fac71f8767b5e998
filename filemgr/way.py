"""A path on its way from the folder that keeps it: the walk of our own, one name at a time.

Rules:
- Each folder is opened with O_NOFOLLOW in the one before it. Links are read, and their texts walked like the
  rest of the path.
- `..` of a link goes back by the folders that we came through, which are open, so nobody can move them under
  us; back from the first one it leads out.
- An absolute link is walked from the first folder on, if it names something in it; else it leads out.
"""

import errno
import os
from dataclasses import dataclass

from .errors import InvalidPath
from .relpath import RelPath
from .syscalls import open_beneath

_MOST_LINKS = 40

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Way:
    """A path, and the open folder from which it is resolved: the root, or a fence."""

    fd: int
    path: RelPath
    fence: RelPath
    """The path of the open folder."""
    top: str
    """The path of the root, for absolute links."""

    @property
    def rest(self) -> RelPath:
        """The path from the open folder on."""
        return RelPath(self.path.names[len(self.fence.names) :]) if self.fence.names else self.path

    def locate(self, *, follow: bool) -> tuple[int, str | None]:
        """Walk to the folder that something is in; return it, and the name; None if it is that folder.

        With `follow`, the name was no link when we looked. Raises `OSError`, EXDEV for what leads out.
        """
        path = str(self.path)
        todo = list(reversed(self.rest.names))
        came = [os.dup(self.fd)]
        links = 0
        try:
            while todo:
                name = todo.pop()
                if name == "..":
                    if len(came) == 1:
                        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), path)
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
                        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
                    return came.pop(), name
                links += 1
                if links > _MOST_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
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
        """Return an absolute link's target from the folder on; raises `OSError` EXDEV if it is elsewhere.

        Texts are compared, and it is safe: what comes back is walked from the folder like any other.
        """
        for root in (self.top, os.path.realpath(self.top)):
            first = os.path.join(root, *self.fence.names)
            if where == first or where.startswith(first.rstrip("/") + "/"):
                return where[len(first) :]
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), where)


def open_plain(top: int, path: RelPath, flags: int, *, kernel: bool) -> int:
    """Open a folder below another one without going through a link; with `kernel`, by openat2.

    Raises `OSError`, and `InvalidPath` if there is a link.
    """
    linked = InvalidPath(f"{path}: access is limited to this folder, but a link is on the way to it")
    if kernel:
        try:
            return open_beneath(top, path.relative, flags | os.O_DIRECTORY, links=False)
        except OSError as exc:
            if exc.errno != errno.ELOOP:
                raise
            raise linked from exc
    here = os.dup(top)
    try:
        for name in path.names:
            below = _enter(here, name)
            if below is None and is_link(here, name):
                raise linked
            if below is None:
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
            os.close(here)
            here = below
        return os.open(".", flags | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=here)
    finally:
        os.close(here)


def is_link(folder: int, name: str) -> bool:
    """Tell whether a link has this name; raises `OSError` if that cannot be told."""
    return _read_link(folder, name) is not None


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
