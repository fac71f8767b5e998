"""`octyne.log` in one folder: lines are added, old files go away, and neither the disk nor people stop that.

Rules:
- A line stands there whole, or it is refused. What was written of a refused one is taken back; what a power
  cut has left of one is closed off before the next, so every line is whole or alone.
- A disk that refuses is logged when it begins and when it ends, not for each line.
- New files are 0600 and new folders 0700; the mode of an existing file is its owner's business.
- The file rotates at 10 MiB, ten old ones are kept; another program may rotate or remove it too.
"""

import contextlib
import logging
import os
import stat
from collections.abc import Iterator

from supervisor import open_without_waiting

NAME = "octyne.log"
MAX_FILE = 10 << 20
OLD_FILES = 10
MOST_READ = 64 << 20

_log = logging.getLogger("holdfast.audit")


class AuditFile:
    """The file, which is opened by the first line."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._fd: int | None = None
        self._refused = 0

    def write(self, line: bytes) -> bool:
        """Add a line; return whether it stands there now. Never raises."""
        try:
            self._put(self._ready(len(line) + 1), line + b"\n")
        except OSError as exc:
            self._refused += 1
            if self._refused == 1:
                _log.error("cannot write %s: %s", self.path, exc)
            self.close()
            return False
        if self._refused:
            _log.warning("%s can be written again, %d lines were lost", self.path, self._refused)
            self._refused = 0
        return True

    def close(self) -> None:
        """Close the file, if it is open."""
        fd, self._fd = self._fd, None
        if fd is not None:
            with contextlib.suppress(OSError):
                os.close(fd)

    def _ready(self, more: int) -> int:
        """Return a descriptor of a file that has room for so many bytes."""
        if self._fd is not None and self._was_moved(self._fd):
            self.close()
        fd = self._open()
        size = os.fstat(fd).st_size
        if size and size + more > MAX_FILE:
            self.close()
            _rotate(self.path)
            fd = self._open()
        return fd

    def _put(self, fd: int, data: bytes) -> None:
        before = os.fstat(fd).st_size
        written = 0
        try:
            while written < len(data):
                written += os.write(fd, data[written:])
        except OSError:
            if written and os.fstat(fd).st_size == before + written:
                with contextlib.suppress(OSError):
                    os.ftruncate(fd, before)
            raise

    def _was_moved(self, fd: int) -> bool:
        try:
            return not os.path.samestat(os.stat(self.path), os.fstat(fd))
        except OSError:
            return True

    def _open(self) -> int:
        if self._fd is not None:
            return self._fd
        os.makedirs(os.path.dirname(self.path), 0o700, exist_ok=True)
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(fd).st_size
            if size and os.pread(fd, 1, size - 1) != b"\n":
                os.write(fd, b"\n")
        except OSError:
            os.close(fd)
            raise
        self._fd = fd
        return fd


def names() -> Iterator[str]:
    """Yield the names of the files that rotation makes, the newest first."""
    yield NAME
    for number in range(1, OLD_FILES + 1):
        yield f"{NAME}.{number}"


def lines_of(path: str) -> list[bytes]:
    """Return the lines of a file, the last one also if its newline is missing; none if it cannot be read.

    Of a file that is much larger than ours become, the latest lines.
    """
    try:
        with open(path, "rb", opener=open_without_waiting) as file:
            info = os.fstat(file.fileno())
            if not stat.S_ISREG(info.st_mode):
                return []
            skipped = max(0, info.st_size - MOST_READ)
            file.seek(skipped)
            lines = file.read(MOST_READ).split(b"\n")
            return [line for line in lines[1 if skipped else 0 :] if line]
    except OSError:
        return []


def _rotate(path: str) -> None:
    for number in range(OLD_FILES - 1, 0, -1):
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{path}.{number}", f"{path}.{number + 1}")
    os.replace(path, f"{path}.1")
