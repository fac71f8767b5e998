"""A stand-in for systemd: hears what a service tells, keeps its descriptors, gives them to the next one."""

import array
import contextlib
import os
import select
import socket
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

BREATH = 0.05
"""Seconds after which the listener looks whether it is to end."""

_PASS = """
import fcntl, os, sys
given, command = [int(fd) for fd in sys.argv[1].split(",") if fd], sys.argv[2:]
high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 1000) for fd in given]
for number, fd in enumerate(high):
    os.dup2(fd, 3 + number)
os.closerange(3 + len(high), 2000)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(command[0], command)
"""


@dataclass
class Systemd:
    """What was said, in order, and what is kept by name."""

    path: str
    said: list[Mapping[str, str]] = field(default_factory=list)
    kept: dict[str, list[int]] = field(default_factory=dict)
    watchdog: float | None = None
    """Seconds in which a service must say that it lives, if it is told that."""

    def __post_init__(self) -> None:
        """Begin to listen."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(self.path)
        self._turn = threading.Lock()

    def close(self) -> None:
        """Let go of everything."""
        self._socket.close()
        self.forget()

    def fileno(self) -> int:
        """Return the descriptor of the socket at which we are told."""
        return self._socket.fileno()

    def forget(self) -> None:
        """Let go of what is kept."""
        for numbers in self.kept.values():
            for fd in numbers:
                os.close(fd)
        self.kept.clear()

    @property
    def environment(self) -> dict[str, str]:
        """What a service is told, besides what is passed."""
        names = ":".join(name for name, numbers in self.kept.items() for _ in numbers)
        told = {
            "NOTIFY_SOCKET": self.path,
            "LISTEN_FDS": str(len(self.given)),
            "LISTEN_FDNAMES": names,
        }
        return told if self.watchdog is None else {**told, "WATCHDOG_USEC": str(int(self.watchdog * 1e6))}

    @property
    def given(self) -> Sequence[int]:
        """The descriptors that a service gets."""
        return [fd for numbers in self.kept.values() for fd in numbers]

    def wrapped(self, command: Sequence[str]) -> list[str]:
        """Return a command line that gets our descriptors as systemd passes them, from 3 on."""
        return [sys.executable, "-I", "-S", "-c", _PASS, ",".join(map(str, self.given)), *command]

    @contextmanager
    def hearing(self) -> Iterator[None]:
        """Listen meanwhile, whatever else waits; afterwards `kept` is what was kept by then."""
        enough = threading.Event()

        def listen() -> None:
            while not enough.is_set():
                if select.select([self], [], [], BREATH)[0]:
                    self.listen()

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield
        finally:
            enough.set()
            thread.join()
            self.listen()

    def listen(self) -> None:
        """Take in all that was said by now."""
        with self._turn, contextlib.suppress(BlockingIOError):
            while True:
                self._take()

    def values(self, key: str) -> list[str]:
        """Return all values that were told of a key."""
        return [message[key] for message in self.said if key in message]

    def _take(self) -> None:
        size = array.array("i").itemsize
        data, ancillary, _, _ = self._socket.recvmsg(
            1 << 16, socket.CMSG_SPACE(253 * size), socket.MSG_CMSG_CLOEXEC
        )
        given = array.array("i")
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                given.frombytes(content[: len(content) // size * size])
        message = dict(line.split("=", 1) for line in data.decode().split("\n") if line)
        self.said.append(message)
        name = message.get("FDNAME", "stored")
        if message.get("FDSTOREREMOVE") == "1":
            for fd in self.kept.pop(name, []):
                os.close(fd)
        if message.get("FDSTORE") == "1":
            assert message["FDPOLL"] == "0", "a pipe whose other end is closed may hold unread output"
            self.kept.setdefault(name, []).extend(given)
        else:
            assert not given


@contextmanager
def systemd(path: str, watchdog: float | None = None) -> Iterator[Systemd]:
    """Be systemd for a while."""
    one = Systemd(path, watchdog=watchdog)
    try:
        yield one
    finally:
        one.close()
