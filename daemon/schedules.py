"""All schedules: looks at them when something is due, runs what is, and knows what became of it.

Rules:
- What is to be run is written down durably before it begins (`scheduleledger.py`). If the disk refuses, it is
  tried again every half a minute, and nothing is run meanwhile; what is too late then is missed, and told.
- Nothing is looked at before something is due or the clock is set: without schedules, nobody wakes up.
- A run that is not over when the next is due goes on; the next is skipped. One whose schedule is gone from
  the config is cancelled. One that the daemon did not outlive is not done again, and told as interrupted.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import anyio
import anyio.abc
import anyio.lowlevel

from supervisor import NotAllowed

from .config import Config
from .errors import NoSuchSchedule
from .plan import compile_service
from .schedule import begin
from .scheduleactions import KNOWN, Actions, Done, Failed, Skipped, said
from .scheduleentry import Entry, Found, Run, off, with_end, with_results
from .scheduleledger import CannotNote, ScheduleLedger
from .schedulereport import Report
from .scheduleresult import Outcome, Result
from .schedulesettings import Notice
from .schedulestore import KEPT, Kept, Key

DATABASE = "schedules.db"

AGAIN = 30.0
"""Seconds until the disk is tried again that has refused."""

SET_BACK = 2.0
"""Seconds by which the clock is set back before that is worth a line; it is kept right by less."""

_AT_ONCE = 50

log = logging.getLogger("holdfast.schedules")


class Clock(Protocol):
    """Tells the time of day: `WallClock`, or a test's."""

    def now(self) -> float:
        """Return the seconds since 1970."""

    async def until(self, moment: float) -> None:
        """Wait until the clock shows a moment, or was set."""


@dataclass(slots=True)
class _Round:
    """What a look at all has found, to be stored before anything of it is done."""

    kept: dict[Key, Kept] = field(default_factory=dict)
    found: list[tuple[Entry, Found]] = field(default_factory=list)


