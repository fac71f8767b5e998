"""Where an archive is written: a descriptor that may be a pipe."""

import errno
import fcntl
import os

from ..errors import Cancelled

_HELD = 1 << 20
"""Bytes that are held back, so that many small records become one write."""

_MANY = 512


class Output:
    """Takes bytes in order; `position` is counted from where the archive begins."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._parts: list[bytes] = []
        self._held = 0
        self.position = 0
        self._start = self._place()

    @property
    def can_patch(self) -> bool:
        """Whether bytes can be changed that were written already."""
        return self._start is not None

    def write(self, data: bytes) -> None:
        """Write it, soon; raises `OSError`, and `Cancelled` if the reader of a pipe has gone."""
        self._parts.append(data)
        self._held += len(data)
        self.position += len(data)
        if self._held >= _HELD or len(self._parts) >= _MANY:
            self.flush()

    def patch(self, position: int, data: bytes) -> None:
        """Change bytes at a position, where `can_patch`."""
        self.flush()
        if self._start is None:
            raise AssertionError("a pipe cannot be patched")
        while data:
            done = os.pwrite(self._fd, data, self._start + position)
            data, position = data[done:], position + done

    def flush(self) -> None:
        """Write what is held back."""
        parts, held = self._parts, self._held
        self._parts, self._held = [], 0
        if len(parts) == 1:
            self._all(memoryview(parts[0]))
        elif parts:
            done = self._gathered(parts)
            if done < held:  # a pipe, or a disk that is nearly full
                self._all(memoryview(b"".join(parts))[done:])

    def write_now(self, data: memoryview) -> None:
        """Write it, and keep nothing of it."""
        self.flush()
        self.position += len(data)
        self._all(data)

    def _gathered(self, parts: list[bytes]) -> int:
        try:
            return os.writev(self._fd, parts)
        except BrokenPipeError as exc:
            raise Cancelled("nobody reads the archive any more") from exc

    def _all(self, rest: memoryview) -> None:
        try:
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except BrokenPipeError as exc:
            raise Cancelled("nobody reads the archive any more") from exc

    def _place(self) -> int | None:
        try:
            place = os.lseek(self._fd, 0, os.SEEK_CUR)
        except OSError as exc:
            if exc.errno != errno.ESPIPE:
                raise
            return None
        # pwrite(2) appends to a file that was opened for appending, whatever position it is told.
        return None if fcntl.fcntl(self._fd, fcntl.F_GETFL) & os.O_APPEND else place
