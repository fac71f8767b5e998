"""Jobs: long work on files that goes on although its client has gone, with progress, and an end that is told.

Rules:
- A job is a worker process (`worker.py`). As many as `files.jobs` says are at work, the others wait in order.
  What is done soon (deleting, several operations) has places of its own, so that it need not wait behind
  archives; so has what ends with its client (a search, a folder's size, a folder that is downloaded).
- A job that has ended is remembered for an hour, and the latest 200 of them.
- When the daemon ends, its jobs end, and leave nothing half done.
- Who watches sees how it is when they look; what came in between is skipped, so nobody slows a job down.
"""

import logging
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress

import anyio
import anyio.abc

from filemgr import Cancelled, FileError

from .config import Config
from .job import Ended, Job, Order, Phase
from .worker import PATIENCE, Worker, WorkerDied, at_work, how, raised

KEPT = 200
KEPT_FOR = 3600.0
MOST_WAITING = 100
LIGHT = 4
"""Jobs at work that are done soon."""

ATTENDED = 8
"""Jobs at work that end with their client."""


ATTENDED_EACH = 4
"""Of them, those of one owner; the others of his wait, so that nobody takes all places."""

log = logging.getLogger("holdfast.jobs")


class NoSuchJob(Exception):
    """There is no such job, or none any more."""


class TooManyJobs(Exception):
    """Too many jobs wait already."""


class NotCancellable(Exception):
    """The job cannot be stopped half way, or is over; the message says which."""


