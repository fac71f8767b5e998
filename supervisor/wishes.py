"""What people asked for last, by service, across reboots and power cuts: `wanted.json` among the state.

The rules:

- A wish is what a person asked for by START, STOP or KILL. No crash, no shutdown, no start of our own
  changes it.
- Who asked is answered when the wish is on disk, or when the disk has refused it. What was asked for is done
  before that, in any case: a full disk keeps nobody from stopping a program.
- One write serves all who wait for it. What was refused is told once, is tried again with the next change,
  and until then counts as long as we live, through handovers too.
- A service that leaves the plan takes its wish along.
"""

import json
import logging
import os
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from functools import partial

import anyio

from . import handover
from .durable import StateFile
from .events import Wanted
from .record import InvalidRecord, Record

log = logging.getLogger("holdfast.supervisor")


class Wishes:
    """The wishes, in memory and on disk; without a directory in memory only."""

    def __init__(self, directory: str | None = None) -> None:
        path = None if directory is None else os.path.join(directory, "wanted.json")
        self._file = None if path is None else StateFile(path, _parse)
        self._wishes: dict[str, Wanted] = {}
        self._carried = False
        """Whether a handover has brought them."""
        self._changes = 0
        """Changes so far."""
        self._tried = 0
        """Changes up to the latest attempt to store them."""
        self._stored = 0
        """Changes that are on disk."""
        self._refused = False
        self._writing = anyio.Lock()

    def get(self, name: str) -> Wanted | None:
        """Return what a person asked for last, None if nobody ever did."""
        return self._wishes.get(name)

    async def keep(self, name: str, wish: Wanted, *others: str) -> None:
        """Remember what a person asked for; return when it is on disk, or was refused by it."""
        for one in (name, *others):
            if self._wishes.get(one) is not wish:
                self._wishes[one] = wish
                self._changes += 1
        await self.store()

    def forget_all_but(self, names: Collection[str]) -> bool:
        """Forget the wishes of all other services; tell whether there is something to `store` now."""
        gone = self._wishes.keys() - names
        for name in gone:
            del self._wishes[name]
        self._changes += bool(gone)
        return bool(gone)

    async def store(self) -> None:
        """Return when all that was noted before is on disk, or was refused by it."""
        mine = self._changes
        if self._stored >= mine:
            return
        async with self._writing:
            if self._tried < mine:
                await self._save()

    async def settle(self) -> None:
        """Store what is not stored yet, also what was refused before; returns as `store` does."""
        async with self._writing:
            if self._stored < self._changes:
                await self._save()

    @asynccontextmanager
    async def at_rest(self) -> AsyncIterator[None]:
        """Hold off writes for a while; one that is under way ends first."""
        async with self._writing:
            yield

    def load(self) -> None:
        """Read what is on disk; what a handover has carried over counts more.

        What cannot be read is told, and is as if nobody had ever asked for anything.
        """
        on_disk: dict[str, Wanted] = {}
        try:
            on_disk = (self._file.load() if self._file is not None else None) or {}
        except OSError as exc:
            log.error("what people asked for is unknown: %s: %s", exc.filename, exc.strerror)
        if not self._carried:
            self._wishes = on_disk
        elif self._wishes != on_disk:
            self._changes += 1

    def freeze(self) -> dict[str, str]:
        """Return the wishes as JSON data, whether they are on disk or not."""
        return {name: str(wish) for name, wish in self._wishes.items()}

    def thaw(self, record: Record, key: str) -> None:
        """Take over what `freeze` returned, before `load`; raises `InvalidRecord`."""
        wishes = record.mapping(key)
        try:
            self._wishes = {name: Wanted(wish) for name, wish in wishes.items()}
        except ValueError as exc:
            raise InvalidRecord(f"{record.where(key)}: {exc}") from exc
        self._carried = True

    async def _save(self) -> None:
        saved = self._tried = self._changes
        data = json.dumps({"wanted": self.freeze()}, indent=1).encode("ascii")
        try:
            if self._file is not None:
                await handover.in_thread(partial(self._file.save, data))
        except OSError as exc:
            if not self._refused:
                where = f"{self._file.path}: {exc.strerror}" if self._file else ""
                log.error("what people ask for cannot be stored, and is forgotten when we end: %s", where)
            self._refused = True
            return
        if self._refused:
            log.info("what people ask for is stored again")
        self._stored, self._refused = saved, False


def _parse(data: bytes) -> dict[str, Wanted]:
    wishes = Record(json.loads(data))
    if not wishes.has("wanted"):
        raise InvalidRecord("wanted: missing")
    return {name: Wanted(wish) for name, wish in wishes.mapping("wanted").items()}
