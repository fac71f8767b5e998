"""Our part of the tree of control groups: one folder of our own, in it one group for each service.

The rules (cgroups(7), and "Delegation" in the kernel's admin-guide/cgroup-v2.rst):

- We use the group that we were started in, if we may write there: systemd's `Delegate=yes`, or root. Where no
  cgroup v2 is mounted, or it is not ours to write, there are none, and trees are followed by other ways.
- Controllers (memory, cpu, pids, io) are only handed down by a group in which no process lives. So they are
  where we live in a leaf named `supervisor` already (`DelegateSubgroup=supervisor`), or can move there:
  when nobody else lives in our group. Not under systemd, which would start our successor in a group that
  takes no processes any more.
- Without controllers a group can still be killed, paused and watched as one; limits are not in force then.
- The folder is named for our state directory: the next supervisor finds in it what we have left.
"""

import hashlib
import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .group import Group

LEAF = "supervisor"

CONTROLLERS = ("memory", "cpu", "pids", "io")

MOST_NAME = 60

log = logging.getLogger("holdfast.supervisor")


@dataclass(frozen=True, slots=True)
class Place:
    """Where control groups are mounted, and which one is ours."""

    mount: str
    own: str

    @classmethod
    def find(cls, process: str = "/proc/self") -> "Place | None":
        """Find them; None where there is no cgroup v2, alone or beside version 1."""
        try:
            with open(f"{process}/cgroup", encoding="utf-8", errors="surrogateescape") as file:
                paths = [line[3:].rstrip("\n") for line in file if line.startswith("0::/")]
            with open(f"{process}/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
                mounts = [mount for line in file if (mount := _mounted(line)) is not None]
        except OSError:
            return None
        for root, point in mounts:
            for path in paths:
                if path == root or path.startswith(f"{root.rstrip('/')}/"):
                    below = os.path.relpath(path, root)
                    return cls(point, os.path.normpath(os.path.join(point, below)))
        return None


def _mounted(line: str) -> tuple[str, str] | None:
    """Return (root, mount point) of a line of mountinfo (proc(5)) that mounts a cgroup v2."""
    fields, _, source = line.partition(" - ")
    if not source.startswith("cgroup2 "):
        return None
    root, point = (re.sub(r"\\([0-7]{3})", _unescaped, field) for field in fields.split(" ")[3:5])
    return root, point


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 8))


class Cgroups:
    """The groups of one supervisor."""

    def __init__(self, state: str, place: Place | None = None) -> None:
        """Touch nothing yet. `state` is our state directory; the place is found, if it is not given."""
        house = hashlib.sha256(os.fsencode(os.path.realpath(state))).hexdigest()[:16]
        self.name = f"holdfast-{house}"
        """The name of our folder."""
        self._place = place
        self.top: str | None = None
        """Our folder; None while there are no groups."""
        self.missing: Sequence[str] = ()
        """Controllers that limits would need."""

    def open(self) -> None:
        """Make our folder, if we may, and say in the log what we have."""
        place = self._place or Place.find()
        if place is None:
            log.info("no control groups: there is no cgroup v2; processes are followed one by one")
            return
        leads = os.path.basename(place.own) == LEAF and place.own != place.mount
        base = os.path.dirname(place.own) if leads else place.own
        top = os.path.join(base, self.name)
        try:
            os.makedirs(top, mode=0o755, exist_ok=True)
            for path in (base, top):
                os.close(os.open(os.path.join(path, "cgroup.procs"), os.O_WRONLY | os.O_CLOEXEC))
        except OSError as exc:
            log.info("no control groups: %s: %s; processes are followed one by one", base, exc.strerror)
            return
        self.top = top
        self.missing = self._hand_down(base, top, leads=leads)
        without = f", without {', '.join(self.missing)}" if self.missing else ""
        log.info("each service has a control group in %s%s", top, without)

    def group(self, family: str, name: str) -> Group | None:
        """Return the group of a service, which exists from now on; None if there are none."""
        if self.top is None:
            return None
        group = Group(os.path.join(self.top, folder(family, name)))
        try:
            group.make(name)
        except OSError as exc:
            log.error("%s has no control group: %s: %s", name, group.path, exc.strerror)
            return None
        return group

    def left(self) -> Mapping[str, Group]:
        """Return the groups of one before us in which somebody lives, by folder; remove the others."""
        found: dict[str, Group] = {}
        for name in os.listdir(self.top) if self.top is not None else ():
            group = Group(os.path.join(self.top or "", name))
            if os.path.isdir(group.path) and not group.remove():
                found[name] = group
        return found

    def close(self) -> None:
        """Remove our folder, if nobody lives there."""
        if self.top is not None:
            Group(self.top).remove()

    def _hand_down(self, base: str, top: str, *, leads: bool) -> Sequence[str]:
        """Let groups have controllers; return those that they cannot have."""
        there = _words(os.path.join(base, "cgroup.controllers"))
        wanted = [name for name in CONTROLLERS if name in there]
        # The root of all has no such file, and may hand down what it likes.
        inner = not leads and os.path.exists(os.path.join(base, "cgroup.type"))
        if inner and wanted and not self._move_out(base):
            wanted = []
        had = [name for name in wanted if _hand_on(base, name) and _hand_on(top, name)]
        return [name for name in CONTROLLERS if name not in had]

    def _move_out(self, base: str) -> bool:
        """Move into a leaf; tell whether nobody lives in our group then."""
        ours = os.getpid()
        if "INVOCATION_ID" in os.environ or any(word != str(ours) for word in _words(f"{base}/cgroup.procs")):
            return False
        try:
            os.makedirs(os.path.join(base, LEAF), mode=0o755, exist_ok=True)
            Group(os.path.join(base, LEAF)).take(ours)
        except OSError as exc:
            log.warning("we cannot move into a control group of our own: %s", exc.strerror)
            return False
        return True


def folder(family: str, name: str) -> str:
    """Return the name of a group's folder: unique, readable, and none of the kernel's (they have a dot)."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:MOST_NAME]
    unique = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return f"{family}-{readable}-{unique}"


def _hand_on(path: str, controller: str) -> bool:
    try:
        fd = os.open(os.path.join(path, "cgroup.subtree_control"), os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, f"+{controller}".encode("ascii"))
        finally:
            os.close(fd)
    except OSError as exc:
        log.warning("the controller %s cannot be had in %s: %s", controller, path, exc.strerror)
        return False
    return True


def _words(path: str) -> Sequence[str]:
    try:
        with open(path, encoding="ascii") as file:
            return file.read().split()
    except OSError:
        return ()
