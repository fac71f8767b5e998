"""One listener at work: uvicorn's server, which accepts plain connections itself, and we the encrypted ones.

With TLS a client has to be counted before the handshake, which is what costs; and each connection gets the
certificate of the moment.
"""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Iterator, Sequence
from functools import partial

import anyio
import anyio.abc
import uvicorn

from .addresses import plain_address
from .certificates import Certificate
from .protocols import RemoteProtocol
from .quotas import Overcrowded, Place, Quotas

AT_ONCE = 64
"""Connections that are accepted before anybody else has a turn."""

FAREWELL = 5.0
"""Seconds in which the other side may take its leave of TLS."""

TICK = 1.0
"""Seconds between two changes of the header `Date`."""

BREATH = 0.5
"""Seconds until we try again when there are no descriptors left."""

_GONE = frozenset({errno.EAGAIN, errno.ECONNABORTED, errno.EINTR, errno.EPERM, errno.EPROTO})
_FULL = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

log = logging.getLogger("holdfast.listeners")


class Server(uvicorn.Server):
    """One listener; signals are the daemon's, not each listener's."""

    def __init__(self, config: uvicorn.Config) -> None:
        self._leaving = anyio.Event()
        super().__init__(config)

    @property
    def should_exit(self) -> bool:
        """Whether it is to end; once set, that stays."""
        return self._leaving.is_set()

    @should_exit.setter
    def should_exit(self, value: bool) -> None:
        if value:
            self._leaving.set()

    async def main_loop(self) -> None:
        """Keep the time in the answers' heads true, until it is to end.

        uvicorn looks ten times a second for the end; that was nearly all that an idle daemon cost.
        """
        while not await self.on_tick(0):
            with anyio.move_on_after(TICK):
                await self._leaving.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


class EncryptedServer(Server):
    """A listener whose connections are encrypted."""

    def __init__(self, config: uvicorn.Config, certificate: Certificate, quotas: Quotas) -> None:
        super().__init__(config)
        self._certificate = certificate
        self._quotas = quotas
        self._accepting = anyio.CancelScope()
        self._deaf = anyio.Event()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until `should_exit` is set."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._certificate.watch)
            tasks.start_soon(self._accept_all, sockets or [])
            await super().serve(sockets)
            self._certificate.stop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Let uvicorn accept nothing."""
        del sockets
        await self.lifespan.startup()
        self.servers = []
        self.started = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nobody in any more, and then do as all listeners do."""
        self._accepting.cancel()
        await self._deaf.wait()  # before the sockets are closed: we wait for their descriptors
        await super().shutdown(sockets)

    async def _accept_all(self, sockets: list[socket.socket]) -> None:
        try:
            with self._accepting:
                async with anyio.create_task_group() as tasks:
                    for one in sockets:
                        tasks.start_soon(self._accept, one, tasks)
        finally:
            self._deaf.set()

    async def _accept(self, listening: socket.socket, tasks: anyio.abc.TaskGroup) -> None:
        while True:
            await anyio.wait_readable(listening)
            try:
                for _ in range(AT_ONCE):
                    self._let_in(*listening.accept(), tasks)
            except OSError as exc:
                if exc.errno in _FULL:
                    log.error("nobody else can connect just now: %s", exc.strerror)
                    await anyio.sleep(BREATH)  # as asyncio does: what comes is still there, and would wake us
                elif exc.errno not in _GONE:
                    raise

    def _let_in(
        self, connection: socket.socket, address: Sequence[object], tasks: anyio.abc.TaskGroup
    ) -> None:
        try:
            place = self._quotas.connect(plain_address(str(address[0])))
        except Overcrowded:
            connection.close()  # to tell it why would take the handshake, which is what floods are made for
            return
        connection.setblocking(False)
        tasks.start_soon(self._shake_hands, connection, place)

    async def _shake_hands(self, connection: socket.socket, place: Place) -> None:
        loop = asyncio.get_running_loop()
        state, quotas = self.lifespan.state, self._quotas
        make = partial(
            RemoteProtocol, self.config, self.server_state, state, loop, quotas=quotas, place=place
        )
        try:
            await loop.connect_accepted_socket(
                make,
                connection,
                ssl=self._certificate.context,
                ssl_handshake_timeout=self._quotas.limits.head_seconds,
                ssl_shutdown_timeout=FAREWELL,
            )
        except OSError:
            place.leave()  # what it said was no TLS, or none that we speak, or it went away
        except BaseException:
            place.leave()
            raise
