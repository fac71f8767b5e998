"""What we tell who started us, and what it keeps for us: systemd, or a supervisor that runs the daemon.

The protocol is systemd's (sd_notify(3), sd_listen_fds(3)): datagrams of `KEY=value` lines, with descriptors.
The receiver keeps descriptors by name (`FDSTORE=1`), also when we are killed, and gives them to who follows.

Telling never waits: what the receiver has no room for is sent later, in order, by `run`.
"""

import array
import contextlib
import json
import logging
import os
import socket
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, MutableMapping, Sequence

import anyio

from .record import InvalidRecord, Record
from .wire import socket_address

HANDED = "HOLDFAST_SOCKETS"
"""The variable in which a supervisor names the descriptors that the daemon gets: JSON, lists by name."""

FIRST = 3
"""The first descriptor that systemd passes (sd_listen_fds(3))."""

MOST_WAITING = 1 << 14
"""Messages that wait for the receiver; when it does not take as many, the oldest are lost."""

LAST_WORDS = 2.0
"""Seconds in which the receiver may take the last messages."""

MOST_STATUS = 400
"""Characters of a status line."""


log = logging.getLogger("holdfast.notify")


class Notifier:
    """Tells our state to the socket at `path`; without one, it does nothing."""

    def __init__(self, path: str | None, watchdog: float | None = None) -> None:
        self.heard = bool(path)
        """Whether anybody listens."""
        self._path = "\0" + path[1:] if path and path.startswith("@") else path or ""
        self._watchdog = watchdog
        self._socket: socket.socket | None = None
        self._waiting: deque[tuple[bytes, tuple[int, ...]]] = deque()
        self._news = anyio.Event()
        self._sent = anyio.Event()
        self._status = ""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Notifier":
        """Return the notifier that the environment names."""
        period = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID") in (None, "", str(os.getpid()))
        watchdog = int(period) / 1e6 if period.isdigit() and int(period) and ours else None
        return cls(environment.get("NOTIFY_SOCKET"), watchdog)

    def ready(self) -> None:
        """Say that we serve."""
        self._tell("READY=1")

    def reloading(self) -> None:
        """Say that a reload has begun, which `ready` ends."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._tell("STOPPING=1")

    def extend(self, seconds: float) -> None:
        """Ask for so much more time to stop, from now on."""
        self._tell(f"EXTEND_TIMEOUT_USEC={int(seconds * 1e6)}")

    def status(self, text: str) -> None:
        """Say in a line for people how it goes; the same line is not said twice."""
        if text != self._status:
            self._status = text
            self._tell(f"STATUS={' '.join(text.split())[:MOST_STATUS]}")

    def keep(self, name: str, *descriptors: int, path: str | None = None) -> None:
        """Have descriptors kept; they are given to who is started in our place, by this name.

        A name has ASCII letters, digits and `-`. They are kept until `release`, whatever happens at their
        other end (FDPOLL). `path` is that of a Unix socket: a supervisor removes it at the end (X_PATH).
        """
        where = [f"X_PATH={path}"] if path is not None and "\n" not in path else []
        self._tell("FDSTORE=1", f"FDNAME={name}", "FDPOLL=0", *where, descriptors=descriptors)

    def release(self, name: str) -> None:
        """Have the descriptors of a name kept no more."""
        self._tell("FDSTOREREMOVE=1", f"FDNAME={name}")

    async def run(self) -> None:
        """Send what waits, and say at intervals that our event loop turns, until cancelled."""
        async with anyio.create_task_group() as tasks:
            if self._watchdog is not None and self.heard:
                tasks.start_soon(self._beat, self._watchdog / 2)
            while True:
                while self._waiting:
                    await self._room()
                    self._flush()
                self._sent.set()
                self._news = anyio.Event()
                await self._news.wait()

    async def settle(self) -> None:
        """Wait until all is sent, for a while; `run` sends it."""
        with anyio.move_on_after(LAST_WORDS):
            while self._waiting:
                self._sent = anyio.Event()
                await self._sent.wait()

    def close(self) -> None:
        """Be silent from now on, outside of the event loop; `settle` comes before."""
        while self._waiting:
            self._forget(self._waiting.popleft())
        self.heard = False
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _beat(self, period: float) -> None:
        # In the event loop, like everything that we do: while it hangs, nobody says that all is well.
        while True:
            self._tell("WATCHDOG=1")
            await anyio.sleep(period)

    def _tell(self, *lines: str, descriptors: Sequence[int] = ()) -> None:
        if not self.heard:
            return
        text = "\n".join(lines).encode("utf-8", "surrogateescape")
        self._flush()
        if not self._waiting and self._send(text, tuple(descriptors)):
            return
        try:
            # A descriptor may be closed before it is sent.
            self._waiting.append((text, tuple(os.dup(fd) for fd in descriptors)))
        except OSError as exc:
            log.error("%s cannot be kept for another process: %s", lines[1], exc.strerror)
            return
        if len(self._waiting) > MOST_WAITING:
            self._forget(self._waiting.popleft())
        self._news.set()

    def _flush(self) -> None:
        while self._waiting and self._send(*self._waiting[0]):
            self._forget(self._waiting.popleft())
        if self._waiting:
            self._news.set()

    def _send(self, text: bytes, descriptors: tuple[int, ...]) -> bool:
        """Send a message; tell whether it is done with, be it because nobody listens any more."""
        rights = (
            [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        )
        for _ in range(2):
            try:
                if self._socket is None:
                    self._socket = self._connect()
                self._socket.sendmsg([text], rights)
            except BlockingIOError:
                return False
            except OSError:
                self._hang_up()  # whoever listens now may be another than before
            else:
                return True
        return True

    def _connect(self) -> socket.socket:
        one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        try:
            with socket_address(self._path) as address:
                one.connect(address)
        except OSError:
            one.close()
            raise
        return one

    def _hang_up(self) -> None:
        if self._socket is not None:
            anyio.notify_closing(self._socket)
            self._socket.close()
            self._socket = None

    async def _room(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError, anyio.ClosedResourceError):
                await anyio.wait_writable(self._socket)

    def _forget(self, message: tuple[bytes, tuple[int, ...]]) -> None:
        for fd in message[1]:
            os.close(fd)


def inherited(environment: MutableMapping[str, str]) -> Mapping[str, Sequence[int]]:
    """Take the descriptors that we were started with, by name, out of the environment.

    What we start must not take them for its own, nor may the next program in this process.
    """
    pid = environment.pop("LISTEN_PID", "")
    count = environment.pop("LISTEN_FDS", "")
    names = environment.pop("LISTEN_FDNAMES", "").split(":")
    environment.pop("LISTEN_PIDFDID", None)
    found: dict[str, list[int]] = defaultdict(list)
    with contextlib.suppress(InvalidRecord, ValueError):
        handed = Record(json.loads(environment.pop(HANDED, "{}")))
        for name in handed.names():
            found[name] += [int(fd) for fd in handed.numbers(name)]
    for fd in [fd for numbers in found.values() for fd in numbers]:
        os.set_inheritable(fd, False)
    if pid != str(os.getpid()) or not count.isdigit():
        return found
    for number in range(int(count)):
        os.set_inheritable(FIRST + number, False)
        found[names[number] if number < len(names) else "unknown"].append(FIRST + number)
    return found


def close_all(descriptors: Iterable[int]) -> None:
    """Close descriptors, those among them that are open."""
    for fd in descriptors:
        with contextlib.suppress(OSError):
            os.close(fd)
