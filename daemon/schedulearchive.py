"""The archive that a schedule makes of a server's folder, and those of its own that are too old.

Rules:
- It is a job like any other (`jobs.py`): it is seen, and may be stopped, by who may make archives there.
- Its name has the moment of the run, in UTC. It is noted as the schedule's own before it is begun, so it is
  known whatever happens then.
- What is noted, and nothing else, is deleted when there are more than `keep`, the oldest first, and only
  after a new one is there. A file that somebody has put there stays, whatever its name.
- What schedules have made is in no archive of a schedule: each would hold all before it.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import anyio

from filemgr import AlreadyExists, FileError, NoSuchFile, Progress, RelPath, Root, delete, make_folder

from .archivekinds import suffix
from .files import Files
from .job import Job, Order
from .jobs import Jobs, NotCancellable
from .scheduleledger import ScheduleLedger
from .schedulesettings import Archiving
from .schedulestore import Key

USER = "@schedule"
NEEDS = "server.files.compress"


class Archiver:
    """Makes archives for schedules."""

    def __init__(self, files: Files, jobs: Jobs, ledger: ScheduleLedger) -> None:
        self._files = files
        self._jobs = jobs
        self._ledger = ledger

    async def make(self, key: Key, wanted: Archiving, at: float) -> str:
        """Make an archive, remove the oldest beyond those to keep, and say what was done.

        Raises `FileError`, `TooManyJobs`, `CannotNote`, `ApiError`. If it is cancelled, the job is stopped.
        """
        server, name = key
        directory = await self._files.directory(server)
        stamp = datetime.fromtimestamp(at, UTC).strftime("%Y%m%d-%H%M%SZ")
        archive = wanted.to / f"{name}-{stamp}{suffix(wanted.kind)}"
        await self._files.run(server, None, _room_for(archive))
        without = await self._ledger.all_archives(directory)
        await self._ledger.add_archive(key, directory, str(archive))
        arguments = {"paths": [str(wanted.path)], "base": str(wanted.path), "dest": str(archive)}
        arguments |= {"format": wanted.kind}
        about = {"path": str(archive), "schedule": name}
        job = self._jobs.start(
            Order(
                "pack",
                "compress",
                *(server, USER, NEEDS, directory, None),
                {**arguments, "without": without},
                about,
                owner=USER,
            ),
            lambda _: None,
        )
        try:
            result = await self._outcome(job)
        except FileError:
            # If somebody else's file has come to be there meanwhile, it is none of ours.
            await self._ledger.drop_archive(key, directory, str(archive))
            raise
        gone = await self._remove_old(key, directory, wanted.keep)
        removed = f", {gone} old removed" if gone else ""
        return f"{archive}: {result.get('entries')} entries, {result.get('bytes')} bytes{removed}"

    async def _outcome(self, job: Job) -> dict[str, object]:
        try:
            return dict(await job.outcome())
        finally:
            if not job.phase.over:
                with suppress(NotCancellable):
                    self._jobs.cancel(job)
                with anyio.CancelScope(shield=True):
                    await job.gone.wait()

    async def _remove_old(self, key: Key, directory: str, keep: int) -> int:
        """Remove the oldest of its own; return how many were there and are gone."""
        paths = await self._ledger.archives(key, directory)
        there = await self._files.run(key[0], None, _those_there(paths))
        for path in paths:
            if path not in there:  # somebody has removed or moved it
                await self._ledger.drop_archive(key, directory, path)
        old = [path for path in paths if path in there][:-keep]
        for path in old:
            await self._files.run(key[0], None, _deleting(path))
            await self._ledger.drop_archive(key, directory, path)
        return len(old)


def _room_for(archive: RelPath) -> Callable[[Root], None]:
    """Return what makes the folders on the way; it raises `AlreadyExists` if something is there."""

    def work(root: Root) -> None:
        folder = archive.parent
        for count in range(1, len(folder.names) + 1):
            with suppress(AlreadyExists):
                make_folder(root, RelPath(folder.names[:count]))
        with suppress(NoSuchFile):
            root.stat(archive, follow=False)
            raise AlreadyExists(f"{archive}: exists already")

    return work


def _those_there(paths: list[str]) -> Callable[[Root], set[str]]:
    def work(root: Root) -> set[str]:
        found = set()
        for path in paths:
            with suppress(NoSuchFile):
                root.stat(RelPath.parse(path), follow=False)
                found.add(path)
        return found

    return work


def _deleting(path: str) -> Callable[[Root], None]:
    def work(root: Root) -> None:
        with suppress(NoSuchFile):
            delete(root, RelPath.parse(path), Progress())

    return work
