"""Disks that are getting full: looked at now and then, told once when one is low, and once when it is not.

Rules:
- Folders on one file system are one disk. It is low when fewer bytes are free to us than the config says; it
  is not low any more when a tenth more than that is free, so that nobody is told twice about a disk on the
  edge.
- A file system that hangs (a server of NFS that is gone) holds one thread, and nobody waits for it.
- Only the numbers are read (statvfs); nothing is written.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import anyio
import anyio.to_thread

from .config import Config
from .notice import Kind, Notice
from .noticesettings import DiskSettings

PATIENCE = 10.0
"""Seconds until a file system counts as hanging."""

_THREADS = anyio.CapacityLimiter(4)


@dataclass(frozen=True, slots=True)
class Room:
    """How much there is: what names the disk, and bytes that are free to us, and in all."""

    disk: int
    free: int
    total: int


def look(folder: str) -> Room:
    """Return how much room there is where a folder lies; raises `OSError`."""
    found = os.statvfs(folder)
    return Room(os.stat(folder).st_dev, found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


class Disks:
    """Looks after the disks of the servers' folders and of our state."""

    def __init__(
        self, tell: Callable[[Notice], None], state: str, look: Callable[[str], Room] = look
    ) -> None:
        self._tell = tell
        self._state = state
        self._look = look
        self._settings = DiskSettings()
        self._folders: Mapping[str, tuple[str, ...]] = {}
        """With the names of the servers that are there."""
        self._low: dict[int, str] = {}
        """The disks that are low, and the folder that was named."""
        self._hanging: set[str] = set()
        self._changed = anyio.Event()
        self._wanted = False

    async def configure(self, config: Config) -> None:
        """Take from a config what is looked at, and when a disk is low."""
        settings = config.notifications.disk
        places: dict[str, list[str]] = {}
        if settings.folders is not None:
            places = {folder: [] for folder in settings.folders}
        else:
            places[self._state] = []
        for name, server in config.servers.items():
            if settings.folders is None or server.directory in places:
                places.setdefault(server.directory, []).append(name)
        self._settings = settings
        self._folders = {folder: tuple(names) for folder, names in places.items()}
        self._wanted = any(Kind.DISK_LOW in one.on for one in config.notifications.targets.values())
        self._changed.set()

    async def run(self) -> None:
        """Look after them, for as long as the daemon runs."""
        while True:
            self._changed = anyio.Event()
            if self._wanted:
                await self.check()
            with anyio.move_on_after(self._settings.interval if self._wanted else None):
                await self._changed.wait()

    async def check(self) -> None:
        """Look at all disks once, and tell what is new."""
        found: dict[int, tuple[str, Room]] = {}
        servers: dict[int, list[str]] = {}
        for folder, names in self._folders.items():
            room = await self._measure(folder)
            if room is not None and room.total > 0:
                found.setdefault(room.disk, (folder, room))
                servers.setdefault(room.disk, []).extend(names)
        for disk, (folder, room) in found.items():
            self._judge(folder, room, tuple(dict.fromkeys(servers[disk])))
        for disk in self._low.keys() - found.keys():
            del self._low[disk]  # it is no longer looked at

    def _judge(self, folder: str, room: Room, servers: tuple[str, ...]) -> None:
        limit = self._limit(room)
        free = f"{_size(room.free)} of {_size(room.total)} are free"
        if room.free < limit and room.disk not in self._low:
            self._low[room.disk] = folder
            reason = f"{free} at {folder}, fewer than {_size(limit)}"
            self._tell(Notice(Kind.DISK_LOW, reason=reason, folder=folder, about=servers))
        elif room.free >= limit * 1.1 and room.disk in self._low:
            named = self._low.pop(room.disk)
            self._tell(Notice(Kind.RECOVERED, reason=f"{free} at {named} again", folder=named, about=servers))

    def _limit(self, room: Room) -> int:
        settings = self._settings
        return settings.size if settings.percent is None else int(room.total * settings.percent / 100)

    async def _measure(self, folder: str) -> Room | None:
        if folder in self._hanging:
            return None

        def measure() -> Room | None:
            try:
                return self._look(folder)
            except OSError:
                return None  # a folder that is not there yet has no disk
            finally:
                self._hanging.discard(folder)

        self._hanging.add(folder)
        with anyio.move_on_after(PATIENCE):
            return await anyio.to_thread.run_sync(measure, limiter=_THREADS, abandon_on_cancel=True)
        return None


def _size(size: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if size < 1024 or unit == "TiB":
            break
        size /= 1024
    return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