class Schedules:
    """All schedules of all servers."""

    def __init__(
        self,
        tasks: anyio.abc.TaskGroup,
        actions: Actions,
        ledger: ScheduleLedger,
        report: Report,
        clock: Clock,
    ) -> None:
        self._tasks = tasks
        self._actions = actions
        self._ledger = ledger
        self._report = report
        self._clock = clock
        self._entries: dict[Key, Entry] = {}
        self._kept: dict[Key, Kept] = {}
        self._unsaved: set[Key] = set()
        self._anew: set[Key] = set()
        """Those that have left the config or come into it: what passes meanwhile is not theirs."""
        self._configured = False
        self._turn = anyio.Lock()
        """What is known changes in one place at a time: it is stored in between."""
        self._changed = anyio.Event()
        self._seen = float("-inf")
        self._refused = ""

    async def configure(self, config: Config) -> None:
        """Take the schedules from a config; what goes on of one that is gone is cancelled."""
        old, self._entries = self._entries, {}
        for name, server in config.servers.items():
            if not server.schedules:
                continue
            spec = compile_service(name, server)
            for title, schedule in server.schedules.items():
                key = name, title
                entry = self._entries[key] = Entry(key, spec, schedule)
                if (known := old.pop(key, None)) is not None:
                    entry.run = known.run
                elif self._configured:
                    self._anew.add(key)
        self._configured = True
        self._anew |= old.keys()
        for gone in old.values():
            if gone.run is not None:
                gone.run.scope.cancel()
        self._changed.set()

    async def run(self) -> None:
        """Look after them until cancelled."""
        while True:
            self._changed = anyio.Event()
            moment = await self._look()
            async with anyio.create_task_group() as tasks:
                if moment is not None:
                    tasks.start_soon(self._wait, moment)
                await self._changed.wait()
                tasks.cancel_scope.cancel()

    async def of(self, servers: Collection[str]) -> Sequence[Mapping[str, object]]:
        """Return what people are shown of the schedules of servers, by name, as JSON data."""
        shown, now = [], self._clock.now()
        for count, (key, entry) in enumerate(sorted(self._entries.items())):
            if key[0] in servers:
                shown.append(entry.describe(self._kept.get(key), now))
            if count % _AT_ONCE == _AT_ONCE - 1:
                await anyio.lowlevel.checkpoint()
        return shown

    @property
    def servers(self) -> Collection[str]:
        """The names of the servers that have schedules."""
        return {server for server, _ in self._entries}

    async def run_now(self, key: Key, by: str) -> None:
        """Begin a run that somebody asks for, without its warnings; returns when it is written down.

        Raises `NoSuchSchedule`, `CannotNote`, what `KNOWN` has, and `NotAllowed` if a run goes on already or
        the server is not as it must be.
        """
        try:
            await self._actions.check(key, self._find(key).schedule)
        except Skipped as exc:
            raise NotAllowed(f"cannot run {key[1]}: {exc}") from exc
        async with self._turn:
            entry = self._find(key)
            if entry.run is not None:
                raise NotAllowed(f"cannot run {key[1]}: a run goes on already")
            await self._open()
            now = self._clock.now()
            result = Result(now, None, Outcome.RUNNING, by=by)
            kept = with_results(self._kept.get(key) or Kept(begin(entry.rule, None, now)), result)
            await self._ledger.save({key: kept})
            self._kept[key] = kept
            self._start(entry, result, late=False)

    def _find(self, key: Key) -> Entry:
        try:
            return self._entries[key]
        except KeyError as exc:
            raise NoSuchSchedule from exc

    async def _wait(self, moment: float) -> None:
        await self._clock.until(moment)
        self._changed.set()

    async def _look(self) -> float | None:
        """Do what is due; return when to look again, None for not before something changes."""
        try:
            async with self._turn:
                while (self._entries or self._unsaved or self._anew) and await self._do_once():
                    pass
        except CannotNote as exc:
            if str(exc) != self._refused:
                log.error("nothing is run by schedules until that can be written down: %s", exc)
            self._refused = str(exc)
            return self._clock.now() + AGAIN
        moments = [entry.look_at for entry in self._entries.values() if entry.look_at is not None]
        return min(moments, default=None)

    async def _do_once(self) -> bool:
        """Look at all whose time has come, store what was found, do it; tell whether there may be more."""
        await self._open()
        for key in self._anew & self._kept.keys():
            self._kept[key] = off(self._kept[key])
            self._unsaved.add(key)
        self._anew.clear()
        seen = await self._examine()
        if seen.kept:
            try:
                await self._ledger.save(seen.kept)
            except CannotNote:
                for entry, _ in seen.found:
                    entry.look_at = float("-inf")  # as if nobody had looked
                raise
            self._kept |= seen.kept
            self._unsaved -= seen.kept.keys()
            if self._refused:
                log.info("schedules can be written down again")
            self._refused = ""
        for entry, found in seen.found:
            for result in found.told:
                self._report.did_not_run(entry.key, str(entry.schedule.action), result)
            if found.begun is not None:
                self._start(entry, found.begun, late=found.late)
            if found.notice is not None:
                self._tasks.start_soon(self._say, entry, found.notice)
        return any(found.told or found.begun for _, found in seen.found)

    async def _examine(self) -> _Round:
        now, seen = self._clock.now(), _Round({key: self._kept[key] for key in self._unsaved})
        set_back, self._seen = self._seen - now, now
        if set_back > SET_BACK:
            log.warning("the clock was set back by %.0f seconds: what was done is not done again", set_back)
        for count, entry in enumerate([*self._entries.values()]):
            if set_back > 0 or (entry.look_at is not None and entry.look_at <= now):
                known = self._kept.get(entry.key)
                found = entry.examine(known, now)
                seen.found.append((entry, found))
                if found.kept != known:
                    seen.kept[entry.key] = found.kept
            if count % _AT_ONCE == _AT_ONCE - 1:
                await anyio.lowlevel.checkpoint()
        return seen

    async def _open(self) -> None:
        """Read what is known of the past, once; raises `CannotNote`."""
        stored = await self._ledger.open()
        if stored is None:
            return
        now, interrupted = self._clock.now(), list[tuple[Key, float]]()
        for key, kept in stored.items():
            self._kept[key] = kept
            for one in kept.results:
                if one.outcome is Outcome.RUNNING:
                    detail = "the daemon ended in the middle of it"
                    ended = replace(one, outcome=Outcome.INTERRUPTED, detail=detail, ended=now)
                    self._kept[key] = with_end(self._kept[key], one, ended)
                    self._unsaved.add(key)
                    self._report.ran(key, self._does(key), ended)
                    interrupted.append((key, one.at))
        if interrupted:
            await self._actions.end_left_behind(interrupted)
        old = [key for key, kept in stored.items() if kept.memory.through < now - KEPT]
        gone = [key for key in old if key not in self._entries]
        if gone:
            await self._ledger.forget(gone)
            for key in gone:
                del self._kept[key]
            self._unsaved -= set(gone)

    async def _say(self, entry: Entry, one: Notice) -> None:
        try:
            await self._actions.say(entry.key, one.line)
        except KNOWN as exc:
            server, name = entry.key
            log.warning("a warning of the schedule %s of %s could not be given: %s", name, server, said(exc))

    def _start(self, entry: Entry, result: Result, *, late: bool) -> None:
        run = entry.run = Run(result)
        self._tasks.start_soon(self._run, entry, run, late)

    async def _run(self, entry: Entry, run: Run, late: bool) -> None:
        outcome, done = Outcome.CANCELLED, Done("its schedule was removed from the config")
        with run.scope:
            outcome, done = await self._attempt(entry, run.result, late=late)
        result = replace(run.result, outcome=outcome, detail=done.detail, output=done.output)
        with anyio.CancelScope(shield=True):
            await self._finish(entry, run, replace(result, ended=self._clock.now()))

    async def _attempt(self, entry: Entry, result: Result, *, late: bool) -> tuple[Outcome, Done]:
        key, schedule = entry.key, entry.schedule
        try:
            if late and result.due is not None:
                await self._actions.prepare_late(key, schedule, self._clock.now() - result.due)
            done = await self._actions.perform(key, entry.spec, schedule, result)
        except Skipped as exc:
            return Outcome.SKIPPED, Done(str(exc))
        except Failed as exc:
            return Outcome.FAILED, Done(str(exc), exc.output)
        except KNOWN as exc:
            return Outcome.FAILED, Done(said(exc))
        except Exception:
            log.exception("an error that nobody expected in the schedule %s of %s", key[1], key[0])
            return Outcome.FAILED, Done("an error that nobody expected")
        return Outcome.DONE, replace(done, detail=f"late: {done.detail}") if late else done

    async def _finish(self, begun: Entry, run: Run, result: Result) -> None:
        key = begun.key
        async with self._turn:
            entry = self._entries.get(key)
            if entry is not None and entry.run is run:
                entry.run = None
            kept = self._kept[key] = with_end(self._kept[key], run.result, result)
            self._report.ran(key, str(begun.schedule.action), result)
            try:
                await self._ledger.save({key: kept})
            except CannotNote as exc:
                log.error("what became of the schedule %s of %s is not stored yet: %s", key[1], key[0], exc)
                self._unsaved.add(key)
                self._changed.set()

    def _does(self, key: Key) -> str:
        entry = self._entries.get(key)
        return "" if entry is None else str(entry.schedule.action)
