"""What bounds the bytes that clients bring and take: threads, sizes, and how long uploads may be interrupted.

Rules:
- A thread is taken for a block, never for a client: one that is slow holds none while it makes us wait.
- Whatever a client does, what it leaves unfinished is gone by the time it has been answered; only a resumable
  upload stays, for `partialUploads` hours.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Protocol, TypeVar

import anyio
import anyio.to_thread

from filemgr import Fences, Root

from .config import Config
from .files import Files, opened
from .senders import Senders

T = TypeVar("T")


class Closes(Protocol):
    """What has to be closed."""

    def close(self) -> None:
        """End it."""


C = TypeVar("C", bound=Closes)

THREADS = 16
"""Blocks that are read or written at once."""


class Transfers:
    """The threads and the limits of all transfers."""

    def __init__(self, files: Files, clock: Callable[[], float] = time.time) -> None:
        self._files = files
        self._clock = clock
        self._threads = anyio.CapacityLimiter(THREADS)
        self.limit = 0
        """Bytes of one upload."""
        self.senders = Senders()
        self.lifetime = 0.0
        """Seconds until an upload expires to which nothing comes."""

    async def configure(self, config: Config) -> None:
        """Take the limits from a config."""
        self.limit = config.files.upload_limit
        self.lifetime = config.files.partial_uploads * 3600.0

    async def run(self, work: Callable[[], T]) -> T:
        """Do something short with a file, in a thread; it is not given up halfway."""
        return await anyio.to_thread.run_sync(work, limiter=self._threads)

    async def finish(self, work: Callable[[], T]) -> T:
        """Do the same even if we are being cancelled."""
        with anyio.CancelScope(shield=True):
            result = await self.run(work)
        return result  # noqa: RET504  (a type checker cannot know that the scope swallows nothing)

    async def inside(self, server: str, fences: Fences, work: Callable[[Root], T]) -> T:
        """Do something short in a server's folder, all of it in one thread, even if we are being cancelled.

        Raises what it raises, `NoSuchServer`, `ApiError`.
        """
        directory = await self._files.directory(server)

        def whole() -> T:
            with opened(directory, fences) as root:
                return work(root)

        return await self.finish(whole)

    @asynccontextmanager
    async def closing(self, begin: Callable[[], C]) -> AsyncIterator[C]:
        """Begin something, in a thread, and close it in the end."""
        begun = await self.run(begin)
        try:
            yield begun
        finally:
            await self.finish(begun.close)

    @asynccontextmanager
    async def folder(self, server: str, fences: Fences) -> AsyncIterator[Root]:
        """Hold a server's folder open, for who is kept to these fences; raises `NoSuchServer`, `ApiError`."""
        directory = await self._files.directory(server)
        async with self.closing(partial(opened, directory, fences)) as root:
            yield root

    def expires(self, touched: float) -> float:
        """Return when an upload expires to which something came last at that second."""
        return touched + self.lifetime

    @property
    def expired(self) -> float:
        """What was touched before this second has expired."""
        return self._clock() - self.lifetime
