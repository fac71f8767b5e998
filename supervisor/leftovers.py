"""Which programs live: what a supervisor that was killed leaves behind is found by the next one.

It is found in three ways, since each has a hole where another has none. Each live program has a small file,
named for the process, its start time, the boot and the service, so that even an empty one says enough; it
is written just after the start. Each program carries a mark in its environment, from its first moment
on, which some programs wipe out. And each has a control group, where there are any.

The file holds the spec with which the program was started, and so it is known before anybody brings a plan
whether the program is left alone or stopped. What is only known by its mark or its group is stopped.
"""

import contextlib
import hashlib
import json
import logging
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

from .cgroups import Cgroups, folder
from .child import Child
from .durable import set_aside
from .group import Group
from .population import Population
from .process import ProcessId, environment
from .record import InvalidRecord, Record
from .spec import InvalidSpec, LeftBehind, ServiceSpec

MARK = "HOLDFAST_SERVICE"

FAMILY = "s"
"""How the folders of the control groups of services begin."""

MOST_NAME = 160

UNKNOWN = ("unknown",)
"""Stands for the command of a program of which only the name is known."""

log = logging.getLogger("holdfast.supervisor")


@dataclass(frozen=True, slots=True)
class Leftover:
    """A program that is still there, in whole or in part."""

    spec: ServiceSpec
    child: Child

    @property
    def kept(self) -> bool:
        """Whether it may run on. Where only remains are left of it, it is over."""
        return self.spec.leftovers is LeftBehind.KEEP and not self.child.ended


