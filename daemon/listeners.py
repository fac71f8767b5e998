"""Where the API is offered: TCP for who has a token, a Unix socket for who is on this machine.

The listener decides who is local, and it alone: it is the one that knows which socket a connection came by.
"""

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import anyio
import anyio.abc
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from .access import Peer
from .config import Config
from .sockets import Address, CannotListen, TcpAddress, UnixAddress, bind_tcp, bind_unix, open_to_group

MOST_MESSAGE = 1 << 20
"""Bytes of a WebSocket message."""

DRAIN = 5
"""Seconds in which requests may finish when a listener is closed."""


class RemoteProtocol(HttpToolsProtocol):
    """A connection from anywhere: the requests on it are nobody's until they show a token."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note for the requests what only the connection knows."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "peer": self.peer(transport), "abort": transport.abort}

    def peer(self, transport: asyncio.Transport) -> Peer | None:
        """Return who is at the other end, if the kernel says so."""
        del transport
        return None


class LocalProtocol(RemoteProtocol):
    """A connection from this machine, by a process that the kernel names (unix(7), SO_PEERCRED)."""

    def peer(self, transport: asyncio.Transport) -> Peer | None:
        """Return the process at the other end."""
        connection = transport.get_extra_info("socket")
        pid, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return Peer(uid, pid)


class Server(uvicorn.Server):
    """One listener; signals are the daemon's, not each listener's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


@dataclass(slots=True)
class Listener:
    """An address that is served."""

    address: Address
    sockets: list[socket.socket]
    server: Server
    done: anyio.Event = field(default_factory=anyio.Event)


class Listeners:
    """All addresses that the config names, each served until it names it no longer."""

    def __init__(self, app: ASGIApp, tasks: anyio.abc.TaskGroup) -> None:
        self._app = app
        self._tasks = tasks
        self._served: dict[Address, Listener] = {}

    @property
    def addresses(self) -> list[str]:
        """What is served, as people write it, with the port that the kernel chose for port 0."""
        return [_shown(listener) for listener in self._served.values()]

    async def apply(self, config: Config) -> None:
        """Serve just what the config names; raises `CannotListen` and then serves what it served before."""
        wanted = _addresses(config)
        fresh: list[Listener] = []
        try:
            for address in wanted:
                if address not in self._served:
                    fresh.append(self._open(address))  # noqa: PERF401  (what was opened is closed on error)
        except BaseException:
            for listener in fresh:
                for one in listener.sockets:
                    one.close()
                self._remove_path(listener)
            raise
        surplus = [self._served.pop(address) for address in list(self._served) if address not in wanted]
        for listener in fresh:
            self._served[listener.address] = listener
            self._tasks.start_soon(self._serve, listener)
        # The old ones may have requests under way, this one among them: nobody waits for their end.
        for listener in surplus:
            listener.server.should_exit = True
            self._remove_path(listener)

    async def close(self) -> None:
        """Serve nothing any more; returns when the requests under way have been answered."""
        for listener in self._served.values():
            listener.server.should_exit = True
        for listener in self._served.values():
            await listener.done.wait()
            _unlink(listener)
        self._served.clear()

    def _open(self, address: Address) -> Listener:
        tls = {}
        if isinstance(address, TcpAddress) and address.cert:
            tls = {"ssl_certfile": address.cert, "ssl_keyfile": address.key}
        config = uvicorn.Config(
            self._app,
            http=LocalProtocol if isinstance(address, UnixAddress) else RemoteProtocol,
            ws=WebSocketsSansIOProtocol,
            ws_max_size=MOST_MESSAGE,
            ws_ping_interval=None,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=DRAIN,
            **tls,  # type: ignore[arg-type]
        )
        try:
            config.load()
        except (OSError, ValueError) as exc:
            raise CannotListen(f"{address}: the certificate or its key cannot be used: {exc}") from exc
        return Listener(address, self._sockets(address), Server(config))

    def _sockets(self, address: Address) -> list[socket.socket]:
        # The same port with another certificate, the same path for another group: the sockets stay, so that
        # no connection is refused.
        for served, listener in self._served.items():
            if served.place == address.place:
                if isinstance(address, UnixAddress):
                    open_to_group(address)
                return [one.dup() for one in listener.sockets]
        return [bind_unix(address)] if isinstance(address, UnixAddress) else bind_tcp(address)

    async def _serve(self, listener: Listener) -> None:
        try:
            await listener.server.serve(sockets=listener.sockets)
        finally:
            listener.done.set()

    def _remove_path(self, listener: Listener) -> None:
        """Remove our socket file, unless the path is served under other terms now."""
        if listener.address.place not in {served.place for served in self._served}:
            _unlink(listener)


def _addresses(config: Config) -> list[Address]:
    https = config.https
    tls = (https.cert, https.key) if https.enabled else (None, None)
    addresses: list[Address] = [TcpAddress(config.listen, config.port, *tls)]
    if config.unix_socket.enabled:
        addresses.append(UnixAddress(config.unix_socket.location, config.unix_socket.group))
    return addresses


def _shown(listener: Listener) -> str:
    address = listener.address
    if isinstance(address, TcpAddress) and address.port == 0:
        return f"{str(address).removesuffix(':0')}:{listener.sockets[0].getsockname()[1]}"
    return str(address)


def _unlink(listener: Listener) -> None:
    if isinstance(listener.address, UnixAddress):
        with contextlib.suppress(OSError):
            os.unlink(listener.address.path)
