"""What whole process trees use: one sampler, whoever asks and however often.

One pass over /proc measures all trees at once (`processtable.py`). A sample is reused for `FRESH` seconds;
the CPU figure is the use between the latest two samples, so two pollers cannot disturb each other. The first
figure of a process is its average since it was started.

Totals only grow, for as long as the main process is the same. The kernel adds what a process has used to its
parent, when that has reaped it; what we had counted of it already is taken off there. A process that came and
went between two samples counts all the same, unless its parent is not of the tree.
"""

import os
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import anyio
import anyio.to_thread

from .processtable import PAGE, PROC, Members, Process, ProcessTable, by_parenthood, read_io, read_table

FRESH = 1.0
"""Seconds for which a sample is good."""

SHARE = 0.05
"""Of one core: more than that is not spent on who asks for all at once, however often he does."""

STALE = 30.0
"""Seconds after which a sample says nothing about now: the figure begins anew."""

THOROUGH = 6
"""What a process reads and writes is asked when it has used CPU time, and otherwise each so many samples."""

_TICK = os.sysconf("SC_CLK_TCK")


class Usage(NamedTuple):
    """What a process tree uses: CPU in percent of one core, resident memory in bytes.

    `seconds` (of CPU) and the bytes that were `read` from disks and `written` to them are totals of this run,
    as far as we saw it; None if we may not know. `run` names the run, and `age` is that of the main process.
    """

    cpu: float = 0.0
    memory: int = 0
    seconds: float = 0.0
    read: int | None = None
    written: int | None = None
    processes: int = 0
    threads: int = 0
    run: tuple[int, int] = (0, 0)
    age: float = 0.0


class _Known(NamedTuple):
    """The counts of one process when it was looked at last."""

    parent: int
    ticks: int
    waited: int
    io: tuple[int, int] | None


_Key: TypeAlias = tuple[int, int]
"""A pid and when it was started, since pids come again."""


@dataclass(slots=True)
class _Tree:
    """What is known of a tree since its first sample."""

    run: _Key
    at: float = 0.0
    known: dict[_Key, _Known] = field(default_factory=dict)
    ticks: int = 0
    read: int = 0
    written: int = 0
    samples: int = 0
    usage: Usage = field(default_factory=Usage)


