"""What was deleted and can be had back.

Rules:
- In `.holdfast/trash` each has a room: a folder with the thing and a text about it. The text is durable
  before the thing is renamed into the room, so that a kill leaves it where it was, or whole in the trash.
- The program may have written all that stands there: it is read as if a client had sent it. A room without a
  text that makes sense is not shown; it goes when all is purged. One without a thing, and not locked by who
  is at work with it (flock(2)), was left by a kill and is cleared away by `limit`.
- Behind fences only that is there which was inside, by its name and in truth: somebody else may have named it
  by a link that leads out.
- The trash is on the root's own file system. What is on another one cannot go there: copying it could take
  hours and would not be all or nothing. `OtherFileSystem` says so, and it can be deleted for good instead.
"""

import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from .errors import (
    AlreadyExists,
    Busy,
    Denied,
    FileError,
    NoSpace,
    NoSuchFile,
    OtherFileSystem,
    OutOfBounds,
    about,
    concerning,
)
from .hidden import hidden, hidden_if_there, tidy
from .operations import make_folder
from .places import Place, rename, source
from .progress import Progress
from .relpath import ROOT, RelPath
from .removal import DOOMED, must_be_removable, remove
from .rooms import (
    SIZE,
    THING,
    has_thing,
    lock_room,
    opened,
    write_info,
    write_text,
)
from .root import Root
from .staging import sync
from .syscalls import rename_new
from .trashed import ID, Trashed, read
from .walk import walk

TRASH = "trash"
"""The kind under which it is kept."""

MOST = 10_000
"""Entries that are listed."""


