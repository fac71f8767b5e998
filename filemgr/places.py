"""The two ends of a move or a copy: a thing in an open folder, and a free name in another.

Rules:
- Names at the end of a path are never followed: a link is moved and copied itself. One exception: an existing
  folder as a destination, or a link to one that stays inside, means into it, under the thing's own name.
- Nothing is ever overwritten.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from .errors import (
    AlreadyExists,
    Busy,
    IntoItself,
    InvalidPath,
    NoSuchFile,
    NotAFolder,
    OtherFileSystem,
    about,
    concerning,
)
from .relpath import RelPath
from .root import Root
from .syscalls import rename_new

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Place:
    """A name in a folder, which is open."""

    folder: int
    name: str
    path: RelPath
    """For messages."""

    def info(self) -> os.stat_result:
        """Return what is known of what is there; raises `NoSuchFile`."""
        with about(self.path):
            return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)


@contextmanager
def source(root: Root, path: RelPath) -> Iterator[tuple[Place, os.stat_result]]:
    """Hold the folder open that something is in; raises `NoSuchFile` and others, with the role `src`."""
    with ExitStack() as stack:
        with concerning("src"):
            place = Place(*stack.enter_context(root.parent(path)), path)
            info = place.info()
        yield place, info


@contextmanager
def destination(root: Root, path: RelPath, name: str) -> Iterator[Place]:
    """Hold the folder open where something shall be that is called `name`; errors have the role `dest`."""
    with ExitStack() as stack:
        with concerning("dest"):
            try:
                place = Place(stack.enter_context(root.folder(path)), name, path / name)
            except (NoSuchFile, NotAFolder, InvalidPath):
                # InvalidPath: a link that leads nowhere or out; it is in the way, if its folder is inside.
                place = Place(*stack.enter_context(root.parent(path)), path)
        yield place


def rename(thing: Place, place: Place) -> None:
    """Rename to a free name; raises `AlreadyExists`, `IntoItself`, `OtherFileSystem`, `Busy`, `Denied`."""
    try:
        rename_new(thing.folder, thing.name, place.folder, place.name)
    except OSError as exc:
        if exc.errno == errno.EXDEV:
            raise OtherFileSystem(f"{place.path}: is on another file system than {thing.path}") from exc
        if exc.errno == errno.EINVAL and stat.S_ISDIR(thing.info().st_mode):
            raise IntoItself(f"{place.path}: is inside {thing.path}") from exc
        if exc.errno == errno.ENOENT:
            with concerning("src"):
                thing.info()
        with concerning("dest"), about(place.path):
            raise


def must_be_free(place: Place) -> None:
    """Raise `AlreadyExists` before much work is done in vain."""
    try:
        place.info()
    except NoSuchFile:
        return
    error = AlreadyExists(f"{place.path}: exists already")
    error.role = "dest"
    raise error


def must_be_outside(root: Root, thing: os.stat_result, place: Place) -> None:
    """Raise `IntoItself` if the place is in the folder that shall go there, or below it."""
    top = _identity(os.fstat(root.fd))
    with about(place.path):
        here = os.open(".", _FOLDER, dir_fd=place.folder)
        try:
            while (identity := _identity(os.fstat(here))) != top:
                if identity == _identity(thing):
                    raise IntoItself(f"{place.path}: is inside what shall go there")
                above = os.open("..", _FOLDER, dir_fd=here)
                os.close(here)
                here = above
                if _identity(os.fstat(here)) == identity:
                    raise Busy(f"{place.path}: was moved out of the folder meanwhile")
        finally:
            os.close(here)


def _identity(info: os.stat_result) -> tuple[int, int]:
    return info.st_dev, info.st_ino
