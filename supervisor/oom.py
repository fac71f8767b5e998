"""Whether the kernel has killed for want of memory, as far as it tells."""

from .bell import counters
from .group import Group

EVENTS, KILLS = "memory.events", "oom_kill"

STATISTICS = "/proc/vmstat"


class Oom:
    """Counts such kills from its making on: in a control group, or without its controller, on the machine."""

    def __init__(self, group: Group | None) -> None:
        self._group = group
        self._before, self._machine = self._counted(), machine_kills()

    def note(self) -> str:
        """Say what a SIGKILL from nowhere was about; empty if nothing speaks for memory."""
        if self._group is not None and self._counted() > self._before:
            limit = self._group.value("memory.max")
            bound = f"limit was {_size(int(limit))}" if limit.isdigit() else "the machine had none left"
            return f"out of memory: killed by the kernel, {bound}"
        if (kills := machine_kills() - self._machine) > 0:
            times = "once" if kills == 1 else f"{kills} times"
            return f"perhaps out of memory: the kernel has killed for that {times} on this machine meanwhile"
        return ""

    def _counted(self) -> int:
        return 0 if self._group is None else self._group.counted(EVENTS, KILLS)


def machine_kills() -> int:
    """Return how often the kernel has killed for want of memory since the boot; 0 if it does not say."""
    try:
        with open(STATISTICS, "rb") as file:
            return counters(file.read()).get(KILLS, 0)
    except OSError:
        return 0


def _size(size: int) -> str:
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= factor:
            return f"{size / factor:.4g} {unit}"
    return f"{size} bytes"
