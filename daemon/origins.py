"""Whose page sends a cookie: ours, or one of a site that only makes a browser send it along.

Rules:
- A page is ours if it has the host and the port by which it calls us (RFC 6454), and the scheme as far as we
  know it: a proxy of which we know nothing may have ended TLS, so to plain HTTP an `https` page may be ours.
- Pages of the origins that the config names one by one count as ours. `*` names nobody.
- What a browser says of itself in `Sec-Fetch-Site` (Fetch Metadata) no page can change: `cross-site` and
  `same-site` are foreign, unless the page is named. Another port of our host is `same-site`.
- Without both there is the `Referer`, if the browser sends one: over plain HTTP it sends no `Sec-Fetch-Site`,
  and with a GET no `Origin`.
- Who sends nothing of all this is no browser, or a person who typed an address: not foreign.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from .head import Head

EVERY = "*"
FORWARDED_HOST = "forwarded_host"
"""Where in a request's state stands what a proxy that we believe says of the host."""

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")


class InvalidOrigin(ValueError):
    """A text is no origin."""


@dataclass(frozen=True, slots=True)
class _Origin:
    scheme: str
    host: str
    port: int | None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port is None or self.port == _PORTS.get(self.scheme)
        return f"{self.scheme}://{host}" if usual else f"{self.scheme}://{host}:{self.port}"


def plain_origin(text: str) -> str:
    """Return an origin as browsers write it; raises `InvalidOrigin`."""
    return str(_read(text))


class Origins:
    """Tells foreign pages from ours; `named` may be set anew at any time, in the plain form."""

    def __init__(self, named: Iterable[str] = ()) -> None:
        self.named = frozenset(named)

    def foreign(self, head: Head) -> bool:
        """Tell whether a page that is not ours sends this."""
        origin, site = head.text(b"origin"), head.text(b"sec-fetch-site")
        if origin:
            if self._is_named(origin):
                return False
            return site in _FOREIGN_SITES or not _is_ours(origin, head)
        if site:
            return site in _FOREIGN_SITES
        referrer = head.text(b"referer")
        return bool(referrer) and not self._may_refer(str(referrer), head)

    def _is_named(self, origin: str) -> bool:
        if not self.named:
            return False
        try:
            return plain_origin(origin) in self.named
        except InvalidOrigin:
            return False

    def _may_refer(self, url: str, head: Head) -> bool:
        origin = "/".join(url.split("/", 3)[:3])
        return self._is_named(origin) or _is_ours(origin, head)


_FOREIGN_SITES = frozenset({"cross-site", "same-site"})


def _read(text: str) -> _Origin:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as exc:
        raise InvalidOrigin(text) from exc
    beyond = parts.path or parts.query or parts.fragment or "@" in parts.netloc
    if not host or beyond or not _SCHEME.fullmatch(parts.scheme) or not text.isprintable() or " " in text:
        raise InvalidOrigin(text)
    return _Origin(parts.scheme, host, port if port is not None else _PORTS.get(parts.scheme))


def _is_ours(text: str, head: Head) -> bool:
    try:
        origin = _read(text)
    except InvalidOrigin:
        return False
    ours = head.scheme
    secure = _PORTS.get(ours) == _PORTS["https"]
    if origin.scheme not in ("http", "https") or (secure and origin.scheme != "https"):
        return False
    return any(_same(origin, host) for host in _hosts(head))


def _hosts(head: Head) -> Iterator[str]:
    yield head.text(b"host") or ""
    yield from str(head.state.get(FORWARDED_HOST, "")).split(",")


def _same(origin: _Origin, host: str) -> bool:
    try:
        ours = _read(f"{origin.scheme}://{host.strip()}")
    except InvalidOrigin:
        return False
    return ours == origin
