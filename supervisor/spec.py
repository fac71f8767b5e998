"""What shall exist: a `Plan` of `ServiceSpec`s. Values, compared by content, that know JSON and nothing else.

All durations are in seconds, all sizes in bytes.
"""

import math
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import TypeVar, cast

from .record import InvalidRecord, Record

MAX_NAME = 255

E = TypeVar("E", bound=StrEnum)


class InvalidSpec(ValueError):
    """A spec or plan that cannot be carried out; the message names the field."""


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
class StopPolicy:
    """How a program is asked to stop, and how long it may take before it is killed."""

    signal: int = int(signal.SIGTERM)
    grace: float = 30.0

    @classmethod
    def from_record(cls, record: Record) -> "StopPolicy":
        """Read a policy; raises `InvalidRecord`."""
        return cls(record.take("signal", int, cls().signal), record.take("grace", float, cls().grace))

    def check(self) -> None:
        """Raise `InvalidSpec` for what no kernel or clock can do."""
        if self.signal not in set(signal.Signals):
            raise InvalidSpec(f"stop.signal: there is no signal {self.signal}")
        _check_seconds("stop.grace", self.grace)


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """When a crash is followed by a restart.

    The wait before the n-th restart in a row is `first * factor**(n-1)`, at most `cap`, give or take the
    fraction `jitter` of it. After `budget` restarts within `window` the service is parked as failed
    (`budget` 0 parks at the first crash, a negative one never). A run of `stable_after` forgets all that.
    `always` treats a normal end that nobody asked for like a crash.
    """

    always: bool = False
    first: float = 0.5
    factor: float = 2.0
    cap: float = 30.0
    jitter: float = 0.1
    budget: int = 5
    window: float = 600.0
    stable_after: float = 60.0

    @classmethod
    def from_record(cls, record: Record) -> "RestartPolicy":
        """Read a policy; raises `InvalidRecord`."""
        default = cls()
        return cls(
            always=record.take("always", bool, default.always),
            first=record.take("first", float, default.first),
            factor=record.take("factor", float, default.factor),
            cap=record.take("cap", float, default.cap),
            jitter=record.take("jitter", float, default.jitter),
            budget=record.take("budget", int, default.budget),
            window=record.take("window", float, default.window),
            stable_after=record.take("stable_after", float, default.stable_after),
        )

    def check(self) -> None:
        """Raise `InvalidSpec` for what no clock can do."""
        for name in ("first", "cap", "window", "stable_after"):
            _check_seconds(f"restart.{name}", cast("float", getattr(self, name)))
        if not 1 <= self.factor <= 100:
            raise InvalidSpec(f"restart.factor: expected 1 to 100, got {self.factor}")
        if not 0 <= self.jitter <= 1:
            raise InvalidSpec(f"restart.jitter: expected 0 to 1, got {self.jitter}")


@dataclass(frozen=True, slots=True)
class ScrollbackPolicy:
    """How much output is kept and replayed: at most so many lines and so many bytes."""

    lines: int = 2500
    bytes: int = 1 << 20

    @classmethod
    def from_record(cls, record: Record) -> "ScrollbackPolicy":
        """Read a policy; raises `InvalidRecord`."""
        return cls(record.take("lines", int, cls().lines), record.take("bytes", int, cls().bytes))

    def check(self) -> None:
        """Raise `InvalidSpec` for a size below zero."""
        if self.lines < 0:
            raise InvalidSpec(f"scrollback.lines: expected 0 or more, got {self.lines}")
        if self.bytes < 0:
            raise InvalidSpec(f"scrollback.bytes: expected 0 or more, got {self.bytes}")


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """One program to keep running.

    `command` is executed as it is, never by a shell; its first word is looked up in the PATH of the
    service's own environment, or, if it has a slash and is relative, below `directory`. `environment` is
    added to a short base (see `supervisor.child`). `autostart` is for services that a plan brings while the
    supervisor runs, and for its start as far as `boot` says so.
    """

    name: str
    command: tuple[str, ...]
    directory: str
    environment: Mapping[str, str] = field(default_factory=dict)
    autostart: bool = True
    stop: StopPolicy = StopPolicy()
    restart: RestartPolicy = RestartPolicy()
    scrollback: ScrollbackPolicy = ScrollbackPolicy()
    boot: Boot = Boot.ENABLED
    leftovers: LeftBehind = LeftBehind.STOP

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
        self.stop.check()
        self.restart.check()
        self.scrollback.check()

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
                stop=StopPolicy.from_record(record.record("stop")),
                restart=RestartPolicy.from_record(record.record("restart")),
                scrollback=ScrollbackPolicy.from_record(record.record("scrollback")),
                boot=_word(record, "boot", Boot.ENABLED),
                leftovers=_word(record, "leftovers", LeftBehind.STOP),
            )
        except InvalidRecord as exc:
            raise InvalidSpec(str(exc)) from exc
        except InvalidSpec as exc:
            raise InvalidSpec(f"{record.where(name or 'name')}: {exc}") from exc

    def to_dict(self) -> dict[str, object]:
        """Return the spec as JSON data."""
        return {**asdict(self), "boot": str(self.boot), "leftovers": str(self.leftovers)}

    def runs_as(self, other: "ServiceSpec") -> bool:
        """Tell whether a program that runs by `other` needs no restart; it has started, whatever boots."""
        return self == other or replace(self, autostart=other.autostart, boot=other.boot) == other


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that shall exist: specs by unique name, in the order in which they start."""

    services: tuple[ServiceSpec, ...] = ()

    def __post_init__(self) -> None:
        """Raise `InvalidSpec` if two services share a name."""
        seen: set[str] = set()
        for spec in self.services:
            if spec.name in seen:
                raise InvalidSpec(f"services: {spec.name!r} stands there twice")
            seen.add(spec.name)

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


def _word(record: Record, key: str, default: E) -> E:
    word = record.take(key, str, str(default))
    try:
        return type(default)(word)
    except ValueError as exc:
        known = ", ".join(type(default))
        raise InvalidRecord(f"{record.where(key)}: expected one of {known}, got {word!r}") from exc


def _check_seconds(name: str, value: float) -> None:
    if not math.isfinite(value) or value < 0:
        raise InvalidSpec(f"{name}: expected seconds, 0 or more, got {value}")


def _check_encodes(name: str, encode: Callable[[str], bytes], *texts: str) -> None:
    """Raise `InvalidSpec` for half a surrogate pair, which JSON can hold and no kernel can take."""
    try:
        for text in texts:
            encode(text)
    except UnicodeEncodeError as exc:
        raise InvalidSpec(f"{name}: holds a character that is none") from exc
