"""What a health check looks at, as it stands in the config: addresses, URLs, signals, statuses."""

import re
import signal
from urllib.parse import urlsplit

from .values import Value


def read_signal(value: Value) -> int:
    """Return the number of a signal by its name, with or without SIG; raises `ConfigError`."""
    name = value.text().upper().removeprefix("SIG")
    try:
        return int(signal.Signals[f"SIG{name}"])
    except KeyError as exc:
        raise value.error(f"there is no signal {name!r}") from exc


def read_url(value: Value) -> str:
    """Return a URL of HTTP without a name or a password in it; raises `ConfigError`."""
    text = value.text()
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, good = urlsplit(""), False
    if not good or not re.fullmatch(r"[\x21-\x7e]+", text):
        raise value.error("expected a URL such as http://127.0.0.1:8080/health")
    if parts.username is not None or parts.password is not None:
        raise value.error("must not hold a name or a password")
    return text


def read_address(value: Value) -> tuple[str, int]:
    """Return (host, port); raises `ConfigError`."""
    host, _, port = value.text().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not re.fullmatch(r"[0-9A-Za-z._:%-]{1,253}", host) or not re.fullmatch("[0-9]{1,5}", port):
        raise value.error('expected "host:port", such as 127.0.0.1:25565')
    if not 1 <= int(port) <= 65535:
        raise value.error("expected a port from 1 to 65535")
    return host, int(port)


def read_path(value: Value) -> str:
    """Return a path; raises `ConfigError`."""
    if not value.text() or "\0" in value.text():
        raise value.expected("the path of a socket")
    return value.text()


def read_positive(value: Value) -> float:
    """Return a duration that is more than nothing; raises `ConfigError`."""
    if isinstance(value.data, bool) or not isinstance(value.data, int | float) or not 0 < value.data < 1e9:
        raise value.expected_number("seconds, more than 0")
    return float(value.data)


def read_status(value: Value | None) -> tuple[tuple[int, int], ...]:
    """Return ranges of HTTP statuses, both ends included; raises `ConfigError`."""
    if value is None:
        return ((200, 399),)
    items = value.data if isinstance(value.data, tuple) else (value,)
    ranges = tuple(_range(item) for item in items)
    if not ranges:
        raise value.error("expected a status, or a list of them")
    return ranges


def _range(value: Value) -> tuple[int, int]:
    text = str(value.data) if type(value.data) is int else value.text()
    found = re.fullmatch(r"([1-5][0-9][0-9])(?:-([1-5][0-9][0-9]))?", text)
    if found is None or int(found[2] or found[1]) < int(found[1]):
        raise value.error('expected a status from 100 to 599, or a range such as "200-299"')
    return int(found[1]), int(found[2] or found[1])
