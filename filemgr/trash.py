"""What was deleted and can be had back.

Rules:
- In `.holdfast/trash` each has a room: a folder with the thing and a text about it. The text is durable
  before the thing is renamed into the room, so that a kill leaves it where it was, or whole in the trash.
- The program may have written all that stands there: it is read as if a client had sent it. A room without a
  text that makes sense is not shown; it goes when all is purged. One without a thing, and not locked by who
  is at work with it (flock(2)), was left by a kill and is cleared away by `limit`.
- The trash is on the root's own file system. What is on another one cannot go there: copying it could take
  hours and would not be all or nothing. `OtherFileSystem` says so, and it can be deleted for good instead.
"""

import json
import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from .errors import (
    AlreadyExists,
    Busy,
    Denied,
    FileError,
    InvalidPath,
    NoSpace,
    NoSuchFile,
    OtherFileSystem,
    about,
    concerning,
)
from .hidden import hidden, hidden_if_there, tidy
from .operations import make_folder
from .places import Place, rename, source
from .progress import Progress
from .relpath import RelPath
from .removal import DOOMED, must_be_removable, remove
from .rooms import (
    INFO,
    SIZE,
    THING,
    has_thing,
    lock_room,
    opened,
    size_in,
    text_in,
    write_info,
    write_text,
)
from .root import Root
from .staging import sync
from .syscalls import rename_new
from .walk import walk

TRASH = "trash"
"""The kind under which it is kept."""

MOST = 10_000
"""Entries that are listed."""

_LATEST = 1 << 40
_LONGEST_BY = 255
_ID = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Trashed:
    """Something in the trash."""

    id: str
    path: RelPath
    """Where it was."""
    folder: bool
    size: int | None
    """In bytes; None for a folder that nobody has counted yet."""
    deleted_at: float
    """Seconds since 1970."""
    deleted_by: str

    @property
    def name(self) -> str:
        """What it was called."""
        return self.path.name


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
                        write_info(room, path, by, self._now())
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
            found = [_read(trash or 0, name) for name in names]
            there = [entry for entry in found if entry is not None]
            if progress is not None and trash is not None:
                there = [_counted(trash, entry, progress) for entry in there]
        return sorted(there, key=lambda entry: (entry.deleted_at, entry.id), reverse=True)

    def restore(self, id_: str, dest: RelPath | None = None) -> RelPath:
        """Put something back where it was, or at `dest` exactly; return where it is now.

        Where it was, missing folders above are made again; those above `dest` are not. Raises `NoSuchFile`
        (with the role `dest` if it is a folder above), `AlreadyExists`, `InvalidPath`, `OtherFileSystem`.
        """
        with self._existing(id_) as (trash, entry):
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
        """Delete something for good, or all (None); return how much it was.

        Each vanishes at once, and what is left of it when we are killed is removed by `sweep`. Raises
        `NoSuchFile`, `Cancelled`, `Denied`, `Busy`.
        """
        with hidden_if_there(self._root, TRASH) as trash:
            if id_ is not None and (trash is None or not _has_room(trash, id_)):
                raise _missing(id_)
            names = [] if trash is None else os.listdir(trash) if id_ is None else [id_]
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
            entry = _read(trash, id_)
            if entry is None:
                raise _missing(id_)
            yield trash, entry

    def _make_folders(self, path: RelPath) -> None:
        for length in range(1, len(path.names) + 1):
            with suppress(AlreadyExists):
                make_folder(self._root, RelPath(path.names[:length]))

    def _purge(self, trash: int, name: str, progress: Progress) -> None:
        hidden_name = secrets.token_hex(8)
        try:
            with hidden(self._root, DOOMED) as doomed:
                entry = _read(trash, name)
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


def _read(trash: int, id_: str) -> Trashed | None:
    """Return what is in a room, or None if that makes no sense."""
    if not _ID.fullmatch(id_):
        return None
    with suppress(OSError, ValueError, RecursionError, InvalidPath), opened(trash, id_) as room:
        match json.loads(text_in(room, INFO)):
            case {"path": str(text), "by": str(by), "when": int() | float() as when} if 0 <= when < _LATEST:
                info = os.stat(THING, dir_fd=room, follow_symlinks=False)
                folder = stat.S_ISDIR(info.st_mode)
                size = size_in(room) if folder else info.st_size
                path, by = RelPath.parse(text), by[:_LONGEST_BY].encode("utf-8", "replace").decode()
                return None if path.is_root else Trashed(id_, path, folder, size, float(when), by)
    return None


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
    return Trashed(entry.id, entry.path, entry.folder, size, entry.deleted_at, entry.deleted_by)


def _has_room(trash: int, id_: str) -> bool:
    with suppress(OSError):
        return bool(_ID.fullmatch(id_)) and bool(os.stat(id_, dir_fd=trash, follow_symlinks=False))
    return False


def _bring(thing: Place, room: Place) -> None:
    try:
        rename(thing, room)
    except OtherFileSystem as exc:
        raise OtherFileSystem(f"{thing.path}: is on another file system than the trash") from exc


def _missing(id_: str) -> NoSuchFile:
    return NoSuchFile(f"{id_}: is not in the trash")
