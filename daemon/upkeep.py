"""What is done in the servers' folders without being asked: tidying up, and throwing away what is too old.

Rules:
- At the start, before anybody is served, transactions that were cut off are undone; nobody waits for that for
  more than a few seconds, though: a disk that hangs must not keep the API away.
- Now and then, and soon after the start, a worker removes what killed workers have left, uploads that nobody
  goes on with, and what is too old or too much in the trash. It looks only where there is anything of ours.
"""

import logging
import os

import anyio
import anyio.to_thread

from filemgr import HIDDEN, FileError

from .config import Config
from .files import Files
from .transfers import Transfers
from .worker import WorkerDied, at_work, raised

EVERY = 600.0
"""Seconds between two rounds."""

PATIENCE = 5.0
"""Seconds that the start waits for what was cut off to be undone."""

_DAY = 86_400.0

log = logging.getLogger("holdfast.files")


class Upkeep:
    """Looks after the folders of all servers."""

    def __init__(self, files: Files, transfers: Transfers) -> None:
        self._files = files
        self._transfers = transfers
        self._directories: tuple[str, ...] = ()
        self._limits: dict[str, float | int | None] = {}
        self._changed = anyio.Event()

    async def configure(self, config: Config) -> None:
        """Take the folders and the limits from a config; new ones are looked at soon."""
        self._directories = tuple(dict.fromkeys(server.directory for server in config.servers.values()))
        trash = config.files.trash
        self._limits = {"trashAge": trash.days * _DAY, "trashSize": trash.size}
        self._changed.set()

    async def begin(self) -> None:
        """Undo what was cut off when the last daemon died."""
        with anyio.move_on_after(PATIENCE):
            for directory in await self._used():
                await self._files.mend(directory)
            return
        log.warning("what was cut off in the servers' folders is still being undone")

    async def run(self) -> None:
        """Look after all folders, now and then, for as long as the daemon runs."""
        while True:
            self._changed = anyio.Event()
            for directory in await self._used():
                await self.tend(directory)
            with anyio.move_on_after(EVERY):
                await self._changed.wait()

    async def tend(self, directory: str) -> None:
        """Look after one folder; what does not succeed is tried again in the next round."""
        told = {"uploadsBefore": self._transfers.expired, **self._limits}
        try:
            async with at_work("tend", directory, None, told) as worker:
                while (said := await worker.say()) is not None:
                    match said:
                        case {"result": {"removed": int(removed)}} if removed:
                            log.info("%s: %d things that were left or too old are gone", directory, removed)
                        case {"error": dict(error)}:
                            raise raised(error)
        except (WorkerDied, FileError, OSError) as exc:
            log.warning("%s could not be looked after: %s", directory, exc)

    async def _used(self) -> list[str]:
        """Return the folders in which there is anything of ours."""

        def look() -> list[str]:
            return [one for one in self._directories if os.path.lexists(os.path.join(one, HIDDEN))]

        return await anyio.to_thread.run_sync(look, abandon_on_cancel=True)
