"""What a program's own processes use: CPU time and memory, also of workers that come and go.

Its own are the root and all processes below it that run the same executable: so neither the programs that it
supervises count, nor does a shell around it.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")

PACE = 0.02
"""Seconds between two looks; what a worker uses after the last one before its end is missed."""


@dataclass(slots=True)
class Consumption:
    """What was used between two moments."""

    cpu: float = 0.0
    """Seconds of all processors together."""
    before: int = 0
    """Bytes of memory at the beginning (resident, of all its processes together)."""
    peak: int = 0
    """The most bytes at one look."""
    seconds: float = 0.0

    @property
    def grown(self) -> float:
        """By how many MiB it grew at most."""
        return max(0, self.peak - self.before) / (1 << 20)


@dataclass(slots=True)
class _Seen:
    first: float
    last: float = field(default=0.0)


def family(root: int) -> list[int]:
    """Return the root and those below it that run the same executable."""
    ours, found, rest = _executable(root), [], [root]
    while rest:
        pid = rest.pop()
        found.append(pid)
        rest += [child for child in children(pid) if _executable(child) == ours]
    return found


def children(pid: int) -> list[int]:
    """Return the children of a process, of all of its threads."""
    found: list[int] = []
    for task in _listed(f"/proc/{pid}/task"):
        with suppress(OSError), open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
            found += map(int, file.read().split())
    return found


def seconds(pid: int) -> float:
    """Return the CPU time of a process; raises `OSError` if it is gone."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident(pid: int) -> int:
    """Return its bytes of memory; 0 if it is gone."""
    with suppress(OSError, IndexError), open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * PAGE
    return 0


@contextmanager
def consumed(root: int | None) -> Iterator[Consumption]:
    """Measure what a program uses inside the block; nothing of one whose processes nobody can see."""
    used = Consumption()
    if root is None:
        yield used
        return
    seen: dict[int, _Seen] = {}
    over = threading.Event()

    def look(*, first: bool = False) -> None:
        total = 0
        for pid in family(root):
            with suppress(OSError):
                now = seconds(pid)
                # One that came later has used all of it inside the block.
                seen.setdefault(pid, _Seen(now if first else 0.0)).last = now
                total += resident(pid)
        used.peak = max(used.peak, total)

    def watch() -> None:
        while not over.wait(PACE):
            look()

    look(first=True)
    used.before = used.peak
    watcher = threading.Thread(target=watch, daemon=True)
    begun = time.monotonic()
    watcher.start()
    try:
        yield used
    finally:
        used.seconds = time.monotonic() - begun
        over.set()
        watcher.join()
        look()
        used.cpu = sum(one.last - one.first for one in seen.values())


def _executable(pid: int) -> str | None:
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return None


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
