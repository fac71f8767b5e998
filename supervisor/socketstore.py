"""What systemd is to its services, we are to the daemon: we keep its sockets, and hear whether it is well.

The protocol is that of `notify.py`. So a client that connects while the daemon is restarted waits in the
socket's queue, and is not refused.
"""

import contextlib
import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence

import anyio

from .hearing import Heard, Hearing
from .notify import HANDED, Notifier, close_all
from .record import Record

MOST = 64
"""Descriptors that are kept; a daemon has a handful."""

WATCHDOG = 10.0
"""Seconds in which the daemon must say that its event loop turns, once it has begun to."""

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
        self._hearing = Hearing(path, self._take)
        self._thawed: int | None = None
        self._beat: float | None = None

    def listen(self) -> None:
        """Begin to receive, at a socket in place of an earlier one, unless we do already."""
        self._hearing.listen()

    @property
    def kept(self) -> Sequence[int]:
        """The daemon's sockets."""
        return [fd for kept in self._kept.values() for fd in kept]

    @property
    def descriptors(self) -> Sequence[int]:
        """All that `freeze` names by number."""
        return [*self.kept, *([self._hearing.fd] if self._hearing.fd >= 0 else ())]

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
        await self._hearing.run()

    async def stuck(self) -> float:
        """Wait until the daemon that has told that it is well tells so no more; return since when, in s."""
        while True:
            self._hearing.take_all()  # if we were stopped ourselves, what it has said is still to be read
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
        self._hearing.close()

    def freeze(self) -> dict[str, object]:
        """Return what is kept as JSON data."""
        socket_fd = self._hearing.fd if self._hearing.fd >= 0 else None
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
            self._hearing.resume(self._thawed)
        self.listen()

    def _take(self, heard: Heard) -> None:
        fields, given = heard.fields, heard.descriptors
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
