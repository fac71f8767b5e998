"""All services by name: what the plan says, what people ask for, and who watches."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

import anyio
import anyio.abc

from . import handover
from .beginning import Beginning, ClearedUp
from .cause import SOMEBODY, Cause, CauseKind
from .console import Console  # noqa: TC001  (only named here, as in other modules)
from .estate import Heir, Keeping, Returned, Serials
from .events import Held, Pause, Remove, Resume, Wanted
from .leftovers import Leftovers
from .legacy import Legacy
from .notify import Notifier
from .operations import Operations
from .planfile import PlanFile
from .record import Record
from .refusals import NotAllowed
from .roster import Roster
from .service import CARRIED, Service
from .spec import Plan
from .starts import Starts
from .status import ServiceStatus
from .wishes import Wishes


class Supervisor(Operations):
    """Keeps the services of a plan as people want them. `SupervisorClient` has the same methods."""

    def __init__(
        self,
        tasks: anyio.abc.TaskGroup,
        environment: Mapping[str, str],
        store: PlanFile | None = None,
        leftovers: Leftovers | None = None,
        wishes: Wishes | None = None,
        keeping: Keeping | None = None,
        legacy: Legacy | None = None,
    ) -> None:
        self._tasks = tasks
        self._legacy = legacy
        self._recalled: dict[str, Console] | None = None
        self._store = store
        self._leftovers = leftovers
        self._wishes = wishes or Wishes()
        self._beginning = Beginning(self._wishes)
        self._starts = Starts(tasks, self._start)
        keeping = keeping or Keeping(Notifier(None), Serials(), leftovers)
        super().__init__(Roster(tasks, environment, keeping, self._starts.holds))
        self._ordering = self._roster.ordering
        self._bringing = CauseKind.BOOT
        """What brings those that wait for their start."""
        self._applying = anyio.Lock()
        self._closing = False

    # What SupervisorClient offers as well. What a person asks for is done at once; then the wish is stored.

    async def apply(self, plan: Plan) -> None:
        """Make the plan's services exist, start new ones, let the others go; raises `CannotStore`.

        Nobody is restarted: a changed spec counts with the next start.
        """
        async with self._applying:
            self._refuse_when_closing("the plan")
            if self._store is not None:
                await handover.in_thread(partial(self._store.save, plan))
            await self._recall(plan)
            if not self._closing:  # since then: the next supervisor will boot from it
                self.adopt(plan)

    async def list(self) -> Sequence[ServiceStatus]:
        """Return all services, by name."""
        return [self._roster.status(self._services[name]) for name in sorted(self._services)]

    async def start(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """Want a service up, and what it requires; what became of it stands in the answer.

        Raises `NoSuchService`, `NotAllowed`.
        """
        service = self._to_start(name)
        self._ordering.start(name, cause)
        return await self._asked(service, Wanted.UP)

    async def stop(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """Want a service down: ask, and kill after its grace; first those that require it.

        Raises `NoSuchService`.
        """
        service = self._get(name)
        self._forget_start(name)
        return await self._asked(service, Wanted.DOWN, *self._ordering.stop(name, cause))

    async def kill(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """Want a service down: kill it, and those that require it. Raises `NoSuchService`."""
        service = self._get(name)
        self._forget_start(name)
        return await self._asked(service, Wanted.DOWN, *self._ordering.kill(name, cause))

    async def restart(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """Want a service stopped, asking first, and up again, and so those that require it.

        Raises `NoSuchService`, `NotAllowed`.
        """
        service = self._to_start(name)
        self._ordering.restart(name, cause)
        return await self._asked(service, Wanted.UP)

    async def pause(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """Let nothing of a service run. Raises `NoSuchService`, `NotAllowed` if it is not up."""
        service = self._get(name)
        if not service.lifecycle.can_pause:
            raise NotAllowed(f"cannot pause {name}: it is {service.lifecycle.state}")
        service.hear(Pause(cause))
        return self._roster.status(service)

    async def resume(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """Let a service run again. Raises `NoSuchService`, `NotAllowed` if it is not paused."""
        service = self._get(name)
        if not service.lifecycle.paused:
            raise NotAllowed(f"cannot resume {name}: it is not paused")
        service.hear(Resume(cause))
        return self._roster.status(service)

    # What only the process around it needs.

    @property
    def planned(self) -> bool:
        """Whether any plan has been carried out."""
        return self._beginning.planned

    async def fall_back(self, plan: Plan) -> None:
        """Carry out a plan that is stored already, unless another one has been meanwhile."""
        async with self._applying:
            await self._recall(plan)
            if not self.planned:
                self.adopt(plan)

    async def bequeath(self) -> None:
        """Leave the output of all services to the next supervisor, when nothing lives, before `close`."""
        if self._legacy is not None:
            consoles = {name: service.console for name, service in self._services.items()}
            await handover.in_thread(partial(self._legacy.leave, consoles))

    def adopt(self, plan: Plan) -> None:
        """Carry out a plan that is stored already. The first one says who starts because we do."""
        names = {spec.name for spec in plan.services}
        self._bringing = CauseKind.CONFIG if self._beginning.planned else CauseKind.BOOT
        for name in [name for name in self._services if name not in names]:
            self._starts.forget(name)
            self._services[name].take(Remove())
        if self._wishes.forget_all_but(names):
            self._tasks.start_soon(self._wishes.store)
        for spec in plan.services:
            known = self._services.get(spec.name)
            if self._beginning.starts(spec, known=known is not None):
                self._starts.add(spec.name)
            if known is None:
                self._roster.add(spec, (self._recalled or {}).pop(spec.name, None))
            elif known.spec != spec or known.lifecycle.removed:
                more = set(spec.requires) - set(known.spec.requires)
                known.apply(spec)
                if more and known.lifecycle.held is Held.START:
                    self._starts.add(spec.name)  # it brings along what it waits for from now on
        if self._recalled is not None:
            self._recalled.clear()  # whatever comes later comes anew
        self._beginning.carried_out()
        self._ordering.renew()
        self._starts.begin()

    def clear_up(self) -> ClearedUp:
        """Find what a supervisor before us left behind, and the wishes, before anything is started.

        What lives is stopped, or kept where its spec says so; no service starts while something of it lives.
        """
        self._wishes.load()
        kept: set[str] = set()
        known = {service.child.pid for service in self._services.values() if service.child is not None}
        for leftover in self._leftovers.find() if self._leftovers else ():
            if leftover.child.pid in known:
                leftover.child.close()
                continue
            spec, keep = leftover.spec, self._beginning.keeps(leftover)
            if spec.name in self._services:
                # A second part of the same: it is stopped, under a name that no plan has.
                spec, keep = replace(spec, name=f"{spec.name[:200]} (process {leftover.child.pid})"), False
            service = self._roster.make(spec)
            leftover.child.tree.pause(on=False)  # nobody knows any more who had paused it, and why
            service.take_over(leftover.child, kept=keep)
            service.open()
            (kept.add if keep else self._beginning.left.add)(service.name)
        return ClearedUp(sorted(self._beginning.left), sorted(kept))

    @asynccontextmanager
    async def at_rest(self) -> AsyncIterator[None]:
        """Hold off plans and wishes for a while; what is being stored is stored first."""
        async with self._applying, self._wishes.at_rest():
            yield

    async def let_commands_end(self) -> None:
        """Wait, but not for ever, until the commands that are stopping services now have ended."""
        await self._roster.let_commands_end()

    def refuse_while_commands_work(self) -> None:
        """Raise `CannotHandOver` if a command is stopping a service: it would not survive that."""
        if busy := self._roster.commanded():
            raise handover.CannotHandOver(f"a command is still stopping {', '.join(busy)}")

    def descriptors(self) -> Sequence[int]:
        """Return the descriptors of all services, which `freeze` names by number."""
        return self._roster.descriptors

    async def shutdown(self) -> None:
        """Stop everything, each in its own way and before those that it needs; return when nothing lives."""
        self._closing = True
        self._starts.clear()
        self._roster.leave_nothing()
        self._ordering.stop_all(Cause(CauseKind.SHUTDOWN))
        await self._roster.until_stopped()
        await self._wishes.settle()

    def close(self) -> None:
        """Let go of all services, after `shutdown`: who follows one reads to its end, then it is gone."""
        self._roster.close()

    def kill_all(self) -> None:
        """Kill what still lives, since the end is in a hurry: nobody's wish."""
        for name in self.alive():
            self._services[name].kill(Cause(CauseKind.SHUTDOWN))

    def alive(self) -> Sequence[str]:
        """Return the names of the services that have a live process."""
        return self._roster.alive()

    def longest_grace(self) -> float:
        """Return how long the most patient chain of services that live may take to stop, in seconds."""
        return self._ordering.longest({name: self._services[name].spec.stop.grace for name in self.alive()})

    def freeze(self, now: float) -> dict[str, object]:
        """Return everything as JSON data."""
        return {
            **self._roster.freeze(now),
            **self._beginning.freeze(),
            "waiting": self._starts.waiting,
        }

    def thaw(self, data: object, now: float, heir: Heir = CARRIED) -> None:
        """Become what `freeze` described, before `open`; raises `InvalidRecord`, `InvalidSpec`."""
        record = Record(data)
        self._roster.thaw(record, now, heir)
        self._beginning.thaw(record)
        self._starts.add(*record.strings("waiting"))

    def restore(self, estate: Returned, now: float) -> Sequence[str]:
        """Become, before `open`, what a supervisor that was killed has left in a descriptor store.

        Returns the names of the services; what lives of others is left to `clear_up`.
        """
        return self._roster.restore(estate, now)

    def open(self) -> None:
        """Go on from what was thawed. Until then nothing runs: a record that is tried out starts nobody."""
        self._wishes.load()
        self._tasks.start_soon(self._wishes.settle)
        self._ordering.renew()
        for service in list(self._services.values()):
            service.open()
        self._starts.go_on()

    async def _recall(self, plan: Plan) -> None:
        """Get back, before the first plan is adopted, what its services said before an orderly end."""
        if self._recalled is not None or self._legacy is None:
            return
        found: dict[str, Console] = {}
        if (legacy := self._legacy).any:
            limits = {spec.name: spec.scrollback.bytes for spec in plan.services}
            await handover.in_thread(lambda: found.update(legacy.take(limits)))
        self._recalled = found

    def _to_start(self, name: str) -> Service:
        service = self._get(name)
        self._refuse_when_closing(name)
        if service.lifecycle.removed:
            raise NotAllowed(f"cannot start {name}: it is no longer part of the config")
        return service

    def _refuse_when_closing(self, what: str) -> None:
        if self._closing:
            raise NotAllowed(f"cannot start {what}: the supervisor is shutting down")

    def _start(self, name: str) -> None:
        if name in self._services:
            self._ordering.start(name, Cause(self._bringing))
        self._ordering.noticed(name)

    def _forget_start(self, name: str) -> None:
        self._starts.forget(name)
        self._beginning.left.discard(name)
        self._ordering.noticed(name)

    async def _asked(self, service: Service, wish: Wanted, *others: str) -> ServiceStatus:
        """Remember what a person asked for; it is done already, so no disk can keep it from happening."""
        status = self._roster.status(service)
        if not service.lifecycle.removed:
            await self._wishes.keep(service.name, wish, *others)
        return status
