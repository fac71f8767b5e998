"""A server that speaks Octyne's API, and the ways in to it."""

import json
import os
import secrets
import socket
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Literal
from urllib.parse import urlsplit

from .case import NotMeasured
from .consumption import Consumption, consumed

Way = Literal["tcp", "unix"]

Moment = Literal["begun", "answers", "runs"]
"""How far a start is: it was begun, it is answered, all servers run."""

PATIENCE = 60.0
"""Seconds after which a silent server is given up."""

SPEAKER = "speaker"
"""The server whose program is `native/speaker.c`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        """The JSON object in it; raises `NotMeasured`, naming what there is instead."""
        try:
            told = json.loads(self.body)
        except ValueError:
            told = None
        if self.status != 200 or not isinstance(told, dict):
            raise NotMeasured(f"it answers {self.status} {self.body[:200].decode(errors='replace')}")
        return told


@dataclass(slots=True)
class Target:
    """One server: its addresses, its processes, and what of it lies on this machine."""

    name: str
    path: str | None = None
    """Its Unix socket."""
    host: tuple[str, int] | None = None
    token: str | None = None
    """Shown over TCP."""
    folders: str | None = None
    """The folder in which each server's folder lies, if it is here."""
    again: Callable[[int, Moment], AbstractContextManager["Target"]] | None = None
    """Starts another of the same kind with so many sleeping servers."""
    root: int | None = None
    """The pid above all of its processes."""
    command: Sequence[str] = ()
    """How it was started here, in the folder `folders`."""
    environment: Mapping[str, str] = field(default_factory=dict)
    begun: float = 0.0
    """When it was started here, on the monotonic clock."""
    answered: float = 0.0
    """When it answered for the first time."""
    _account: str | None = field(default=None, init=False)

    @property
    def ways(self) -> Sequence[Way]:
        """How it can be reached; the first is the shortest."""
        ways: list[Way] = []
        if self.path is not None:
            ways.append("unix")
        if self.host is not None and self.token is not None:
            ways.append("tcp")
        return ways

    def where(self, way: Way) -> Sequence[str]:
        """Return an address as the C programs take it: `unix PATH`, `tcp HOST PORT`."""
        if way == "unix" and self.path is not None:
            return ["unix", self.path]
        if way == "tcp" and self.host is not None:
            return ["tcp", self.host[0], str(self.host[1])]
        raise NotMeasured(f"{self.name} is not reached by {way}")

    def connect(self, way: Way | None = None) -> socket.socket:
        """Return a connection; raises `OSError`."""
        words = self.where(way or self.ways[0])
        if words[0] == "tcp":
            return socket.create_connection((words[1], int(words[2])), PATIENCE)
        one = socket.socket(socket.AF_UNIX)
        one.settimeout(PATIENCE)
        try:
            one.connect(words[1])
        except OSError:
            one.close()
            raise
        return one

    def head(
        self, method: str, path: str, way: Way | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """Return the head of a request that is let in."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
        lines += [f"{name}: {value}" for name, value in {**self.shown(way), **(headers or {})}.items()]
        return "\r\n".join([*lines, "", ""]).encode()

    def shown(self, way: Way | None = None) -> Mapping[str, str]:
        """Return the headers that let a request in."""
        named = (way or self.ways[0]) == "tcp" and self.token is not None
        return {"Authorization": self.token or ""} if named else {}

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | str = b"",
        headers: Mapping[str, str] | None = None,
        way: Way | None = None,
    ) -> Answer:
        """Ask once; raises `OSError`."""
        given = body.encode() if isinstance(body, str) else body
        asking = HTTPConnection("localhost", timeout=PATIENCE)
        with self.connect(way) as one:
            asking.sock = one
            asking.request(method, path, given or None, {**self.shown(way), **(headers or {})})
            answer = asking.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())

    def say(self, order: str, server: str = SPEAKER) -> None:
        """Give an order to the program of a server, by its console (v2); raises `NotMeasured`, `OSError`."""
        with self.console(server) as one:
            one.sendall(frame(json.dumps({"type": "input", "data": order}).encode()))
            one.sendall(frame(json.dumps({"type": "ping", "id": "said"}).encode()))
            seen = b""
            while b'"said"' not in seen:
                got = one.recv(1 << 16)
                if not got:
                    raise NotMeasured(f"the console of {server} was closed: {seen[-200:]!r}")
                seen = seen[-100:] + got

    def console(
        self, server: str = SPEAKER, way: Way | None = None, protocol: str = "console-v2"
    ) -> socket.socket:
        """Return a connection that is a console now; what comes are frames (RFC 6455)."""
        one = self.connect(way)
        try:
            one.sendall(self.console_head(server, way, protocol))
            _upgraded(one)
        except BaseException:
            one.close()
            raise
        return one

    def console_head(
        self, server: str = SPEAKER, way: Way | None = None, protocol: str = "console-v2"
    ) -> bytes:
        """Return the head of a request to watch a server; `protocol` is empty for plain text."""
        more = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "aG9sZGZhc3QtYmVuY2htYQ==",
        }
        if protocol:
            more["Sec-WebSocket-Protocol"] = protocol
        return self.head("GET", f"/server/{server}/console", way, more)

    def metered(self) -> AbstractContextManager[Consumption]:
        """Measure what its processes use inside the block; workers count, supervised programs do not."""
        return consumed(self.root)

    def folder(self, server: str = SPEAKER) -> str | None:
        """Return the path of a server's files, if they lie on this machine."""
        return None if self.folders is None else os.path.join(self.folders, server)

    def with_servers(self, count: int, moment: Moment = "runs") -> AbstractContextManager["Target"]:
        """Start another of the same kind with so many sleeping servers; raises `NotMeasured` if we cannot.

        It is waited for until that moment; one that was only begun has no account for TCP.
        """
        if self.again is None:
            raise NotMeasured("it takes a target that is started here (--start)")
        return self.again(count, moment)

    @contextmanager
    def account(self) -> Iterator[None]:
        """Have an account for TCP, made over the Unix socket, if no token was given."""
        if self.token is not None or self.path is None or self.host is None:
            yield
            return
        name, password = f"benchmark-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
        self.ask("POST", "/accounts", json.dumps({"username": name, "password": password}), way="unix")
        try:
            asking = HTTPConnection(*self.host, timeout=PATIENCE)
            asking.request("GET", "/login", headers={"Username": name, "Password": password})
            told = json.loads(asking.getresponse().read())
            asking.close()
            self.token = str(told["token"])
            yield
        finally:
            self.token = None
            with suppress(OSError):
                self.ask("DELETE", f"/accounts?username={name}", way="unix")


def _upgraded(one: socket.socket) -> None:
    """Take in the head of the answer, and no byte of the first frame."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        got = one.recv(1)
        if not got:
            break
        answer += got
    if b" 101 " not in answer.split(b"\r\n", 1)[0]:
        raise NotMeasured(f"no console: {answer[:200].decode(errors='replace')}")


def frame(payload: bytes, kind: int = 1) -> bytes:
    """Return a client's frame of text (RFC 6455); its mask is zero, which costs nobody anything."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x80 | kind, 0x80 | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x80 | kind, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | kind, 0x80 | 127, size)
    return head + bytes(4) + payload


def given(text: str, token: str | None) -> Target:
    """Return the target of `[NAME=]ADDRESS[,ADDRESS]`, where an address is `unix:/path` or `http://host:port`.

    Raises `ValueError`, naming what is wrong.
    """
    name, equals, rest = text.partition("=")
    if not equals or ":" in name:
        name, rest = "", text
    target = Target(name or rest, token=token)
    for address in rest.split(","):
        if address.startswith("unix:"):
            target.path = address[5:]
        elif address.startswith("http://"):
            url = urlsplit(address)
            target.host = socket.gethostbyname(url.hostname or ""), url.port or 80
        else:
            raise ValueError(f"{address} is no address: unix:/path or http://host:port")
    if target.path is None and token is None:
        raise ValueError(f"{rest}: over TCP it takes --token")
    target.root = _root(target)
    return target


def _root(target: Target) -> int | None:
    """Return the highest process of the program that listens there."""
    pid = _listening(target)
    while pid is not None:
        above = _above(pid)
        if above is None or above == os.getpid() or _program(above) != _program(pid):
            return pid
        pid = above
    return None


def _listening(target: Target) -> int | None:
    if target.path is not None:
        with target.connect("unix") as one:
            return (
                int(struct.unpack("3i", one.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]) or None
            )
    host = target.host
    if host is None:
        return None
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file][1:]
    inodes = {row[9] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == host[1]}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            for number in os.listdir(f"/proc/{pid}/fd"):
                with suppress(OSError):
                    if os.readlink(f"/proc/{pid}/fd/{number}").strip("socket:[]") in inodes:
                        return int(pid)
    return None


def _above(pid: int) -> int | None:
    with suppress(OSError), open(f"/proc/{pid}/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[1]) or None
    return None


def _program(pid: int) -> str | None:
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return None
