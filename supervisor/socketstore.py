"""What systemd is to its services, we are to the daemon: we keep its sockets, and hear whether it is well.

The protocol is that of `notify.py`. So a client that connects while the daemon is restarted waits in the
socket's queue, and is not refused.
"""

import array
import contextlib
import json
import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence

import anyio

from .notify import HANDED, Notifier, close_all
from .record import Record
from .wire import socket_address

MOST = 64
"""Descriptors that are kept; a daemon has a handful."""

WATCHDOG = 10.0
"""Seconds in which the daemon must say that its event loop turns, once it has begun to."""

_MOST_BYTES = 8192

log = logging.getLogger("holdfast.supervisor")


class SocketStore:
    """The descriptors, by name, and the socket at which they arrive.

    `upstream` keeps them for us, in case that we are killed.
    """

    def __init__(self, path: str, upstream: Notifier, ready: Callable[[], None] = lambda: None) -> None:
        self.path = path
        self._ready = ready
        self._upstream = upstream
        self._kept: dict[str, list[int]] = {}
        self._paths: dict[str, str] = {}
        """Where the Unix sockets among them stand."""
        self._socket: socket.socket | None = None
        self._thawed: int | None = None
        self._beat: float | None = None

    def listen(self) -> None:
        """Begin to receive, at a socket in place of an earlier one, unless we do already."""
        if self._socket is not None:
            return
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        self._socket = socket.socket(
            socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        )
        before = os.umask(0o177)
        try:
            with socket_address(self.path) as address:
                self._socket.bind(address)
        finally:
            os.umask(before)

    @property
    def kept(self) -> Sequence[int]:
        """The daemon's sockets."""
        return [fd for kept in self._kept.values() for fd in kept]

    @property
    def descriptors(self) -> Sequence[int]:
        """All that `freeze` names by number."""
        return [*self.kept, *([self._socket.fileno()] if self._socket is not None else ())]

    def environment(self) -> Mapping[str, str]:
        """Return what tells the daemon where to send its sockets, and which there are already."""
        self._beat = None
        return {
            "NOTIFY_SOCKET": self.path,
            "WATCHDOG_USEC": str(int(WATCHDOG * 1e6)),
            "WATCHDOG_PID": "",
            HANDED: json.dumps(self._kept),
        }

    async def run(self) -> None:
        """Take what comes, until cancelled."""
        self.listen()
        with contextlib.suppress(anyio.ClosedResourceError):
            while self._socket is not None:
                await anyio.wait_readable(self._socket)
                self._take_all()

    async def stuck(self) -> float:
        """Wait until the daemon that has told that it is well tells so no more; return since when, in s."""
        while True:
            self._take_all()  # if we were stopped ourselves, there is still to be read what it has said
            silence = 0.0 if self._beat is None else anyio.current_time() - self._beat
            if silence >= WATCHDOG:
                self._beat = None
                return silence
            await anyio.sleep(WATCHDOG - silence)

    def restore(self, kept: Mapping[str, Sequence[int]]) -> None:
        """Keep what an upstream has kept for us."""
        self._kept.update({name: list(numbers) for name, numbers in kept.items()})

    def close(self) -> None:
        """Let go of everything, and of the paths of Unix sockets, which nobody serves any more."""
        for path in self._paths.values():
            with contextlib.suppress(OSError):
                os.unlink(path)
        for name in list(self._kept):
            self._release(name)
        if self._socket is not None:
            anyio.notify_closing(self._socket)
            self._socket.close()
            self._socket = None
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path)

    def freeze(self) -> dict[str, object]:
        """Return what is kept as JSON data."""
        socket_fd = None if self._socket is None else self._socket.fileno()
        kept = [{"name": n, "descriptors": fds, "path": self._paths.get(n)} for n, fds in self._kept.items()]
        return {"socket": socket_fd, "kept": kept}

    def thaw(self, record: Record) -> None:
        """Keep what `freeze` described; raises `InvalidRecord`."""
        for entry in record.records("kept"):
            name = entry.take("name", str)
            self._kept[name] = [int(fd) for fd in entry.numbers("descriptors")]
            if (path := entry.optional("path", str)) is not None:
                self._paths[name] = path
        self._thawed = record.optional("socket", int)

    def open(self) -> None:
        """Go on with the socket that was thawed, or with a new one."""
        if self._thawed is not None:
            self._socket = socket.socket(fileno=self._thawed)
        self.listen()

    def _take_all(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._socket is not None:
                self._take(self._socket)

    def _take(self, one: socket.socket) -> None:
        room = socket.CMSG_SPACE(MOST * array.array("i").itemsize)
        data, ancillary, _, _ = one.recvmsg(_MOST_BYTES, room, socket.MSG_CMSG_CLOEXEC)
        given = array.array("i")
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                given.frombytes(content[: len(content) - len(content) % given.itemsize])
        text = data.decode("utf-8", "surrogateescape")
        fields = dict(line.split("=", 1) for line in text.split("\n") if "=" in line)
        name = fields.get("FDNAME", "")
        if fields.get("WATCHDOG") == "1":
            self._beat = anyio.current_time()
        if fields.get("READY") == "1":
            self._ready()
        if fields.get("FDSTOREREMOVE") == "1":
            self._release(name)
        if fields.get("FDSTORE") == "1" and name and given and len(self.kept) + len(given) <= MOST:
            self._release(name)
            self._kept[name] = list(given)
            if "X_PATH" in fields:
                self._paths[name] = fields["X_PATH"]
            self._upstream.keep(name, *given)
        else:
            close_all(given)

    def _release(self, name: str) -> None:
        self._paths.pop(name, None)
        if (kept := self._kept.pop(name, None)) is not None:
            close_all(kept)
            self._upstream.release(name)
