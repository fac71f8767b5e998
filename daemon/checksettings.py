"""How it is known that a server is up and well, as the config says: readiness, checks, the watchdog."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from supervisor import Sign

from .checktargets import read_address, read_path, read_positive, read_signal, read_status, read_url
from .commandline import read_command
from .linepattern import read_pattern
from .values import Section

MOST_CHECKS = 32
"""Of one server."""

LONGEST = 86400.0
"""Seconds between two looks, at most."""

SHORTEST = 0.1
"""The same, at least."""


class Kind(StrEnum):
    """What is looked at."""

    HTTP = "http"
    TCP = "tcp"
    UNIX = "unix"
    COMMAND = "command"
    OUTPUT = "output"
    SILENCE = "silence"


class Role(StrEnum):
    """What a check is for."""

    READINESS = "readiness"
    """A server that starts is up when it passes."""
    LIVENESS = "liveness"
    """A server that is up is well while it passes."""
    BOTH = "both"


class Action(StrEnum):
    """What is done about a server that is not well."""

    WARN = "warn"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Before:
    """What is done before an ill server is restarted, such as having it say where it hangs."""

    signal: int = 0
    command: tuple[str, ...] = ()
    wait: float = 5.0
    """Seconds: from the signal to the restart, and at most for the command."""


@dataclass(frozen=True, slots=True)
class Check:
    """One health check; durations are in seconds, `status` are ranges, both ends included."""

    kind: Kind
    role: Role = Role.LIVENESS
    action: Action = Action.WARN
    interval: float = 10.0
    timeout: float = 5.0
    delay: float = 0.0
    failures: int = 3
    successes: int = 1
    before: Before | None = None
    url: str = ""
    address: tuple[str, int] = ("", 0)
    path: str = ""
    command: tuple[str, ...] = ()
    pattern: str = ""
    seconds: float = 0.0
    method: str = "GET"
    status: tuple[tuple[int, int], ...] = ((200, 399),)
    contains: str = ""
    verify: bool = True

    @property
    def place(self) -> tuple[str, int]:
        """The host and the port that are connected to."""
        if self.kind is not Kind.HTTP:
            return self.address
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def for_readiness(self) -> bool:
        """Whether it tells that the server is up."""
        return self.role is not Role.LIVENESS

    @property
    def for_liveness(self) -> bool:
        """Whether it tells that the server is well."""
        return self.role is not Role.READINESS


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """What a server's config says about it."""

    ready: Sign = Sign.SETTLED
    start_timeout: float = 0.0
    watchdog: float = 0.0
    checks: Mapping[str, Check] = field(default_factory=dict)


def read_health(section: Section) -> HealthSettings:
    """Read it from the section of a server; raises `ConfigError`."""
    checks = _checks(section.section("checks"))
    readiness = any(check.for_readiness for check in checks.values())
    default = Sign.CHECK if readiness else Sign.SETTLED
    ready = Sign(section.choice("ready", default, *Sign))
    if ready is Sign.CHECK and not readiness and (value := section.get("ready")) is not None:
        raise value.error('there is no check with "as": "readiness" or "both", so it would never be ready')
    timeout = _between(section, "startTimeout", 0.0, 0.0, LONGEST)
    if timeout and ready is Sign.SETTLED and (value := section.get("startTimeout")) is not None:
        value.warn("has no effect: nothing tells when the server is ready (ready, checks)")
    return HealthSettings(ready, timeout, _between(section, "watchdog", 0.0, 0.0, LONGEST), checks)


def _checks(section: Section) -> dict[str, Check]:
    checks: dict[str, Check] = {}
    for name, value in section.entries():
        if not re.fullmatch(r"[^/\x00-\x1f\x7f-\x9f]{1,64}", name):
            raise value.error("expected a name of 1 to 64 characters, no / or control character in it")
        checks[name] = _check(Section(value))
    if len(checks) > MOST_CHECKS:
        raise section.value.error(f"expected at most {MOST_CHECKS} checks, got {len(checks)}")
    return checks


def _check(section: Section) -> Check:
    what = "http, tcp, unix, command, output or silence"
    section.require("type", what)
    kind = Kind(section.choice("type", "", *Kind))
    by_line = kind in (Kind.OUTPUT, Kind.SILENCE)
    role = {Kind.OUTPUT: Role.READINESS, Kind.SILENCE: Role.LIVENESS}.get(kind, Role.BOTH)
    role = Role(section.choice("as", role, *Role))
    if by_line and role is Role.BOTH and (value := section.get("as")) is not None:
        raise value.error(f"a check of type {kind} cannot be both")
    if kind is Kind.SILENCE and role is Role.READINESS and (value := section.get("as")) is not None:
        raise value.error("that nothing is said does not tell that a server is up")
    check = Check(
        kind=kind,
        role=role,
        action=Action(section.choice("action", Action.WARN, *Action)),
        interval=_between(section, "interval", 10.0, SHORTEST, LONGEST),
        timeout=_between(section, "timeout", 5.0, SHORTEST, 600.0),
        delay=_between(section, "delay", 0.0, 0.0, LONGEST),
        failures=section.whole("failures", 1 if by_line else 3, 1, 1000),
        successes=section.whole("successes", 1, 1, 1000),
        before=_before(section),
        **_target(kind, section),  # type: ignore[arg-type]
    )
    section.warn_unknown()
    return check


def _target(kind: Kind, section: Section) -> dict[str, object]:
    match kind:
        case Kind.HTTP:
            return {
                "url": read_url(section.require("url", "a URL")),
                "path": section.text("path", ""),
                "method": section.choice("method", "GET", "GET", "HEAD", "POST", "OPTIONS"),
                "status": read_status(section.get("status")),
                "contains": section.text("contains", ""),
                "verify": section.flag("verify", True),
            }
        case Kind.TCP:
            return {"address": read_address(section.require("address", '"host:port"'))}
        case Kind.UNIX:
            return {"path": read_path(section.require("path", "the path of a socket"))}
        case Kind.COMMAND:
            return {"command": read_command(section.require("command", "a command"))}
        case Kind.OUTPUT:
            return {"pattern": read_pattern(section.require("pattern", "a regular expression"))}
        case Kind.SILENCE:
            return {"seconds": read_positive(section.require("seconds", "seconds"))}


def _before(section: Section) -> Before | None:
    value = section.get("before")
    if value is None:
        return None
    inner = Section(value)
    word, command = inner.get("signal"), inner.get("command")
    if (word is None) == (command is None):
        raise value.error('expected either "signal" or "command"')
    before = Before(
        signal=0 if word is None else read_signal(word),
        command=() if command is None else read_command(command),
        wait=_between(inner, "wait", 5.0, 0.0, 600.0),
    )
    inner.warn_unknown()
    return before


def _between(section: Section, key: str, default: float, low: float, high: float) -> float:
    seconds = section.seconds(key, default)
    if not low <= seconds <= high and (value := section.get(key)) is not None:
        raise value.expected_number(f"seconds from {low:g} to {high:g}")
    return seconds
