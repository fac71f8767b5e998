"""What goes into an archive: files, folders and links as they are found below a root.

Rules:
- Links are stored as links. What is neither file, folder nor link is left out, and so are our hidden names
  and the archive itself.
- A file is opened by its name in the folder that it was found in, not followed and without waiting, and
  looked at again: whatever was swapped in meanwhile is left out.
- Somebody who asks for a folder and for something in it gets that once.
"""

import errno
import os
import stat
from collections.abc import Collection, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ..errors import InvalidPath, NoSuchFile, NotAFile, explain
from ..relpath import RelPath
from ..root import Root
from ..walk import Entry, walk
from .remarks import Remarks

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Source:
    """Something that goes into an archive. Whoever is given one with a descriptor closes it."""

    name: str
    """In the archive, without slashes around it."""
    info: os.stat_result
    fd: int | None = None
    """A regular file, open for reading."""
    target: str = ""
    """Where a link points."""

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return stat.S_ISDIR(self.info.st_mode)

    @property
    def mtime(self) -> int:
        """When it was changed, in seconds."""
        return int(self.info.st_mtime)

    @property
    def mode(self) -> int:
        """Its permissions, with the special bits."""
        return stat.S_IMODE(self.info.st_mode)


def chosen(root: Root, paths: Sequence[RelPath], base: RelPath) -> list[RelPath]:
    """Return the paths that have to be walked.

    Raises `NoSuchFile` if one is missing, `InvalidPath` if one is not in `base`: it has no name there.
    """
    found: list[tuple[RelPath, bool, bool]] = []
    for path in dict.fromkeys(paths):
        if not path.is_within(base):
            raise InvalidPath(f"{path} is not in {base}, which names in the archive are relative to")
        info = root.stat(path, follow=False)
        plain = root.is_top(path)
        if not plain:
            with root.parent(path) as (folder, _):
                plain = root.where(folder) == path.parent
        found.append((path, plain, stat.S_ISDIR(info.st_mode)))
    # Something below another one that was asked for comes with it, unless links lead there.
    return [
        path
        for path, plain, _ in found
        if not (plain and any(o != path and p and f and path.is_within(o) for o, p, f in found))
    ]


def sources(
    root: Root,
    paths: Sequence[RelPath],
    base: RelPath,
    skip: tuple[int, int] | None,
    remarks: Remarks,
    without: Sequence[RelPath] = (),
) -> Generator[Source, None, None]:
    """Yield what is at the paths and below them, sorted by name; folders come before what is in them.

    `skip` is the device and inode of the archive; what lies at the paths `without` is left out, too. Raises
    `Denied` for what may not be read: an archive from which something is missing must not look like one that
    is whole.
    """
    left_out = frozenset(path.relative_to(base) for path in without if path.is_within(base))
    for path in paths:
        prefix = path.relative_to(base)
        with root.itself(path) as (folder, top):
            for entry in walk(folder, top, ordered=True):
                if entry.leaving or (entry.info.st_dev, entry.info.st_ino) == skip:
                    continue
                # Below the root or a fence itself, paths begin with the names in it.
                below = entry.path if top == "." and entry.above is not None else entry.path[len(top) :]
                name = f"{prefix}/{below}".strip("/").replace("//", "/")
                if left_out and _lies_in(name, left_out):
                    continue
                if not name and entry.is_folder:
                    continue  # the folder that names are relative to has none itself
                found = _source(entry, name or path.name, remarks)
                if found is not None:
                    yield found


def _lies_in(name: str, some: Collection[str]) -> bool:
    parts = name.split("/")
    return any("/".join(parts[:count]) in some for count in range(1, len(parts) + 1))


def _source(entry: Entry, name: str, remarks: Remarks) -> Source | None:
    if entry.is_folder:
        return Source(name, entry.info)
    if entry.is_link:
        with suppress(FileNotFoundError):
            try:
                return Source(name, entry.info, target=os.readlink(entry.name, dir_fd=entry.folder))
            except OSError as exc:
                if exc.errno != errno.EINVAL:
                    raise
                remarks.add(name, "changed while it was read")
        return None
    if not entry.is_file:
        remarks.add(name, "is no file, folder or link")
        return None
    return _opened(entry, name, remarks)


def _opened(entry: Entry, name: str, remarks: Remarks) -> Source | None:
    try:
        fd = os.open(entry.name, _READ, dir_fd=entry.folder)
    except OSError as exc:
        told = explain(exc, name)
        if isinstance(told, NoSuchFile):
            return None
        if isinstance(told, InvalidPath | NotAFile):  # it is a link now, or a socket
            remarks.add(name, "changed while it was read")
            return None
        raise (told or exc) from exc
    info = os.fstat(fd)
    if stat.S_ISREG(info.st_mode):
        return Source(name, info, fd)
    os.close(fd)
    remarks.add(name, "changed while it was read")
    return None
