"""What the config says of the way in: the sections `https` and `cors`, and the list `proxies`."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

from .addresses import Network
from .origins import EVERY, InvalidOrigin, plain_origin
from .values import Section, Value

_LONGEST_HSTS = 10 * 366 * 86400


@dataclass(frozen=True, slots=True)
class Https:
    """Encryption of the TCP port; both paths are absolute, or empty where it is disabled.

    `minimum` is the oldest version of TLS, `hsts` the seconds for which browsers shall use nothing else.
    """

    enabled: bool
    cert: str
    key: str
    minimum: str = "1.2"
    hsts: int = 0


def read_https(section: Section, absolute: Callable[[str], str]) -> Https:
    """Return the settings; raises `ConfigError`. `absolute` makes a path of what is written."""
    enabled = section.flag("enabled", False)
    https = Https(
        enabled=enabled,
        cert=_pem(section, "cert", enabled, absolute),
        key=_pem(section, "key", enabled, absolute),
        minimum=section.choice("minimum", "1.2", "1.2", "1.3"),
        hsts=section.whole("hsts", 0, 0, _LONGEST_HSTS),
    )
    section.warn_unknown()
    return https


def read_proxies(value: Value | None) -> tuple[Network, ...]:
    """Return the networks whose `X-Forwarded-For` is believed; raises `ConfigError`."""
    return tuple(_network(item) for item in _items(value))


def read_cors(section: Section) -> tuple[str, ...]:
    """Return the origins whose pages may call us, in their plain form; raises `ConfigError`."""
    value = section.get("origins")
    origins = (EVERY,) if value is None else tuple(_origin(item) for item in _items(value))
    section.warn_unknown()
    return origins


def _pem(section: Section, name: str, required: bool, absolute: Callable[[str], str]) -> str:
    text = section.text(name, "")
    if required and not text:
        what = "the path of a PEM file"
        raise section.require(name, what).expected(what)
    return absolute(text) if text else ""


def _items(value: Value | None) -> tuple[Value, ...]:
    if value is None:
        return ()
    if not isinstance(value.data, tuple):
        raise value.expected("a list of strings")
    return value.data


def _network(value: Value) -> Network:
    try:
        return ipaddress.ip_network(value.text())
    except ValueError:
        what = "an IP address, or a network such as 10.0.0.0/8"
        raise value.error(f"expected {what}, got {value.text()!r}") from None


def _origin(value: Value) -> str:
    if value.text() == EVERY:
        return EVERY
    try:
        return plain_origin(value.text())
    except InvalidOrigin:
        what = "* or an origin such as https://panel.example:8443, without a path"
        raise value.error(f"expected {what}, got {value.text()!r}") from None
