"""Where we may be sent: the URLs that a config names, and the addresses behind them.

Rules:
- A URL is http or https, with a host and without a name and a password: those belong into a header.
- An address is public if nothing special is known of it (IANA's registries of special-purpose addresses):
  none of private, shared, loopback, link-local, multicast, unspecified, reserved, documentation. Of IPv6,
  only what is given out for the Internet (2000::/3) is. An IPv4 address in another guise (`::ffff:…`, 6to4,
  Teredo) is not; behind NAT64's well-known prefix, the IPv4 address decides: there, a public host has no
  other address.
- A name is judged by all of its addresses: one that is not public is enough to refuse it. It is looked up
  once, and the addresses that were judged are the ones that are connected to.
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from socket import SOCK_STREAM, gaierror
from typing import TypeAlias
from urllib.parse import quote, urlsplit

import anyio

from .addresses import IpAddress

MOST_ADDRESSES = 8
"""Addresses of one name that are tried."""

LONGEST = 4096
"""Characters of a URL."""

_PORTS = {"http": 80, "https": 443}

_HOST = re.compile(r"[a-z0-9._-]{1,253}")

_SPECIAL = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # shared by providers; Alibaba's metadata (100.100.100.200)
            "127.0.0.0/8",
            "168.63.129.16/32",  # Azure's host, from inside of its machines
            "169.254.0.0/16",  # link-local; the metadata of most clouds (169.254.169.254)
            "172.16.0.0/12",
            "192.0.0.0/24",  # protocols; Oracle's metadata (192.0.0.192)
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
_GLOBAL = ipaddress.IPv6Network("2000::/3")
_SPECIAL_6 = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # protocols: Teredo, ORCHID, benchmarks
            "2001:db8::/32",
            "2002::/16",  # 6to4: an IPv4 address in disguise
            "3fff::/20",
        ),
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host, for a port; raises `OSError`."""


class Forbidden(Exception):
    """It must not be asked: no URL for us, or an address that is not public. Names the host at most."""


class CannotResolve(Exception):
    """The name has no address, as far as can be known now."""


@dataclass(frozen=True, slots=True)
class Destination:
    """What a URL says: `host` as the name system has it (IDNA), `target` as HTTP has it, quoted."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def encrypted(self) -> bool:
        """Whether it is spoken to by TLS."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """Return what stands in the header `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def read_url(text: str) -> Destination:
    """Return what a URL says; raises `Forbidden`, whose message holds nothing of the URL."""
    if len(text) > LONGEST or re.search(r"[\x00-\x20\x7f-\x9f\\]", text):
        raise Forbidden("is no URL: it is too long, or has blanks, backslashes or control characters in it")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Forbidden("is no URL") from None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS:
        raise Forbidden("is no URL that begins with https:// or http://")
    if "@" in parts.netloc:
        raise Forbidden("has a user or a password in it, which belong into a header")
    if "%" in host:
        raise Forbidden("has an address in it that only this machine understands")
    if port == 0:
        raise Forbidden("has a port that does not exist")
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        target += "?" + quote(parts.query, safe="/?%:@!$&'()*+,;=~-._")
    return Destination(scheme, _host(host), port or _PORTS[scheme], target)


def is_public(address: IpAddress) -> bool:
    """Tell whether this may be an address of somebody else's on the Internet."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _SPECIAL)
    if address in _NAT64:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    return address in _GLOBAL and not any(address in network for network in _SPECIAL_6)


async def addresses_of(
    destination: Destination, *, allow_private: bool, resolve: Resolve | None = None
) -> Sequence[str]:
    """Return the addresses that may be connected to, in order; raises `Forbidden`, `CannotResolve`."""
    host = destination.host
    try:
        found = await (resolve or look_up)(host, destination.port)
    except (OSError, UnicodeError) as exc:
        why = exc.strerror if isinstance(exc, gaierror) else None
        raise CannotResolve(f"{host} cannot be looked up: {why or 'no such name'}") from exc
    if not found:
        raise CannotResolve(f"{host} has no address")
    for text in found:
        if not allow_private and not _public(text):
            raise Forbidden(f"{host} has an address that is not public, and allowPrivate is not set")
    return list(dict.fromkeys(found))[:MOST_ADDRESSES]


async def look_up(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host as the machine knows them; raises `OSError`."""
    found = await anyio.getaddrinfo(host, port, type=SOCK_STREAM)
    return [address[0] for _, _, _, _, address in found]


def _host(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        # The codec of Python (IDNA 2003) is what getaddrinfo would use, too.
        ours = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        ours = ""
    if not _HOST.fullmatch(ours):
        raise Forbidden("has no host in it that could be asked")
    return ours


def _public(text: str) -> bool:
    try:
        return is_public(ipaddress.ip_address(text))
    except ValueError:
        return False  # nothing that we understand
