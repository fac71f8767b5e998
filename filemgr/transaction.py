"""Several operations, all or nothing.

Rules:
- Each step is one rename, and stands in the journal, durably, before it is done. What is removed is renamed
  into a room in the transaction's own folder; a copy is made in such a room, and then renamed to its place.
- What fails or is stopped is undone at once; if we are killed, `recover` undoes it at the next start.
- It is done when the transaction's folder is renamed: that is one step too, and there is no other sign of it.
- All of it is on one file system, since there is no rename between two.
"""

import os
import secrets
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Self

from .copying import Copier
from .doomed import Doomed
from .errors import Busy, FileError, OperationFailed, OtherFileSystem, about
from .hidden import hidden, tidy
from .journal import COPY, JOURNAL, Step, write
from .places import Place, destination, must_be_free, must_be_outside, rename, source
from .progress import Progress
from .recovery import COMMITTED, TRANSACTIONS, end, finish, lock, over, undo
from .relpath import HIDDEN, RelPath
from .removal import DOOMED, must_be_removable, open_up
from .rooms import THING, opened, write_info
from .root import Root
from .staging import sync
from .syscalls import rename_new

_NEW = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Move:
    """As `move` does it."""

    src: RelPath
    dest: RelPath


@dataclass(frozen=True, slots=True)
class Copy:
    """As `copy` does it."""

    src: RelPath
    dest: RelPath


@dataclass(frozen=True, slots=True)
class Remove:
    """As `delete` does it."""

    path: RelPath


Operation = Move | Copy | Remove


def run_operations(
    root: Root, operations: Sequence[Operation], progress: Progress, *, trash_by: str | None = None
) -> Doomed:
    """Do them in order, each upon what those before it have left; return what is to be purged of it.

    With `trash_by`, what is removed goes to the trash, as deleted by that account. Raises `OperationFailed`
    with the cause, a `FileError` or an `OSError`, and all is as it was before; if it cannot even be begun or
    ended, `FileError` or `OSError`.
    """
    for index, operation in enumerate(operations):
        try:
            _check(root, operation)
        except FileError as exc:
            raise OperationFailed(index, exc) from exc
    with _Transaction(root, progress, trash_by) as transaction:
        for index, operation in enumerate(operations):
            try:
                progress.check()
                transaction.run(operation)
            except (FileError, OSError) as exc:
                raise OperationFailed(index, exc) from exc
        return transaction.commit()


def _check(root: Root, operation: Operation) -> None:
    """Raise `OutOfBounds` before anything is done that would only have to be undone."""
    match operation:
        case Move(src, dest) | Copy(src, dest):
            root.fence(src)
            root.fence(dest)
        case Remove(path):
            root.fence(path)


