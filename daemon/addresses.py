"""Addresses of clients, in one form each.

An IPv4 client of a listener for both families has an address such as `::ffff:192.0.2.1`. It is the same
client as `192.0.2.1`, in tickets, in the audit log, and where something is counted.
"""

import ipaddress
from functools import lru_cache
from typing import TypeAlias

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_SUBNET = ipaddress.IPV6LENGTH - 64


@lru_cache(maxsize=4096)
def read_address(text: str) -> IpAddress | None:
    """Return the address, or None for what is none; a mapped one as IPv4."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def plain_address(text: str) -> str:
    """Return an address in the form that all others use."""
    return str(read_address(text)) if text.lower().startswith("::ffff:") else text


def subscriber_of(text: str) -> str:
    """Return whom to count for an address: with IPv6 the /64, since whoever has one address has them all."""
    address = read_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        return f"{ipaddress.IPv6Address(int(address) >> _SUBNET << _SUBNET)}/64"
    return text if address is None else str(address)


class Proxies:
    """The networks of proxies that we believe; `networks` may be set anew at any time."""

    def __init__(self, networks: tuple[Network, ...] = ()) -> None:
        self.networks = networks

    def __contains__(self, text: str) -> bool:
        """Tell whether this is the address of a proxy that we believe."""
        if not self.networks:
            return False
        address = read_address(text)
        return address is not None and any(address in network for network in self.networks)
