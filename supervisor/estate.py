"""What a supervisor leaves to its successor, by three ways: a handover, a descriptor store, or only on trial.

A record is data; what it cannot hold are descriptors. Here a record and the descriptors come together again.
"""

import json
import logging
import os
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from .cgroups import Cgroups
from .child import Child
from .group import Group
from .leftovers import Leftovers
from .notify import Notifier, close_all
from .process import ProcessId
from .record import InvalidRecord, Record
from .scrollback import NotOurs, Scrollback
from .spec import ServiceSpec

log = logging.getLogger("holdfast.supervisor")

_HEAD = struct.Struct("=8sQQQ")  # magic, where the record stands, its length, its checksum
_MAGIC = b"HOLDREC1"


class Heir(Protocol):
    """How what a record describes becomes ours."""

    def child(self, record: Record, now: float) -> Child | None:
        """Return the child that is described."""

    def scrollback(self, record: Record) -> Scrollback:
        """Return the output of a service, which the record describes."""

    @property
    def carried(self) -> bool:
        """Whether the descriptors that a record names are still open, by the same numbers."""


class Carried:
    """After a handover: descriptors have kept their numbers."""

    carried = True

    def child(self, record: Record, now: float) -> Child | None:
        """Return the child; it is still ours, and was not waited for."""
        try:
            return Child.adopt(record, now)
        except ProcessLookupError:
            # It was left behind by a supervisor that was killed: another is its parent, and reaped it.
            group = record.optional("group", str)
            known = record.take("mark", str, ""), None if group is None else Group(group)
            return Child.find(ProcessId(record.take("pid", int), record.take("start_time", int)), *known)

    def scrollback(self, record: Record) -> Scrollback:
        """Return the ring in the memory file of that number."""
        console = record.record("console")
        try:
            return Scrollback.of(console.take("memory", int))
        except (NotOurs, OSError) as exc:
            raise InvalidRecord(f"{console.where('memory')}: {exc}") from exc


class OnTrial:
    """A record is only read: nothing is touched, nothing is there."""

    carried = False

    def child(self, record: Record, now: float) -> Child | None:
        """Read all that there is to read."""
        del now
        for key in ("pid", "start_time", "stdin", "output"):
            record.take(key, int)
        record.take("age", float)
        return None

    def scrollback(self, record: Record) -> Scrollback:
        """Return one that is empty."""
        record.record("console").take("memory", int)
        return Scrollback(0)


class Returned:
    """After a death: a descriptor store gives back what `Keeping` has given it, by name."""

    carried = False

    def __init__(self, descriptors: Mapping[str, Sequence[int]]) -> None:
        self._given = {name: list(numbers) for name, numbers in descriptors.items()}
        self.latest = max((int(name[1:]) for name in self._given if _is_ours(name)), default=0)
        """The highest serial number that was used."""

    def records(self, family: str) -> Iterator[tuple[Record, "RecordFile"]]:
        """Yield the records of a family that can be read."""
        for name in [name for name in self._given if name[:1] == family and _is_ours(name)]:
            file = RecordFile(int(name[1:]), self._take(name))
            try:
                record = Record(file.read())
            except (ValueError, InvalidRecord) as exc:
                log.error("what became of a service is unknown: %s", exc)
                file.close()
            else:
                yield record, file

    def sockets(self) -> Mapping[str, Sequence[int]]:
        """Take what is not ours but the daemon's: its listening sockets, also those that systemd opened."""
        return {name: self._given.pop(name) for name in list(self._given) if not _is_ours(name)}

    def child(self, record: Record, now: float) -> Child | None:
        """Return the child, which others may have waited for."""
        stdin, output, pidfd = (self._take(name) for name in _names(record.take("serial", int, 0)))
        return Child.returned(record, now, stdin, output, pidfd)

    def scrollback(self, record: Record) -> Scrollback:
        """Return the ring; an empty one if it was not kept."""
        if (fd := self._take(f"{_MEMORY}{record.take('serial', int, 0)}")) >= 0:
            try:
                return Scrollback.of(fd)
            except (NotOurs, OSError):
                close_all([fd])
        return Scrollback(record.record("console").take("limit", int))

    def rest(self) -> Sequence[str]:
        """Close what nobody wanted; return its names."""
        names = list(self._given)
        for numbers in self._given.values():
            close_all(numbers)
        self._given.clear()
        return names

    def _take(self, name: str) -> int:
        first, *others = self._given.pop(name, [-1])
        close_all(others)
        return first


