"""The section `schedules` of a server: what is done with it at certain times.

Rules:
- Each action has keys of its own (`line`, `command`, `archive`, `warn`); under another action they are warned
  about, since somebody believes that they count.
- An expression that never comes is an error: a restart that never happens is found when it is too late.
"""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from filemgr import ROOT, InvalidPath, RelPath

from .archivekinds import KINDS
from .cron import Cron, InvalidCron
from .policysettings import Command
from .values import Section, Value
from .zones import NoSuchZone, find_zone, local_zone

MOST = 100
"""Schedules of a server."""

BACKUPS = RelPath(("backups",))

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DAY = 86_400
_LONGEST_LINE = 10_000
_MOST_WARNINGS = 50
_MOST_KEPT = 1000


class Action(StrEnum):
    """What a schedule does."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    KILL = "kill"
    INPUT = "input"
    COMMAND = "command"
    ARCHIVE = "archive"


class OnlyIf(StrEnum):
    """How the server must be at the moment, or the run is skipped."""

    RUNNING = "running"
    STOPPED = "stopped"
    ALWAYS = "always"


_USUALLY = {
    Action.START: OnlyIf.STOPPED,
    Action.STOP: OnlyIf.RUNNING,
    Action.RESTART: OnlyIf.RUNNING,
    Action.KILL: OnlyIf.RUNNING,
    Action.INPUT: OnlyIf.RUNNING,
    Action.COMMAND: OnlyIf.ALWAYS,
    Action.ARCHIVE: OnlyIf.ALWAYS,
}

_KEYS = {
    "line": (Action.INPUT,),
    "command": (Action.COMMAND,),
    "timeout": (Action.COMMAND,),
    "archive": (Action.ARCHIVE,),
    "warn": (Action.STOP, Action.RESTART, Action.KILL),
}
"""The keys that not every action has."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A line for the program's standard input, so many minutes before."""

    minutes: float
    line: str


