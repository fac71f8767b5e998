"""All parts of a daemon, made from top to bottom and put together: the composition root."""

import logging
import os
from collections.abc import Callable, Coroutine, Sequence
from functools import partial

import anyio
import anyio.abc
import anyio.to_thread

from supervisor import Supervision, leads_to_journal

from .access import Access
from .app import Application, Tables
from .audit import DATABASE, Audit
from .checkup import HealthChange
from .chronicle import Chronicle
from .config import Config
from .consoles import Consoles
from .disks import Disks
from .documents import Documents
from .exposure import Exposure
from .files import Files
from .groupmembers import GroupMembers
from .health import Health
from .held import HeldSockets
from .hints import Hints
from .jobs import Jobs
from .ledger import CannotKeep
from .listeners import Apps, Listeners
from .listing import Listing
from .live import Live
from .meter import Meter
from .metrics import Metrics
from .mirror import Mirror
from .notices import Notices
from .noticesource import NoticeSource
from .openapi import document
from .outgoing import Outgoing
from .parts import Parts
from .people import People
from .plan import compile_plan
from .rawconsoles import RawConsoles
from .reload import Reloader
from .scheduleactions import Actions
from .schedulearchive import Archiver
from .scheduleledger import ScheduleLedger
from .schedulereport import Report
from .schedules import DATABASE as SCHEDULES
from .schedules import Clock, Schedules
from .serverdetails import Details
from .serverlogs import ServerLogs, folders_of
from .signpost import Signpost
from .sparks import Sparks
from .transfers import Transfers
from .transport import Transport
from .upkeep import Upkeep
from .usage import Sampler
from .wallclock import WallClock
from .webapps import ApiPort, WebPort
from .webpage import FOLDER, WebPage

ACCOUNTS = "users.json"
HISTORY = "history.db"
GOOD_ACCOUNTS = "last-good-users"

log = logging.getLogger("holdfast")

Runner = Callable[[], Coroutine[object, object, None]]


