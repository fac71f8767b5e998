"""How much an archive may become, and the count of what it has become."""

import threading
from dataclasses import dataclass

from ..errors import TooLarge
from ..progress import Progress

_ALWAYS = 100 << 20
"""Bytes that an archive may always become, however small it is."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may be unpacked to."""

    bytes: int = 256 << 30
    """Bytes of content, holes and what is read between the members included."""
    entries: int = 1_000_000
    """Members, those that are left out included."""
    ratio: int = 1000
    """How many times as large as the archive what it takes on the disk may be, beyond the first 100 MiB.

    Runs of zeros do not count: they become holes, and preallocated files are full of them.
    """


class Meter:
    """Counts, for all threads, and stops the work when a limit is passed or it was cancelled."""

    def __init__(self, limits: Limits, packed: int, progress: Progress) -> None:
        self._limits = limits
        self._most = max(_ALWAYS, packed * limits.ratio)
        self._progress = progress
        self._lock = threading.Lock()
        self.entries = 0
        self._stored = 0
        self.bytes = 0

    @property
    def limits(self) -> Limits:
        """What is allowed."""
        return self._limits

    def expect(self, entries: int) -> None:
        """Say how many members there are."""
        self._progress.expect(None, entries)

    def entry(self) -> None:
        """Count a member; raises `TooLarge`, `Cancelled`."""
        with self._lock:
            self.entries += 1
            if self.entries > self._limits.entries:
                raise TooLarge(f"the archive has more than {self._limits.entries} members")
            self._progress.add(entries=1)

    def content(self, size: int, stored: int) -> None:
        """Count bytes of content, and how many of them take space; raises `TooLarge`, `Cancelled`."""
        with self._lock:
            self._stored += stored
            if self._stored > self._most:
                raise TooLarge(f"the archive becomes more than {self._limits.ratio} times as large as it is")
            self._count(size)
            self._progress.add(size)

    def read(self, size: int) -> None:
        """Count bytes that become nothing; raises `TooLarge`, `Cancelled`."""
        with self._lock:
            self._count(size)
            self._progress.check()

    def _count(self, size: int) -> None:
        self.bytes += size
        if self.bytes > self._limits.bytes:
            raise TooLarge(f"the archive becomes larger than {self._limits.bytes} bytes")
