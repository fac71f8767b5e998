"""What a schedule does when its time has come.

Rules:
- The server must be as `onlyIf` wants it at the very moment, or nothing is done, and that is told.
- A server counts as running when it is wanted up and runs, starts, or waits for a restart; so a schedule
  does not bring back what a person has just stopped. What is to be killed counts for as long as it lives.
- The history of the server names the schedule as the cause.
"""

import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

import anyio
import anyio.to_thread

from filemgr import FileError
from supervisor import (
    CannotStore,
    Cause,
    CauseKind,
    InputRefused,
    NoSuchService,
    NotAllowed,
    ServiceSpec,
    ServiceStatus,
    State,
    SupervisorUnreachable,
    Wanted,
)

from .commandrun import CommandFailed, end_left_behind, run_command
from .errors import ApiError
from .jobs import TooManyJobs
from .mirror import Mirror
from .schedulearchive import Archiver
from .scheduleledger import CannotNote
from .scheduleresult import Result
from .schedulesettings import Action, OnlyIf, Schedule
from .schedulestore import Key

KNOWN = (
    *(ApiError, CannotNote, CannotStore, FileError, InputRefused, NoSuchService, NotAllowed),
    *(OSError, SupervisorUnreachable, TooManyJobs),
)
"""What may go wrong, and says so in a sentence."""

log = logging.getLogger("holdfast.schedules")

_ON = (State.STARTING, State.RUNNING, State.STOPPING, State.BACKOFF)


class Skipped(Exception):
    """The server is not as the schedule wants it; the message says how it is."""


class Failed(Exception):
    """It was tried and did not succeed; the message says why, `output` what was said."""

    def __init__(self, why: str, output: str = "") -> None:
        super().__init__(why)
        self.output = output


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, in a few words, and what was said on the way."""

    detail: str = ""
    output: str = ""


class Actions:
    """Does what schedules are for."""

    def __init__(self, mirror: Mirror, archiver: Archiver, state: str) -> None:
        """`state` is the path of our state folder: it tells our commands from those of other daemons."""
        self._mirror = mirror
        self._archiver = archiver
        self._state = os.path.realpath(state)

    async def check(self, key: Key, schedule: Schedule) -> None:
        """Raise `Skipped` if the server is not as it must be; or what `KNOWN` has."""
        if schedule.only_if is OnlyIf.ALWAYS:
            return
        status = await self._mirror.service(key[0])
        on = is_on(status) or (schedule.action is Action.KILL and status.state.alive)
        if on is not (schedule.only_if is OnlyIf.RUNNING):
            raise Skipped(f"the server is {status.state}")

    async def end_left_behind(self, runs: Sequence[tuple[Key, float]]) -> None:
        """End the commands of runs, by schedule and beginning, that an earlier daemon has left behind."""
        marks = [self._mark(key, at) for key, at in runs]
        count = await anyio.to_thread.run_sync(end_left_behind, marks)
        if count:
            log.warning("%d processes of runs that were interrupted are killed", count)

    async def prepare_late(self, key: Key, schedule: Schedule, late: float) -> None:
        """Make ready for a run that is so many seconds late: its warnings are given now, and waited for.

        Raises `Skipped` also if a restart has become needless: it was started since; and what `KNOWN` has.
        """
        await self.check(key, schedule)
        status = await self._mirror.service(key[0])
        age = None if status.started is None else time.monotonic() - status.started
        if schedule.action is Action.RESTART and age is not None and age < late:
            raise Skipped("it was started since it was due")
        left = [*(one.minutes for one in schedule.warnings[1:]), 0.0]
        for one, after in zip(schedule.warnings, left, strict=True) if schedule.warnings else ():
            await self.say(key, one.line)
            await anyio.sleep(60 * (one.minutes - after))

    async def say(self, key: Key, line: str) -> None:
        """Give a line to the program if it runs; raises what `KNOWN` has."""
        status = await self._mirror.service(key[0])
        if is_on(status) and status.state.alive:
            await self._mirror.write(key[0], f"{line}\n".encode())

    async def perform(self, key: Key, spec: ServiceSpec, schedule: Schedule, result: Result) -> Done:
        """Do what `result` is the beginning of; raises `Skipped`, `Failed`, and what `KNOWN` has."""
        await self.check(key, schedule)
        name, mirror = key[0], self._mirror
        cause = Cause(CauseKind.SCHEDULE, key[1], f"{result.by} asked for it" if result.by else "")
        match schedule.action:
            case Action.START:
                return _started(await mirror.start(name, cause), "started")
            case Action.STOP:
                await mirror.stop(name, cause)
                return Done("asked to stop")
            case Action.KILL:
                await mirror.kill(name, cause)
                return Done("killed")
            case Action.RESTART:
                return _started(await mirror.restart(name, cause), "asked to stop, and to start again")
            case Action.INPUT:
                await mirror.write(name, f"{schedule.line}\n".encode())
                return Done("typed")
            case Action.COMMAND:
                try:
                    output = await run_command(
                        schedule.command, spec, schedule.timeout, self._mark(key, result.at)
                    )
                except CommandFailed as exc:
                    raise Failed(str(exc), exc.output) from exc
                return Done("it exited with code 0", output)
            case Action.ARCHIVE:
                return Done(await self._archiver.make(key, schedule.archive, result.at))

    def _mark(self, key: Key, at: float) -> str:
        return f"{self._state} {'/'.join(key)} {at:.3f}"


def is_on(status: ServiceStatus) -> bool:
    """Tell whether a server counts as running."""
    return status.wanted is Wanted.UP and status.state in _ON


def _started(status: ServiceStatus, said: str) -> Done:
    if not status.state.alive:
        raise Failed(f"it could not be started: {status.reason}")
    return Done(said)


def said(exc: Exception) -> str:
    """Return what one of the `KNOWN` says."""
    if isinstance(exc, NoSuchService):
        return "the server is gone"
    return exc.strerror or "I/O error" if isinstance(exc, OSError) else str(exc)
