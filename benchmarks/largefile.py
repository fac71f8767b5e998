"""One large file: where it comes from, and the ways it goes."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress

from .bench import Bench
from .case import Figures
from .consumption import Consumption, consumed
from .forms import Sending, form
from .peers import Peer, copied
from .target import SPEAKER, Target, Way

MIB = 1 << 20

UNITS = {"MB/s": "", "CPU": "s/GB", "memory": "MiB more"}

KEPT = "down"
"""Its name where it is fetched from."""

Make = Callable[[Target, Way, str, int], Sending]
"""Returns the request that brings a file of a name and a size."""


class LargeFile:
    """A file that is carried back and forth; `remove` it."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.path = os.path.join(bench.folder, "large")
        self.copy = os.path.join(bench.folder, "copy")
        block = os.urandom(MIB)
        blocks = bench.scaled(1024)
        self.size = blocks * MIB
        # The first touch of memory takes longer than all that is measured with it: twice as much, and freed.
        for path, count in ((self.copy, 2 * blocks), (self.path, blocks)):
            with open(path, "wb") as file:
                for _ in range(count):
                    file.write(block)
        os.unlink(self.copy)

    def remove(self) -> None:
        """Remove it."""
        for path in (self.path, self.copy):
            _remove(path)

    def up(self, target: Target, way: Way, name: str, make: Make) -> Figures:
        """Bring it to a target."""
        sending = make(target, way, name, self.size)
        with target.metered() as used:
            seconds = self._send(target.where(way), sending)
        self.forget(target, name)  # its memory is what the next one gets: warm
        return self._figures(seconds, used)

    def keep(self, target: Target) -> None:
        """Have a target own it: the very same memory if it can be, since not all memory is as fast."""
        folder = target.folder()
        if folder is not None:
            with suppress(OSError):  # on another file system
                os.link(self.path, os.path.join(folder, KEPT))
                return
        sending = form(target, target.ways[0], KEPT, self.size)
        self._send(target.where(target.ways[0]), sending)

    def forget(self, target: Target, name: str) -> None:
        """Have a target delete it."""
        target.ask("DELETE", f"/server/{SPEAKER}/file?path={name}")

    def up_to(self, peer: Peer, way: Way, path: str) -> Figures:
        """Bring it to a peer, which makes a file of it at a path of this machine."""
        said = f"Host: localhost\r\nContent-Length: {self.size}\r\n\r\n"
        head = f"PUT /{os.path.basename(path)} HTTP/1.1\r\n{said}"
        with consumed(peer.root) as used:
            seconds = self._send(peer.where(way), Sending(head.encode()))
        _remove(path)
        return self._figures(seconds, used)

    def down(self, target: Target, way: Way, name: str) -> Figures:
        """Fetch it from a target, and forget it."""
        with target.metered() as used:
            head = target.head("GET", f"/server/{SPEAKER}/file?path={name}", way)
            seconds = self._take(target.where(way), head)
        return self._figures(seconds, used)

    def down_from(self, peer: Peer, way: Way, name: str) -> Figures:
        """Fetch it from a peer, and forget it."""
        with consumed(peer.root) as used:
            head = f"GET /{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            seconds = self._take(peer.where(way), head.encode())
        return self._figures(seconds, used)

    def copied(self) -> Figures:
        """Have cp copy it."""
        used = copied("cp", self.path, self.copy)
        _remove(self.copy)
        return self._figures(used.seconds, used)

    def _figures(self, seconds: float, used: Consumption) -> Figures:
        return {
            "MB/s": self.size / 1e6 / seconds,
            "CPU": used.cpu / (self.size / 1e9),
            "memory": used.grown,
        }

    def _send(self, where: Sequence[str], sending: Sending) -> float:
        words = [*where, "up", self.path, str(self.size), str(len(sending.after))]
        return self._bench.told("courier", *words, given=sending.before + sending.after)["seconds"]

    def _take(self, where: Sequence[str], head: bytes) -> float:
        told = self._bench.told("courier", *where, "down", given=head)
        if told["bytes"] != self.size:
            raise OSError(f"{told['bytes']:.0f} bytes came of {self.size}")
        return told["seconds"]


def _remove(path: str) -> None:
    if os.path.exists(path):
        os.unlink(path)
