"""The control group of one service: who is in it, their end all at once, and a pause (cgroups(7))."""

import contextlib
import errno
import os
from collections.abc import Iterator, Mapping, Sequence

import anyio

from . import procfile
from .bell import Bell, counters
from .execution import Limits
from .limiting import enforce
from .process import AGAIN, KIN

NO_LIMITS = Limits()

NAME = "user.holdfast.service"
"""The extended attribute that holds the service's whole name."""


class Group:
    """A control group by its folder, which may be gone by now."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.unenforced: Mapping[str, str] = {}
        """Limits that are not in force, and why."""
        self._new = False
        """Whether nothing was written into it yet."""

    @property
    def exists(self) -> bool:
        """Whether it is there."""
        return os.path.isdir(self.path)

    @property
    def service(self) -> str:
        """The name of its service; empty where nobody has noted it."""
        try:
            return os.fsdecode(os.getxattr(self.path, NAME))
        except OSError:
            return ""

    def make(self, service: str) -> None:
        """Let it exist; raises `OSError`."""
        try:
            self._create()
            self._new = True
        except FileExistsError:
            self.freeze(on=False)
        with contextlib.suppress(OSError):  # known to us by the name of its folder all the same
            os.setxattr(self.path, NAME, os.fsencode(service))

    def _create(self) -> None:
        try:
            os.mkdir(self.path, mode=0o755)
        except FileNotFoundError:  # somebody has removed the folder of all
            os.makedirs(self.path, mode=0o755)

    def join(self) -> None:
        """Become a member, in a process that was forked just now; raises `OSError`."""
        fd = os.open(os.path.join(self.path, "cgroup.procs"), os.O_WRONLY)
        os.write(fd, b"0")
        os.close(fd)

    def take(self, pid: int) -> None:
        """Make a process a member that began to run a moment ago, and what it has started by now.

        Raises `OSError`, also if it is over and not reaped yet.
        """
        self._move(pid)
        if _has_forked(pid):
            self._take(pid)
            # Its children's children may have lost their parents, and so are ours. In no group but ours lives
            # nobody else whom we do not know: all that was started before is in a group of its own.
            ours = _group_of(os.getpid())
            for orphan in _children(os.getpid()):
                if orphan not in KIN and _group_of(orphan) == ours:
                    self._take(orphan)

    def _take(self, pid: int) -> None:
        waiting = [pid]
        for _ in range(1000):  # one that forks for ever is caught up with by what its children inherit
            if not waiting:
                return
            one = waiting.pop()
            self._move(one)
            waiting += _children(one)

    def _move(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):  # it is over already
            self._write("cgroup.procs", f"{pid}")

    def pids(self) -> Sequence[int]:
        """Return the processes in it and in the groups that they have made below."""
        found: list[int] = []
        for folder in self._folders():
            try:
                found += map(int, procfile.read(os.path.join(folder, "cgroup.procs")).split())
            except OSError:
                continue  # gone, or one of threads (EOPNOTSUPP), whose main group has them all
        return found

    @property
    def populated(self) -> bool:
        """Whether a process lives in it."""
        try:
            return counters(procfile.read(os.path.join(self.path, "cgroup.events"))).get("populated", 0) > 0
        except OSError:
            return False

    def kill(self) -> bool:
        """Kill all at once, with whoever is being forked; tell whether the kernel can (since Linux 5.14)."""
        try:
            self._write("cgroup.kill", "1")
        except OSError:
            return False
        return True

    def freeze(self, *, on: bool) -> bool:
        """Let all of them pause, or go on; tell whether the kernel can (since Linux 5.2)."""
        try:
            self._write("cgroup.freeze", "1" if on else "0")
        except OSError:
            return False
        return True

    def limit(self, limits: Limits, directory: str) -> None:
        """Put limits in force, and lift those that were; what cannot be is then known as `unenforced`."""
        if self._new and limits == NO_LIMITS:
            return  # which it has from the kernel
        self._new = False
        self.unenforced = enforce(self.path, limits, directory)

    def counted(self, file: str, name: str) -> int:
        """Return a counter of one of its files; 0 where there is none."""
        try:
            return counters(procfile.read(os.path.join(self.path, file))).get(name, 0)
        except OSError:
            return 0

    def value(self, file: str) -> str:
        """Return what one of its files of one value says; empty where there is none."""
        try:
            return procfile.read(os.path.join(self.path, file)).decode("ascii").strip()
        except OSError:
            return ""

    async def emptied(self) -> None:
        """Wait until nobody lives in it."""
        while self.populated:
            try:
                bell = Bell(os.path.join(self.path, "cgroup.events"))
            except FileNotFoundError:
                return
            except OSError:
                await anyio.sleep(AGAIN)  # there is no descriptor to look with
                continue
            try:
                while counters(bell.read()).get("populated", 0):
                    await bell.rung()
            except OSError as exc:
                if exc.errno != errno.ENODEV:  # the group is gone
                    raise
            finally:
                bell.close()

    def remove(self) -> bool:
        """Remove it if nobody lives in it; tell whether it is gone."""
        for folder in sorted(self._folders(), key=len, reverse=True):
            try:
                os.rmdir(folder)
            except FileNotFoundError:
                continue
            except OSError:
                return False
        return True

    def _folders(self) -> Iterator[str]:
        for folder, _, _ in os.walk(self.path):
            yield folder

    def _write(self, name: str, text: str) -> None:
        fd = os.open(os.path.join(self.path, name), os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, text.encode("ascii"))
        finally:
            os.close(fd)


def _children(pid: int) -> Sequence[int]:
    """Return the children of all threads of a process; an ended one counts until it is reaped."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            found += map(int, procfile.read(f"/proc/{pid}/task/{thread}/children").split())
    return found


def _has_forked(pid: int) -> bool:
    """Tell whether a process has children, or has had any: their page faults count when they are reaped."""
    try:
        fields = procfile.read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
        # Most have one thread yet, and its children are told without a look into a folder.
        children = _children(pid) if fields[17] != b"1" else procfile.read(f"/proc/{pid}/task/{pid}/children")
    except OSError:
        return True
    return fields[0] in b"ZX" or fields[8] != b"0" or bool(children)


def _group_of(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/cgroup", encoding="utf-8", errors="surrogateescape") as file:
            return next((line for line in file if line.startswith("0::")), "")
    except OSError:
        return "gone"
