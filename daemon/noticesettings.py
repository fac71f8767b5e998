"""The section `notifications` of the config: who is told of what, and how."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .commandline import read_command
from .destinations import Forbidden, is_public, read_url
from .notice import EVENTS, MOST_LINES, Kind
from .outgoing import OURS
from .placeholders import Template, UnknownPlaceholder
from .signature import InvalidSecret, key_of
from .values import Section, Value

MOST_TARGETS = 20
_MOST_PATTERNS = 100
_MOST_HEADERS = 30
_MOST_BYTES = 1 << 60
_DAY = 24 * 60
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?")
_PERCENT = re.compile(r"(\d{1,2}(?:\.\d{1,3})?) ?%")


class Way(StrEnum):
    """How a target is told."""

    WEBHOOK = "webhook"
    DISCORD = "discord"
    NTFY = "ntfy"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """One target. `repeat` is in minutes, `timeout` in seconds; no `servers` means all.

    What may be secret (`url`, `headers`, `secret`) stays out of the text of this.
    """

    name: str
    way: Way
    url: str = field(default="", repr=False)
    url_file: str = ""
    command: tuple[str, ...] = field(default=(), repr=False)
    on: frozenset[Kind] = frozenset(EVENTS)
    servers: tuple[str, ...] | None = None
    title: Template | None = field(default=None, compare=False)
    message: Template | None = field(default=None, compare=False)
    texts: tuple[str, str] = ("", "")
    """What the two are made of, so that two settings can be compared."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret: str = field(default="", repr=False)
    secret_file: str = ""
    allow_private: bool = False
    repeat: float = 15.0
    per_hour: int = 30
    lines: int = 20
    timeout: float = 10.0
    retries: int = 5


@dataclass(frozen=True, slots=True)
class DiskSettings:
    """When a disk is low: below a percentage of it, or below so many bytes. `interval` is in seconds."""

    percent: float | None = 5.0
    size: int = 0
    folders: tuple[str, ...] | None = None
    """None means those of all servers, and the one with our state."""
    interval: float = 60.0


@dataclass(frozen=True, slots=True)
class NoticeSettings:
    """All targets by name, and when a disk is low."""

    targets: Mapping[str, TargetSettings] = field(default_factory=dict)
    disk: DiskSettings = field(default_factory=DiskSettings)


def read_notice_settings(section: Section, path: Callable[[str], str]) -> NoticeSettings:
    """Return the settings; `path` makes a path absolute. Raises `ConfigError`."""
    named = section.section("targets")
    targets = {name: _target(name, value, path) for name, value in named.entries()}
    if len(targets) > MOST_TARGETS:
        raise named.value.error(f"expected at most {MOST_TARGETS} targets")
    settings = NoticeSettings(targets, _disk(section.section("disk"), path))
    section.warn_unknown()
    return settings


def _target(name: str, value: Value, path: Callable[[str], str]) -> TargetSettings:
    if not _NAME.fullmatch(name):
        raise value.error("expected a name of up to 64 letters, digits, dots, hyphens and underscores")
    section = Section(value)
    kind = section.require("type", "webhook, discord, ntfy or command")
    way = Way(section.choice("type", "", *Way)) if kind.text() else Way(_no_way(kind))
    allow_private = section.flag("allowPrivate", False)
    texts = section.text("title", ""), section.text("message", "")
    target = TargetSettings(
        name=name,
        way=way,
        url=_url(section, way, allow_private=allow_private),
        url_file=_file(section, "urlFile", path),
        command=_command(section, way),
        on=_events(section.get("on")),
        servers=_servers(section.get("servers")),
        title=_template(section.get("title")),
        message=_template(section.get("message")),
        texts=texts,
        headers=_headers(section, way),
        secret=_secret(section),
        secret_file=_file(section, "secretFile", path),
        allow_private=allow_private,
        repeat=_range(section, "repeat", 15.0, 0, 7 * _DAY, "minutes"),
        per_hour=section.whole("perHour", 30, 1, 3600),
        lines=section.whole("lines", 20, 0, MOST_LINES),
        timeout=_range(section, "timeout", 10.0, 1, 60, "seconds"),
        retries=section.whole("retries", 5, 0, 20),
    )
    _check_together(section, target)
    section.warn_unknown()
    return target


def _no_way(kind: Value) -> str:
    raise kind.expected("webhook, discord, ntfy or command")


def _check_together(section: Section, target: TargetSettings) -> None:
    if target.way is Way.COMMAND:
        for key in ("url", "urlFile", "secret", "secretFile", "headers", "allowPrivate"):
            if (found := section.get(key)) is not None:
                raise found.error("is not for a command")
        return
    if bool(target.url) == bool(target.url_file):
        raise section.value.error("expected one of url and urlFile")
    if target.secret and target.secret_file:
        raise section.value.error("expected one of secret and secretFile, not both")
    signed = section.get("secret") or section.get("secretFile")
    if signed is not None and target.way is not Way.WEBHOOK:
        raise signed.error("is only for a webhook: nobody else looks at a signature")


