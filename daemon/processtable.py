"""All processes of the machine at one moment, from one pass over /proc, and which of them are one tree.

A tree is a main process, its descendants by parenthood, and whoever else is in its session. Who knows better
(a control group names its members) gives the sampler another `Members`.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple, TypeAlias

PAGE = os.sysconf("SC_PAGE_SIZE")
PROC = "/proc"

_MOST = 4096
"""Bytes of a file in /proc/PID that we read; those that we need are much shorter."""


class Process(NamedTuple):
    """One process: times in clock ticks, memory in bytes; `waited` is the time of children that it reaped."""

    pid: int
    parent: int
    session: int
    ticks: int
    waited: int
    threads: int
    start: int
    memory: int


class ProcessTable:
    """The processes of one moment, by pid."""

    def __init__(self, processes: Mapping[int, Process]) -> None:
        self.processes = processes
        self._children: dict[int, list[int]] = defaultdict(list)
        self._sessions: dict[int, list[int]] = defaultdict(list)
        for process in processes.values():
            self._children[process.parent].append(process.pid)
            self._sessions[process.session].append(process.pid)

    def tree(self, root: int) -> Collection[int]:
        """Return the pids of a main process, its descendants and its session."""
        children, sessions = self._children, self._sessions
        if root not in children and len(sessions.get(root, ())) == 1:
            return sessions[root]  # most trees are one process
        members: set[int] = set()
        found = [root, *sessions.get(root, ())]
        while found:
            pid = found.pop()
            if pid not in members:
                members.add(pid)
                found += children.get(pid, ())
        return members


Members: TypeAlias = Callable[[ProcessTable, int], Collection[int]]
"""Tells the pids of the tree below a main process; what is not in the table any more does not count."""


def by_parenthood(table: ProcessTable, root: int) -> Collection[int]:
    """Tell them by parents and sessions, which needs nothing but /proc."""
    return table.tree(root)


def read_table(proc: str = PROC) -> ProcessTable:
    """Return the processes that there are now."""
    found = {}
    for name in os.listdir(proc):
        if not name.isdigit():
            continue
        text = _read(f"{proc}/{name}/stat")
        if not text:
            continue  # it has ended meanwhile
        # proc(5); the name in parentheses may hold anything, so count from its end, where field 3 begins.
        fields = text[text.rindex(b")") + 2 :].split(None, 22)
        pid = int(name)
        found[pid] = Process(
            pid,
            int(fields[1]),
            int(fields[3]),
            int(fields[11]) + int(fields[12]),
            int(fields[13]) + int(fields[14]),
            int(fields[17]),
            int(fields[19]),
            int(fields[21]) * PAGE,
        )
    return ProcessTable(found)


def read_io(pid: int, proc: str = PROC) -> tuple[int, int] | None:
    """Return the bytes that a process has read from disks and written to them; None if we may not know.

    Those of children that it has reaped count as its own (proc_pid_io(5)).
    """
    told = _read(f"{proc}/{pid}/io").partition(b"\nread_bytes: ")[2].split(b"\n", 2)
    return None if len(told) < 2 else (int(told[0]), int(told[1].partition(b": ")[2]))


def _read(path: str) -> bytes:
    # Not open(): that is half as fast, and this is done for every process there is.
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(fd, _MOST)
    except OSError:
        return b""
    finally:
        os.close(fd)
