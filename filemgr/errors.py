"""What can go wrong with files, one type per reaction, and the kernel's words for it."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Role = Literal["src", "dest"]


class FileError(Exception):
    """Something cannot be done with a file; the message is a sentence that names it."""

    role: Role | None = None
    """Which of the two paths it is about, if the work was given two."""


class InvalidPath(FileError):
    """The path is none that could be below a root, or it leaves the root; the message says why."""


class NoSuchFile(FileError):
    """Nothing is there."""


class NotAFile(FileError):
    """Something else is where a regular file is needed: a folder, a FIFO, a socket, a device."""


class NotAFolder(FileError):
    """Something else is where a folder is needed."""


class AlreadyExists(FileError):
    """Something is where nothing may be."""


class RootForbidden(FileError):
    """The root itself would be deleted, moved or replaced."""


class OutOfBounds(FileError):
    """Whoever asks is kept to some folders, and this is in none of them; nobody has looked if it is there."""


class IntoItself(FileError):
    """A folder would be moved or copied into itself."""


class Denied(FileError):
    """The operating system does not let us: permissions, or a file system that is read-only."""


class OtherFileSystem(Denied):
    """Two places are on different file systems, and what is asked for cannot be done between them."""


class Busy(FileError):
    """It is in use, or it changed while we worked on it; asking again may help."""


class Modified(FileError):
    """It is not any more what the caller believes it to be."""


class Mismatch(FileError):
    """Content does not have the checksum that it should have."""


class TooLarge(FileError):
    """More than a limit allows."""


class NoSpace(FileError):
    """The disk or a quota is full."""


class InvalidQuery(FileError):
    """What is searched for makes no sense, such as a regular expression with a mistake in it."""


class UnsupportedArchive(FileError):
    """It is none of the formats that can be read, or of a kind within them that cannot."""


class BadArchive(FileError):
    """The archive is damaged, or made to do harm."""


class Cancelled(FileError):
    """The work was asked to stop."""

    def __init__(self, message: str = "it was cancelled") -> None:
        super().__init__(message)


class OperationFailed(FileError):
    """One of several operations cannot be done, so none of them was; `index` counts from 0."""

    def __init__(self, index: int, cause: Exception) -> None:
        super().__init__(f"operation {index}: {cause}")
        self.index = index
        self.cause = cause


_WORDS: dict[int, tuple[type[FileError], str]] = {
    errno.ENOENT: (NoSuchFile, "does not exist"),
    errno.ENOTDIR: (NoSuchFile, "does not exist: a file is where a folder would be"),
    errno.EISDIR: (NotAFile, "is a folder"),
    errno.EEXIST: (AlreadyExists, "exists already"),
    errno.ENOTEMPTY: (AlreadyExists, "is a folder that is not empty"),
    errno.EXDEV: (InvalidPath, "leads out of the folder"),
    errno.ELOOP: (InvalidPath, "goes through too many links"),
    errno.ENAMETOOLONG: (InvalidPath, "is too long"),
    errno.EINVAL: (InvalidPath, "is no name that this file system takes"),
    errno.EILSEQ: (InvalidPath, "is no name that this file system takes"),
    errno.EACCES: (Denied, "permission denied"),
    errno.EPERM: (Denied, "operation not permitted"),
    errno.EROFS: (Denied, "the file system is read-only"),
    errno.EBUSY: (Busy, "is in use"),
    errno.ETXTBSY: (Busy, "is a program that runs"),
    errno.EAGAIN: (Busy, "is changed by somebody else all the time"),
    errno.ESTALE: (Busy, "is gone from the file server"),
    errno.ENOSPC: (NoSpace, "no space is left on the disk"),
    errno.EDQUOT: (NoSpace, "the disk quota is used up"),
    errno.EFBIG: (NoSpace, "is larger than files may be here"),
    errno.ENXIO: (NotAFile, "is no regular file"),
}


def explain(exc: OSError, path: object) -> FileError | None:
    """Return our error for the kernel's, or None for one that nobody can react to (a broken disk)."""
    known = _WORDS.get(exc.errno or 0)
    return known and known[0](f"{path}: {known[1]}")


@contextmanager
def concerning(role: Role) -> Iterator[None]:
    """Say of our errors which of two paths they are about."""
    try:
        yield
    except FileError as exc:
        exc.role = exc.role or role
        raise


@contextmanager
def about(path: object) -> Iterator[None]:
    """Tell the kernel's errors as ours, with the path that they are about."""
    try:
        yield
    except OSError as exc:
        told = explain(exc, path)
        if told is None:
            raise
        raise told from exc
