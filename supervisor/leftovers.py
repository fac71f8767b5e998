"""Which programs live, on disk: what a supervisor that was killed leaves behind is found by the next one.

One small file for each live program, named for the process and its start time. It need not survive a power
cut, since the programs do not either: the boot id in it tells.
"""

import contextlib
import json
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass

from .child import Child
from .process import ProcessId
from .record import InvalidRecord, Record
from .spec import InvalidSpec, ServiceSpec

log = logging.getLogger("holdfast.supervisor")


@dataclass(frozen=True, slots=True)
class Leftover:
    """A program that is still there, in whole or in part."""

    spec: ServiceSpec
    child: Child


class Leftovers:
    """The folder of these files."""

    def __init__(self, directory: str) -> None:
        self._directory = os.path.join(directory, "children")
        self._boot = _boot_id()

    def note(self, identity: ProcessId, spec: ServiceSpec) -> None:
        """Remember a program that was started."""
        text = json.dumps({"boot": self._boot, "spec": spec.to_dict()})
        try:
            os.makedirs(self._directory, mode=0o700, exist_ok=True)
            fd = os.open(self._path(identity), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(fd, "w", encoding="ascii") as file:
                file.write(text)
        except OSError as exc:
            # The program runs all the same; only after a kill -9 of ours would it not be known.
            log.error("%s: process %d cannot be noted down: %s", spec.name, identity.pid, exc.strerror)

    def forget(self, identity: ProcessId) -> None:
        """Forget a program that is gone, with all that it had started."""
        with contextlib.suppress(OSError):
            os.unlink(self._path(identity))

    def find(self) -> Sequence[Leftover]:
        """Return the programs that a supervisor before us left behind; forget those that are gone."""
        found = []
        for name in sorted(_listed(self._directory)):
            path = os.path.join(self._directory, name)
            if (leftover := self._read(path, name)) is not None:
                found.append(leftover)
            else:
                with contextlib.suppress(OSError):
                    os.unlink(path)
        return found

    def _read(self, path: str, name: str) -> Leftover | None:
        try:
            pid, start_time = map(int, name.split("."))
            with open(path, encoding="ascii") as file:
                record = Record(json.load(file))
            if record.take("boot", str) != self._boot:
                return None
            spec = ServiceSpec.from_record(record.record("spec"))
        except (OSError, ValueError, RecursionError, InvalidRecord, InvalidSpec) as exc:
            log.error("%s is damaged and says nothing about a program: %s", path, exc)
            return None
        child = Child.find(ProcessId(pid, start_time))
        return None if child is None else Leftover(spec, child)

    def _path(self, identity: ProcessId) -> str:
        return os.path.join(self._directory, f"{identity.pid}.{identity.start_time}")


def _listed(directory: str) -> Sequence[str]:
    try:
        return os.listdir(directory)
    except FileNotFoundError:
        return ()


def _boot_id() -> str:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()
