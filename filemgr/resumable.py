"""Uploads that may be interrupted: what has come of them so far, and what they shall become.

Rules:
- What was acknowledged is on the disk, and survives us.
- Content that shall have a checksum counts when it has it. Other content counts as it comes, also if the
  client is cut off.
- An upload is one client's while it adds to it.
- The whole file gets its name as any uploaded file does. What is known of it stays until it expires, so that
  a client that was cut off at the very end learns that it is done.
"""

import errno
import os
import secrets
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from dataclasses import replace as changed
from typing import Self

from .checksum import Checksum
from .content import look, publish, refuse_without_space, write_all
from .errors import FileError, InvalidPath, Modified, NoSuchFile, TooLarge, about
from .hidden import hidden, hidden_if_there, tidy
from .partial import (
    METADATA,
    Info,
    create_part,
    forget,
    lock,
    names,
    offset_of,
    open_part,
    part_name,
    read_info,
    unknown,
    uploads_in,
    write_info,
)
from .progress import Progress
from .relpath import RelPath
from .root import Root
from .staging import StagedFile

KIND = "uploads"
MOST_METADATA = 16 << 10
"""Bytes of text that a client may have kept with an upload."""

_COPIED = 8 << 20


@dataclass(frozen=True, slots=True)
class Upload:
    """What is known of an upload: bytes, and the second in which something last came."""

    id: str
    path: RelPath
    length: int | None
    """None if the client has not said it yet."""
    metadata: str
    offset: int
    touched: float
    done: bool
    """The file is at its place."""


def create_upload(
    root: Root, path: RelPath, length: int | None, metadata: str, *, replace: bool = True
) -> str:
    """Begin an upload that shall become the file at `path`; return its ID, which nobody can guess.

    Raises `NoSuchFile` without a folder to put it in, `NotAFile`, `NoSpace`, `InvalidPath`; `Modified` if
    something is there and `replace` is false.
    """
    if len(metadata) > MOST_METADATA or not METADATA.fullmatch(metadata):
        raise TooLarge(f"the metadata may have at most {MOST_METADATA} characters, all of them ASCII")
    with StagedFile(root, path) as trial:
        if look(trial) is not None and not replace:
            raise Modified(f"{path}: exists already")
    upload = secrets.token_hex(16)
    try:
        with hidden(root, KIND) as folder, about(path):
            refuse_without_space(folder, length or 0, path)
            try:
                create_part(folder, upload)
                write_info(folder, upload, Info(path, length, metadata))
            except BaseException:
                forget(folder, upload)
                raise
    except BaseException:
        tidy(root)
        raise
    return upload


def find_upload(root: Root, upload: str) -> Upload:
    """Return what is known of an upload; raises `NoSuchFile`, `OutOfBounds` if its place is outside."""
    with hidden_if_there(root, KIND) as folder:
        if folder is None:
            raise unknown(upload)
        info, changed = read_info(folder, upload)
        root.fence(info.path)
        fd = open_part(folder, upload)
        if fd is None:
            if not info.whole or info.length is None:
                raise unknown(upload)
            return Upload(upload, info.path, info.length, info.metadata, info.length, changed, done=True)
        try:
            found = os.fstat(fd)
        finally:
            os.close(fd)
    offset = offset_of(upload, info, found)
    return Upload(upload, info.path, info.length, info.metadata, offset, found.st_mtime, done=False)


def remove_upload(root: Root, upload: str) -> None:
    """Forget an upload; raises `NoSuchFile`, `Busy` while somebody adds to it."""
    find_upload(root, upload)
    with hidden(root, KIND) as folder:
        fd = open_part(folder, upload)
        try:
            if fd is not None:
                lock(folder, fd, upload)
            forget(folder, upload)
        finally:
            if fd is not None:
                os.close(fd)
    tidy(root)


def expire_uploads(root: Root, before: float) -> int:
    """Forget the uploads to which nothing has come since `before` (Unix time); return how many."""
    gone = 0
    with hidden_if_there(root, KIND) as folder:
        if folder is None:
            return 0
        for upload in uploads_in(folder):
            with suppress(OSError, FileError):
                gone += _expire(folder, upload, before)
    tidy(root)
    return gone