class _Transaction:
    """A transaction that is being done; on the way out, what was not committed is undone."""

    def __init__(self, root: Root, progress: Progress, trash_by: str | None) -> None:
        self._root, self._progress, self._trash_by = root, progress, trash_by
        self._steps: list[Step] = []
        self._rooms = 0
        self._committed = False
        with ExitStack() as stack:
            stack.callback(tidy, root)
            # All that the end needs is made before the beginning: by then the disk may be full.
            self._place = stack.enter_context(hidden(root, TRANSACTIONS))
            self._doomed = stack.enter_context(hidden(root, DOOMED))
            self._done = stack.enter_context(hidden(root, COMMITTED)) if trash_by is not None else None
            self.name, self._folder, self._journal = self._begin(stack)
            self._stack = stack.pop_all()

    def run(self, operation: Operation) -> None:
        """Do one more; raises what `move`, `copy` and `discard` raise, and `OtherFileSystem`."""
        match operation:
            case Move(src, dest):
                self._move(src, dest)
            case Copy(src, dest):
                self._copy(src, dest)
            case Remove(path):
                self._remove(path)

    def commit(self) -> Doomed:
        """Let it be done for good; return what is left to be purged."""
        if self._done is None:
            hidden_name = end(self._place, self.name, self._doomed)
            self._committed = True
        else:
            rename_new(self._place, self.name, self._done, self.name)
            self._committed = True
            hidden_name = ""
            with suppress(OSError, FileError):  # it is done; `recover` may do better
                sync(self._done)
                sync(self._place)
                if finish(self._root, self._folder, self._steps):
                    hidden_name = end(self._done, self.name, self._doomed)
        return Doomed(_name=hidden_name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._stack:
            if self._committed:
                return
            if undo(self._root, self._folder, self._steps):
                with suppress(OSError, FileError):  # nothing of the tree is in it any more
                    over(self._root, self._place, self.name, Progress())

    def _begin(self, stack: ExitStack) -> tuple[str, int, int]:
        for _ in range(_TRIES):
            name = secrets.token_hex(8)
            # Until the journal is locked, who recovers may take this for what somebody has left.
            with _ours(), suppress(BlockingIOError, FileNotFoundError), ExitStack() as made:
                os.mkdir(name, 0o700, dir_fd=self._place)
                folder = made.enter_context(opened(self._place, name))
                journal = os.open(JOURNAL, _NEW, 0o600, dir_fd=folder)
                made.callback(os.close, journal)
                lock(journal)
                if os.stat(name, dir_fd=self._place).st_ino == os.fstat(folder).st_ino:
                    sync(folder)
                    sync(self._place)
                    stack.push(made.pop_all())
                    return name, folder, journal
        raise Busy("transactions are being recovered, try again")

    def _move(self, src: RelPath, dest: RelPath) -> None:
        with source(self._root, src) as (thing, info), destination(self._root, dest, src.name) as place:
            self._step(thing, info, place, self._real(thing), self._real(place))

    def _remove(self, path: RelPath) -> None:
        with source(self._root, path) as (thing, info), self._room() as (number, room):
            if stat.S_ISDIR(info.st_mode):
                must_be_removable(thing.folder, thing.name, for_good=self._trash_by is None)
            if self._trash_by is not None:
                with about(path):
                    write_info(room, path, self._real(thing), self._trash_by, time.time())
            self._step(thing, info, Place(room, THING, path), self._real(thing), number)

    def _copy(self, src: RelPath, dest: RelPath) -> None:
        with (
            source(self._root, src) as (thing, info),
            destination(self._root, dest, src.name) as place,
            self._room() as (number, room),
        ):
            must_be_free(place)
            self._must_be_near(place)
            if stat.S_ISDIR(info.st_mode):
                must_be_outside(self._root, info, place)
            copy = Place(room, COPY, src)
            Copier(self._progress, place.folder).copy(thing.folder, thing.name, room, COPY)
            made = copy.info()
            if stat.S_ISDIR(made.st_mode):
                open_up(room, COPY)  # its owner could not move it if it is read-only
            self._step(copy, made, place, number, self._real(place))
            if stat.S_ISDIR(made.st_mode):
                self._close_again(place, made)

    def _step(
        self, thing: Place, info: os.stat_result, place: Place, origin: RelPath | int, target: RelPath | int
    ) -> None:
        step = Step(origin, target, info.st_ino, stat.S_IFMT(info.st_mode))
        with about(thing.path):
            write(self._journal, step)
            rename(thing, place)
            self._steps.append(step)
            if not step.is_about(place.info()):
                raise Busy(f"{thing.path}: was replaced by something else")
            sync(place.folder)
            sync(thing.folder)

    def _close_again(self, place: Place, made: os.stat_result) -> None:
        with about(place.path):
            fd = os.open(place.name, _FOLDER, dir_fd=place.folder)
            try:
                if os.fstat(fd).st_ino == made.st_ino:
                    os.fchmod(fd, stat.S_IMODE(made.st_mode))
            finally:
                os.close(fd)

    @contextmanager
    def _room(self) -> Iterator[tuple[int, int]]:
        number = self._rooms
        self._rooms += 1
        with _ours():
            os.mkdir(str(number), 0o700, dir_fd=self._folder)
        with opened(self._folder, str(number)) as room:
            yield number, room

    def _real(self, place: Place) -> RelPath:
        """Return where a place is whatever becomes of links on the way to it."""
        folder = self._root.where(place.folder)
        if folder is None:
            raise Busy(f"{place.path}: was moved meanwhile")
        return folder / place.name

    def _must_be_near(self, place: Place) -> None:
        if os.fstat(place.folder).st_dev != os.fstat(self._folder).st_dev:
            raise OtherFileSystem(f"{place.path}: is on another file system")


def _ours() -> AbstractContextManager[None]:
    return about(f"/{HIDDEN}")
