"""Whether the kernel has killed for want of memory, as far as it tells."""

import time

from . import procfile
from .group import Group

EVENTS, KILLS = "memory.events", "oom_kill"

STATISTICS = "/proc/vmstat"

FRESH = 0.05
"""Seconds for which a look at the whole machine serves: a thousand programs are started at once."""


class Oom:
    """Counts such kills from its making on: in a control group, or without its controller, on the machine."""

    def __init__(self, group: Group | None) -> None:
        self._group = group
        self._before, self._machine = self._counted(), MACHINE.recent()

    def note(self) -> str:
        """Say what a SIGKILL from nowhere was about; empty if nothing speaks for memory."""
        if self._group is not None and self._counted() > self._before:
            limit = self._group.value("memory.max")
            bound = f"limit was {_size(int(limit))}" if limit.isdigit() else "the machine had none left"
            return f"out of memory: killed by the kernel, {bound}"
        if (kills := MACHINE.kills() - self._machine) > 0:
            times = "once" if kills == 1 else f"{kills} times"
            return f"perhaps out of memory: the kernel has killed for that {times} on this machine meanwhile"
        return ""

    def _counted(self) -> int:
        return 0 if self._group is None else self._group.counted(EVENTS, KILLS)


class Machine:
    """How often the kernel has killed for want of memory since the boot, whomever; 0 if it does not say."""

    def __init__(self) -> None:
        self._kills, self._at = 0, -1.0

    def kills(self) -> int:
        """Return how often until now."""
        try:
            # It says a hundred other things: only this one is read as a number.
            found = procfile.read(STATISTICS).partition(f"\n{KILLS} ".encode())[2]
            self._kills = int(found.partition(b"\n")[0] or 0)
        except OSError:
            return 0
        self._at = time.monotonic()
        return self._kills

    def recent(self) -> int:
        """Return how often until a moment ago."""
        return self._kills if 0 <= time.monotonic() - self._at < FRESH else self.kills()


MACHINE = Machine()


def _size(size: int) -> str:
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= factor:
            return f"{size / factor:.4g} {unit}"
    return f"{size} bytes"