class Continued:
    """An upload to which one client adds; close it. It is nobody else's meanwhile."""

    def __init__(self, root: Root, upload: str) -> None:
        """Take it; raises `NoSuchFile`, `Busy` if somebody has it, `InvalidPath`, `OutOfBounds`."""
        self._root = root
        self._checksum: Checksum | None = None
        self.id = upload
        with ExitStack() as stack:
            self._folder = stack.enter_context(hidden(root, KIND))
            fd = open_part(self._folder, upload)
            if fd is None:
                raise unknown(upload)
            self._fd = fd
            stack.callback(os.close, fd)
            lock(self._folder, fd, upload)
            self._info, _ = read_info(self._folder, upload)
            root.fence(self.path)
            with about(self.path):
                self.offset = offset_of(upload, self._info, os.fstat(fd))
                os.ftruncate(fd, self.offset)
                os.lseek(fd, self.offset, os.SEEK_SET)
            self._stack = stack.pop_all()

    @property
    def path(self) -> RelPath:
        """Where the file shall be."""
        return self._info.path

    @property
    def length(self) -> int | None:
        """How long it will be, if that is known."""
        return self._info.length

    @property
    def is_whole(self) -> bool:
        """Whether everything has come."""
        return self.offset == self.length

    def set_length(self, length: int) -> None:
        """Say how long it will be, which may be said once; raises `TooLarge` if it is longer already."""
        if self.offset > length:
            raise TooLarge(f"{self.path}: more than {length} bytes have come already")
        self._keep(changed(self._info, length=length))

    def begin(self, size: int | None, limit: int, checksum: Checksum | None) -> None:
        """Expect so many bytes; raises `TooLarge`, `NoSpace`, and `write` does too."""
        self._limit = limit if self.length is None else min(limit, self.length)
        self._count(size or 0)
        refuse_without_space(self._fd, size or 0, self.path)
        if checksum is not None:
            self._keep(changed(self._info, verified=self.offset))
            self._checksum = checksum

    def write(self, data: bytes | memoryview) -> None:
        """Add content."""
        self._count(len(data))
        with about(self.path):
            write_all(self._fd, data)
        if self._checksum is not None:
            self._checksum.update(data)
        self.offset += len(data)

    def end(self) -> None:
        """Acknowledge what has come; raises `Mismatch`, and then it has not come."""
        if self._checksum is not None:
            self._checksum.verify()
        with about(self.path):
            os.fdatasync(self._fd)
        if self._checksum is not None:
            self._checksum = None
            self._keep(changed(self._info, verified=None))

    def publish(self, progress: Progress | None = None, *, replace: bool = True) -> str:
        """Put the whole file in its place and return its ETag; raises as `content.publish`.

        What was not published can be: it stays, whole.
        """
        self._keep(changed(self._info, whole=True))
        with StagedFile.held(self._root, self.path, self._fd, self._folder, part_name(self.id)) as staged:
            try:
                return publish(staged, replace=replace)
            except InvalidPath as exc:
                if not isinstance(exc.__cause__, OSError) or exc.__cause__.errno != errno.EXDEV:
                    raise
        # Another file system is mounted there.
        with StagedFile(self._root, self.path) as copy:
            self._copy(copy.fd, progress or Progress())
            etag = publish(copy, replace=replace)
        os.unlink(part_name(self.id), dir_fd=self._folder)
        return etag

    def close(self) -> None:
        """Give it back; content that should have a checksum and was not acknowledged is gone."""
        if self._checksum is not None and self._info.verified is not None:
            with suppress(OSError, FileError):
                os.ftruncate(self._fd, self._info.verified)
                self._keep(changed(self._info, verified=None))
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _count(self, more: int) -> None:
        if self.offset + more > self._limit:
            raise TooLarge(f"{self.path}: at most {self._limit} bytes may come")

    def _keep(self, info: Info) -> None:
        with about(self.path):
            write_info(self._folder, self.id, info)
        self._info = info

    def _copy(self, fd: int, progress: Progress) -> None:
        with about(self.path):
            done = 0
            while copied := os.sendfile(fd, self._fd, done, _COPIED):
                done += copied
                progress.add(copied)


def _expire(folder: int, upload: str, before: float) -> int:
    with suppress(NoSuchFile):
        fd = open_part(folder, upload)
        if fd is not None:
            try:
                lock(folder, fd, upload)
                if os.fstat(fd).st_mtime >= before:
                    return 0
            finally:
                os.close(fd)
    times = []
    for name in names(upload):
        with suppress(FileNotFoundError):
            times.append(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime)
    if not times or max(times) >= before:
        return 0
    forget(folder, upload)
    return 1
