"""Holdfast as a person has it: a folder with a config, `holdfast run`, two ways in. Nothing here sleeps."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import TypeVar, cast

import httpx
from websockets.sync.client import connect, unix_connect

from ..secrets import leaked
from ..supervisor.real import sweep
from ..supervisor.systemd import Systemd
from . import processes
from .console import V2, Console
from .local import WayIn
from .output import Output
from .processes import DEADLINE

T = TypeVar("T")

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = (os.path.join(ROOT, "tests", "system", "programs"), os.path.join(ROOT, "tests", "programs"))

PACE = 0.02
"""Seconds between two looks at something of which nobody tells us."""

SINGLE = httpx.Limits(max_keepalive_connections=0)
"""Each request has a connection of its own: the next daemon knows none of the old ones."""

PASSWORD = re.compile(r"admin, password (\S+) ")

Settings = dict[str, object]


class Holdfast:
    """One folder, and the Holdfast that runs in it, once or several times."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.settings: Settings = {
            "port": self.port,
            "listen": "127.0.0.1",
            "unixSocket": {"enabled": True, "location": "api.sock"},
            "webUI": {"enabled": False},  # its usual port is one for all tests that run at once
        }
        self.environment = {"PATH": os.environ["PATH"], "HOME": folder, "LANG": "C.UTF-8"}
        """What `holdfast run` is started with."""
        way_in = WayIn(self.path("api.sock"))
        self.local = httpx.Client(base_url="http://localhost", transport=way_in, timeout=DEADLINE)
        """Asks over the Unix socket."""
        self.remote = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", trust_env=False, limits=SINGLE, timeout=DEADLINE
        )
        """Asks over TCP; nobody until `log_in`."""
        self._process: subprocess.Popen[bytes] | None = None
        self._output: Output | None = None
        self._consoles = ExitStack()
        self._secrets: set[str] = set()
        """What has opened a door, and must be found nowhere at the end."""

    # The folder.

    def path(self, *names: str) -> str:
        """Return a path in the folder."""
        return os.path.join(self.folder, *names)

    def text(self, **servers: Settings) -> str:
        """Return a config of these servers; each works in a folder of its own name."""
        for name, server in servers.items():
            server.setdefault("directory", self.path("programs", name))
            os.makedirs(cast("str", server["directory"]), exist_ok=True)
        return json.dumps({**self.settings, "servers": servers}, indent=2) + "\n"

    def configure(self, **servers: Settings) -> None:
        """Write a config of these servers."""
        self.write(self.text(**servers))

    def write(self, text: str) -> None:
        """Write a config."""
        with open(self.path("config.hjson"), "w", encoding="utf-8") as file:
            file.write(text)

    def files_with(self, secret: str) -> list[str]:
        """Return the files below the folder that hold this text."""
        found: list[str] = []
        for place, _, names in os.walk(self.folder):
            for path in (os.path.join(place, name) for name in names):
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        found += [path] if secret.encode() in file.read() else []
        return found

    # The process.

    @property
    def output(self) -> Output:
        """What it prints since the latest start, the daemon included."""
        assert self._output is not None, "it was never started"
        return self._output

    @property
    def supervisor(self) -> int:
        """The pid of the supervisor, which is that of `holdfast run`."""
        assert self._process is not None, "it was never started"
        return self._process.pid

    @property
    def daemon(self) -> int | None:
        """The pid of the API daemon, if there is one now."""
        found = [pid for pid, command in processes.below(self.folder).items() if "--with-parent" in command]
        ours = [pid for pid in found if processes.parent(pid) == self.supervisor]
        assert len(ours) <= 1, f"several daemons: {ours}"
        return ours[0] if ours else None

    @property
    def password(self) -> str:
        """The password that it has shown."""
        found = PASSWORD.search(self.output.until("shown only once"))
        assert found is not None
        return found[1]

    def start(
        self,
        *,
        wait: bool = True,
        unheard: bool = False,
        pass_fds: Sequence[int] = (),
        by: Systemd | None = None,
    ) -> None:
        """Type `holdfast run`, and wait until it answers. `unheard`, as in `holdfast run | true`."""
        command, environment = holdfast("run", "--config", self.path("config.hjson"))
        if by is not None:
            command, pass_fds = by.wrapped(command), by.given
            environment |= by.environment
        self._process = subprocess.Popen(
            command,
            cwd=self.folder,
            env={**environment, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=pass_fds,
        )
        assert self._process.stdout is not None
        self._output = Output(self._process.stdout, heard=not unheard)
        if wait:
            self.until_it_answers()

    def until_it_answers(self) -> None:
        """Wait for the API, and for what it knows of the programs."""
        self.until(self.answers, "the API answers")

    def answers(self) -> bool:
        """Whether the API can be asked for the programs, both ways in."""
        # httpcore forgets to close a Unix socket at which nobody listens any more.
        with warnings.catch_warnings(action="ignore", category=ResourceWarning):
            try:
                return self.local.get("/servers").is_success and self.remote.get("/").is_success
            except httpx.TransportError:
                return False

    def until(self, condition: Callable[[], T], what: str, deadline: float = DEADLINE) -> T:
        """Wait until a condition holds; return its value. Ends at once if Holdfast does."""
        process = self._process
        assert process is not None, "it was never started"
        for _ in range(round(deadline / PACE)):
            if found := condition():
                return found
            try:
                # The wait between two looks is one for a thing too: for the end of what we ask.
                code = process.wait(PACE)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"it ended with {code}, waiting until {what}: {self.output.text}")
        raise TimeoutError(f"not so in time: {what}; {processes.below(self.folder)}; {self.output.text}")

    def signal(self, number: int) -> None:
        """Send a signal to the supervisor."""
        os.kill(self.supervisor, number)

    def ended(self, deadline: float = DEADLINE) -> int:
        """Wait for its end; return the exit code, below zero for a signal."""
        assert self._process is not None, "it was never started"
        return self._process.wait(deadline)

    def stop(self, deadline: float = DEADLINE) -> int:
        """Ask it to stop; return the exit code."""
        self.signal(signal.SIGTERM)
        return self.ended(deadline)

    def sweep(self) -> None:
        """Kill all that is left of it, after a test that left something behind on purpose."""
        while left := processes.below(self.folder):
            for pid in left:
                processes.kill(pid)
        sweep(self.path("state"))

    def end(self) -> None:
        """Stop it if it runs; raises `AssertionError` if it must be killed or leaves something behind."""
        self._consoles.close()
        self.local.close()
        self.remote.close()
        if self._process is None:
            return
        fault = ""
        try:
            if self._process.poll() is None:
                self.stop()
        except subprocess.TimeoutExpired:
            fault = "it had to be killed; "
        left = processes.below(self.folder)
        self.sweep()
        self._process.wait()
        self.output.until_end()
        if fault or left:
            raise AssertionError(f"{fault}left behind: {left}; it printed {self.output.text}")
        if found := leaked(self.folder, self._secrets):
            raise AssertionError(f"secrets stand in {found}")

    # The API.

    def log_in(self) -> str:
        """Log in as the first account over TCP; return the token, with which `remote` asks from now on."""
        answer = self.remote.post("/login", headers={"Username": "admin", "Password": self.password})
        token = cast("str", answer.raise_for_status().json()["token"])
        self._secrets |= {self.password, token}
        self.remote.headers["Authorization"] = token
        return token

    def ticket(self) -> str:
        """Return a new ticket of whoever is logged in."""
        ticket = cast("str", self.remote.get("/ott").raise_for_status().json()["ticket"])
        self._secrets.add(ticket)
        return ticket

    def console(self, name: str, *, remote: bool = False) -> Console:
        """View a console: over the Unix socket, or with a ticket over TCP."""
        path = f"/server/{name}/console"
        if remote:
            uri = f"ws://127.0.0.1:{self.port}{path}?ticket={self.ticket()}"
            viewer = connect(
                uri, subprotocols=[V2], ping_interval=None, close_timeout=1, max_size=None, proxy=None
            )
        else:
            viewer = unix_connect(
                self.path("api.sock"),
                f"ws://localhost{path}",
                subprotocols=[V2],
                ping_interval=None,
                close_timeout=1,  # a connection full of a flood does not get to its end: then it is cut
                max_size=None,
            )
        return Console(self._consoles.enter_context(viewer))

    def bare_viewer(self, name: str) -> socket.socket:
        """View a console over the Unix socket, with a connection that is only read if the caller does."""
        one = socket.socket(socket.AF_UNIX)
        one.connect(self.path("api.sock"))
        one.sendall(
            f"GET /server/{name}/console HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        assert one.recv(12) == b"HTTP/1.1 101"
        return one

    def servers(self) -> dict[str, int]:
        """Return the statuses by name: 0 off, 1 on, 2 crashed."""
        return cast("dict[str, int]", self.local.get("/servers").raise_for_status().json()["servers"])

    def about(self, name: str) -> Mapping[str, object]:
        """Return all that is told of one server."""
        return cast("Mapping[str, object]", self.local.get(f"/server/{name}").raise_for_status().json())

    def order(self, name: str, operation: str) -> bool:
        """Send START, TERM or KILL; return whether it succeeded."""
        answer = self.local.post(f"/server/{name}", content=operation).raise_for_status()
        return answer.json()["success"] is True

    def until_status(self, name: str, status: int) -> None:
        """Wait for a status."""
        self.until(lambda: self.servers().get(name) == status, f"the status of {name} is {status}")

    def pid(self, name: str) -> int:
        """Wait until a program runs; return its pid."""
        return self.until(lambda: cast("int | None", self.about(name)["pid"]), f"{name} runs") or 0


def program(name: str, *arguments: str, **options: object) -> Settings:
    """Return the server of a config that runs one of the tests' programs."""
    path = next(path for folder in PROGRAMS if os.path.exists(path := os.path.join(folder, f"{name}.py")))
    return {"command": [sys.executable, "-I", "-S", "-u", path, *arguments], **options}


def sleeper(**options: object) -> Settings:
    """Return the server of a config that does nothing for long."""
    return {"command": "sleep 1000", **options}


def holdfast(*arguments: str) -> tuple[list[str], dict[str, str]]:
    """Return the command `holdfast`, and what its environment needs: it may be installed here or not."""
    installed = os.path.join(os.path.dirname(sys.executable), "holdfast")
    if os.path.exists(installed):
        return [installed, *arguments], {}
    return [sys.executable, "-m", "client", *arguments], {"PYTHONPATH": ROOT}


def free_port() -> int:
    """Return a port that is free on loopback."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return cast("int", one.getsockname()[1])
