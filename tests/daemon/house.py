"""The daemon at work in the test's own event loop: real programs, real sockets, real clients."""

import hashlib
import json
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import TypeVar, cast
from urllib.parse import quote

import anyio
import anyio.abc
import httpx
from websockets.asyncio.client import connect, unix_connect

from daemon.assembly import Assembly
from daemon.config import ConfigFile
from daemon.goodconfig import GoodConfig
from daemon.held import HeldSockets
from daemon.listeners import Listeners
from daemon.parts import Parts
from daemon.plan import compile_plan
from daemon.reload import Reloader
from daemon.schedules import Clock
from daemon.sessions import Session
from daemon.webpage import FOLDER
from supervisor import Notifier

from ..secrets import leaked
from .door import DEADLINE, Door, supervising
from .viewer import V2, Viewer

PACE = 0.01
"""Seconds between two looks at something of which nobody tells us."""

ONCE = httpx.Limits(max_keepalive_connections=0)
"""Each request has a connection of its own: one that is kept may be closed just when it is used again."""

PASSWORD = "correct horse"
PROGRAMS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "programs")

Json = dict[str, object]
T = TypeVar("T")


def program(name: str, *arguments: str) -> Json:
    """A server that runs one of `tests/programs`."""
    return _server(os.path.join(PROGRAMS, f"{name}.py"), *arguments)


def python(code: str, *arguments: str) -> Json:
    """A server that runs a few lines of Python."""
    return _server("-c", code, *arguments)


def _server(*words: str) -> Json:
    return {"directory": "/", "command": [sys.executable, "-I", "-S", "-u", *words]}


def write(path: str, text: str) -> None:
    """Write a file as an editor would."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def read(path: str) -> str:
    """Return a file's text."""
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def eventually(look: Callable[[], Awaitable[T]], holds: Callable[[T], object] = bool) -> T:
    """Look until what is seen fulfils the condition; return it."""
    seen: object = None
    with anyio.move_on_after(DEADLINE):
        while True:
            seen = found = await look()
            if holds(found):
                return found
            await anyio.sleep(PACE)
    raise TimeoutError(f"never came true, the latest is {seen!r}")


@dataclass
class House:
    """A daemon and its supervisor; `token` is that of the account `admin`."""

    folder: str
    parts: Parts
    listeners: Listeners
    door: Door
    token: str
    session: Session
    stack: AsyncExitStack
    settings: Json

    @property
    def port(self) -> int:
        """The TCP port."""
        (address,) = (one for one in self.listeners.addresses if one.startswith("http"))
        return int(address.rpartition(":")[2])

    @property
    def socket(self) -> str:
        """The path of the Unix socket."""
        return os.path.join(self.folder, "api.sock")

    @property
    def remote(self) -> httpx.AsyncClient:
        """Asks over TCP, with the token."""
        return self.client(self.token)

    @property
    def nobody(self) -> httpx.AsyncClient:
        """Asks over TCP, without a token."""
        return self.client(None)

    @property
    def local(self) -> httpx.AsyncClient:
        """Asks over the Unix socket."""
        return self._client("http://localhost", None, self.socket)

    def client(self, token: str | None) -> httpx.AsyncClient:
        """Return a client over TCP."""
        return self._client(f"http://127.0.0.1:{self.port}", token, None)

    def _client(self, base: str, token: str | None, path: str | None) -> httpx.AsyncClient:
        key, clients = f"{base} {token}", self._clients
        if key not in clients:
            way = httpx.AsyncHTTPTransport(uds=path, verify=False, limits=ONCE)
            headers = {} if token is None else {"Authorization": token}
            clients[key] = httpx.AsyncClient(
                transport=way, base_url=base, headers=headers, timeout=DEADLINE, trust_env=False
            )
            # Nobody's client keeps a cookie: what is sent stands in the test.
            clients[key].cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            self.stack.push_async_callback(clients[key].aclose)
        return clients[key]

    _clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=lambda: {PASSWORD})
    """What has opened a door, and must be found nowhere at the end."""

    async def log_in(self, name: str = "admin", address: str = "127.0.0.1") -> str:
        """Return another token."""
        token, _ = await self.parts.people.sessions.create(name, address, "")
        self.secrets.add(token)
        return token

    # The config.

    def text(self, **servers: Json) -> str:
        """Return a config of these servers, with our own settings."""
        return json.dumps({**self.settings, "servers": servers}, indent=2) + "\n"

    async def configure(self, **servers: Json) -> None:
        """Have just these servers."""
        answer = await self.local.patch("/config", content=self.text(**servers))
        assert answer.status_code == 200, answer.text

    # Servers.

    async def show(self, name: str) -> Json:
        """Return what the API tells about a server."""
        answer = await self.local.get(f"/server/{quote(name, safe='')}")
        return cast("Json", answer.json())

    async def until(self, name: str, **wanted: object) -> Json:
        """Wait until the API tells these values about a server."""
        return await eventually(
            lambda: self.show(name), lambda seen: all(seen.get(key) == value for key, value in wanted.items())
        )

    async def operate(self, name: str, operation: str) -> Json:
        """START, TERM or KILL a server; return the answer."""
        answer = await self.local.post(f"/server/{quote(name, safe='')}", content=operation)
        return cast("Json", answer.json())

    def audit(self) -> list[Json]:
        """Return what stands in the audit log."""
        self.parts.audit.flush()
        try:
            with open(os.path.join(self.folder, "logs", "octyne.log"), encoding="ascii") as file:
                return [json.loads(line) for line in file]
        except FileNotFoundError:
            return []

    def done(self) -> list[Json]:
        """Return what stands in the audit log of actions that were done."""
        return [line for line in self.audit() if line.get("result") == "success"]

    # Consoles.

    @asynccontextmanager
    async def view(
        self,
        name: str = "app",
        *,
        protocol: str | Sequence[str] | None = V2,
        query: str = "",
        token: str | None = None,
        local: bool = True,
        path: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Viewer]:
        """View a console: over the Unix socket, or over TCP if a token, a query or headers are given."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = token
        path = path or f"/server/{quote(name, safe='')}/console{query}"
        options = {
            "subprotocols": [protocol] if isinstance(protocol, str) else protocol,
            "additional_headers": sent,
            "ping_interval": None,
            "compression": None,
            "max_size": None,
            "close_timeout": 1.0,
        }
        if local and not (sent or query):
            opened = unix_connect(self.socket, f"ws://localhost{path}", **options)
        else:
            opened = connect(f"ws://127.0.0.1:{self.port}{path}", proxy=None, **options)  # type: ignore[arg-type]
        async with opened as connection:
            yield Viewer(connection)


@asynccontextmanager
async def living(
    folder: str,
    *,
    over_socket: bool = False,
    servers: Mapping[str, Json] | None = None,
    section: Mapping[str, object] | None = None,
    clock: Clock | None = None,
    page: str = FOLDER,
    **settings: object,
) -> AsyncIterator[House]:
    """Run a supervisor and a daemon; at the end nothing lives. `section` is the config's `files`."""
    async with (
        supervising(folder, over_socket=over_socket) as door,
        serving(folder, door, servers, section, clock, page, **settings) as house,
    ):
        yield house


