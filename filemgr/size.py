"""How much is in a folder."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from .errors import FileError
from .progress import Progress
from .relpath import RelPath
from .root import Root
from .walk import Skip, below, walk

_BLOCK = 512
"""Bytes of a block in `st_blocks`, whatever the file system's are: stat(2)."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a tree holds. `bytes` are what its files say, `on_disk` what they take; hard links count once."""

    bytes: int
    on_disk: int
    files: int
    folders: int


def expect(root: Root, paths: Iterable[RelPath], progress: Progress) -> None:
    """Tell a progress how much there is to do with some files and folders, links themselves.

    What cannot be looked at is told by who does the work. Raises `Cancelled`.
    """
    size = entries = 0
    with suppress(FileError):
        for path in paths:
            with root.itself(path) as (fd, name):
                for entry in walk(fd, name):
                    if not entry.leaving:
                        size += entry.info.st_size if entry.is_file else 0
                        entries += 1
                        progress.check()
    progress.check()
    progress.expect(size, entries)


def size_of(root: Root, path: RelPath, progress: Progress, skip: Skip | None = None) -> Size:
    """Return the size of a folder, itself not counted; raises `NoSuchFile`, `NotAFolder`.

    `skip` is told of folders that cannot be read; without it, the first one ends it.
    """
    total = on_disk = files = folders = 0
    seen: set[tuple[int, int]] = set()
    for entry in below(root, path, skip=skip):
        if entry.leaving:
            continue
        if not entry.is_folder:
            files += 1
        elif entry.path != ".":
            folders += 1
        if entry.info.st_nlink > 1 and not entry.is_folder:
            identity = (entry.info.st_dev, entry.info.st_ino)
            if identity in seen:
                progress.add(0, 1)
                continue
            seen.add(identity)
        size = entry.info.st_size if entry.is_file else 0
        total += size
        on_disk += entry.info.st_blocks * _BLOCK
        progress.add(size, 1)
    return Size(total, on_disk, files, folders)
