"""One address that is served, and how it is told to people and programs."""

import contextlib
import os
import socket
from dataclasses import dataclass, field

import anyio

from .certificates import Certificate
from .config import Config
from .exposure import Exposure
from .server import Server
from .sockets import Address, TcpAddress, UnixAddress

EVERY = ("0.0.0.0", "::")  # noqa: S104  (what people write for all addresses)


@dataclass(slots=True, eq=False)
class Listener:
    """An address that is served."""

    address: Address
    sockets: list[socket.socket]
    server: Server
    certificate: Certificate | None = None
    done: anyio.Event = field(default_factory=anyio.Event)

    @property
    def web(self) -> bool:
        """Whether it is the web page's."""
        return is_web(self.address)

    @property
    def port(self) -> int:
        """The TCP port, which the kernel has chosen for port 0."""
        number: int = self.sockets[0].getsockname()[1]
        return number

    @property
    def shown(self) -> str:
        """The address as people write it, with the port that the kernel chose for port 0."""
        address = self.address
        if isinstance(address, TcpAddress) and address.port == 0:
            return f"{str(address).removesuffix(':0')}:{self.port}"
        return str(address)

    @property
    def url(self) -> str | None:
        """How to call it from this machine, over TCP: a name stays, since a certificate may be for it."""
        address = self.address
        if not isinstance(address, TcpAddress):
            return None
        host = address.host or "127.0.0.1"
        if host in EVERY:
            host = "127.0.0.1" if self.sockets[0].family == socket.AF_INET else "::1"
        return str(TcpAddress(host, self.port, address.tls))

    def shares(self, address: TcpAddress) -> bool:
        """Tell whether it has the same port, perhaps on another address."""
        return isinstance(self.address, TcpAddress) and self.address.port == address.port != 0

    def unlink(self) -> None:
        """Remove the file of a Unix socket."""
        if isinstance(self.address, UnixAddress):
            with contextlib.suppress(OSError):
                os.unlink(self.address.path)


def is_web(address: Address) -> bool:
    """Tell whether an address is the web page's."""
    return isinstance(address, TcpAddress) and address.web


def addresses_of(config: Config, exposure: Exposure) -> list[Address]:
    """Return what a config wants served: the API's addresses, and then the web page's."""
    tls, web = config.https.enabled, config.web_ui
    hosts = exposure.hosts(config)
    addresses: list[Address] = [TcpAddress(host, config.port, tls) for host in hosts]
    if config.unix_socket.enabled:
        addresses.append(UnixAddress(config.unix_socket.location, config.unix_socket.group))
    if web.enabled:
        # With port 0 the kernel would choose another port for each.
        addresses += [
            TcpAddress(host, web.port, tls, web=True) for host in (hosts if web.port else hosts[:1])
        ]
    return addresses
