"""A socket at which programs say how they are, in systemd's protocol (sd_notify(3)), and who says it.

The kernel tells who the sender is (SCM_CREDENTIALS, unix(7)); a datagram is lines of `KEY=value`, and may
carry descriptors. Who does not want these must close them: a sender may be waiting for that (`BARRIER=1`).
"""

import array
import contextlib
import os
import secrets
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import anyio
import anyio.lowlevel

from .wire import socket_address

MOST_DESCRIPTORS = 64

_CREDENTIALS = struct.Struct("=3i")  # struct ucred: pid, uid, gid
_MOST_BYTES = 8192
_AT_ONCE = 512
"""Datagrams that are taken before others have their turn: who talks without an end keeps nobody waiting."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one datagram says, what came with it, and who sent it: 0 for a process that we cannot see."""

    fields: Mapping[str, str]
    descriptors: Sequence[int]
    pid: int
    uid: int


class Hearing:
    """A datagram socket at a path, or at an abstract name that begins with `@`."""

    def __init__(self, path: str, take: Callable[[Heard], None]) -> None:
        """`take` owns the descriptors that it is given."""
        self.path = path
        self._take = take
        self._socket: socket.socket | None = None

    @property
    def fd(self) -> int:
        """The socket's number, -1 while there is none."""
        return -1 if self._socket is None else self._socket.fileno()

    def listen(self) -> None:
        """Begin to receive, in place of an earlier socket, unless we do already; raises `OSError`."""
        if self._socket is not None:
            return
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        one = socket.socket(socket.AF_UNIX, kind)
        try:
            if self.path.startswith("@"):
                one.bind("\0" + self.path[1:])
            else:
                self._bind(one)
            self._begin(one)
        except BaseException:
            one.close()
            raise

    def resume(self, fd: int) -> None:
        """Go on with a socket that listens already."""
        self._begin(socket.socket(fileno=fd))

    async def run(self) -> None:
        """Take what comes, until it is closed."""
        with contextlib.suppress(anyio.ClosedResourceError):
            while self._socket is not None:
                await anyio.wait_readable(self._socket)
                self.take_all()
                await anyio.lowlevel.checkpoint()

    def take_all(self) -> None:
        """Take what has come, or a part of it if it is much."""
        with contextlib.suppress(BlockingIOError):
            for _ in range(_AT_ONCE):
                if self._socket is None:
                    break
                self._take(self._receive(self._socket))

    def close(self) -> None:
        """Receive no more; nothing is left at the path."""
        if self._socket is None:
            return
        anyio.notify_closing(self._socket)
        self._socket.close()
        self._socket = None
        if not self.path.startswith("@"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path)

    def _begin(self, one: socket.socket) -> None:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket = one

    def _bind(self, one: socket.socket) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        before = os.umask(0o177)
        try:
            with socket_address(self.path) as address:
                one.bind(address)
        finally:
            os.umask(before)

    def _receive(self, one: socket.socket) -> Heard:
        given = array.array("i")
        room = socket.CMSG_SPACE(MOST_DESCRIPTORS * given.itemsize) + socket.CMSG_SPACE(_CREDENTIALS.size)
        data, ancillary, _, _ = one.recvmsg(_MOST_BYTES, room, socket.MSG_CMSG_CLOEXEC)
        pid, uid = 0, -1
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                given.frombytes(content[: len(content) - len(content) % given.itemsize])
            elif level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                pid, uid, _ = _CREDENTIALS.unpack(content[: _CREDENTIALS.size])
        text = data.decode("utf-8", "surrogateescape")
        fields = dict(line.split("=", 1) for line in text.split("\n") if "=" in line)
        return Heard(fields, given, pid, uid)


def new_name() -> str:
    """Return an abstract name that nobody can guess.

    Abstract, since a program that runs as another user must reach it, and our folders are closed to it.
    """
    return f"@holdfast/{secrets.token_hex(16)}"