@dataclass(frozen=True, slots=True)
class Archiving:
    """An archive of `path`, in the folder `to`, both below the server's; the latest `keep` of them stay."""

    kind: str = "tar.zst"
    """The format, one of those in `archivekinds.py`."""
    path: RelPath = ROOT
    to: RelPath = BACKUPS
    keep: int = 7


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is done, and when. Durations are in seconds."""

    cron: Cron
    action: Action
    only_if: OnlyIf
    enabled: bool = True
    jitter: float = 0.0
    """Each run begins up to this much later, by a chance that is the same for the same run."""
    catch_up: bool = True
    """Whether a run that was missed is made up for, if it was missed less than `grace` ago."""
    grace: float = 3600.0
    warnings: Sequence[Notice] = ()
    """The earliest first."""
    line: str = ""
    command: tuple[str, ...] = ()
    timeout: float = 600.0
    archive: Archiving = field(default_factory=Archiving)


def read_schedules(section: Section, words_of: Command) -> Mapping[str, Schedule]:
    """Return the schedules of a server by name; raises `ConfigError`. One that is null is none."""
    told = {name: value for name, value in section.entries() if value.data is not None}
    found = {name: _schedule(name, value, words_of) for name, value in told.items()}
    if len(found) > MOST:
        raise section.value.error(f"expected at most {MOST} schedules, got {len(found)}")
    return found


def _schedule(name: str, value: Value, words_of: Command) -> Schedule:
    if not _NAME.fullmatch(name):
        raise value.error("expected a name of 1 to 64 letters, digits and . _ -, the first one of the former")
    section = Section(value)
    action = Action(_required(section, "action", *Action))
    for key, actions in _KEYS.items():
        if action not in actions and (foreign := section.get(key)) is not None:
            foreign.warn(f"has no effect with the action {action}")
    schedule = Schedule(
        cron=_cron(section),
        action=action,
        only_if=OnlyIf(section.choice("onlyIf", _USUALLY[action], *OnlyIf)),
        enabled=section.flag("enabled", True),
        jitter=_bounded(section, "jitter", 0.0, _DAY),
        catch_up=section.choice("missed", "run", "run", "skip") == "run",
        grace=_bounded(section, "grace", 3600.0, 7 * _DAY),
        warnings=_warnings(section) if action in _KEYS["warn"] else (),
        line=_line(section.require("line", "a line for the console")) if action is Action.INPUT else "",
        command=words_of(section.require("command", "a command")) if action is Action.COMMAND else (),
        timeout=_bounded(section, "timeout", 600.0, _DAY) if action is Action.COMMAND else 600.0,
        archive=_archiving(section) if action is Action.ARCHIVE else Archiving(),
    )
    section.warn_unknown()
    return schedule


def _required(section: Section, key: str, *words: str) -> str:
    section.require(key, f"{', '.join(words[:-1])} or {words[-1]}")
    return section.choice(key, "", *words)


def _cron(section: Section) -> Cron:
    text, zone = section.require("cron", "a cron expression such as 0 4 * * *"), section.get("timeZone")
    try:
        found = local_zone() if zone is None else find_zone(zone.text())
    except NoSuchZone as exc:
        if zone is not None:
            raise zone.error(f"expected a time zone such as Europe/Berlin: {exc}") from exc
        what = f"missing, and this machine's own is unknown: {exc}"
        raise section.value.source.error(section.value.index, what, section.value.path("timeZone")) from exc
    try:
        cron = Cron(text.text(), found)
    except InvalidCron as exc:
        raise text.error(f"expected a cron expression such as 0 4 * * *: {exc}") from exc
    if cron.next(time.time()) is None:
        raise text.error("expected a time that comes, this one never does")
    return cron


def _bounded(section: Section, key: str, default: float, most: float) -> float:
    seconds = section.seconds(key, default)
    value = section.get(key)
    if value is not None and seconds > most:
        raise value.expected_number(f"at most {most:.0f} seconds")
    return seconds


def _line(value: Value) -> str:
    line = value.text()
    if not line or len(line) > _LONGEST_LINE:
        raise value.error(f"expected a line of 1 to {_LONGEST_LINE} characters")
    return line


def _warnings(section: Section) -> Sequence[Notice]:
    value = section.get("warn")
    if value is None:
        return ()
    if not isinstance(value.data, tuple):
        raise value.expected("a list of objects with minutes and line")
    if len(value.data) > _MOST_WARNINGS:
        raise value.error(f"expected at most {_MOST_WARNINGS} warnings")
    found: dict[float, Notice] = {}
    for item in value.data:
        one = Section(item)
        minutes = one.require("minutes", "minutes before it is done")
        if isinstance(minutes.data, bool) or not isinstance(minutes.data, int | float):
            raise minutes.expected_number("minutes")
        if not 0 < minutes.data <= _DAY / 60:
            raise minutes.expected_number("more than 0 and at most 1440 minutes")
        if minutes.data in found:
            raise minutes.error(f"there is a warning of {minutes.data} minutes already")
        line = _line(one.require("line", "a line for the console"))
        found[minutes.data] = Notice(float(minutes.data), line)
        one.warn_unknown()
    return tuple(sorted(found.values(), key=lambda warning: -warning.minutes))


def _archiving(section: Section) -> Archiving:
    told = section.section("archive")
    kinds = KINDS[told.choice("type", "tar", *KINDS)]
    word = told.get("compress")
    # Octyne's words for it; in a config, true and false need no quotes.
    compress = (
        str(word.data).lower()
        if word is not None and isinstance(word.data, bool)
        else told.choice("compress", "zstd", *kinds)
    )
    usual = Archiving()
    archiving = Archiving(
        kind=kinds[compress],
        path=_path(told, "path", usual.path),
        to=_path(told, "to", usual.to),
        keep=told.whole("keep", usual.keep, 1, _MOST_KEPT),
    )
    told.warn_unknown()
    return archiving


def _path(section: Section, key: str, default: RelPath) -> RelPath:
    value = section.get(key)
    if value is None:
        return default
    try:
        return RelPath.parse(value.text())
    except InvalidPath as exc:
        raise value.error(f"expected a path in the server's folder: {exc}") from exc
