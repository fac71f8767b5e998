"""What stands on the disk of an upload that is not complete: two files in `.holdfast/uploads`.

Rules:
- `ID.part` is the content so far, and its size is the offset at which it goes on; `ID.json` is the rest that
  is known. Both survive us.
- Who adds to an upload holds a lock on its content (flock(2)).
- The supervised program may have written any of this: it is read as what a stranger says.
"""

import fcntl
import json
import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass

from .content import write_all
from .errors import Busy, InvalidPath, NoSuchFile, about
from .relpath import RelPath
from .staging import sync

METADATA = re.compile(r"[\x20-\x7e]*")

_MOST_INFO = 64 << 10
_ID = re.compile(r"[0-9a-f]{32}")
_FILE = re.compile(r"([0-9a-f]{32})\.(?:part|json|new)")
_OPEN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Info:
    """What is known beside the content; lengths in bytes."""

    path: RelPath
    length: int | None
    metadata: str
    verified: int | None = None
    """From where on the content proves nothing yet."""
    whole: bool = False
    """It has been complete: if the content is gone, it is where it should be."""


def create_part(folder: int, upload: str) -> None:
    """Make the file for the content; raises `OSError`."""
    os.close(os.open(part_name(upload), _NEW, 0o666, dir_fd=folder))


def unknown(upload: str) -> NoSuchFile:
    """Return the error for an upload that is none of ours."""
    return NoSuchFile(f"there is no upload {upload[:32]!r}")


def part_name(upload: str) -> str:
    """Return the name of the file with the content."""
    return f"{upload}.part"


def open_part(folder: int, upload: str) -> int | None:
    """Open the content so far, None if there is none; raises `NoSuchFile` if it may be another file."""
    if not _ID.fullmatch(upload):
        raise unknown(upload)
    with about(upload):
        try:
            fd = os.open(part_name(upload), os.O_RDWR | _OPEN, dir_fd=folder)
        except FileNotFoundError:
            return None
        info = os.fstat(fd)
        # With another name elsewhere it may be anybody's file.
        if stat.S_ISREG(info.st_mode) and info.st_nlink == 1:
            return fd
        os.close(fd)
        raise unknown(upload)


def offset_of(upload: str, info: Info, found: os.stat_result) -> int:
    """Return how much of the content counts; raises `NoSuchFile` if there is more than there can be."""
    offset = found.st_size if info.verified is None else min(found.st_size, info.verified)
    if info.length is not None and offset > info.length:
        raise unknown(upload)
    return offset


def lock(folder: int, fd: int, upload: str) -> None:
    """Hold the content until it is closed.

    Raises `Busy` if somebody else does, `NoSuchFile` if it has gone, or to its place, since it was opened.
    """
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        raise Busy(f"somebody adds to the upload {upload} just now") from exc
    try:
        there = os.stat(part_name(upload), dir_fd=folder, follow_symlinks=False)
    except OSError as exc:
        raise unknown(upload) from exc
    if not os.path.samestat(there, os.fstat(fd)):
        raise unknown(upload)


def forget(folder: int, upload: str) -> None:
    """Remove all there is of an upload."""
    for name in names(upload):
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)


def names(upload: str) -> tuple[str, ...]:
    """Return the names of all that there may be of an upload."""
    return part_name(upload), f"{upload}.json", f"{upload}.new"


def uploads_in(folder: int) -> set[str]:
    """Return the IDs of which there is anything."""
    return {found[1] for name in os.listdir(folder) if (found := _FILE.fullmatch(name))}


def write_info(folder: int, upload: str, info: Info) -> None:
    """Replace what is known, durably; raises `OSError`."""
    said = {"path": str(info.path), "length": info.length, "metadata": info.metadata}
    said |= {"verified": info.verified, "whole": info.whole}
    new = f"{upload}.new"
    with suppress(FileNotFoundError):
        os.unlink(new, dir_fd=folder)
    fd = os.open(new, _NEW, 0o600, dir_fd=folder)
    try:
        write_all(fd, json.dumps(said).encode())
        os.fsync(fd)
    finally:
        os.close(fd)
    os.rename(new, f"{upload}.json", src_dir_fd=folder, dst_dir_fd=folder)
    sync(folder)


def read_info(folder: int, upload: str) -> tuple[Info, float]:
    """Return what is known, and when it was written; raises `NoSuchFile` also for what is not ours."""
    if not _ID.fullmatch(upload):
        raise unknown(upload)
    try:
        fd = os.open(f"{upload}.json", os.O_RDONLY | _OPEN, dir_fd=folder)
    except OSError as exc:
        raise unknown(upload) from exc
    try:
        found = os.fstat(fd)
        text = os.read(fd, _MOST_INFO) if stat.S_ISREG(found.st_mode) else b""
        said = json.loads(text)
        match said:
            case {"path": str(path), "length": length, "metadata": str(metadata), "verified": verified}:
                pass
            case _:
                raise unknown(upload)
        if not (_is_size(length) and _is_size(verified) and METADATA.fullmatch(metadata)):
            raise unknown(upload)
        info = Info(RelPath.parse(path), length, metadata, verified, said.get("whole") is True)
    except (ValueError, RecursionError, OSError, InvalidPath) as exc:
        raise unknown(upload) from exc
    finally:
        os.close(fd)
    return info, found.st_mtime


def _is_size(value: object) -> bool:
    return value is None or (type(value) is int and 0 <= value < 1 << 63)
