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
from http import HTTPStatus

import anyio
import anyio.abc
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from .access import Peer
from .config import Config
from .errors import error
from .held import HeldSockets
from .sockets import (
    Address,
    CannotListen,
    TcpAddress,
    UnixAddress,
    bind_tcp,
    bind_unix,
    modified,
    open_to_group,
)

MOST_MESSAGE = 1 << 20
"""Bytes of a WebSocket message."""

MOST_HEAD = 64 << 10
"""Bytes of a request's head, beyond those that come with its first block."""

DRAIN = 5
"""Seconds in which requests may finish when a listener is closed."""


class RemoteProtocol(HttpToolsProtocol):
    """A connection from anywhere: the requests on it are nobody's until they show a token."""

    _head: int | None = None
    """How much of a request's head has come since its first block; None outside of heads."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note for the requests what only the connection knows."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "peer": self.peer(transport), "abort": transport.abort}

    def peer(self, transport: asyncio.Transport) -> Peer | None:
        """Return who is at the other end, if the kernel says so."""
        del transport
        return None

    def on_message_begin(self) -> None:
        """Begin to count a head."""
        super().on_message_begin()
        self._head = 0

    def on_headers_complete(self) -> None:
        """Stop counting: a body is the endpoint's business."""
        self._head = None
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Take in what the client sent, unless its head has no end: the parser would keep all of it."""
        if self._head is not None:
            self._head += len(data)
            if self._head > MOST_HEAD:
                self._refuse(431, "too-large", f"The head of a request may have at most {MOST_HEAD} bytes!")
                return
        super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._refuse(400, "invalid-request", msg)

    def _refuse(self, status: int, kind: str, message: str) -> None:
        answer = error(status, kind, message)
        lines = [b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode()), b"connection: close"]
        lines += [name + b": " + value for name, value in answer.raw_headers]
        self.transport.write(b"\r\n".join([*lines, b"", bytes(answer.body)]))
        self.transport.close()


class LocalProtocol(RemoteProtocol):
    """A connection from this machine, by a process that the kernel names (unix(7), SO_PEERCRED)."""

    def peer(self, transport: asyncio.Transport) -> Peer | None:
        """Return the process at the other end."""
        connection = transport.get_extra_info("socket")
        pid, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return Peer(uid, pid, _name_of(pid))


class Server(uvicorn.Server):
    """One listener; signals are the daemon's, not each listener's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


@dataclass(slots=True, eq=False)
class Listener:
    """An address that is served."""

    address: Address
    sockets: list[socket.socket]
    server: Server
    done: anyio.Event = field(default_factory=anyio.Event)


class Listeners:
    """All addresses that the config names, each served until it names it no longer."""

    def __init__(self, app: ASGIApp, tasks: anyio.abc.TaskGroup, held: HeldSockets) -> None:
        self._app = app
        self._held = held
        self._tasks = tasks
        self._served: dict[Address, Listener] = {}
        self._closing: set[Listener] = set()

    @property
    def addresses(self) -> list[str]:
        """What is served, as people write it, with the port that the kernel chose for port 0."""
        return [_shown(listener) for listener in self._served.values()]

    async def apply(self, config: Config) -> None:
        """Serve just what the config names; raises `CannotListen` and then serves what it served before."""
        wanted = _addresses(config)
        self._miss_paths()
        fresh: list[Listener] = []
        try:
            for address in wanted:
                if address not in self._served:
                    fresh.append(self._open(address))  # noqa: PERF401  (what was opened is closed on error)
        except BaseException:
            for listener in fresh:
                for one in listener.sockets:
                    one.close()
                if not self._held.has(listener.address):
                    self._remove_path(listener)
            raise
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


def _name_of(pid: int) -> str:
    """Return the name of a process (proc_pid_comm(5)): now, since it may be gone when it is asked for."""
    try:
        with open(f"/proc/{pid}/comm", "rb") as file:
            return file.read(64).decode("utf-8", "replace").strip()
    except OSError:
        return ""


def _addresses(config: Config) -> list[Address]:
    https = config.https
    tcp = TcpAddress(config.listen, config.port)
    if https.enabled:
        files = https.cert, https.key
        tcp = TcpAddress(config.listen, config.port, *files, modified(*files))
    addresses: list[Address] = [tcp]
    if config.unix_socket.enabled:
        addresses.append(UnixAddress(config.unix_socket.location, config.unix_socket.group))
    return addresses


def _shares(listener: Listener, address: TcpAddress) -> bool:
    return isinstance(listener.address, TcpAddress) and listener.address.port == address.port != 0


def _shown(listener: Listener) -> str:
    address = listener.address
    if isinstance(address, TcpAddress) and address.port == 0:
        return f"{str(address).removesuffix(':0')}:{listener.sockets[0].getsockname()[1]}"
    return str(address)


def _unlink(listener: Listener) -> None:
    if isinstance(listener.address, UnixAddress):
        with contextlib.suppress(OSError):
            os.unlink(listener.address.path)
