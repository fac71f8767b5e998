"""Which programs live: what a supervisor that was killed leaves behind is found by the next one.

It is found in two ways, since each has a hole where the other has none. Each live program has a small file,
named for the process, its start time, the boot and the service, so that even an empty one says enough; it
is written just after the start. And each program carries a mark in its environment, from its first moment
on, which some programs wipe out.

The file holds the spec with which the program was started, and so it is known before anybody brings a plan
whether the program is left alone or stopped. What is only known by its mark is stopped.
"""

import contextlib
import hashlib
import json
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

from .child import Child
from .durable import set_aside
from .process import ProcessId, sessions
from .record import InvalidRecord, Record
from .spec import InvalidSpec, LeftBehind, ServiceSpec

MARK = "HOLDFAST_SERVICE"

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

    def __init__(self, directory: str) -> None:
        self._directory = os.path.join(directory, "children")
        self._house = hashlib.sha256(os.fsencode(os.path.realpath(directory))).hexdigest()[:16]
        self._boot = _boot_id()[:8]

    def mark(self, spec: ServiceSpec) -> dict[str, str]:
        """Return the variable that a program is known by."""
        return {MARK: f"{self._house}:{spec.name}"}

    def note(self, identity: ProcessId, spec: ServiceSpec) -> None:
        """Remember a program that was started."""
        text = json.dumps({"spec": spec.to_dict()})
        try:
            os.makedirs(self._directory, mode=0o700, exist_ok=True)
            path = self._path(identity, spec.name)
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(fd, "w", encoding="ascii") as file:
                file.write(text)
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
        for name in sorted(_listed(self._directory)):
            path = os.path.join(self._directory, name)
            if (leftover := self._read(path, name)) is not None:
                found[leftover.child.pid] = leftover
            else:
                with contextlib.suppress(OSError):
                    os.unlink(path)
        for session, service in self._marked():
            if session not in found and (child := _leader(session)) is not None:
                found[session] = Leftover(_unknown(service), child)
            elif session in found and found[session].spec.command == UNKNOWN:
                # Of a damaged note only the name of the file is left, which may be cut.
                found[session] = Leftover(_unknown(service), found[session].child)
        return list(found.values())

    def _read(self, path: str, name: str) -> Leftover | None:
        try:
            pid, start_time, boot, service = name.split(".", 3)
            identity = ProcessId(int(pid), int(start_time))
        except ValueError:
            log.error("%s says nothing about a program", path)
            return None
        child = Child.find(identity) if boot == self._boot and identity.pid > 0 else None
        if child is None:
            return None
        try:
            with open(path, encoding="ascii") as file:
                spec = ServiceSpec.from_record(Record(json.load(file)).record("spec"))
        except (OSError, ValueError, RecursionError, InvalidRecord, InvalidSpec):
            spec = _unknown(unquote(service))
        return Leftover(spec, child)

    def _marked(self) -> Iterator[tuple[int, str]]:
        """Yield (session, service) for each process that carries our mark."""
        wanted = f"{MARK}={self._house}:".encode()
        for session, members in sessions().items():
            for member in members:
                for variable in _environment(member.identity.pid):
                    if variable.startswith(wanted):
                        yield session, os.fsdecode(variable[len(wanted) :])

    def _path(self, identity: ProcessId, name: str) -> str:
        # A file name has at most 255 bytes; what of a long one is missing stands in the file.
        service = quote(name, safe=" ")[:MOST_NAME]
        return os.path.join(self._directory, f"{identity.pid}.{identity.start_time}.{self._boot}.{service}")


def _unknown(name: str) -> ServiceSpec:
    """A service of which only the name is known, for as long as it takes to stop it."""
    try:
        return ServiceSpec(name, UNKNOWN, "/")
    except InvalidSpec:
        return ServiceSpec("unknown", UNKNOWN, "/")  # it is stopped all the same


def _leader(session: int) -> Child | None:
    try:
        return Child.find(ProcessId.of(session))
    except ProcessLookupError:
        return Child.find(ProcessId(session, 0))


def _environment(pid: int) -> Sequence[bytes]:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        return ()  # somebody else's, or gone


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
