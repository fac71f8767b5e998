"""The logs of all servers: which of them have one by the config, and how one is read."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from time import time

import anyio
import anyio.abc
import anyio.to_thread

from .config import Config
from .logfile import LogFile
from .logfolder import folder_name
from .logjournal import JournalLog
from .logpacking import tidy
from .logquery import LogQuery
from .logreading import LogReading
from .logsettings import Destination, LogSettings
from .mirror import Mirror
from .serverlog import ServerLog
from .sink import Sink

EVERY = 3600.0
"""Seconds between two looks for files that have become too old."""

WRITING, READING, SEARCHING = 16, 4, 2
"""Threads that write logs at the same time, that read them, and that look for expressions in them.

A search may take long, and keeps nobody from reading.
"""

FOLDER = "servers"
"""The folder of all logs, in that of the audit log."""

log = logging.getLogger("holdfast.logs")


@dataclass(frozen=True, slots=True)
class _Kept:
    """A log that is written."""

    path: str
    settings: LogSettings
    log: ServerLog


def folders_of(config: Config) -> Mapping[str, str]:
    """Return in which folder the log files of each server are, or would be."""
    usual = os.path.join(config.logging.path, FOLDER)
    return {
        name: os.path.join(server.logs.path or usual, folder_name(name))
        for name, server in config.servers.items()
    }


class ServerLogs:
    """Writes the logs of the servers that have one, and reads those of all."""

    def __init__(self, mirror: Mirror, tasks: anyio.abc.TaskGroup) -> None:
        self._mirror = mirror
        self._tasks = tasks
        self._writing = anyio.CapacityLimiter(WRITING)
        self._reading = anyio.CapacityLimiter(READING)
        self._searching = anyio.CapacityLimiter(SEARCHING)
        self._tidying = anyio.CapacityLimiter(1)
        self._kept: dict[str, _Kept] = {}
        self._folders: Mapping[str, str] = {}
        self._due: dict[str, LogSettings] = {}
        """What is to be tidied up, by folder."""
        self._something = anyio.Event()
        self._over = anyio.Event()

    async def configure(self, config: Config) -> None:
        """Begin and end logs as a config says. Of a server that it no longer has, the log ends with it."""
        self._folders = folders_of(config)
        for name, kept in list(self._kept.items()):
            if name not in config.servers:
                kept.log.leaving = True
                continue
            kept.log.leaving = False
            if kept.log.ended.is_set() or (kept.path, kept.settings) != (
                self._folders[name],
                config.servers[name].logs,
            ):
                kept.log.scope.cancel()
                await kept.log.ended.wait()
                del self._kept[name]
        for name, server in config.servers.items():
            if name not in self._kept and server.logs.to is not Destination.OFF:
                self._begin(name, self._folders[name], server.logs)

    async def run(self) -> None:
        """Tidy up, now and then and when there is something to, for as long as the daemon runs."""
        while True:
            self._due |= {
                kept.path: kept.settings
                for kept in self._kept.values()
                if kept.settings.to is Destination.FILE
            }
            while self._due:
                path, settings = self._due.popitem()
                work = partial(tidy, path, settings, time(), self._over.is_set)
                await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._tidying)
            self._something = anyio.Event()
            with anyio.move_on_after(EVERY):
                await self._something.wait()

    def reading(self, server: str, query: LogQuery) -> LogReading:
        """Return the answer to a question about a log."""
        kept = self._kept.get(server)  # also of one that the config no longer has, and that still runs
        path = self._folders.get(server) or (kept.path if kept is not None else "")
        limiter = self._reading if query.grep is None else self._searching
        return LogReading(server, path, query, self._mirror, limiter, self._over)

    def missed(self) -> Mapping[str, int]:
        """Return how many bytes of output the log of each server lacks, since this daemon began."""
        return {name: kept.log.sink.missed for name, kept in self._kept.items()}

    def close(self) -> None:
        """End what follows a log, so that its clients are not cut off."""
        self._over.set()

    def _begin(self, name: str, path: str, settings: LogSettings) -> None:
        sink = _sink(name, path, settings)

        def due() -> None:
            self._due[path] = settings
            self._something.set()

        kept = _Kept(path, settings, ServerLog(name, self._mirror, sink, self._writing, due))
        self._kept[name] = kept
        self._tasks.start_soon(kept.log.run)


def _sink(name: str, path: str, settings: LogSettings) -> Sink:
    return LogFile(path, settings) if settings.to is Destination.FILE else JournalLog(path, name)
