"""What we keep at the top of a root, in a folder that the API neither shows nor takes: `.holdfast`.

- The supervised program may own the root, so what is read here is believed no more than what a client says:
  every path in it goes through the root, and what is no text of ours is left alone.
- Who uses it holds a shared lock on it; empty folders are removed under an exclusive one (flock(2)). Nobody
  waits for a lock for long: the program could hold it for ever.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from .errors import Busy, Denied, about
from .relpath import HIDDEN
from .root import Root

_TRIES = 8
_PATIENCE = 2000
"""How often the processor is given away for another process that tidies up, which takes it microseconds."""

_tidying = threading.Lock()
"""Within this process nobody is ever kept waiting for who tidies."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def hidden(root: Root, kind: str) -> Iterator[int]:
    """Hold the folder open in which we keep one kind of thing (`trash`, `uploads`, …), made if need be."""
    top = _hold(root)
    try:
        fd = _open_or_make(top, kind)
        try:
            yield fd
        finally:
            os.close(fd)
    finally:
        os.close(top)


@contextmanager
def hidden_if_there(root: Root, kind: str) -> Iterator[int | None]:
    """The same, but None if nothing of that kind has ever been kept."""
    fd = None
    with suppress(OSError):
        top = os.open(HIDDEN, _FOLDER, dir_fd=root.fd)
        try:
            fd = os.open(kind, _FOLDER, dir_fd=top)
        finally:
            os.close(top)
    try:
        yield fd
    finally:
        if fd is not None:
            os.close(fd)


def tidy(root: Root) -> None:
    """Remove our folders that have become empty."""
    with suppress(OSError), _tidying:
        top = os.open(HIDDEN, _FOLDER, dir_fd=root.fd)
        try:
            fcntl.flock(top, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for kind in os.listdir(top):
                with suppress(OSError):
                    os.rmdir(kind, dir_fd=top)
            os.rmdir(HIDDEN, dir_fd=root.fd)
        finally:
            os.close(top)


def _hold(root: Root) -> int:
    """Open our folder, locked so that nobody tidies it away."""
    for _ in range(_TRIES):
        with _tidying:
            top = _open_or_make(root.fd, HIDDEN)
            if _share(top) and os.fstat(top).st_nlink:
                return top
            os.close(top)
    raise Busy(f"/{HIDDEN}: is removed by somebody else all the time")


def _share(top: int) -> bool:
    for _ in range(_PATIENCE):
        try:
            fcntl.flock(top, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            os.sched_yield()
        except OSError:
            return True  # not every file system has locks; then nobody tidies either
        else:
            return True
    return False


def _open_or_make(folder: int, name: str) -> int:
    with about(f"/{HIDDEN}"):
        for _ in range(_TRIES):
            with suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=folder)
            try:
                return os.open(name, _FOLDER, dir_fd=folder)
            except NotADirectoryError as exc:
                raise Denied(f"/{HIDDEN}: something else is where Holdfast keeps its things") from exc
            except FileNotFoundError:
                continue  # tidied up in between
    raise Busy(f"/{HIDDEN}: is removed by somebody else all the time")