class Assembly:
    """A daemon whose parts know each other. `start` begins their work; `close` keeps what is to be kept."""

    def __init__(
        self,
        reloader: Reloader,
        supervisor: Supervision,
        state: str,
        held: HeldSockets,
        supervisor_pid: int | None = None,
        clock: Clock | None = None,
        page: str = FOLDER,
    ) -> None:
        """Nothing is opened yet; `state` is the folder for what must last, `page` that of the web page.

        `supervisor_pid` is that of the supervisor's process, where it is known; `clock` is for tests.
        """
        self._past, self._wall = ScheduleLedger(os.path.join(state, SCHEDULES)), WallClock()
        self._clock = clock or self._wall
        self._supervisor_pid = supervisor_pid
        self._reloader = reloader
        self._supervisor = supervisor
        self._state = reloader.state = state
        self._held = held
        self._page = page
        self._signpost = Signpost(state, reloader.file.path)
        self._people: People | None = None
        self._runners: Sequence[Runner] = ()
        self.audit = Audit(journal=leads_to_journal(), database=os.path.join(state, DATABASE))
        self.upkeep: Upkeep
        self.listeners: Listeners
        self.parts: Parts

    async def open(self, tasks: anyio.abc.TaskGroup) -> None:
        """Make all parts, and give them the config; raises what a part raises that refuses it."""
        reloader = self._reloader
        exposure = Exposure()
        people = await self._open_people(tasks, exposure)
        mirror = Mirror(self._supervisor)
        files = Files(mirror)
        transfers = Transfers(files)
        self.upkeep = Upkeep(files, transfers)
        notices = Notices(mirror, self._state, Outgoing())
        disks = Disks(notices.tell, self._state)
        source = NoticeSource(notices.tell)
        hints = Hints(mirror, lambda: reloader.config)
        chronicle = Chronicle(mirror, os.path.join(self._state, HISTORY), hints.enrich)
        chronicle.watch(source.take)
        await chronicle.open()
        transport = Transport(anyio.current_time)
        consoles, raw_consoles = Consoles(mirror, tasks), RawConsoles(mirror, tasks)
        sampler = Sampler(GroupMembers())
        meter = Meter(mirror, sampler, self._state)
        jobs = Jobs(tasks, files.mend)
        logs = ServerLogs(mirror, tasks)
        actions = Actions(mirror, Archiver(files, jobs, self._past), self._state)
        metrics = Metrics(mirror, meter, people, consoles, raw_consoles, logs, self._supervisor_pid)
        chronicle.watch(metrics.happened)
        health = Health(mirror, tasks)
        details = Details(health, hints)
        self.parts = parts = Parts(
            access=Access(people, transport.origins),
            audit=self.audit,
            chronicle=chronicle,
            consoles=consoles,
            details=details,
            documents=Documents(document),
            files=files,
            health=health,
            hints=hints,
            jobs=jobs,
            listing=Listing(mirror),
            live=Live(mirror, details, health, chronicle, jobs, sampler),
            meter=meter,
            metrics=metrics,
            logs=logs,
            mirror=mirror,
            notices=notices,
            people=people,
            raw_consoles=raw_consoles,
            reloader=reloader,
            sampler=sampler,
            schedules=Schedules(tasks, actions, self._past, Report(self.audit), self._clock),
            sparks=Sparks(meter),
            transfers=transfers,
            transport=transport,
        )
        parts.health.watch(source.looked)
        await parts.health.expect(reloader.config)
        page, tables = WebPage(metrics.requests, self._page), Tables(parts)
        apps = Apps(Application(parts, tables), ApiPort(parts, tables, page), WebPort(parts, tables, page))
        self.listeners = Listeners(apps, tasks, self._held, transport.quotas, exposure)
        self.listeners.on_change = self._point
        exposure.on_change = lambda: tasks.start_soon(self.listeners.again)
        # What can fail comes first: the others need not be taken back.
        reloader.add(self.listeners.apply)
        reloader.add(parts.health.expect)
        reloader.add(lambda config: mirror.apply(compile_plan(config)))
        for configure in (
            partial(_configure, self.audit),
            page.configure,  # before the transport: what was made of requests by the old one ends with that
            transport.configure,
            people.configure,
            files.configure,
            transfers.configure,
            parts.jobs.configure,
            parts.live.configure,
            parts.logs.configure,
            parts.health.configure,
            self.upkeep.configure,
            notices.configure,
            disks.configure,
            meter.configure,
            parts.schedules.configure,
        ):
            reloader.add(configure)
            await configure(reloader.config)
        parts.health.watch(lambda change: _note_health(chronicle, change))
        self._runners = (
            people.run,
            self.audit.run,
            notices.run,
            source.run,
            chronicle.run,
            disks.run,
            meter.run,
            metrics.lag.run,
            parts.schedules.run,
            parts.logs.run,
        )

    def start(self, tasks: anyio.abc.TaskGroup) -> None:
        """Begin what goes on for as long as the daemon does."""
        for run in self._runners:
            tasks.start_soon(run)

    async def close(self) -> None:
        """Keep what is to be kept."""
        with anyio.CancelScope(shield=True):
            await self._past.close()
            self._wall.close()
            if self._people is not None:
                await self._people.close()
            await anyio.to_thread.run_sync(self.audit.close)

    async def _point(self) -> None:
        config = self.listeners.config
        logs = {} if config is None else folders_of(config)
        await self._signpost.point(self.listeners.path, self.listeners.urls, logs, self.listeners.web)

    async def _open_people(self, tasks: anyio.abc.TaskGroup, exposure: Exposure) -> People:
        """The accounts stand beside the config, as Octyne has it."""
        users = os.path.join(os.path.dirname(self._reloader.file.path), ACCOUNTS)
        people = People(users, self._state, tasks, os.path.join(self._state, GOOD_ACCOUNTS))
        self._people = people
        people.watch(lambda: exposure.note(people.can_come))
        exposure.note(people.can_come)
        try:
            await people.open()
        except CannotKeep as exc:
            log.error("nobody can log in until this is mended: %s", exc)
        return people


def _note_health(chronicle: Chronicle, change: HealthChange) -> None:
    body = {"check": change.check, "healthy": change.healthy, "reason": change.reason, "run": change.run}
    chronicle.note(change.server, "health", body)


async def _configure(audit: Audit, config: Config) -> None:
    settings = config.logging
    audit.configure(
        enabled=settings.enabled, folder=settings.path, actions=settings.actions, keep=settings.keep
    )