class Sampler:
    """Measures the trees below the main processes that are asked for."""

    def __init__(self, members: Members = by_parenthood, proc: str = PROC) -> None:
        """`members` tells who belongs to a tree."""
        self.cost = 0.0
        """Seconds of CPU time that the latest pass took."""
        self._members = members
        self._proc = proc
        self._trees: dict[int, _Tree] = {}
        self._roots: frozenset[int] = frozenset()
        self._at = -STALE
        self._turn = anyio.Lock()

    def latest(self, pid: int) -> Usage | None:
        """Return the use of the tree below `pid` if its sample is good, None if it must be measured."""
        tree = self._trees.get(pid)
        return tree.usage if tree is not None and time.monotonic() - tree.at < FRESH else None

    def known(self, pid: int | None) -> Usage:
        """Return the use of the tree below `pid` as it was found last, however long ago."""
        tree = None if pid is None else self._trees.get(pid)
        return Usage() if tree is None else tree.usage

    async def usage(self, pid: int, live: Iterable[int]) -> Usage:
        """Return the use of the tree below `pid`; `live` are all pids that may be asked for next."""
        async with self._turn:
            if self.latest(pid) is None:
                await self._measure({pid, *live})
            return self._trees[pid].usage if pid in self._trees else Usage()

    async def usages(self, live: Collection[int]) -> Mapping[int, Usage]:
        """Return the use of all these trees, by one pass for whoever asks; those that are gone are missing.

        A sample is good for longer where a pass takes long. One that lacks a tree is taken anew.
        """
        async with self._turn:
            age = time.monotonic() - self._at
            # Who was looked for and not seen is gone, or hidden from us (proc(5), hidepid).
            if age >= max(FRESH, self.cost / SHARE) or not self._roots.issuperset(live):
                await self._measure(set(live))
            return {pid: self._trees[pid].usage for pid in live if pid in self._trees}

    async def sample(self, live: Collection[int]) -> Mapping[int, Usage]:
        """Measure all of them now; those that are gone are missing."""
        async with self._turn:
            await self._measure(set(live))
            return {pid: tree.usage for pid, tree in self._trees.items()}

    async def _measure(self, roots: set[int]) -> None:
        self._trees = await anyio.to_thread.run_sync(self._pass, roots)
        self._roots, self._at = frozenset(roots), time.monotonic()

    def _pass(self, roots: set[int]) -> dict[int, _Tree]:
        begin = time.thread_time()
        table = read_table(self._proc)
        now, booted = time.monotonic(), time.clock_gettime(time.CLOCK_BOOTTIME)
        trees = {}
        for pid in roots & table.processes.keys():
            run = pid, table.processes[pid].start
            tree = self._trees.get(pid)
            if tree is None or tree.run != run:
                tree = _Tree(run)
            self._look(tree, table, now, booted)
            trees[pid] = tree
        self.cost = time.thread_time() - begin
        return trees

    def _look(self, tree: _Tree, table: ProcessTable, now: float, booted: float) -> None:
        processes = table.processes
        found = [processes[pid] for pid in self._members(table, tree.run[0]) if pid in processes]
        elapsed, age = now - tree.at, max(0.0, booted - tree.run[1] / _TICK)
        used = 0 if self._rests(tree, found) else self._count(tree, found)
        if not tree.samples or elapsed >= STALE:
            used, elapsed = tree.ticks, age
        tree.at = now
        tree.samples += 1
        knows_io = any(one.io is not None for one in tree.known.values())
        tree.usage = Usage(
            cpu=round(max(0.0, 100.0 * used / _TICK / elapsed), 2) if elapsed > 0 else 0.0,
            memory=sum(process.memory for process in found),
            seconds=tree.ticks / _TICK,
            read=tree.read if knows_io else None,
            written=tree.written if knows_io else None,
            processes=len(found),
            threads=sum(process.threads for process in found),
            run=tree.run,
            age=age,
        )

    def _rests(self, tree: _Tree, found: Collection[Process]) -> bool:
        """Tell whether it is one process that has done nothing, as of most servers most of the time."""
        if len(found) != 1 or len(tree.known) != 1 or (tree.samples + tree.run[0]) % THOROUGH == 0:
            return False
        (process,) = found
        last = tree.known.get((process.pid, process.start))
        return last is not None and last.ticks == process.ticks and last.waited == process.waited

    def _count(self, tree: _Tree, found: Collection[Process]) -> int:
        """Add to the totals what was used since the last look; return the ticks of CPU time among it."""
        before, known = tree.known, {(process.pid, process.start): process for process in found}
        gone = [before[key] for key in before.keys() - known.keys()]
        thorough = bool(gone) or (tree.samples + tree.run[0]) % THOROUGH == 0
        own = waited = read = written = 0
        after: dict[_Key, _Known] = {}
        for key, process in known.items():
            last = before.get(key)
            if last is None:
                io = read_io(process.pid, self._proc)
                own, waited = own + process.ticks, waited + process.waited
                change = io or (0, 0)
            else:
                moved = thorough or (process.ticks, process.waited) != (last.ticks, last.waited)
                io = (read_io(process.pid, self._proc) or last.io) if moved else last.io
                own, waited = own + process.ticks - last.ticks, waited + process.waited - last.waited
                change = _difference(io, last.io)
            read, written = read + change[0], written + change[1]
            after[key] = _Known(process.parent, process.ticks, process.waited, io)
        # What has ended was counted, as far as we saw it, and is now in the figures of its parent.
        pids = {pid for pid, _ in before}
        reaped = [one for one in gone if one.parent in pids]
        used = own + max(0, waited - sum(one.ticks + one.waited for one in reaped))
        tree.known = after
        tree.ticks += used
        tree.read += max(0, read - sum(one.io[0] for one in reaped if one.io))
        tree.written += max(0, written - sum(one.io[1] for one in reaped if one.io))
        return used


def total_memory() -> int:
    """Return the machine's memory in bytes, as it was in the latest minute: to ask costs a system call."""
    return _total_memory(int(time.monotonic() // 60))


@lru_cache(maxsize=1)
def _total_memory(_: int) -> int:
    return os.sysconf("SC_PHYS_PAGES") * PAGE


def _difference(now: tuple[int, int] | None, before: tuple[int, int] | None) -> tuple[int, int]:
    if now is None:
        return 0, 0
    first, second = before or (0, 0)
    return max(0, now[0] - first), max(0, now[1] - second)