SERVICES, DAEMON = "s", "d"
"""Whose records these are: those of the plan's services, or that of the daemon beside them."""

_STDIN, _OUTPUT, _PIDFD, _MEMORY = _FDS = "iopm"
_KINDS = f"{SERVICES}{DAEMON}{_FDS}"
"""What a name in a descriptor store says, before a serial number.

Names are short: they all come to us in one variable, which the kernel limits to 128 KiB (execve(2)).
"""


class Serials:
    """Numbers that name what is kept; none is used twice, not even by a successor."""

    def __init__(self) -> None:
        """Begin with 1."""
        self.latest = 0

    def next(self) -> int:
        """Return a number that was not used before."""
        self.latest += 1
        return self.latest


class Keeping:
    """What outlives us: notes on disk, and descriptors and records in a store if there is one."""

    def __init__(
        self,
        notifier: Notifier,
        serials: Serials,
        leftovers: Leftovers | None = None,
        family: str = SERVICES,
        groups: Cgroups | None = None,
    ) -> None:
        self.leftovers = leftovers
        self.family = family
        self._groups = groups
        self._notifier = notifier
        self._serials = serials
        self._over = False
        self._records: dict[str, RecordFile] = {}
        self._memories: dict[str, int] = {}

    @property
    def wanted(self) -> bool:
        """Whether anybody keeps records."""
        return self._notifier.heard and not self._over

    @property
    def descriptors(self) -> Sequence[int]:
        """The memory files of the records, which `freeze` names by number."""
        return [file.fd for file in self._records.values()]

    def mark(self, spec: ServiceSpec) -> Mapping[str, str]:
        """Return the variables by which a program is found again."""
        return {} if self.leftovers is None else self.leftovers.mark(spec)

    def group(self, spec: ServiceSpec) -> Group | None:
        """Return the control group of a service, with its limits in force; None where there are none."""
        group = None if self._groups is None else self._groups.group(self.family, spec.name)
        if group is not None:
            group.limit(spec.limits, spec.directory)
        return group

    def spawned(self, child: Child, spec: ServiceSpec) -> None:
        """Keep what belongs to a child that was started just now."""
        if self.leftovers is not None:
            self.leftovers.note(child.identity, spec, child.tree.group)
        if self.wanted:
            # A number of its own: what is kept of one child must not be taken for that of another.
            child.serial = self._serials.next()
            fds = child.stdin.fd, child.output, child.pidfd
            for name, fd in zip(_names(child.serial), fds, strict=True):
                if fd >= 0:
                    self._notifier.keep(name, fd)

    def ended(self, child: Child, name: str) -> None:
        """Forget a child that is gone, with all that it had started."""
        child.tree.close()
        if self.leftovers is not None:
            self.leftovers.forget(child.identity, name)
        if child.serial:
            for one in _names(child.serial):
                self._notifier.release(one)

    def write(self, name: str, record: Mapping[str, object], scrollback: Scrollback) -> None:
        """Keep a service's state as it is now, and its output; where there is no room for it, it is told."""
        try:
            self._write(name, record, scrollback)
        except OSError as exc:
            # No memory, or no descriptor: should we be killed now, its program would be a leftover.
            log.error("%s cannot be kept for another supervisor: %s", name, exc.strerror)
            self.forget(name)

    def _write(self, name: str, record: Mapping[str, object], scrollback: Scrollback) -> None:
        file = self._records.get(name)
        if file is None:
            file = self._records[name] = RecordFile(self._serials.next())
            self._notifier.keep(f"{self.family}{file.serial}", file.fd)
        if self._memories.get(name) != scrollback.fd:
            self._notifier.release(f"{_MEMORY}{file.serial}")
            if scrollback.fd >= 0:
                self._notifier.keep(f"{_MEMORY}{file.serial}", scrollback.fd)
            self._memories[name] = scrollback.fd
        file.write({**record, "serial": file.serial})

    def freeze(self) -> dict[str, object]:
        """Return which memory files hold which records: (serial number, descriptor)."""
        return {name: [file.serial, file.fd] for name, file in self._records.items()}

    def thaw(self, record: Record, name: str, scrollback: Scrollback) -> None:
        """Go on with the files of a service, if `freeze` has named any."""
        if numbers := record.numbers(name):
            serial, fd = map(int, numbers)
            self.took_over(name, RecordFile(serial, fd), scrollback)

    def took_over(self, name: str, file: "RecordFile", scrollback: Scrollback) -> None:
        """Go on with the files of a service, which are kept already."""
        self._records[name] = file
        self._memories[name] = scrollback.fd

    def forget(self, name: str) -> None:
        """Forget a service."""
        if (file := self._records.pop(name, None)) is not None:
            file.close()
            self._memories.pop(name, None)
            self._notifier.release(f"{self.family}{file.serial}")
            self._notifier.release(f"{_MEMORY}{file.serial}")

    def forget_all(self) -> None:
        """Keep no more records, at an orderly end: whoever comes next begins anew.

        If we are killed before it is over, what is left of the programs is left behind.
        """
        self._over = True
        for name in list(self._records):
            self.forget(name)


