"""The servers' folders, and the threads in which short work on files is done.

Rules:
- A folder is opened for each piece of work and closed after it: the config may name another one at any time.
- File work has threads of its own, so that a slow disk never takes one from a login or a console.
- A client that goes away does not stop what has begun.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from filemgr import Fences, FileError, NoSuchFile, NotAFolder, Root, recover, sweep

from .config import Config
from .errors import ApiError, NoSuchServer
from .mirror import Mirror

T = TypeVar("T")

log = logging.getLogger("holdfast.files")

THREADS = 16
"""Pieces of short file work at once."""


class Files:
    """Opens the folder of a server and has work done in it."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._directories: dict[str, str] = {}
        self._threads = anyio.CapacityLimiter(THREADS)

    async def configure(self, config: Config) -> None:
        """Take the folders from a config. A server that was removed keeps its own while it runs."""
        for name, server in config.servers.items():
            self._directories[name] = server.directory

    async def directory(self, server: str) -> str:
        """Return the path of a server's folder; raises `NoSuchServer`."""
        await self._mirror.service(server)
        try:
            return self._directories[server]
        except KeyError as exc:  # removed before this daemon began, and not stopped since
            raise NoSuchServer from exc

    async def run(self, server: str, fences: Fences, work: Callable[[Root], T]) -> T:
        """Do short work in a server's folder, in a thread; raises what it raises, and `NoSuchServer`.

        An endpoint asks its `Call` for it, which knows the fences of who calls.
        """
        directory = await self.directory(server)

        def inside() -> T:
            with opened(directory, fences) as root:
                return work(root)

        return await anyio.to_thread.run_sync(inside, limiter=self._threads)

    async def mend(self, directory: str) -> None:
        """Remove what killed workers have left half done in a folder, and undo what they had not finished."""

        def inside() -> None:
            try:
                with Root(directory) as root:
                    recover(root)
                    sweep(root)
            except (FileError, OSError) as exc:
                log.debug("%s could not be tidied: %s", directory, exc)

        await anyio.to_thread.run_sync(inside, limiter=self._threads)


def opened(directory: str, fences: Fences) -> Root:
    """Open the folder of a server; raises `ApiError` 404 if there is none."""
    try:
        return Root(directory, fences)
    except (NoSuchFile, NotAFolder) as exc:
        raise ApiError(404, "no-such-folder", f"The folder of this server is missing: {exc}") from exc
