"""Who belongs to a tree, also by its control group: who has left session and parents is still in that."""

import os
from collections.abc import Collection

from supervisor import CgroupPlace

from .processtable import PROC, ProcessTable

OF_SERVICE = "s-"
"""With what the name of a service's group begins."""


class GroupMembers:
    """Tells the members of trees; remembers which group a main process is in, since it stays there."""

    def __init__(self) -> None:
        self._procs: dict[tuple[int, int], str] = {}
        """The list of members, by pid and start time of the main process; empty where there is none."""
        self._top: str | None = None

    def __call__(self, table: ProcessTable, root: int) -> Collection[int]:
        """Return the pids of a tree: by its group, its session, and parenthood."""
        known = table.tree(root)
        process = table.processes.get(root)
        if process is None:
            return known
        key = root, process.start
        if key not in self._procs:
            self._forget(table)
            self._procs[key] = self._find(root)
        path = self._procs[key]
        if not path:
            return known
        try:
            with open(path, "rb", buffering=0) as file:
                found = {int(pid) for pid in file.read().split()}
        except (OSError, ValueError):
            return known
        return found if found.issuperset(known) else found.union(known)

    def _find(self, pid: int) -> str:
        try:
            with open(f"{PROC}/{pid}/cgroup", encoding="utf-8", errors="surrogateescape") as file:
                groups = [line.rstrip("\n") for line in file if line.startswith("0::/")]
        except OSError:
            return ""
        name = os.path.basename(groups[0]) if groups else ""
        if not name.startswith(OF_SERVICE):
            return ""
        if self._top is None:  # all groups of services are in one folder; to find it takes a while
            place = CgroupPlace.find(f"{PROC}/{pid}")
            self._top = "" if place is None else os.path.dirname(place.own)
        return os.path.join(self._top, name, "cgroup.procs") if self._top else ""

    def _forget(self, table: ProcessTable) -> None:
        """Forget those that have ended, now and then."""
        if len(self._procs) > 2 * len(table.processes):
            alive = {(process.pid, process.start) for process in table.processes.values()}
            self._procs = {key: path for key, path in self._procs.items() if key in alive}
