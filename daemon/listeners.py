"""Where the API is offered: TCP for who has a token, a Unix socket for who is on this machine.

The listener decides who is local, and it alone: it is the one that knows which socket a connection came by.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from functools import partial

import anyio
import anyio.abc
import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from .certificates import Certificate, Pair
from .config import Config
from .exposure import Exposure
from .held import HeldSockets
from .protocols import LocalProtocol, RemoteProtocol
from .quotas import Quotas
from .server import EncryptedServer, Server
from .sockets import (
    Address,
    CannotListen,
    TcpAddress,
    UnixAddress,
    bind_tcp,
    bind_unix,
    open_to_group,
)

log = logging.getLogger("holdfast.listeners")

MOST_MESSAGE = 1 << 20
"""Bytes of a WebSocket message."""

EVERY = ("0.0.0.0", "::")  # noqa: S104  (what people write for all addresses)

DRAIN = 5
"""Seconds in which requests may finish when a listener is closed."""


@dataclass(slots=True, eq=False)
class Listener:
    """An address that is served."""

    address: Address
    sockets: list[socket.socket]
    server: Server
    certificate: Certificate | None = None
    done: anyio.Event = field(default_factory=anyio.Event)


class Listeners:
    """All addresses that the config names, each served until it names it no longer."""

    def __init__(
        self,
        app: ASGIApp,
        tasks: anyio.abc.TaskGroup,
        held: HeldSockets,
        quotas: Quotas,
        exposure: Exposure,
    ) -> None:
        self._app = app
        self._config: Config | None = None
        self._exposure = exposure
        self._held = held
        self._quotas = quotas
        self._tasks = tasks
        self._served: dict[Address, Listener] = {}
        self._closing: set[Listener] = set()
        self.on_change: Callable[[], Awaitable[None]] | None = None
        """Waited for when a config was applied, whether that has changed anything or not; raises nothing."""

    @property
    def config(self) -> Config | None:
        """The config that was applied last."""
        return self._config

    @property
    def addresses(self) -> list[str]:
        """What is served, as people write it, with the port that the kernel chose for port 0."""
        return [_shown(listener) for listener in self._served.values()]

    @property
    def path(self) -> str | None:
        """The path of the Unix socket that is served, if there is one."""
        return next((one.path for one in self._served if isinstance(one, UnixAddress)), None)

    @property
    def urls(self) -> list[str]:
        """Where a program on this machine reaches what is served over TCP."""
        found = ((listener.address, listener) for listener in self._served.values())
        return [_url(address, one) for address, one in found if isinstance(address, TcpAddress)]

    async def apply(self, config: Config) -> None:
        """Serve just what the config names; raises `CannotListen` and then serves what it served before."""
        wanted = _addresses(config, self._exposure)
        self._miss_paths()
        other = self._other_pair(config, wanted)
        fresh: list[Listener] = []
        try:
            for address in wanted:
                if address not in self._served:
                    fresh.append(self._open(address, config))  # noqa: PERF401  (they are closed on error)
        except BaseException:
            for listener in fresh:
                for one in listener.sockets:
                    one.close()
                if not self._held.has(listener.address):
                    self._remove_path(listener)
            raise
        for listener in self._served.values():
            if listener.certificate is not None and listener.address in wanted:
                listener.certificate.use(other)
        surplus = [self._served.pop(address) for address in list(self._served) if address not in wanted]
        for listener in fresh:
            self._served[listener.address] = listener
            self._held.keep(listener.address, listener.sockets)
            self._tasks.start_soon(self._serve, listener)
        self._held.drop_rest()
        # The old ones may have requests under way, this one among them: nobody waits for their end.
        for listener in surplus:
            self._closing.add(listener)
            self._remove_path(listener)
            listener.server.should_exit = True
        self._config = config
        if self.on_change is not None:
            await self.on_change()

    async def again(self) -> None:
        """Serve what the config named last: with the first account it means something else."""
        if self._config is None:
            return
        try:
            await self.apply(self._config)
        except CannotListen as exc:
            log.error("the API stays where it was: %s", exc)
        else:
            log.info("the API is served at %s", " and ".join(self.addresses))

    def _other_pair(self, config: Config, wanted: Collection[Address]) -> Pair | None:
        """Return the certificate that the listeners which stay are to change to, if any."""
        for address, listener in self._served.items():
            if listener.certificate is not None and address in wanted:
                return listener.certificate.other(config.https)
        return None

    def _miss_paths(self) -> None:
        """Give up Unix sockets whose file somebody has removed: nobody can reach them any more."""
        for address, listener in list(self._served.items()):
            if isinstance(address, UnixAddress) and not os.path.lexists(address.path):
                self._closing.add(self._served.pop(address))
                self._held.release(address)
                listener.server.should_exit = True

    async def close(self) -> None:
        """Serve nothing any more; returns when the requests under way have been answered."""
        for listener in self._served.values():
            # While we still listen the path is ours; afterwards it may be our successor's. It stays with
            # the socket, if that is kept.
            if not self._held.last:
                _unlink(listener)
            listener.server.should_exit = True
        for listener in self._served.values():
            await listener.done.wait()
        self._served.clear()

    def _open(self, address: Address, config: Config) -> Listener:
        local = isinstance(address, UnixAddress)
        settings = uvicorn.Config(
            self._app,
            http=partial(LocalProtocol if local else RemoteProtocol, quotas=self._quotas),  # type: ignore[arg-type]
            ws=_frames,  # type: ignore[arg-type]
            ws_max_size=MOST_MESSAGE,
            ws_ping_interval=None,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=DRAIN,
        )
        settings.load()
        if isinstance(address, TcpAddress) and address.tls:
            certificate = Certificate(config.https)
            server = EncryptedServer(settings, certificate, self._quotas)
            return Listener(address, self._sockets(address), server, certificate)
        return Listener(address, self._sockets(address), Server(settings))

    def _sockets(self, address: Address) -> list[socket.socket]:
        # The same port with another certificate, the same path for another group: the sockets stay, so that
        # no connection is refused.
        for served, listener in self._served.items():
            if served.place == address.place:
                if isinstance(address, UnixAddress):
                    open_to_group(address)
                return [one.dup() for one in listener.sockets]
        if isinstance(address, UnixAddress) and not os.path.lexists(address.path):
            return [bind_unix(address)]
        if held := self._held.take(address):
            if isinstance(address, UnixAddress):
                open_to_group(address)
            return held
        if isinstance(address, UnixAddress):
            return [bind_unix(address)]
        # The same port on another address, or one that was given up just now.
        ours = [
            listener for listener in (*self._served.values(), *self._closing) if _shares(listener, address)
        ]
        return bind_tcp(address, [one for listener in ours for one in listener.sockets if one.fileno() >= 0])

    async def _serve(self, listener: Listener) -> None:
        try:
            await listener.server.serve(sockets=listener.sockets)
        finally:
            self._closing.discard(listener)
            listener.done.set()

    def _remove_path(self, listener: Listener) -> None:
        """Remove our socket file, unless the path is served under other terms now."""
        if listener.address.place not in {served.place for served in self._served}:
            self._held.release(listener.address)
            _unlink(listener)


def _frames(
    config: uvicorn.Config, server_state: ServerState, app_state: dict[str, object]
) -> asyncio.Protocol:
    """Return what speaks WebSocket; `Daemon` imports it when it serves, so that nobody waits for that."""
    from .frames import FramesProtocol  # noqa: PLC0415  (25 ms until the first answer)

    return FramesProtocol(config, server_state, app_state)


def _addresses(config: Config, exposure: Exposure) -> list[Address]:
    tls = config.https.enabled
    addresses: list[Address] = [TcpAddress(host, config.port, tls) for host in exposure.hosts(config)]
    if config.unix_socket.enabled:
        addresses.append(UnixAddress(config.unix_socket.location, config.unix_socket.group))
    return addresses


def _shares(listener: Listener, address: TcpAddress) -> bool:
    return isinstance(listener.address, TcpAddress) and listener.address.port == address.port != 0


def _url(address: TcpAddress, listener: Listener) -> str:
    """Return how to call it from here: a name stays what it is, since a certificate may be for it."""
    first = listener.sockets[0]
    port = address.port or first.getsockname()[1]
    host = address.host or "127.0.0.1"
    if host in EVERY:
        host = "127.0.0.1" if first.family == socket.AF_INET else "::1"
    return str(TcpAddress(host, port, address.tls))


def _shown(listener: Listener) -> str:
    address = listener.address
    if isinstance(address, TcpAddress) and address.port == 0:
        return f"{str(address).removesuffix(':0')}:{listener.sockets[0].getsockname()[1]}"
    return str(address)


def _unlink(listener: Listener) -> None:
    if isinstance(listener.address, UnixAddress):
        with contextlib.suppress(OSError):
            os.unlink(listener.address.path)
