"""How far long work has come, and how it hears that it shall stop."""

from collections.abc import Callable
from dataclasses import dataclass, field

from .errors import Cancelled


@dataclass(slots=True)
class Progress:
    """Counters that another thread may read at any time. A total of None is not known."""

    stop: Callable[[], bool] = field(default=lambda: False)
    """Asked often, so it must be fast; true means that the work shall end."""
    bytes: int = 0
    entries: int = 0
    total_bytes: int | None = None
    total_entries: int | None = None

    def expect(self, total_bytes: int | None, total_entries: int | None) -> None:
        """Say how much there is to do."""
        self.total_bytes, self.total_entries = total_bytes, total_entries

    def add(self, size: int = 0, entries: int = 0) -> None:
        """Say that something more is done; raises `Cancelled` if the work shall stop."""
        self.bytes += size
        self.entries += entries
        self.check()

    def check(self) -> None:
        """Raise `Cancelled` if the work shall stop. Call it at least every few MiB and entries."""
        if self.stop():
            raise Cancelled
