"""All services by name: what the plan says, what people ask for, and who watches."""

import logging
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import anyio.abc
import anyio.lowlevel
import anyio.to_thread

from . import handover
from .console import Follower
from .estate import Heir, Keeping, RecordFile, Returned
from .following import Attachment, Watch
from .leftovers import Leftovers
from .news import News
from .notify import Notifier
from .planfile import PlanFile
from .record import InvalidRecord, Record
from .service import CARRIED, Service
from .spec import InvalidSpec, Plan, ServiceSpec
from .status import ServiceStatus

FREEZE_VERSION = 2
"""Version of the record that `freeze` returns; raised whenever its meaning changes."""

READABLE_VERSIONS = frozenset({1, FREEZE_VERSION})
"""Versions that `thaw` takes: the first one has the output in the record itself."""

AT_ONCE = 16
"""Services that `apply` starts before it answers; the rest starts while others are served."""


log = logging.getLogger("holdfast.supervisor")


class NoSuchService(LookupError):
    """No service has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no service {name}")
        self.name = name


class NotAllowed(Exception):
    """This cannot be asked of the service now; the message says why."""


class Supervisor:
    """Keeps the services of a plan as people want them. `SupervisorClient` has the same methods."""

    def __init__(
        self,
        tasks: anyio.abc.TaskGroup,
        environment: Mapping[str, str],
        store: PlanFile | None = None,
        leftovers: Leftovers | None = None,
        notifier: Notifier | None = None,
    ) -> None:
        self._tasks = tasks
        self._environment = environment
        self._store = store
        self._leftovers = leftovers
        self._keeping = Keeping(notifier or Notifier(None), leftovers)
        self.planned = False
        """Whether any plan has been carried out."""
        self._left: set[str] = set()
        """Services that were left behind, and of which no plan has said yet whether they shall start."""
        self._services: dict[str, Service] = {}
        self._watches: set[Watch] = set()
        self._news = News()
        self._version = 0
        self._versions: dict[str, int] = {}
        self._waiting: deque[str] = deque()
        self._applying = anyio.Lock()
        self._closing = False
        self._settled = anyio.Event()

    # What SupervisorClient offers as well.

    async def apply(self, plan: Plan) -> None:
        """Make the plan's services exist, start new ones, let the others go; raises `CannotStore`.

        Nobody is restarted: a changed spec counts with the next start.
        """
        async with self._applying:
            self._refuse_when_closing("the plan")
            if self._store is not None:
                await anyio.to_thread.run_sync(_without_signals, self._store.save, plan)
            if not self._closing:  # since then: the next supervisor will boot from it
                self.adopt(plan)

    async def list(self) -> Sequence[ServiceStatus]:
        """Return all services, by name."""
        return [self._status(self._services[name]) for name in sorted(self._services)]

    async def start(self, name: str) -> ServiceStatus:
        """Want a service up; what became of it stands in the answer. Raises `NoSuchService`, `NotAllowed`."""
        service = self._get(name)
        self._refuse_when_closing(name)
        if service.lifecycle.removed:
            raise NotAllowed(f"cannot start {name}: it is no longer part of the config")
        service.start()
        return self._status(service)

    async def stop(self, name: str) -> ServiceStatus:
        """Want a service down: ask, and kill after its grace. Returns at once. Raises `NoSuchService`."""
        service = self._get(name)
        self._forget_start(name)
        service.stop()
        return self._status(service)

    async def kill(self, name: str) -> ServiceStatus:
        """Want a service down: kill it. Returns at once. Raises `NoSuchService`."""
        service = self._get(name)
        self._forget_start(name)
        service.kill()
        return self._status(service)

    async def write(self, name: str, data: bytes) -> None:
        """Give bytes to a program's stdin. Raises `NoSuchService`, `InputRefused`."""
        await self._get(name).write(data)

    async def attach(self, name: str, since: int | None = None) -> Attachment:
        """Follow a console from an offset, or from its replayed tail. Raises `NoSuchService`."""
        service = self._get(name)
        tail = service.spec.scrollback.lines
        offset = service.console.scrollback.tail(tail) if since is None else since
        return Attachment(Follower(service.console, offset))

    async def watch(self) -> Watch:
        """Follow the states of all services."""
        watch = Watch(self._services, self._find, self._watches.discard)
        self._watches.add(watch)
        return watch

    # What only the process around it needs.

    def adopt(self, plan: Plan) -> None:
        """Carry out a plan that is stored already."""
        self.planned = True
        wanted = {spec.name for spec in plan.services}
        for name in [name for name in self._services if name not in wanted]:
            self._forget_start(name)
            self._services[name].remove()
        for spec in plan.services:
            known = self._services.get(spec.name)
            if spec.autostart and (known is None or spec.name in self._left):
                self._waiting.append(spec.name)
            if known is None:
                self._add(spec)
            elif known.spec != spec or known.lifecycle.removed:
                known.apply(spec)
        self._left.clear()
        for _ in range(AT_ONCE):
            self._start_next()
        if self._waiting:
            self._tasks.start_soon(self._start_rest)

    def clear_up(self) -> Sequence[str]:
        """Stop what a supervisor before us left behind, before anything is started; return the names.

        No service is started before what is left of it has ended.
        """
        known = {service.child.pid for service in self._services.values() if service.child is not None}
        for leftover in self._leftovers.find() if self._leftovers else ():
            if leftover.child.pid in known:
                leftover.child.close()
                continue
            spec = leftover.spec
            if spec.name in self._services:
                # A second part of the same: it is stopped as well, under a name that no plan has.
                spec = replace(spec, name=f"{spec.name[:200]} (process {leftover.child.pid})")
            service = self._make(spec)
            service.take_over(leftover.child)
            service.open()
            self._left.add(service.name)
        return sorted(self._left)

    @asynccontextmanager
    async def at_rest(self) -> AsyncIterator[None]:
        """Hold off plans for a while; one that is being stored is stored first."""
        async with self._applying:
            yield

    def descriptors(self) -> Sequence[int]:
        """Return the descriptors of all services, which `freeze` names by number."""
        return [
            *self._keeping.descriptors,
            *(fd for service in self._services.values() for fd in service.descriptors),
        ]

    async def shutdown(self) -> None:
        """Stop everything, each in its own way and all at once; return when nothing lives."""
        self._closing = True
        self._waiting.clear()
        for service in list(self._services.values()):
            service.stop()
        while self.alive():
            self._settled = anyio.Event()
            await self._settled.wait()
        self._keeping.forget_all()  # whoever comes next begins anew

    def close(self) -> None:
        """Let go of all services, after `shutdown`: who follows one reads to its end, then it is gone."""
        for service in self._services.values():
            service.close()
        self._services.clear()

    def alive(self) -> Sequence[str]:
        """Return the names of the services that have a live process."""
        return [name for name, service in self._services.items() if service.lifecycle.state.alive]

    def longest_grace(self) -> float:
        """Return how long the most patient of the services that live may take to stop, in seconds."""
        return max((self._services[name].spec.stop.grace for name in self.alive()), default=0.0)

    def freeze(self, now: float) -> dict[str, object]:
        """Return everything as JSON data."""
        return {
            "version": FREEZE_VERSION,
            "counter": self._version,
            "waiting": list(self._waiting),
            "services": [
                {**service.freeze(now), "changed": self._versions[name]}
                for name, service in self._services.items()
            ],
            "kept": self._keeping.freeze(),
        }

    def thaw(self, data: object, now: float, heir: Heir = CARRIED) -> None:
        """Become what `freeze` described, before `open`; raises `InvalidRecord`, `InvalidSpec`."""
        record = Record(data)
        _check_version(record)
        self._version = record.take("counter", int)
        self._waiting = deque(record.strings("waiting"))
        kept = record.record("kept")
        for entry in record.records("services"):
            service = self._thaw_one(entry, now, heir)
            if (fd := kept.optional(service.name, int)) is not None:
                self._keeping.took_over(service.name, RecordFile(fd), service.console.scrollback)

    def restore(self, estate: Returned, now: float) -> Sequence[str]:
        """Become, before `open`, what a supervisor that was killed has left in a descriptor store.

        Returns the names of the services. One whose record cannot be read is left to `clear_up`.
        """
        restored: list[str] = []
        for record, file in estate.records(self._keeping.family):
            try:
                _check_version(record)
                service = self._thaw_one(record, min(record.take("at", float), now), estate)
            except (InvalidRecord, InvalidSpec) as exc:
                log.error("a service of the supervisor before us cannot be taken over: %s", exc)
                file.close()
                continue
            self._version = max(self._version, self._versions[service.name])
            self._keeping.took_over(service.name, file, service.console.scrollback)
            restored.append(service.name)
        return restored

    def _thaw_one(self, record: Record, now: float, heir: Heir) -> Service:
        service = self._make(ServiceSpec.from_record(record.record("spec")))
        try:
            service.thaw(record, now, heir)
            self._versions[service.name] = record.take("changed", int)
        except BaseException:
            del self._services[service.name]
            raise
        return service

    def open(self) -> None:
        """Go on from what was thawed. Until then nothing runs: a record that is tried out starts nobody."""
        for service in self._services.values():
            self._news.note(service)
            service.open()
        if self._waiting:
            self._tasks.start_soon(self._start_rest)

    def _add(self, spec: ServiceSpec) -> None:
        service = self._make(spec)
        service.open()
        self._changed(service)

    def _make(self, spec: ServiceSpec) -> Service:
        service = Service(
            spec,
            self._environment,
            self._tasks,
            changed=self._changed,
            vanished=self._vanished,
            keeping=self._keeping,
        )
        self._services[spec.name] = service
        return service

    def _get(self, name: str) -> Service:
        service = self._services.get(name)
        if service is None:
            raise NoSuchService(name)
        return service

    def _refuse_when_closing(self, what: str) -> None:
        if self._closing:
            raise NotAllowed(f"cannot start {what}: the supervisor is shutting down")

    def _forget_start(self, name: str) -> None:
        if name in self._waiting:
            self._waiting.remove(name)

    def _start_next(self) -> None:
        if self._waiting:
            name = self._waiting.popleft()
            if name in self._services:
                self._services[name].start()

    async def _start_rest(self) -> None:
        while self._waiting:
            self._start_next()
            await anyio.lowlevel.checkpoint()

    def _status(self, service: Service) -> ServiceStatus:
        return service.status(self._versions[service.name])

    def _find(self, name: str) -> ServiceStatus | None:
        service = self._services.get(name)
        return None if service is None else self._status(service)

    def _changed(self, service: Service) -> None:
        self._news.tell(service)
        if self._services.get(service.name) is service:
            self._version += 1
            self._versions[service.name] = self._version
            self._tell(service.name)
            if self._keeping.wanted:
                now = anyio.current_time()
                record = {
                    **service.freeze(now),
                    "changed": self._version,
                    "version": FREEZE_VERSION,
                    "at": now,
                }
                self._keeping.write(service.name, record, service.console.scrollback)

    def _vanished(self, service: Service) -> None:
        del self._services[service.name]
        del self._versions[service.name]
        service.close()
        self._keeping.forget(service.name)
        self._tell(service.name)

    def _tell(self, name: str) -> None:
        for watch in self._watches:
            watch.note(name)
        self._settled.set()


def _check_version(record: Record) -> None:
    if (version := record.take("version", int)) not in READABLE_VERSIONS:
        known = ", ".join(map(str, sorted(READABLE_VERSIONS)))
        raise InvalidRecord(f"version: expected one of {known}, got {version}")


def _without_signals(save: Callable[[Plan], None], plan: Plan) -> None:
    """Save in a thread that takes no signals: the handover has to know that none is on its way."""
    signal.pthread_sigmask(signal.SIG_BLOCK, handover.SIGNALS)
    save(plan)
