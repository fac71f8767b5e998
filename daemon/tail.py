"""The end of what a command has said."""

import os

_READ = 64 << 10


class Tail:
    """Takes output from a descriptor, as `run_errand` wants it, and keeps its last bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = bytearray()

    def take(self, fd: int) -> int:
        """Read once; return how much it was."""
        block = os.read(fd, _READ)
        self._bytes += block
        del self._bytes[: -self._most]
        return len(block)

    @property
    def text(self) -> str:
        """The same as text; bytes that are none are U+FFFD."""
        return self._bytes.decode("utf-8", "replace")
