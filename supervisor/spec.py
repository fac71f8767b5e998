"""What shall exist: a `Plan` of `ServiceSpec`s. Values, compared by content, that know JSON and nothing else.

All durations are in seconds, all sizes in bytes.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from .execution import Execution, Limits, Terminal
from .order import Ties, find_cycle
from .policies import InvalidSpec, ReadyPolicy, RestartPolicy, ScrollbackPolicy, StopPolicy, word
from .record import InvalidRecord, Record, plain

__all__ = ["Boot", "InvalidSpec", "LeftBehind", "Plan", "ServiceSpec"]

MAX_NAME = 255


class Boot(StrEnum):
    """Whether a service starts when the supervisor does."""

    ENABLED = "enabled"
    """As `autostart` says."""
    WANTED = "wanted"
    """If a person asked for it last; as `autostart` says where nobody ever asked."""
    ALWAYS = "always"
    NEVER = "never"


class LeftBehind(StrEnum):
    """What becomes of a program whose supervisor was killed."""

    STOP = "stop"
    """It is asked to stop; then the service starts again, if it shall."""
    KEEP = "keep"
    """It is left alone; its pipes are lost until it is started anew."""


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """One program to keep running.

    `command` is executed as it is, never by a shell; its first word is looked up in the PATH of the
    service's own environment, or, if it has a slash and is relative, below `directory`. `environment` is
    added to a short base (see `supervisor.child`). `autostart` is for services that a plan brings while the
    supervisor runs, and for its start as far as `boot` says so. It is started when those that it `requires`
    are ready, which are wanted up with it, and those that it comes `after`, as far as they are to start.
    """

    name: str
    command: tuple[str, ...]
    directory: str
    environment: Mapping[str, str] = field(default_factory=dict)
    autostart: bool = True
    stop: StopPolicy = field(default_factory=StopPolicy)
    restart: RestartPolicy = field(default_factory=RestartPolicy)
    scrollback: ScrollbackPolicy = field(default_factory=ScrollbackPolicy)
    boot: Boot = Boot.ENABLED
    leftovers: LeftBehind = LeftBehind.STOP
    ready: ReadyPolicy = field(default_factory=ReadyPolicy)
    execution: Execution = field(default_factory=Execution)
    limits: Limits = field(default_factory=Limits)
    terminal: Terminal | None = None
    after: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise `InvalidSpec` for a service that could never be started."""
        if not self.name or len(self.name) > MAX_NAME:
            raise InvalidSpec(f"name: expected 1 to {MAX_NAME} characters, got {len(self.name)}")
        if "\0" in self.name:
            raise InvalidSpec("name: must not contain a NUL character")
        if not self.command or not self.command[0]:
            raise InvalidSpec("command: is empty")
        if any("\0" in word for word in self.command):
            raise InvalidSpec("command: must not contain a NUL character")
        if not os.path.isabs(self.directory) or "\0" in self.directory:
            raise InvalidSpec(f"directory: expected an absolute path, got {self.directory!r}")
        _check_encodes("name", str.encode, self.name)
        _check_encodes("command", os.fsencode, *self.command)
        _check_encodes("directory", os.fsencode, self.directory)
        _check_encodes("environment", os.fsencode, *self.environment, *self.environment.values())
        for key, value in self.environment.items():
            if not key or "=" in key or "\0" in key + value:
                raise InvalidSpec(f"environment: {key!r} cannot be a variable")
        for part in (self.stop, self.restart, self.scrollback, self.ready, self.execution, self.limits):
            part.check()
        if self.terminal is not None:
            self.terminal.check()

    @classmethod
    def from_record(cls, record: Record) -> "ServiceSpec":
        """Read a spec; raises `InvalidSpec`."""
        name = ""
        try:
            name = record.take("name", str)
            return cls(
                name=name,
                command=record.strings("command"),
                directory=record.take("directory", str),
                environment=record.mapping("environment"),
                autostart=record.take("autostart", bool, True),
                stop=record.part("stop", StopPolicy.from_record, _USUAL.stop),
                restart=record.part("restart", RestartPolicy.from_record, _USUAL.restart),
                scrollback=record.part("scrollback", ScrollbackPolicy.from_record, _USUAL.scrollback),
                boot=word(record, "boot", Boot.ENABLED),
                leftovers=word(record, "leftovers", LeftBehind.STOP),
                ready=record.part("ready", ReadyPolicy.from_record, _USUAL.ready),
                execution=record.part("execution", Execution.from_record, _USUAL.execution),
                limits=record.part("limits", Limits.from_record, _USUAL.limits),
                terminal=Terminal.from_record(record.record("terminal")) if record.has("terminal") else None,
                after=record.strings("after"),
                requires=record.strings("requires"),
            )
        except InvalidRecord as exc:
            raise InvalidSpec(str(exc)) from exc
        except InvalidSpec as exc:
            raise InvalidSpec(f"{record.where(name or 'name')}: {exc}") from exc

    def to_dict(self) -> dict[str, object]:
        """Return the spec as JSON data."""
        return {
            "name": self.name,
            "command": list(self.command),
            "directory": self.directory,
            "environment": dict(self.environment),
            "autostart": self.autostart,
            "stop": self.stop.to_dict(),
            "restart": self.restart.to_dict(),
            "scrollback": plain(self.scrollback),
            "boot": str(self.boot),
            "leftovers": str(self.leftovers),
            "ready": {**plain(self.ready), "by": str(self.ready.by)},
            "execution": self.execution.to_dict(),
            "limits": plain(self.limits),
            "terminal": None if self.terminal is None else plain(self.terminal),
            "after": list(self.after),
            "requires": list(self.requires),
        }

    def runs_as(self, other: "ServiceSpec") -> bool:
        """Tell whether a program that runs by `other` needs no restart: what differs counts at once."""
        if self is other or self == other:
            return True
        now = replace(
            self, autostart=other.autostart, boot=other.boot, stop=other.stop, restart=other.restart
        )
        now = replace(now, scrollback=other.scrollback, after=other.after, requires=other.requires)
        return replace(now, limits=other.limits) == other


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that shall exist: specs by unique name, in the order in which they start."""

    services: tuple[ServiceSpec, ...] = ()

    def __post_init__(self) -> None:
        """Raise `InvalidSpec` if two services share a name, or some wait for each other."""
        seen: set[str] = set()
        for spec in self.services:
            if spec.name in seen:
                raise InvalidSpec(f"services: {spec.name!r} stands there twice")
            seen.add(spec.name)
        if cycle := find_cycle({spec.name: Ties(spec.requires, spec.after) for spec in self.services}):
            raise InvalidSpec(f"services: these wait for each other: {' → '.join(cycle)}")

    @classmethod
    def from_dict(cls, data: object) -> "Plan":
        """Read a plan; raises `InvalidSpec`."""
        try:
            return cls.from_record(Record(data))
        except InvalidRecord as exc:
            raise InvalidSpec(str(exc)) from exc

    @classmethod
    def from_record(cls, record: Record) -> "Plan":
        """Read a plan; raises `InvalidSpec`."""
        try:
            return cls(tuple(ServiceSpec.from_record(entry) for entry in record.records("services")))
        except InvalidRecord as exc:
            raise InvalidSpec(str(exc)) from exc

    def to_dict(self) -> dict[str, object]:
        """Return the plan as JSON data."""
        return {"services": [spec.to_dict() for spec in self.services]}


def _check_encodes(name: str, encode: Callable[[str], bytes], *texts: str) -> None:
    """Raise `InvalidSpec` for half a surrogate pair, which JSON can hold and no kernel can take."""
    try:
        for text in texts:
            encode(text)
    except UnicodeEncodeError as exc:
        raise InvalidSpec(f"{name}: holds a character that is none") from exc


_USUAL = ServiceSpec("usual", ("true",), "/")
"""All that is as by default in it is shared by the specs that are read: there may be a thousand."""