@asynccontextmanager
async def serving(
    folder: str,
    door: Door,
    servers: Mapping[str, Json] | None = None,
    section: Mapping[str, object] | None = None,
    clock: Clock | None = None,
    page: str = FOLDER,
    **more: object,
) -> AsyncIterator[House]:
    """Run a daemon, made as `daemon/run.py` makes it."""
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # as run.py does: it tells of tickets
    settings: Json = {"port": 0, "listen": "127.0.0.1", "unixSocket": {"location": "api.sock"}}
    settings["webUI"] = {"enabled": False}  # its usual port is one for all tests that run at once
    settings |= ({"files": section} if section else {}) | more
    path = os.path.join(folder, "config.json")
    if not os.path.exists(path):
        text = json.dumps({**settings, "servers": servers or {}}, indent=2).encode() + b"\n"
        ConfigFile(path).write(text)
        hashed = hashlib.sha256(PASSWORD.encode()).hexdigest()
        write(os.path.join(folder, "users.json"), json.dumps({"admin": hashed}))
    file = ConfigFile(path)
    good = GoodConfig(os.path.join(folder, "state", "good"), file)
    reloader = Reloader(file, file.load(), file.read(), good)
    secrets: set[str] = set()
    os.makedirs(os.path.join(folder, "state"), exist_ok=True)
    held = HeldSockets(Notifier(None), {})
    assembly = Assembly(reloader, door.api, os.path.join(folder, "state"), held, os.getpid(), clock, page)
    try:
        async with anyio.create_task_group() as tasks, AsyncExitStack() as stack:
            await assembly.open(tasks)
            assembly.start(tasks)
            parts, listeners = assembly.parts, assembly.listeners
            people = parts.people
            await listeners.apply(reloader.config)
            tasks.start_soon(parts.mirror.run, lambda: compile_plan(reloader.config))
            token, session = await people.sessions.create("admin", "127.0.0.1", "")
            try:
                house = House(folder, parts, listeners, door, token, session, stack, settings)
                secrets = house.secrets
                secrets.add(token)
                yield house
            finally:
                with anyio.CancelScope(shield=True), anyio.fail_after(DEADLINE):
                    await stack.aclose()
                    await listeners.close()
                tasks.cancel_scope.cancel()
    finally:
        await assembly.close()
    assert leaked(folder, secrets) == []
