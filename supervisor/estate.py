"""What a supervisor leaves to its successor, by three ways: a handover, a descriptor store, or only on trial.

A record is data; what it cannot hold are descriptors. Here a record and the descriptors come together again.
"""

import json
import logging
import os
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Protocol

from .child import Child
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

    def scrollback(self, record: Record, name: str) -> Scrollback:
        """Return the output of the service of this name."""


class Carried:
    """After a handover: descriptors have kept their numbers."""

    def child(self, record: Record, now: float) -> Child | None:
        """Return the child; it is still ours, and was not waited for."""
        try:
            return Child.adopt(record, now)
        except ProcessLookupError:
            # It was left behind by a supervisor that was killed: another is its parent, and reaped it.
            return Child.find(ProcessId(record.take("pid", int), record.take("start_time", int)))

    def scrollback(self, record: Record, name: str) -> Scrollback:
        """Return the ring in the memory file of that number."""
        del name
        try:
            return Scrollback.of(record.take("memory", int))
        except (NotOurs, OSError) as exc:
            raise InvalidRecord(f"{record.where('memory')}: {exc}") from exc


class OnTrial:
    """A record is only read: nothing is touched, nothing is there."""

    def child(self, record: Record, now: float) -> Child | None:
        """Read all that there is to read."""
        del now
        for key in ("pid", "start_time", "stdin", "output"):
            record.take(key, int)
        record.take("age", float)
        return None

    def scrollback(self, record: Record, name: str) -> Scrollback:
        """Return one that is empty."""
        del name
        record.take("memory", int)
        return Scrollback(0)


class Returned:
    """After a death: a descriptor store gives back what `Keeping` has given it, by name."""

    def __init__(self, descriptors: Mapping[str, Sequence[int]]) -> None:
        self._given = {name: list(numbers) for name, numbers in descriptors.items()}

    def records(self, family: str) -> Iterator[tuple[Record, "RecordFile"]]:
        """Yield the records of a family that can be read."""
        for name in [name for name in self._given if name.startswith(f"{family}-record-")]:
            file = RecordFile(self._take(name))
            try:
                record = Record(file.read())
            except (ValueError, InvalidRecord) as exc:
                log.error("what became of a service is unknown: %s", exc)
                file.close()
            else:
                yield record, file

    def sockets(self, prefix: str) -> Mapping[str, Sequence[int]]:
        """Take what has a name that begins so."""
        return {name: self._given.pop(name) for name in list(self._given) if name.startswith(prefix)}

    def child(self, record: Record, now: float) -> Child | None:
        """Return the child, which others may have waited for."""
        pid, start_time = record.take("pid", int), record.take("start_time", int)
        stdin, output, pidfd = (self._take(name) for name in _names(ProcessId(pid, start_time)))
        return Child.returned(record, now, stdin, output, pidfd)

    def scrollback(self, record: Record, name: str) -> Scrollback:
        """Return the ring; an empty one if it was not kept."""
        for family in FAMILIES:
            if (fd := self._take(_memory(family, name))) >= 0:
                try:
                    return Scrollback.of(fd)
                except (NotOurs, OSError):
                    close_all([fd])
        return Scrollback(record.take("limit", int))

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


SERVICES, DAEMON = FAMILIES = ("service", "daemon")
"""Whose records these are: those of the plan's services, or that of the daemon beside them."""


class Keeping:
    """What outlives us: notes on disk, and descriptors and records in a store if there is one.

    `family` is one of `FAMILIES`.
    """

    def __init__(
        self, notifier: Notifier, leftovers: Leftovers | None = None, family: str = SERVICES
    ) -> None:
        self.leftovers = leftovers
        self._notifier = notifier
        self.family = family
        self._records: dict[str, RecordFile] = {}
        self._memories: dict[str, int] = {}

    @property
    def wanted(self) -> bool:
        """Whether anybody keeps records."""
        return self._notifier.heard

    @property
    def descriptors(self) -> Sequence[int]:
        """The memory files of the records, which `freeze` names by number."""
        return [file.fd for file in self._records.values()]

    def mark(self, spec: ServiceSpec) -> Mapping[str, str]:
        """Return the variables by which a program is found again."""
        return {} if self.leftovers is None else self.leftovers.mark(spec)

    def spawned(self, child: Child, spec: ServiceSpec) -> None:
        """Keep what belongs to a child that was started just now."""
        if self.leftovers is not None:
            self.leftovers.note(child.identity, spec)
        for name, fd in zip(_names(child.identity), (child.stdin.fd, child.output, child.pidfd), strict=True):
            if fd >= 0:
                self._notifier.keep(name, fd)

    def ended(self, child: Child, name: str) -> None:
        """Forget a child that is gone, with all that it had started."""
        if self.leftovers is not None:
            self.leftovers.forget(child.identity, name)
        for one in _names(child.identity):
            self._notifier.release(one)

    def write(self, name: str, record: Mapping[str, object], scrollback: Scrollback) -> None:
        """Keep a service's state as it is now, and its output."""
        if self._memories.get(name) != scrollback.fd:
            self._notifier.release(_memory(self.family, name))
            self._notifier.keep(_memory(self.family, name), scrollback.fd)
            self._memories[name] = scrollback.fd
        file = self._records.get(name)
        if file is None:
            file = self._records[name] = RecordFile()
            self._notifier.release(_record(self.family, name))
            self._notifier.keep(_record(self.family, name), file.fd)
        file.write(record)

    def freeze(self) -> dict[str, object]:
        """Return which memory files hold which records."""
        return {name: file.fd for name, file in self._records.items()}

    def took_over(self, name: str, file: "RecordFile", scrollback: Scrollback) -> None:
        """Go on with a service's files, which are kept already."""
        self._records[name] = file
        self._memories[name] = scrollback.fd

    def forget(self, name: str) -> None:
        """Forget a service."""
        if (file := self._records.pop(name, None)) is not None:
            file.close()
            self._memories.pop(name, None)
            self._notifier.release(_record(self.family, name))
            self._notifier.release(_memory(self.family, name))

    def forget_all(self) -> None:
        """Forget everything, at an orderly end."""
        for name in list(self._records):
            self.forget(name)


class RecordFile:
    """A record in a memory file, written again and again; whoever reads it finds the latest whole one.

    The new text is written where the old one is not, and counts once the head names it.
    """

    def __init__(self, fd: int | None = None) -> None:
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


def _names(identity: ProcessId) -> Sequence[str]:
    return [f"child-{what}-{identity.pid}-{identity.start_time}" for what in ("stdin", "output", "pidfd")]


def _memory(family: str, name: str) -> str:
    return f"{family}-memory-{_digest(name)}"


def _record(family: str, name: str) -> str:
    return f"{family}-record-{_digest(name)}"


def _digest(name: str) -> str:
    # A name in a descriptor store has no colon and at most 255 characters.
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:24]
