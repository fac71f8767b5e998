"""As whom and within which bounds a program runs: values, which `launch` makes true.

Whatever is None or empty is inherited from the supervisor.
"""

import re
import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .policies import InvalidSpec
from .record import InvalidRecord, Record, plain

RLIMITS = {
    name.removeprefix("RLIMIT_").lower(): int(getattr(resource, name))
    for name in dir(resource)
    if name.startswith("RLIMIT_")
}
"""Resource limits by their names in small letters, such as `nofile` (getrlimit(2))."""

INFINITE = -1
"""No limit."""


@dataclass(frozen=True, slots=True)
class Execution:
    """As whom a program runs, and how the kernel treats it.

    `user`, `group` and `groups` are names or numbers, looked up at each start: one that is unknown, or that
    we may not become, refuses the start. `rlimits` are (soft, hard) by name, -1 for no limit.
    """

    user: str = ""
    group: str = ""
    groups: tuple[str, ...] | None = None
    umask: int | None = None
    nice: int | None = None
    oom_score_adjust: int | None = None
    rlimits: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def from_record(cls, record: Record) -> "Execution":
        """Read it; raises `InvalidRecord`."""
        limits = record.record("rlimits")
        return cls(
            user=record.take("user", str, ""),
            group=record.take("group", str, ""),
            groups=record.strings("groups") if record.has("groups") else None,
            umask=record.optional("umask", int),
            nice=record.optional("nice", int),
            oom_score_adjust=record.optional("oom_score_adjust", int),
            rlimits={name: _pair(limits, name) for name in limits.names()},
        )

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON data."""
        groups = None if self.groups is None else list(self.groups)
        limits = {name: list(pair) for name, pair in self.rlimits.items()}
        return {**plain(self), "groups": groups, "rlimits": limits}

    def check(self) -> None:
        """Raise `InvalidSpec` for what no kernel takes."""
        if self.umask is not None and not 0 <= self.umask <= 0o777:
            raise InvalidSpec(f"execution.umask: expected 000 to 777 (octal), got {self.umask:o}")
        if self.nice is not None and not -20 <= self.nice <= 19:
            raise InvalidSpec(f"execution.nice: expected -20 to 19, got {self.nice}")
        if self.oom_score_adjust is not None and not -1000 <= self.oom_score_adjust <= 1000:
            raise InvalidSpec(
                f"execution.oom_score_adjust: expected -1000 to 1000, got {self.oom_score_adjust}"
            )
        for name, (soft, hard) in self.rlimits.items():
            if name not in RLIMITS:
                raise InvalidSpec(f"execution.rlimits: there is no limit {name!r}")
            if min(soft, hard) < INFINITE or (hard != INFINITE and (soft == INFINITE or soft > hard)):
                raise InvalidSpec(f"execution.rlimits.{name}: {soft} is not within {hard}")
        for text in (self.user, self.group, *(self.groups or ())):
            if re.search(r"[\0:\n]", text):
                raise InvalidSpec(f"execution: {text!r} cannot be a user or group")


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal of so many rows and columns, instead of pipes."""

    rows: int = 24
    columns: int = 80

    @classmethod
    def from_record(cls, record: Record) -> "Terminal":
        """Read it; raises `InvalidRecord`."""
        return cls(record.take("rows", int, cls().rows), record.take("columns", int, cls().columns))

    def check(self) -> None:
        """Raise `InvalidSpec` for a size that no terminal has."""
        for name, value in (("rows", self.rows), ("columns", self.columns)):
            if not 1 <= value <= 1000:
                raise InvalidSpec(f"terminal.{name}: expected 1 to 1000, got {value}")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a service's whole tree may use, where control groups let us say so (cgroups(7), version 2).

    Memory in bytes, CPU in parts of one processor (1.5 is one and a half), IO in bytes per second for each
    block device that the service's folder is on.
    """

    memory: int | None = None
    """It is slowed down and then killed beyond this (memory.max)."""
    memory_high: int | None = None
    """It is slowed down beyond this."""
    swap: int | None = None
    cpu: float | None = None
    cpu_weight: int | None = None
    """1 to 10000, 100 is normal."""
    pids: int | None = None
    io_read: int | None = None
    io_write: int | None = None

    @classmethod
    def from_record(cls, record: Record) -> "Limits":
        """Read them; raises `InvalidRecord`."""
        return cls(
            memory=record.optional("memory", int),
            memory_high=record.optional("memory_high", int),
            swap=record.optional("swap", int),
            cpu=record.optional("cpu", float),
            cpu_weight=record.optional("cpu_weight", int),
            pids=record.optional("pids", int),
            io_read=record.optional("io_read", int),
            io_write=record.optional("io_write", int),
        )

    @property
    def wanted(self) -> Sequence[str]:
        """The names of the limits that there are."""
        return [name for name, value in plain(self).items() if value is not None]

    def check(self) -> None:
        """Raise `InvalidSpec` for what no kernel takes."""
        for name in ("memory", "memory_high", "pids", "io_read", "io_write"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InvalidSpec(f"limits.{name}: expected 1 or more, got {value}")
        if self.swap is not None and self.swap < 0:
            raise InvalidSpec(f"limits.swap: expected 0 or more, got {self.swap}")
        if self.cpu is not None and not 0.001 <= self.cpu <= 10_000:
            raise InvalidSpec(f"limits.cpu: expected 0.001 to 10000 processors, got {self.cpu}")
        if self.cpu_weight is not None and not 1 <= self.cpu_weight <= 10_000:
            raise InvalidSpec(f"limits.cpu_weight: expected 1 to 10000, got {self.cpu_weight}")


def _pair(limits: Record, name: str) -> tuple[int, int]:
    numbers = limits.numbers(name)
    if len(numbers) != 2 or not all(number.is_integer() for number in numbers):
        raise InvalidRecord(f"{limits.where(name)}: expected two whole numbers")
    return int(numbers[0]), int(numbers[1])
