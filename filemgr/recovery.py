"""Transactions that were not ended by who began them.

Rules:
- A transaction is where its folder is: in `.holdfast/transactions` it is undone, by its journal, the last
  step first; in `committed` it is done, and what it has removed goes to the trash; in `doomed` it is over. It
  comes from one to the next by one rename.
- Who is at work holds the journal locked (flock(2)); the lock goes when it dies.
- To undo is to rename back, to a name that is free, what is still the thing that was renamed. A step that was
  never done, or is undone already, looks the same; so we may be killed at any point of it and begin again.
- What was removed and cannot be put back, because something else is there by now, goes to the trash. As long
  as anything removed is in the transaction's folder, that stays.
"""

import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from .errors import FileError, about
from .hidden import hidden, hidden_if_there, tidy
from .journal import COPY, JOURNAL, Step, read
from .progress import Progress
from .relpath import RelPath
from .removal import DOOMED, open_up, remove
from .rooms import THING, has_thing, opened, write_info
from .root import Root
from .staging import sync
from .syscalls import rename_new
from .trash import adopt

TRANSACTIONS = "transactions"
COMMITTED = "committed"

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def recover(root: Root, progress: Progress | None = None) -> int:
    """Undo the transactions that were cut off, and finish those that were not; return how many.

    Those that somebody is at work on are left alone, and so is what makes no sense. Ask for it before other
    work begins in the root; it may be killed and asked for again.
    """
    progress = progress or Progress()
    recovered = 0
    for kind, settle in ((TRANSACTIONS, undo), (COMMITTED, finish)):
        with hidden_if_there(root, kind) as place:
            for name in os.listdir(place) if place is not None else ():
                with suppress(OSError, FileError), _dead(place or 0, name) as (folder, journal):
                    if settle(root, folder, read(journal)):
                        over(root, place or 0, name, progress)
                        recovered += 1
                progress.check()
    tidy(root)
    return recovered


def undo(root: Root, folder: int, steps: list[Step]) -> bool:
    """Rename back what the steps have renamed; return whether the transaction's folder can go.

    `folder` is the transaction's own.
    """
    done = True
    for step in reversed(steps):
        try:
            _undo_step(root, folder, step)
        except FileError:
            done = _give_up(root, folder, step) and done
        except OSError:
            done = False  # a broken disk, or no descriptors: the next time may do better
    try:
        return done and not any(has_thing(folder, name) for name in os.listdir(folder))
    except OSError:
        return False


def finish(root: Root, folder: int, steps: list[Step]) -> bool:
    """Put into the trash what a committed transaction has removed; return whether its folder can go."""
    for step in steps:
        if isinstance(step.target, int):
            with suppress(FileNotFoundError):
                adopt(root, folder, str(step.target))
    return True


def over(root: Root, place: int, name: str, progress: Progress) -> None:
    """Let a transaction be over, and remove what is left of it."""
    with hidden(root, DOOMED) as doomed:
        hidden_name = end(place, name, doomed)
        remove(doomed, hidden_name, progress)


def end(place: int, name: str, doomed: int) -> str:
    """Let a transaction be over, durably, by one rename; return the name under which it is to be removed."""
    hidden_name = secrets.token_hex(8)
    rename_new(place, name, doomed, hidden_name)
    with suppress(OSError):  # it is over; only a power cut could say otherwise
        sync(doomed)
        sync(place)
    return hidden_name


@contextmanager
def _dead(place: int, name: str) -> Iterator[tuple[int, int]]:
    """Hold the folder and the journal of a transaction that nobody is at work on; `OSError` if it is none."""
    with opened(place, name) as folder:
        try:
            journal = os.open(JOURNAL, _READ, dir_fd=folder)
        except FileNotFoundError:
            os.rmdir(name, dir_fd=place)  # nothing was begun, unless it is not empty: then it is not ours
            raise
        try:
            info = os.fstat(journal)
            if not stat.S_ISREG(info.st_mode) or info.st_uid != os.geteuid():
                raise PermissionError(f"{name} is not ours")
            lock(journal)
            if os.stat(name, dir_fd=place, follow_symlinks=False).st_ino != os.fstat(folder).st_ino:
                raise FileNotFoundError(name)  # it has just been ended
            yield folder, journal
        finally:
            os.close(journal)


def lock(journal: int) -> None:
    """Say that somebody is at work; raises `BlockingIOError` if somebody else is."""
    try:
        fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return  # not every file system has locks


def _undo_step(root: Root, folder: int, step: Step) -> None:
    with _held(root, folder, step.target, THING) as (there, name):
        try:
            info = os.stat(name, dir_fd=there, follow_symlinks=False)
        except FileNotFoundError:
            return
        # What is in our own rooms has come there by us; elsewhere it may be anybody's.
        if not (isinstance(step.target, int) or step.is_about(info)):
            return
        with _held(root, folder, step.origin, COPY) as (back, old), about(step.origin):
            if isinstance(step.origin, int) and stat.S_ISDIR(info.st_mode):
                open_up(there, name)  # a copy, which its owner could not move otherwise if it is read-only
            rename_new(there, name, back, old)
            sync(back)
            sync(there)


def _give_up(root: Root, folder: int, step: Step) -> bool:
    """Leave alone what cannot be put back; if it is hidden, it can be had from the trash."""
    if not isinstance(step.target, int) or isinstance(step.origin, int):
        return True
    try:
        if not has_thing(folder, str(step.target)):
            return True
        with opened(folder, str(step.target)) as room, suppress(FileExistsError):
            write_info(room, step.origin, step.origin, "", time.time())
        adopt(root, folder, str(step.target))
    except (OSError, FileError):
        return False
    return True


@contextmanager
def _held(root: Root, folder: int, place: RelPath | int, name: str) -> Iterator[tuple[int, str]]:
    if isinstance(place, int):
        with about(place), opened(folder, str(place)) as room:
            yield room, name
    else:
        with root.parent(place) as found:
            yield found