class Jobs:
    """All jobs. `mend` is told the folder of a worker that did not end in good order."""

    def __init__(self, tasks: anyio.abc.TaskGroup, mend: Callable[[str], Awaitable[None]]) -> None:
        self._tasks = tasks
        self._mend = mend
        self._jobs: dict[str, Job] = {}
        self._each: dict[str, anyio.CapacityLimiter] = {}
        """Of what ends with its client, what is at work for one owner."""
        self._places = anyio.CapacityLimiter(2)
        self._light = anyio.CapacityLimiter(LIGHT)
        self._attended = anyio.CapacityLimiter(ATTENDED)
        self._changed = anyio.Event()
        self._listeners: list[Callable[[], None]] = []
        self.closed = False

    async def configure(self, config: Config) -> None:
        """Take from a config how many may be at work."""
        self.allow(config.files.jobs)

    def allow(self, at_once: int) -> None:
        """Say how many may be at work."""
        self._places.total_tokens = at_once

    def start(self, order: Order, heard: Ended) -> Job:
        """Begin a job, which goes on whatever becomes of the client; raises `TooManyJobs`.

        `heard` is told how it has ended.
        """
        job = self._add(order)
        job.heard = heard
        job.items.close()
        job.patience = float("inf")
        if order.ended is not None:
            self._tasks.start_soon(self._end_with, job, order.ended)
        places = self._light if order.light else self._places
        self._tasks.start_soon(self._run, job, (places,), None)
        return job

    @asynccontextmanager
    async def attended(self, order: Order, out: int | None = None) -> AsyncIterator[Job]:
        """Have a job that is stopped at the end of the block; raises `TooManyJobs`.

        What it finds comes out of `job.items`, and it waits while nobody takes that. `out` is a descriptor
        for what it makes; it is ours from now on, and closed when the worker has its own.
        """
        mine = self._each.setdefault(order.owner, anyio.CapacityLimiter(ATTENDED_EACH))
        try:
            job = self._add(order)
        except TooManyJobs:
            if out is not None:
                os.close(out)
            raise
        self._tasks.start_soon(self._run, job, (mine, self._attended), out)
        try:
            yield job
        finally:
            job.items.close()
            if job.worker is not None:
                job.worker.kill()
            job.scope.cancel()
            with anyio.CancelScope(shield=True):
                await job.gone.wait()

    def find(self, key: str) -> Job:
        """Return a job; raises `NoSuchJob`."""
        self._forget()
        try:
            return self._jobs[key]
        except KeyError as exc:
            raise NoSuchJob("this job does not exist") from exc

    def all(self) -> list[Job]:
        """Return all that are remembered, the latest first."""
        self._forget()
        return list(reversed(self._jobs.values()))

    def change(self) -> anyio.Event:
        """Return what is set when something about any of them is different from now."""
        return self._changed

    def watch(self, listener: Callable[[], None]) -> None:
        """Have it called whenever something about any of them is different; it must not wait."""
        self._listeners.append(listener)

    def cancel(self, job: Job) -> None:
        """Stop a job; it is over when its phase says so. Raises `NotCancellable`."""
        if job.phase.over:
            raise NotCancellable("this job is over already")
        if not job.order.cancellable:
            raise NotCancellable(f"a job of the kind {job.order.kind} cannot be stopped half way")
        self._stop(job)

    def close(self) -> None:
        """Stop all, and whoever watches: the daemon is about to end."""
        self.closed = True
        for job in self._jobs.values():
            if not job.phase.over:
                self._stop(job)
        self._touch()

    def _stop(self, job: Job) -> None:
        if job.worker is None:
            job.scope.cancel()
        else:
            job.worker.stop()
            job.scope.deadline = min(job.scope.deadline, anyio.current_time() + PATIENCE)

    async def _end_with(self, job: Job, ended: Callable[[], Awaitable[None]]) -> None:
        """Stop a job when the right to it has ended, if it can be stopped half way."""
        async with anyio.create_task_group() as tasks:

            async def until_gone() -> None:
                await job.gone.wait()
                tasks.cancel_scope.cancel()

            tasks.start_soon(until_gone)
            await ended()
            if job.order.cancellable and not job.phase.over:
                self._stop(job)
            tasks.cancel_scope.cancel()

    def _add(self, order: Order) -> Job:
        self._forget()
        if sum(job.phase is Phase.WAITING for job in self._jobs.values()) >= MOST_WAITING:
            raise TooManyJobs(f"{MOST_WAITING} jobs wait already, try again later")
        job = Job(order, self._touch)
        self._jobs[job.id] = job
        self._touch()
        return job

    def _touch(self) -> None:
        changed, self._changed = self._changed, anyio.Event()
        changed.set()
        for listener in self._listeners:
            listener()

    def _forget(self) -> None:
        over = [job for job in self._jobs.values() if job.phase.over]
        now = time.time()
        for place, job in enumerate(reversed(over)):
            if place >= KEPT or now - (job.ended or now) > KEPT_FOR:
                del self._jobs[job.id]

    async def _run(self, job: Job, places: Sequence[anyio.CapacityLimiter], out: int | None) -> None:
        try:
            with job.scope, job.finds, ExitStack() as stack:
                if out is not None:
                    stack.callback(os.close, out)
                async with AsyncExitStack() as taken:
                    for place in places:
                        await taken.enter_async_context(place)
                    await self._attempt(job, out, stack)
        finally:
            job.become(Phase.CANCELLED, Cancelled())  # unless it is over in another way
            job.gone.set()

    async def _attempt(self, job: Job, out: int | None, began: ExitStack) -> None:
        order = job.order
        job.become(Phase.RUNNING)
        worker = None
        try:
            work = at_work(order.task, order.directory, order.fences, order.arguments, out)
            async with work as worker:
                began.close()
                job.worker = worker
                await self._listen(job, worker)
        except WorkerDied as exc:
            log.error("%s of %s: %s", order.kind, order.server, exc)
            job.become(Phase.FAILED, FileError(str(exc)))
        except TimeoutError:
            job.become(Phase.FAILED, FileError(f"nothing has happened for {job.patience:.0f} s"))
        except OSError as exc:  # no process, no pipe, no descriptor
            log.error("%s of %s could not begin: %s", order.kind, order.server, exc.strerror)
            job.become(Phase.FAILED, FileError(f"it could not begin: {exc.strerror}"))
        finally:
            if worker is not None and worker.code is not None and worker.code < 0:
                with anyio.CancelScope(shield=True):
                    await self._mend(order.directory)

    async def _listen(self, job: Job, worker: Worker) -> None:
        while (said := await _in_time(job, worker)) is not None:
            match said:
                case {"progress": numbers}:
                    job.take(numbers)
                case {"item": dict(item)}:
                    with suppress(anyio.BrokenResourceError), anyio.fail_after(job.patience):
                        await job.finds.send(item)  # who does not want to know any more is no error
                case {"result": dict(result)}:
                    job.result = result
                    job.become(Phase.DONE)
                case {"error": dict(error)}:
                    exc = raised(error)
                    job.become(Phase.CANCELLED if isinstance(exc, Cancelled) else Phase.FAILED, exc)
        if not job.phase.over:
            raise WorkerDied(f"the worker {how(await worker.end())}")


async def _in_time(job: Job, worker: Worker) -> Mapping[str, object] | None:
    """Return what the worker says next; raises `TimeoutError` if nobody can wait for that, and ends it."""
    with anyio.move_on_after(job.patience):
        return await worker.say()
    worker.kill()
    raise TimeoutError
