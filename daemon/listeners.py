"""Where the API and the web page are: TCP for who has a token, a Unix socket for who is on this machine.

The listener decides who is local, and it alone: it is the one that knows which socket a connection came by.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import NamedTuple

import anyio
import anyio.abc
import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from .certificates import Certificate, Pair
from .config import Config
from .exposure import Exposure
from .held import HeldSockets
from .listener import Listener, addresses_of, is_web
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

DRAIN = 5
"""Seconds in which requests may finish when a listener is closed."""

AGAIN, LONGEST = 1.0, 60.0
"""Seconds until the web page's port is tried again: at first, and at most, doubled each time."""


class Apps(NamedTuple):
    """What is served at the Unix socket, at the API's port, and at the web page's."""

    local: ASGIApp
    remote: ASGIApp
    web: ASGIApp


class Listeners:
    """All addresses that the config names, each served until it names it no longer."""

    def __init__(
        self,
        apps: Apps,
        tasks: anyio.abc.TaskGroup,
        held: HeldSockets,
        quotas: Quotas,
        exposure: Exposure,
    ) -> None:
        self._apps = apps
        self.config: Config | None = None
        """The config that was applied last."""
        self._exposure = exposure
        self._held = held
        self._quotas = quotas
        self._tasks = tasks
        self._served: dict[Address, Listener] = {}
        self._closing: set[Listener] = set()
        self._missing: dict[Address, str] = {}
        self._told_missing: frozenset[str] = frozenset()
        self._seeking = False
        self.on_change: Callable[[], Awaitable[None]] | None = None
        """Waited for when a config was applied, whether that has changed anything or not; raises nothing."""

    @property
    def addresses(self) -> list[str]:
        """Where the API is, as people write it, with the port that the kernel chose for port 0."""
        return [one.shown for one in self._served.values() if not one.web]

    @property
    def path(self) -> str | None:
        """The path of the Unix socket that is served, if there is one."""
        return next((one.path for one in self._served if isinstance(one, UnixAddress)), None)

    @property
    def urls(self) -> list[str]:
        """Where a program on this machine reaches the API over TCP."""
        return [one.url for one in self._served.values() if one.url and not one.web]

    @property
    def web(self) -> list[str]:
        """Where somebody at this machine finds the web page."""
        config = self.config
        pages = [f"{one.url}/" for one in self._served.values() if one.url and one.web]
        if config is not None and config.web_ui.on_api_port:
            pages += [f"{url}/ui/" for url in self.urls]
        return pages

    async def apply(self, config: Config) -> None:
        """Serve just what the config names; raises `CannotListen` and then serves what it served before.

        Without the web page the API is served all the same, unless it is this config that moves the page: who
        has written it can choose another port.
        """
        wanted = addresses_of(config, self._exposure)
        self._miss_paths()
        other = self._other_pair(config, wanted)
        fresh: list[Listener] = []
        missing: dict[Address, str] = {}
        old = self.config
        moved = old is not None and (old.web_ui, old.listen) != (config.web_ui, config.listen)
        try:
            for address in wanted:
                if address in self._served:
                    continue
                try:
                    fresh.append(self._open(address, config))
                except CannotListen as exc:
                    if not is_web(address) or (moved and address not in self._missing):
                        raise
                    missing[address] = str(exc)
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
        self.config = config
        self._miss(missing)
        self.tell_page(moved=moved)
        if self.on_change is not None:
            await self.on_change()

    async def again(self) -> None:
        """Serve what the config named last: with the first account it means something else."""
        if self.config is None:
            return
        try:
            await self.apply(self.config)
        except CannotListen as exc:
            log.error("the API stays where it was: %s", exc)
        else:
            if self.config is not None:  # else we have ended meanwhile
                log.info("the API is served at %s", " and ".join(self.addresses))
                self.tell_page()

    def tell_page(self, *, moved: bool = True) -> None:
        """Say in the log where the web page is: people look for it there. Nothing if it has not moved."""
        if moved and self.web:
            log.info("the web page is at %s", " and ".join(self.web))

    def _miss(self, missing: dict[Address, str]) -> None:
        """Take note of what is not served that should be, say so, and go on trying."""
        self._missing = missing
        for reason in missing.values():
            if reason not in self._told_missing:
                log.error(
                    "the web page is not served, but the API is: %s; choose another port (webUI.port), switch"
                    " the page off (webUI.enabled), or free that port: it is tried again by itself",
                    reason,
                )
        self._told_missing = frozenset(missing.values())
        if missing and not self._seeking:
            self._seeking = True
            self._tasks.start_soon(self._seek)

    async def _seek(self) -> None:
        """Try to get the web page's port until we have it, or are to have it no more."""
        wait = AGAIN
        while self._missing and self.config is not None:
            await anyio.sleep(wait)
            wait = min(2 * wait, LONGEST)
            if self._missing and self.config is not None:
                with contextlib.suppress(CannotListen):  # another address, of which is told elsewhere
                    await self.apply(self.config)
                if not self._missing and self.config is not None:
                    self.tell_page()
        self._seeking = False

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
        self._missing, self.config = {}, None
        for listener in self._served.values():
            # While we still listen the path is ours; afterwards it may be our successor's. It stays with
            # the socket, if that is kept.
            if not self._held.last:
                listener.unlink()
            listener.server.should_exit = True
        for listener in self._served.values():
            await listener.done.wait()
        self._served.clear()

    def _open(self, address: Address, config: Config) -> Listener:
        local = isinstance(address, UnixAddress)
        apps = self._apps
        settings = uvicorn.Config(
            apps.local if local else apps.web if is_web(address) else apps.remote,
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
        ours = [listener for listener in (*self._served.values(), *self._closing) if listener.shares(address)]
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
            listener.unlink()


def _frames(
    config: uvicorn.Config, server_state: ServerState, app_state: dict[str, object]
) -> asyncio.Protocol:
    """Return what speaks WebSocket; `Daemon` imports it when it serves, so that nobody waits for that."""
    from .frames import FramesProtocol  # noqa: PLC0415  (25 ms until the first answer)

    return FramesProtocol(config, server_state, app_state)