class Leftovers:
    """The folder of these files."""

    def __init__(self, directory: str, groups: Cgroups | None = None) -> None:
        self._groups = groups
        self._directory = os.path.join(directory, "children")
        self._house = hashlib.sha256(os.fsencode(os.path.realpath(directory))).hexdigest()[:16]
        self._boot = _boot_id()[:8]
        self._since = 0.0

    def mark(self, spec: ServiceSpec) -> dict[str, str]:
        """Return the variable that a program is known by."""
        return {MARK: f"{self._house}:{spec.name}"}

    def note(self, identity: ProcessId, spec: ServiceSpec, group: Group | None = None) -> None:
        """Remember a program that was started, and its control group."""
        text = json.dumps({"spec": spec.to_dict(), "group": None if group is None else group.path})
        path = self._path(identity, spec.name)
        try:
            try:
                fd = _opened(path)
            except FileNotFoundError:
                os.makedirs(self._directory, mode=0o700, exist_ok=True)
                fd = _opened(path)
            with open(fd, "wb", buffering=0) as file:
                file.write(text.encode("ascii"))
        except OSError as exc:
            # Its name may be there already, and the program carries its mark in any case.
            log.error("%s: process %d cannot be noted down: %s", spec.name, identity.pid, exc.strerror)

    def forget(self, identity: ProcessId, name: str) -> None:
        """Forget a program that is gone, with all that it had started."""
        with contextlib.suppress(OSError):
            os.unlink(self._path(identity, name))

    def find(self) -> Sequence[Leftover]:
        """Return the programs that a supervisor before us left behind; forget those that are gone."""
        found: dict[int, Leftover] = {}
        self._since = time.monotonic()
        for name in sorted(_listed(self._directory)):
            path = os.path.join(self._directory, name)
            if (leftover := self._read(path, name)) is not None:
                found[leftover.child.pid] = leftover
            else:
                with contextlib.suppress(OSError):
                    os.unlink(path)
        # Who carries a mark, or lives in a group, belongs to the program of that name, if one was found.
        known = {one.spec.name for one in found.values() if one.spec.command != UNKNOWN}
        for session, service in self._marked():
            if session in found and found[session].spec.command == UNKNOWN:
                # Of a damaged note only the name of the file is left, which may be cut.
                found[session] = Leftover(_unknown(service), found[session].child)
            elif session in found or service in known:
                continue
            elif (child := self._leader(session, service)) is not None:
                found[session] = Leftover(_unknown(service), child)
                known.add(service)
        for group in self._inhabited():
            service = group.service or os.path.basename(group.path)
            if (
                group.path not in {one.child.tree.path for one in found.values()}
                and (child := _eldest(group)) is not None
            ):
                found[child.pid] = Leftover(_unknown(service), child)
        return list(found.values())

    def _inhabited(self) -> Sequence[Group]:
        """Return the groups of services in which somebody lives; the daemon's is none of ours."""
        if self._groups is None:
            return ()
        return [group for name, group in self._groups.left().items() if name.startswith(f"{FAMILY}-")]

    def _read(self, path: str, name: str) -> Leftover | None:
        try:
            pid, start_time, boot, service = name.split(".", 3)
            identity = ProcessId(int(pid), int(start_time))
        except ValueError:
            log.error("%s says nothing about a program", path)
            return None
        if boot != self._boot or identity.pid <= 0:
            return None
        group = None
        try:
            with open(path, encoding="ascii") as file:
                record = Record(json.load(file))
            spec = ServiceSpec.from_record(record.record("spec"))
            where = record.optional("group", str)
            group = Group(where) if where is not None else None
        except (OSError, ValueError, RecursionError, InvalidRecord, InvalidSpec):
            spec = _unknown(unquote(service))
        child = Child.find(
            identity, self._variable(spec.name), group or self._group_of(spec.name), self._since
        )
        return None if child is None else Leftover(spec, child)

    def _group_of(self, service: str) -> Group | None:
        if self._groups is None or self._groups.top is None:
            return None
        group = Group(os.path.join(self._groups.top, folder(FAMILY, service)))
        return group if group.exists else None

    def _leader(self, session: int, service: str) -> Child | None:
        """Return the program in whose session somebody with our mark lives, by its leader, dead or alive."""
        try:
            identity = ProcessId.of(session)
        except ProcessLookupError:
            identity = ProcessId(session, 0)
        return Child.find(identity, self._variable(service), self._group_of(service))

    def _variable(self, service: str) -> str:
        return f"{MARK}={self._house}:{service}"

    def _marked(self) -> Iterator[tuple[int, str]]:
        """Yield (session, service) for each process that carries our mark."""
        wanted = f"{MARK}={self._house}:".encode()
        for member in Population.now().members.values():
            for variable in environment(member.identity.pid):
                if variable.startswith(wanted):
                    yield member.session, os.fsdecode(variable[len(wanted) :])

    def _path(self, identity: ProcessId, name: str) -> str:
        # A file name has at most 255 bytes; what of a long one is missing stands in the file.
        service = quote(name, safe=" ")[:MOST_NAME]
        return os.path.join(self._directory, f"{identity.pid}.{identity.start_time}.{self._boot}.{service}")


def _opened(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)


def _unknown(name: str) -> ServiceSpec:
    """A service of which only the name is known, for as long as it takes to stop it."""
    try:
        return ServiceSpec(name, UNKNOWN, "/")
    except InvalidSpec:
        return ServiceSpec("unknown", UNKNOWN, "/")  # it is stopped all the same


def _eldest(group: Group) -> Child | None:
    """Return what lives in a group, by the process that was started first."""
    pids = set(group.pids())
    members = [member for member in Population.now().members.values() if member.identity.pid in pids]
    if not members:
        return None
    return Child.find(min(members, key=lambda member: member.identity.start_time).identity, "", group)


def _listed(directory: str) -> Sequence[str]:
    try:
        return os.listdir(directory)
    except FileNotFoundError:
        return ()
    except NotADirectoryError:
        with contextlib.suppress(OSError):
            log.error("%s is no folder; kept as %s", directory, set_aside(directory))
            os.unlink(directory)
        return ()


def _boot_id() -> str:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()