def _url(section: Section, way: Way, *, allow_private: bool) -> str:
    value = section.get("url")
    if value is None or way is Way.COMMAND:
        return ""
    url = value.text()
    try:
        to = read_url(url)
    except Forbidden as exc:
        raise value.error(str(exc)) from exc
    try:
        private = not is_public(ipaddress.ip_address(to.host))
    except ValueError:
        private = to.host == "localhost" or to.host.endswith(".localhost")
    if private and not allow_private:
        raise value.error("has an address that is not public: allowPrivate: true permits that")
    if not to.encrypted and not private and not allow_private:
        value.warn("is not encrypted: whoever is on the way can read it")
    return url


def _file(section: Section, key: str, path: Callable[[str], str]) -> str:
    text = section.text(key, "")
    return path(text) if text else ""


def _command(section: Section, way: Way) -> tuple[str, ...]:
    if way is not Way.COMMAND:
        if (found := section.get("command")) is not None:
            raise found.error("is only for the type command")
        return ()
    value = section.require("command", "a command")
    words = read_command(value)
    if any("\0" in word for word in words):
        raise value.error("expected words without NUL")
    return words


def _events(value: Value | None) -> frozenset[Kind]:
    if value is None:
        return frozenset(EVENTS)
    if not isinstance(value.data, tuple) or not value.data:
        raise value.expected(f"a list of {', '.join(EVENTS)}")
    for one in value.data:
        if one.data not in EVENTS:
            raise one.error(f"expected one of {', '.join(EVENTS)}, got {one.text()!r}")
    return frozenset(Kind(one.text()) for one in value.data)


def _servers(value: Value | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value.data, tuple):
        raise value.expected("a list of names or patterns")
    if len(value.data) > _MOST_PATTERNS:
        raise value.error(f"expected at most {_MOST_PATTERNS} of them")
    return tuple(one.text() for one in value.data)


def _template(value: Value | None) -> Template | None:
    if value is None or not value.text():
        return None
    try:
        return Template(value.text())
    except UnknownPlaceholder as exc:
        raise value.error(str(exc)) from exc


def _headers(section: Section, way: Way) -> Mapping[str, str]:
    found: dict[str, str] = {}
    headers = section.section("headers")
    for name, value in headers.entries():
        low = name.lower()
        if not _HEADER.fullmatch(name):
            raise value.error("expected the name of a header")
        if low in OURS or low == "content-type" or (way is Way.WEBHOOK and low.startswith("webhook-")):
            raise value.error("is a header that we set ourselves")
        if low in found:
            raise value.error("is there twice")
        if not _HEADER_VALUE.fullmatch(value.text()):
            raise value.error("expected a value of printable ASCII characters, without blanks around it")
        found[low] = value.text()
    if len(found) > _MOST_HEADERS:
        raise headers.value.error(f"expected at most {_MOST_HEADERS} headers")
    return found


def _secret(section: Section) -> str:
    value = section.get("secret")
    if value is None:
        return ""
    try:
        key_of(value.text())
    except InvalidSecret as exc:
        raise value.error(str(exc)) from exc
    return value.text()


def _range(section: Section, key: str, default: float, low: float, high: float, unit: str) -> float:
    found = section.seconds(key, default)
    value = section.get(key)
    if value is not None and not low <= found <= high:
        raise value.expected_number(f"{unit} from {low:g} to {high:g}")
    return found


def _disk(section: Section, path: Callable[[str], str]) -> DiskSettings:
    usual = DiskSettings()
    percent, size = usual.percent, usual.size
    low = section.get("low")
    if low is not None:
        percent, size = _low(low)
    value = section.get("folders")
    folders = None
    if value is not None:
        if not isinstance(value.data, tuple):
            raise value.expected("a list of folders")
        folders = tuple(path(one.text()) for one in value.data)
    interval = _range(section, "interval", usual.interval, 5, 86_400, "seconds")
    section.warn_unknown()
    return DiskSettings(percent, size, folders, interval)


def _low(value: Value) -> tuple[float | None, int]:
    """Return (percentage, bytes), one of which counts."""
    if type(value.data) is int:
        if not 0 <= value.data <= _MOST_BYTES:
            raise value.expected_number("bytes, 0 or more")
        return None, value.data
    found = _PERCENT.fullmatch(value.data.strip()) if isinstance(value.data, str) else None
    if found is None:
        raise value.expected('a percentage such as "5%", or a whole number of bytes')
    return float(found[1]), 0
