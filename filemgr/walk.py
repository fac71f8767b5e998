"""A tree of folders, one entry at a time, without following a link and without holding it all open.

However deep the tree is, few descriptors are open and little is kept for each level: on the way up `..` is
opened, and it must be the folder that we came through. Names of ours are left out unless they are asked for.
"""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from .errors import Busy, Denied, FileError, NoSuchFile, about
from .relpath import RelPath, is_ours
from .root import Root

_LOOK = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """Something in a tree: its name in a folder that is open until the next entry is asked for."""

    folder: int
    name: str
    above: "Entry | None" = field(repr=False)
    """The folder that it is in; the top of the tree has none."""
    info: os.stat_result
    leaving: bool = False
    """A folder always comes twice: before what is in it, and, leaving, after that."""

    @property
    def path(self) -> str:
        """From the top of the tree on, beginning with the top's own name."""
        # Made only for who asks: all paths of a deep tree together grow with the square of its depth.
        names = [self.name]
        above = self.above
        while above is not None:
            names.append(above.name)
            above = above.above
        if len(names) > 1 and names[-1] == ".":
            names.pop()
        return "/".join(reversed(names))

    def __str__(self) -> str:
        return self.path

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder (not a link to one)."""
        return stat.S_ISDIR(self.info.st_mode)

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.info.st_mode)

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return stat.S_ISLNK(self.info.st_mode)


@dataclass(slots=True)
class _Level:
    entry: Entry
    identity: tuple[int, int]
    names: list[str]


Skip: TypeAlias = Callable[[Entry, FileError], None]
"""Is told of a folder that cannot be entered, and why; what it raises ends the walk."""


def walk(
    folder: int, name: str, *, ordered: bool = False, hidden: bool = False, skip: Skip | None = None
) -> Iterator[Entry]:
    """Yield what is at a name in a folder, and all that is below it; what vanishes meanwhile is left out.

    The caller may delete what it is given. `ordered` sorts the names, `hidden` does not leave ours out.
    Raises `NoSuchFile` if nothing is there, `Busy` if folders above are moved meanwhile; `Denied`, `Busy` for
    a folder that cannot be entered, unless `skip` takes that.
    """
    with about(name):
        info = os.stat(name, dir_fd=folder, follow_symlinks=False)
    top = Entry(folder, name, None, info)
    yield top
    if not top.is_folder:
        return
    levels: list[_Level] = []
    here = _enter(levels, top, ordered=ordered, hidden=hidden)
    try:
        while levels:
            level = levels[-1]
            if level.names:
                entry = _look(here, level.names.pop(), level.entry)
                if entry is None:
                    continue
                yield entry
                if entry.is_folder:
                    try:
                        below = _enter(levels, entry, ordered=ordered, hidden=hidden)
                    except (NoSuchFile, Denied, Busy) as exc:
                        if not isinstance(exc, NoSuchFile):
                            if skip is None:
                                raise
                            skip(entry, exc)
                        yield replace(entry, leaving=True)
                        continue
                    os.close(here)
                    here = below
                continue
            levels.pop()
            above = _leave(here, folder, levels)
            os.close(here)
            here = above
            entry = level.entry
            yield replace(entry, folder=here, leaving=True)
    finally:
        os.close(here)


def below(root: Root, path: RelPath, *, ordered: bool = False, skip: Skip | None = None) -> Iterator[Entry]:
    """Yield a folder, links to it followed, as `.`, and all that is below it, by paths from there on.

    Raises `NoSuchFile`, `NotAFolder`, and what `walk` raises.
    """
    with root.folder(path) as fd:
        yield from walk(fd, ".", ordered=ordered, skip=skip)


def _look(folder: int, name: str, above: Entry) -> Entry | None:
    try:
        info = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return Entry(folder, name, above, info)


def _enter(levels: list[_Level], entry: Entry, *, ordered: bool, hidden: bool) -> int:
    """Open the folder, and add it to the levels."""
    with about(entry):
        try:
            fd = os.open(entry.name, _LOOK, dir_fd=entry.folder)
        except NotADirectoryError as exc:
            raise Busy(f"{entry}: changed while it was read") from exc
        try:
            names = [name for name in os.listdir(fd) if hidden or not is_ours(name)]
            info = os.fstat(fd)
        except BaseException:
            os.close(fd)
            raise
    if ordered:
        names.sort(reverse=True)  # they are taken from the end
    levels.append(_Level(entry, (info.st_dev, info.st_ino), names))
    return fd


def _leave(here: int, start: int, levels: list[_Level]) -> int:
    """Open the folder that we came from; the first one may be anywhere, so it is kept by who calls us."""
    if not levels:
        return os.dup(start)
    with about(levels[-1].entry):
        fd = os.open("..", _LOOK, dir_fd=here)
    info = os.fstat(fd)
    if (info.st_dev, info.st_ino) != levels[-1].identity:
        os.close(fd)
        raise Busy(f"{levels[-1].entry}: was moved while it was read")
    return fd
