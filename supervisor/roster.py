"""The services that exist, by name: who watches them, and how they outlive us as data."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import anyio
import anyio.abc

from .alarm import Clock
from .console import Console
from .estate import Heir, Keeping, Returned
from .following import Watch
from .history import History, Transition
from .news import News
from .ordering import Ordering
from .record import InvalidRecord, Record
from .service import CARRIED, Service
from .spec import InvalidSpec, ServiceSpec
from .status import ServiceStatus

FREEZE_VERSION = 3
"""Version of the record that `freeze` returns; raised whenever its meaning changes."""

READABLE_VERSIONS = frozenset({1, 2, FREEZE_VERSION})
"""Versions that `thaw` takes: the first has the output in the record, the second one way to stop each."""

COMMAND_PATIENCE = 30.0
"""Seconds that a handover waits for commands that are stopping services: they would not survive it."""

log = logging.getLogger("holdfast.supervisor")


class Roster:
    """All services, each with the version of its latest change; what changed is told to who watches."""

    def __init__(
        self,
        tasks: anyio.abc.TaskGroup,
        environment: Mapping[str, str],
        keeping: Keeping,
        is_coming: Callable[[str], bool],
    ) -> None:
        """`is_coming` tells whose start has been decided and is still to come."""
        self._tasks = tasks
        self._clock = Clock(tasks)
        self._environment = environment
        self._keeping = keeping
        self.services: dict[str, Service] = {}
        self.ordering = Ordering(self.services, is_coming, self._look_again)
        self._watches: set[Watch] = set()
        self._news = News()
        self.history = History()
        self._version = 0
        self._versions: dict[str, int] = {}
        self._settled = anyio.Event()

    def make(self, spec: ServiceSpec) -> Service:
        """Return a new service, which is known by its name from now on; `open` or `thaw` it."""
        service = Service(
            spec,
            self._environment,
            self._tasks,
            self._clock,
            changed=self.changed,
            happened=self._happened,
            vanished=self._vanished,
            keeping=self._keeping,
        )
        service.lifecycle.gate = partial(self.ordering.gate, spec.name)
        self.services[spec.name] = service
        return service

    def add(self, spec: ServiceSpec, console: Console | None = None) -> None:
        """Let a new service exist, whose output goes on in a console if there is one."""
        service = self.make(spec)
        if console is not None:
            service.console = console
        service.open()
        self.changed(service)

    def status(self, service: Service) -> ServiceStatus:
        """Return what is known of a service now."""
        return service.status(self._versions[service.name])

    def watch(self) -> Watch:
        """Follow the states of all services."""
        watch = Watch(self.services, self._find, self._watches.discard)
        self._watches.add(watch)
        return watch

    def alive(self) -> Sequence[str]:
        """Return the names of the services that have a live process."""
        return [name for name, service in self.services.items() if service.lifecycle.state.alive]

    def commanded(self) -> Sequence[str]:
        """Return the names of the services that a command is stopping."""
        return [name for name, service in self.services.items() if service.asking.at_work]

    async def let_commands_end(self) -> None:
        """Wait, but not for ever, until the commands that are stopping services now have ended."""
        if busy := self.commanded():
            log.info("Holdfast waits until commands have stopped %s", ", ".join(busy))
        with anyio.move_on_after(COMMAND_PATIENCE):
            for name in busy:
                if name in self.services:
                    await self.services[name].asking.ended()

    def leave_nothing(self) -> None:
        """Keep nothing for a successor any more: what stops because we do is nobody's wish."""
        self._keeping.forget_all()

    async def until_stopped(self) -> None:
        """Wait until nothing lives."""
        while self.alive():
            self._settled = anyio.Event()
            await self._settled.wait()

    def close(self) -> None:
        """Let go of all services: who follows one reads to its end, then it is gone."""
        for service in self.services.values():
            service.close()
        self.services.clear()

    @property
    def descriptors(self) -> Sequence[int]:
        """The descriptors of all services, which `freeze` names by number."""
        ours = [fd for service in self.services.values() for fd in service.descriptors]
        return [*self._keeping.descriptors, *ours]

    def freeze(self, now: float) -> dict[str, object]:
        """Return everything as JSON data."""
        return {
            "version": FREEZE_VERSION,
            "counter": self._version,
            "services": [
                {**service.freeze(now), "changed": self._versions[name]}
                for name, service in self.services.items()
            ],
            "kept": self._keeping.freeze(),
            "history": self.history.freeze(),
        }

    def thaw(self, record: Record, now: float, heir: Heir = CARRIED) -> None:
        """Become what `freeze` described; raises `InvalidRecord`, `InvalidSpec`."""
        _check_version(record)
        self._version = record.take("counter", int)
        self.history.thaw(record.record("history"))
        kept = record.record("kept")
        for entry in record.records("services"):
            service = self._thaw_one(entry, now, heir)
            self._keeping.thaw(kept, service.name, service.console.scrollback)

    def restore(self, estate: Returned, now: float) -> Sequence[str]:
        """Become what a supervisor that was killed has left in a descriptor store; return the names.

        One whose record cannot be read is not among them.
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
        return sorted(restored)

    def _thaw_one(self, record: Record, now: float, heir: Heir) -> Service:
        service = self.make(ServiceSpec.from_record(record.record("spec")))
        try:
            service.thaw(record, now, heir)
            self._versions[service.name] = record.take("changed", int)
            self._news.note(service)
        except BaseException:
            del self.services[service.name]
            raise
        return service

    def _find(self, name: str) -> ServiceStatus | None:
        service = self.services.get(name)
        return None if service is None else self.status(service)

    def _happened(self, transition: Transition) -> None:
        self.history.add(transition)

    def _look_again(self) -> None:
        self._tasks.start_soon(self.ordering.run)

    def changed(self, service: Service) -> None:
        """Tell, and keep, that a service is not as it was."""
        self._news.tell(service)
        if self.services.get(service.name) is not service:
            return
        self.ordering.noticed(service.name)
        self._version += 1
        self._versions[service.name] = self._version
        self._tell(service.name)
        if self._keeping.wanted:
            now = anyio.current_time()
            more = {"changed": self._version, "version": FREEZE_VERSION, "at": now}
            self._keeping.write(service.name, {**service.freeze(now), **more}, service.console.scrollback)

    def _vanished(self, service: Service) -> None:
        del self.services[service.name]
        del self._versions[service.name]
        service.close()
        self._keeping.forget(service.name)
        self.ordering.noticed(service.name)
        self._tell(service.name)

    def _tell(self, name: str) -> None:
        for watch in self._watches:
            watch.note(name)
        self._settled.set()


def _check_version(record: Record) -> None:
    if (version := record.take("version", int)) not in READABLE_VERSIONS:
        known = ", ".join(map(str, sorted(READABLE_VERSIONS)))
        raise InvalidRecord(f"version: expected one of {known}, got {version}")