class Trash:
    """The trash of a root. It holds nothing open; use it from any thread."""

    def __init__(self, root: Root, now: Callable[[], float] = time.time) -> None:
        self._root = root
        self._now = now

    def put(self, path: RelPath, by: str) -> str:
        """Let something vanish into the trash, a link itself; return its id.

        Raises `NoSuchFile`, `RootForbidden`, `InvalidPath`, `OtherFileSystem`, `Busy`, `Denied`, `NoSpace`.
        """
        with source(self._root, path) as (thing, info), hidden(self._root, TRASH) as trash:
            if stat.S_ISDIR(info.st_mode):
                must_be_removable(thing.folder, thing.name, for_good=False)
            name = secrets.token_hex(8)
            with about(path):
                os.mkdir(name, 0o700, dir_fd=trash)
                try:
                    with opened(trash, name) as room:
                        lock_room(trash, name, room)
                        where = self._root.where(thing.folder)
                        write_info(room, path, where and where / thing.name, by, self._now())
                        sync(trash)
                        _bring(thing, Place(room, THING, path))
                        sync(room)
                        sync(thing.folder)
                except BaseException:
                    # Not if it is in there: then only its being durable has failed.
                    with suppress(OSError, FileError):
                        if not has_thing(trash, name):
                            remove(trash, name, Progress())
                    raise
        return name

    def entries(self, progress: Progress | None = None) -> list[Trashed]:
        """Return what is there, the latest first. With a progress, folders are counted that were not yet.

        Not more than `MOST`: the program may have made as many as it likes.
        """
        with hidden_if_there(self._root, TRASH) as trash:
            names = os.listdir(trash)[:MOST] if trash is not None else []
            found = [read(trash or 0, name) for name in names]
            there = [entry for entry in found if entry is not None and self._is_inside(entry)]
            if progress is not None and trash is not None:
                there = [_counted(trash, entry, progress) for entry in there]
        return sorted(there, key=lambda entry: (entry.deleted_at, entry.id), reverse=True)

    def restore(self, id_: str, dest: RelPath | None = None) -> RelPath:
        """Put something back where it was, or at `dest` exactly; return where it is now.

        Where it was, missing folders above are made again; those above `dest` are not. Raises `NoSuchFile`
        (with the role `dest` if it is a folder above), `AlreadyExists`, `InvalidPath`, `OtherFileSystem`,
        `OutOfBounds`.
        """
        with self._existing(id_) as (trash, entry):
            self._check(entry)
            path = dest or entry.path
            if dest is None:
                self._make_folders(path.parent)
            with opened(trash, id_) as room, concerning("dest"), self._root.parent(path) as (folder, name):
                rename(Place(room, THING, entry.path), Place(folder, name, path))
                sync(folder)
            with suppress(FileError, OSError):  # a room without a thing; `limit` may do better
                remove(trash, id_, Progress())
        tidy(self._root)
        return path

    def purge(self, id_: str | None, progress: Progress) -> int:
        """Delete something for good, or all that is inside (None); return how much it was.

        Each vanishes at once, and what is left of it when we are killed is removed by `sweep`. Raises
        `NoSuchFile`, `OutOfBounds`, `Cancelled`, `Denied`, `Busy`.
        """
        with hidden_if_there(self._root, TRASH) as trash:
            if id_ is not None and (trash is None or not _has_room(trash, id_)):
                raise _missing(id_)
            names = [] if trash is None else os.listdir(trash) if id_ is None else [id_]
            if self._root.is_fenced and trash is not None:
                if id_ is not None:
                    self._check(read(trash, id_))
                names = [name for name in names if self._is_inside(read(trash, name))]
            for name in names:
                self._purge(trash or 0, name, progress)
        tidy(self._root)
        return len(names)

    def limit(
        self, max_age: float | None, max_bytes: int | None, progress: Progress, now: float | None = None
    ) -> int:
        """Delete for good what is older (seconds), and the oldest until the rest is small enough; how many.

        It also clears away what was left by a kill. Raises `Cancelled`, `Denied`, `Busy`.
        """
        self._clear_rooms(progress)
        now = self._now() if now is None else now
        there = self.entries(progress if max_bytes is not None else None)
        total = sum(entry.size or 0 for entry in there)
        removed = 0
        with hidden_if_there(self._root, TRASH) as trash:
            for entry in reversed(there):
                old = max_age is not None and now - entry.deleted_at > max_age
                if old or (max_bytes is not None and total > max_bytes):
                    self._purge(trash or 0, entry.id, progress)
                    total -= entry.size or 0
                    removed += 1
        tidy(self._root)
        return removed

    @contextmanager
    def _existing(self, id_: str) -> Iterator[tuple[int, Trashed]]:
        with hidden(self._root, TRASH) as trash:
            entry = read(trash, id_)
            if entry is None:
                raise _missing(id_)
            yield trash, entry

    def _is_inside(self, entry: Trashed | None) -> bool:
        try:
            self._check(entry)
        except OutOfBounds:
            return False
        return True

    def _check(self, entry: Trashed | None) -> None:
        """Raise `OutOfBounds` for what was outside, or is not known to have been inside."""
        self._root.fence(entry.path if entry else ROOT)
        self._root.fence((entry and entry.real) or ROOT)

    def _make_folders(self, path: RelPath) -> None:
        for length in range(len(self._root.fence(path).names) + 1, len(path.names) + 1):
            with suppress(AlreadyExists):
                make_folder(self._root, RelPath(path.names[:length]))

    def _purge(self, trash: int, name: str, progress: Progress) -> None:
        hidden_name = secrets.token_hex(8)
        try:
            with hidden(self._root, DOOMED) as doomed:
                entry = read(trash, name)
                rename_new(trash, name, doomed, hidden_name)
                try:
                    # Before what is known of it: if it cannot be removed, it is to be found again.
                    with suppress(NotADirectoryError), opened(doomed, hidden_name) as room:
                        remove(room, THING, progress)
                    remove(doomed, hidden_name, progress)
                except (Busy, Denied) as exc:
                    rename_new(doomed, hidden_name, trash, name)
                    what = str(entry.path) if entry else name
                    raise type(exc)(str(exc).replace(THING, what, 1)) from exc
        except (OSError, NoSpace):
            remove(trash, name, progress)  # a full disk, which shall become emptier

    def _clear_rooms(self, progress: Progress) -> None:
        """Remove rooms into which nothing came, or out of which it was taken, if nobody is at work there."""
        with hidden_if_there(self._root, TRASH) as trash:
            for name in os.listdir(trash) if trash is not None else ():
                with suppress(OSError, FileError), opened(trash or 0, name) as room:
                    if not has_thing(trash or 0, name) and lock_room(trash or 0, name, room):
                        self._purge(trash or 0, name, progress)
                progress.check()


def adopt(root: Root, folder: int, room: str) -> None:
    """Take a room that was made elsewhere, with a thing and its text; raises `OSError`, `FileError`."""
    with hidden(root, TRASH) as trash:
        rename_new(folder, room, trash, secrets.token_hex(8))
        sync(trash)


def _counted(trash: int, entry: Trashed, progress: Progress) -> Trashed:
    """Return the same with its size, and remember that."""
    if entry.size is not None:
        return entry
    size = 0
    with suppress(OSError, NoSuchFile), opened(trash, entry.id) as room:
        for found in walk(room, THING, hidden=True):
            size += found.info.st_size if found.is_file else 0
            progress.add(entries=1)
        with suppress(OSError):
            write_text(room, SIZE, str(size))
    return replace(entry, size=size)


def _has_room(trash: int, id_: str) -> bool:
    with suppress(OSError):
        return bool(ID.fullmatch(id_)) and bool(os.stat(id_, dir_fd=trash, follow_symlinks=False))
    return False


def _bring(thing: Place, room: Place) -> None:
    try:
        rename(thing, room)
    except OtherFileSystem as exc:
        raise OtherFileSystem(f"{thing.path}: is on another file system than the trash") from exc


def _missing(id_: str) -> NoSuchFile:
    return NoSuchFile(f"{id_}: is not in the trash")
