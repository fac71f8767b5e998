"""Sockets that outlive the daemon: it gives them to us, and we give them to the next one.

By the protocol of systemd's file descriptor store (sd_notify(3)): a datagram with `FDSTORE=1`, `FDNAME=…` and
the descriptors keeps them, one with `FDSTOREREMOVE=1` and `FDNAME=…` lets go. A program that is started finds
them by number in `HOLDFAST_SOCKETS`, a JSON object from names to lists.
"""

import array
import contextlib
import json
import logging
import os
import socket
from collections.abc import Iterable, Mapping, Sequence

import anyio

from .record import Record
from .wire import socket_address

ENVIRONMENT = "HOLDFAST_SOCKETS"

MOST = 64
"""Descriptors that are kept; a daemon has a handful."""

_MOST_BYTES = 4096

log = logging.getLogger("holdfast.supervisor")


class SocketStore:
    """The descriptors, by name, and the socket at which they arrive."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._kept: dict[str, list[int]] = {}
        self._socket = socket.socket(
            socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        )

    def listen(self) -> None:
        """Begin to receive, at a socket in place of an earlier one."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        before = os.umask(0o177)
        try:
            with socket_address(self.path) as address:
                self._socket.bind(address)
        finally:
            os.umask(before)

    @property
    def descriptors(self) -> Sequence[int]:
        """All that is kept."""
        return [fd for kept in self._kept.values() for fd in kept]

    def environment(self) -> Mapping[str, str]:
        """Return what tells a program where to send its sockets, and which there are already."""
        return {"NOTIFY_SOCKET": self.path, ENVIRONMENT: json.dumps(self._kept)}

    async def run(self) -> None:
        """Take what comes, until cancelled."""
        while True:
            await anyio.wait_readable(self._socket)
            with contextlib.suppress(BlockingIOError):
                self._take()

    def close(self) -> None:
        """Let go of everything, and of the paths of Unix sockets, which nobody serves any more."""
        for fd in self.descriptors:
            with contextlib.suppress(OSError), socket.socket(fileno=fd) as kept:
                if kept.family == socket.AF_UNIX:
                    os.unlink(kept.getsockname())
        self._kept.clear()
        self._socket.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    def freeze(self) -> dict[str, object]:
        """Return what is kept as JSON data."""
        return {name: list(kept) for name, kept in self._kept.items()}

    def thaw(self, record: Record) -> None:
        """Keep what `freeze` described; raises `InvalidRecord`."""
        self._kept = {name: [int(fd) for fd in record.numbers(name)] for name in record.names()}

    def _take(self) -> None:
        room = socket.CMSG_SPACE(MOST * array.array("i").itemsize)
        data, ancillary, _, _ = self._socket.recvmsg(_MOST_BYTES, room, socket.MSG_CMSG_CLOEXEC)
        given = array.array("i")
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                given.frombytes(content[: len(content) - len(content) % given.itemsize])
        fields = dict(
            line.split("=", 1) for line in data.decode("utf-8", "replace").split("\n") if "=" in line
        )
        name = fields.get("FDNAME", "")
        if fields.get("FDSTOREREMOVE") == "1":
            _close(self._kept.pop(name, []))
        if fields.get("FDSTORE") != "1" or not name or len(self.descriptors) + len(given) > MOST:
            _close(given)
            return
        _close(self._kept.get(name, []))
        self._kept[name] = list(given)


def _close(descriptors: Iterable[int]) -> None:
    for fd in descriptors:
        os.close(fd)
