"""CPU and memory of whole process trees: one sampler, whoever asks and however often.

A tree is a main process, its descendants by parenthood, and whoever else is in its session. One pass over
/proc measures all trees at once. A sample is reused for `FRESH` seconds; the CPU figure is the use between
the latest two samples, so two pollers cannot disturb each other. The first figure of a process is its
average since it was started.
"""

import os
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import anyio
import anyio.to_thread

FRESH = 1.0
"""Seconds for which a sample is good."""

STALE = 30.0
"""Seconds after which a sample says nothing about now: the figure begins anew."""

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process tree uses: CPU in percent of one core, resident memory in bytes."""

    cpu: float = 0.0
    memory: int = 0


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    parent: int
    session: int
    ticks: int
    memory: int
    start: int


@dataclass(frozen=True, slots=True)
class _Sample:
    """One measurement of a tree: CPU seconds of each process by (pid, start), so that exits do not count."""

    at: float
    seconds: Mapping[tuple[int, int], float]
    usage: Usage


class Sampler:
    """Measures the trees below the main processes that are asked for."""

    def __init__(self) -> None:
        self._samples: dict[int, _Sample] = {}
        self._turn = anyio.Lock()

    async def usage(self, pid: int, live: Iterable[int]) -> Usage:
        """Return the use of the tree below `pid`; `live` are all pids that may be asked for next."""
        async with self._turn:
            now = time.monotonic()
            sample = self._samples.get(pid)
            if sample is None or now - sample.at >= FRESH:
                roots = {pid, *live}
                self._samples = await anyio.to_thread.run_sync(_measure, roots, self._samples)
            return self._samples[pid].usage if pid in self._samples else Usage()


def total_memory() -> int:
    """Return the machine's memory in bytes."""
    return os.sysconf("SC_PHYS_PAGES") * _PAGE


def _measure(roots: set[int], before: Mapping[int, _Sample]) -> dict[int, _Sample]:
    processes = _processes()
    now = time.monotonic()
    children: dict[int, list[int]] = defaultdict(list)
    sessions: dict[int, list[int]] = defaultdict(list)
    for process in processes.values():
        children[process.parent].append(process.pid)
        sessions[process.session].append(process.pid)
    samples = {}
    for root in roots & processes.keys():
        members: set[int] = set()
        found = [root, *sessions[root]]
        while found:
            pid = found.pop()
            if pid not in members:
                members.add(pid)
                found += children[pid]
        tree = [processes[pid] for pid in members]
        samples[root] = _sample(processes[root], tree, before.get(root), now)
    return samples


def _sample(root: _Process, tree: Iterable[_Process], before: _Sample | None, now: float) -> _Sample:
    seconds = {(process.pid, process.start): process.ticks / _TICK for process in tree}
    memory = sum(process.memory for process in tree)
    known = before is not None and (root.pid, root.start) in before.seconds
    if before is not None and known and now - before.at < STALE:
        used = sum(spent - before.seconds.get(key, 0.0) for key, spent in seconds.items())
        elapsed = now - before.at
    else:
        used = sum(seconds.values())
        elapsed = time.clock_gettime(time.CLOCK_BOOTTIME) - root.start / _TICK
    cpu = max(0.0, 100.0 * used / elapsed) if elapsed > 0 else 0.0
    return _Sample(now, seconds, Usage(round(cpu, 2), memory))


def _processes() -> dict[int, _Process]:
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                text = file.read()
        except OSError:
            continue  # it has ended meanwhile
        # proc(5); the name in parentheses may hold anything, so count from its end, where field 3 begins.
        fields = text[text.rindex(b")") + 2 :].split()
        pid = int(name)
        found[pid] = _Process(
            pid=pid,
            parent=int(fields[1]),
            session=int(fields[3]),
            ticks=int(fields[11]) + int(fields[12]),
            memory=int(fields[21]) * _PAGE,
            start=int(fields[19]),
        )
    return found
