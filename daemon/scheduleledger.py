"""The database of the schedules, as the event loop uses it: in a thread, one access after the other."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import anyio
import anyio.to_thread

from .schedulestore import Kept, Key, ScheduleStore, StoreError

T = TypeVar("T")


class CannotNote(Exception):
    """What is to be done could not be written down; the message gives the disk's reason."""


class ScheduleLedger:
    """Opens the database when it is needed, and again after a failure; all methods raise `CannotNote`."""

    def __init__(self, path: str) -> None:
        self._store = ScheduleStore(path)
        self._is_open = False
        self._limiter = anyio.CapacityLimiter(1)

    async def open(self) -> Mapping[Key, Kept] | None:
        """Open it if it is not; return what stands in it then, else None."""
        if self._is_open:
            return None
        found = await self._do(self._store.open)
        self._is_open = True
        return found

    async def save(self, rows: Mapping[Key, Kept]) -> None:
        """Store what is new, durably, all of it or nothing."""
        await self._do(partial(self._store.save, dict(rows)))

    async def forget(self, keys: Sequence[Key]) -> None:
        """Remove what is gone for long."""
        await self._do(partial(self._store.forget, keys))

    async def archives(self, key: Key, directory: str) -> list[str]:
        """Return the paths of a schedule's own archives in a folder, the oldest first."""
        return await self._do(partial(self._store.archives, key, directory))

    async def all_archives(self, directory: str) -> list[str]:
        """Return the paths of the archives that any schedule has made in a folder."""
        return await self._do(partial(self._store.all_archives, directory))

    async def add_archive(self, key: Key, directory: str, path: str) -> None:
        """Note that an archive is a schedule's own."""
        await self._do(partial(self._store.add_archive, key, directory, path))

    async def drop_archive(self, key: Key, directory: str, path: str) -> None:
        """Note that an archive is no more."""
        await self._do(partial(self._store.drop_archive, key, directory, path))

    async def close(self) -> None:
        """Close it, if it is open."""
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._store.close, limiter=self._limiter)

    async def _do(self, work: Callable[[], T]) -> T:
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        except (OSError, StoreError) as exc:
            raise CannotNote(f"{self._store.path}: {exc}") from exc
