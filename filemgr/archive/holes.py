"""Zeros that need not be read, and need not be written."""

import os

ZEROS = bytes(1 << 20)

_LEAST = 1 << 16
"""Zeros that are worth a hole."""


def is_hole(fd: int, offset: int, size: int) -> bool:
    """Tell whether a file has nothing in a range: lseek(2), SEEK_DATA. False where there are none."""
    try:
        return os.lseek(fd, offset, os.SEEK_DATA) >= offset + size
    except OSError:  # ENXIO: no data from there on; but also said of a file that has become shorter
        try:
            return os.fstat(fd).st_size >= offset + size and os.lseek(fd, offset, os.SEEK_HOLE) == offset
        except OSError:
            return False


class Content:
    """What a new file gets, in order; long runs of zeros become holes."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.size = 0
        self._hole = False

    def write(self, data: bytes | memoryview) -> int:
        """Add bytes; return how many of them take space on the disk."""
        # Two bytes tell nearly always, so that nothing is copied and compared.
        if len(data) >= _LEAST and not (data[0] or data[-1]) and bytes(data) == ZEROS[: len(data)]:
            self.skip(len(data))
            return 0
        rest = memoryview(data)
        while rest:
            done = os.pwrite(self._fd, rest, self.size)
            rest = rest[done:]
            self.size += done
        self._hole = False
        return len(data)

    def skip(self, size: int) -> None:
        """Add a hole."""
        if size:
            self.size += size
            self._hole = True

    def finish(self) -> None:
        """Give the file its length, if it ends with a hole."""
        if self._hole:
            os.ftruncate(self._fd, self.size)