class RecordFile:
    """A record in a memory file, written again and again; whoever reads it finds the latest whole one.

    The new text is written where the old one is not, and counts once the head names it.
    """

    def __init__(self, serial: int, fd: int | None = None) -> None:
        self.serial = serial
        self.fd = os.memfd_create("holdfast-record", os.MFD_CLOEXEC) if fd is None else fd

    def write(self, record: Mapping[str, object]) -> None:
        """Replace the record."""
        text = json.dumps(record).encode("ascii")
        _, old, length, _ = self._head()
        place = _HEAD.size if _HEAD.size + len(text) <= old else max(old + length, _HEAD.size)
        _write(self.fd, text, place)
        _write(self.fd, _HEAD.pack(_MAGIC, place, len(text), zlib.crc32(text)), 0)

    def read(self) -> object:
        """Return the record; raises `ValueError` if there is none."""
        magic, place, length, checksum = self._head()
        if magic != _MAGIC or length > os.fstat(self.fd).st_size:
            raise ValueError("the memory file holds no record")
        text = os.pread(self.fd, length, place)
        if zlib.crc32(text) != checksum:
            raise ValueError("the record in the memory file is damaged")
        return json.loads(text)

    def _head(self) -> tuple[bytes, int, int, int]:
        head = os.pread(self.fd, _HEAD.size, 0)
        return _HEAD.unpack(head) if len(head) == _HEAD.size else (b"", 0, 0, 0)

    def close(self) -> None:
        """Close the file; who keeps it too has it still."""
        os.close(self.fd)


def _write(fd: int, data: bytes, place: int) -> None:
    rest = memoryview(data)
    while rest:
        size = os.pwrite(fd, rest, place)
        rest, place = rest[size:], place + size


def _is_ours(name: str) -> bool:
    """Whether `Keeping` gave this name: a kind and a serial number."""
    return name[:1] in _KINDS and name[1:].isdigit()


def _names(serial: int) -> Sequence[str]:
    return [f"{kind}{serial}" for kind in (_STDIN, _OUTPUT, _PIDFD)]
