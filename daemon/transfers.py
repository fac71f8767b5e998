"""What bounds the bytes that clients bring and take: threads, sizes, and how long uploads may be interrupted.

Rules:
- A thread is taken for a block, never for a client: one that is slow holds none while it makes us wait.
- Whatever a client does, what it leaves unfinished is gone by the time it has been answered; only a resumable
  upload stays, for `partialUploads` hours.
"""

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

import anyio
import anyio.to_thread

from filemgr import FileError, Root, expire_uploads

from .config import Config
from .errors import ApiError
from .files import Files, opened

T = TypeVar("T")

THREADS = 16
"""Blocks that are read or written at once."""

SWEEP = 600.0
"""Seconds between looks for uploads that have expired."""

log = logging.getLogger("holdfast.files")


class Transfers:
    """The threads and the limits of all transfers."""

    def __init__(self, files: Files, clock: Callable[[], float] = time.time) -> None:
        self._files = files
        self._clock = clock
        self._threads = anyio.CapacityLimiter(THREADS)
        self.directories: frozenset[str] = frozenset()
        """The folders of all servers."""
        self.limit = 0
        """Bytes of one upload."""
        self.lifetime = 0.0
        """Seconds until an upload expires to which nothing comes."""

    async def configure(self, config: Config) -> None:
        """Take the limits from a config."""
        self.limit = config.files.upload_limit
        self.lifetime = config.files.partial_uploads * 3600.0
        self.directories = frozenset(server.directory for server in config.servers.values())

    async def run(self, work: Callable[[], T]) -> T:
        """Do something short with a file, in a thread; it is not given up halfway."""
        return await anyio.to_thread.run_sync(work, limiter=self._threads)

    async def finish(self, work: Callable[[], T]) -> T:
        """Do the same even if we are being cancelled."""
        with anyio.CancelScope(shield=True):
            result = await self.run(work)
        return result  # noqa: RET504 - mypy believes that the scope may swallow what is raised

    @asynccontextmanager
    async def folder(self, server: str) -> AsyncIterator[Root]:
        """Hold a server's folder open; raises `NoSuchServer`, `ApiError`."""
        directory = await self._files.directory(server)
        root = await self.run(partial(opened, directory))
        try:
            yield root
        finally:
            await self.finish(root.close)

    def expires(self, touched: float) -> float:
        """Return when an upload expires to which something came last at that second."""
        return touched + self.lifetime

    @property
    def expired(self) -> float:
        """What was touched before this second has expired."""
        return self._clock() - self.lifetime


async def sweep_uploads(transfers: Transfers) -> None:
    """Remove what has expired, now and then, for as long as the daemon runs."""
    while True:
        for directory in transfers.directories:
            try:
                gone = await transfers.run(partial(_expire, directory, transfers.expired))
            except (ApiError, FileError, OSError) as exc:
                log.debug("%s: not swept: %s", directory, exc)
                continue
            if gone:
                log.info("%s: %d unfinished uploads have expired", directory, gone)
        await anyio.sleep(SWEEP)


def _expire(directory: str, before: float) -> int:
    with opened(directory) as root:
        return expire_uploads(root, before)
