"""The services as the daemon knows them: a copy that follows the supervisor, and the commands to it."""

import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping

import anyio

from supervisor import (
    SOMEBODY,
    Attached,
    CannotStore,
    Cause,
    Changes,
    Following,
    InvalidSpec,
    Marked,
    NotAllowed,
    Plan,
    ServiceStatus,
    Supervision,
    SupervisorUnreachable,
)

from .errors import NoSuchServer

RETRY = 0.2
"""Seconds between attempts to reach a supervisor that has gone away."""

AGAIN = 2.0
"""Seconds until a plan that the supervisor could not store is offered again."""

PATIENCE = 5.0
"""Seconds that a request waits for a supervisor that is being replaced."""

ALIVE = 1.0
"""Seconds in which a supervisor that is not stuck answers, and between two such questions."""

log = logging.getLogger("holdfast.mirror")


class Mirror:
    """Knows every service's latest status, and asks the supervisor for changes."""

    def __init__(self, supervisor: Supervision) -> None:
        self._supervisor = supervisor
        self._known: dict[str, ServiceStatus] = {}
        self._applying = anyio.Lock()
        self._connected = anyio.Event()
        self._gone: dict[str, anyio.Event] = {}
        self.applied = False
        """Whether the supervisor has taken the latest plan that it was offered."""
        self._told: dict[str, anyio.Event] = {}
        self._listeners: list[Callable[[str], None]] = []
        self._followers: list[Callable[[], None]] = []
        self._asking = anyio.Lock()
        self._asked = -ALIVE
        self._alive = False
        self._owed = ""
        """Why the supervisor could not store the plan that it was offered, for as long as it lacks it."""

    async def run(
        self, plan: Callable[[], Plan], refresh: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Follow the supervisor until cancelled, through all of its restarts.

        Each time it is reached anew, it is given the plan: it may have missed the latest. Before that,
        `refresh` is called: a new config that was refused while nobody was there can be had now.
        """
        quiet = False
        while True:
            try:
                if refresh is not None:
                    await self._supervisor.heard([])  # somebody is there
                    await refresh()
                # In turn with `apply`: the plan of a moment ago must not overtake the new one.
                async with self._applying:
                    await self._offer(plan())
                await self._follow_and_offer(plan)
            except SupervisorUnreachable as exc:
                if not quiet:
                    log.warning("%s, trying again", exc)
                quiet = True
            else:
                quiet = False
            finally:
                if self._connected.is_set():
                    self._connected = anyio.Event()
                    self._tell_followers()
            await anyio.sleep(RETRY)

    async def apply(self, plan: Plan) -> None:
        """Give the supervisor a new plan; returns when the mirror shows it."""
        async with self._applying:
            await self._supervisor.apply(plan)
            self._owed, self.applied = "", True
            services = {status.name: status for status in await self._supervisor.list()}
        # What the plan lacks and we do not know has been reported gone while its status was on the way.
        current = self._known.keys() | {spec.name for spec in plan.services}
        found = [status for name, status in services.items() if name in current]
        self._take(Changes(found, [*(self._known.keys() - services.keys())]))

    @property
    def connected(self) -> bool:
        """Whether the supervisor is being followed."""
        return self._connected.is_set()

    async def alive(self) -> bool:
        """Tell whether the supervisor is followed and answers; one that is stopped or stuck does not.

        However many ask, it is asked once a second at most.
        """
        async with self._asking:
            if self.connected and anyio.current_time() - self._asked >= ALIVE:
                self._alive = False
                with anyio.move_on_after(ALIVE), contextlib.suppress(SupervisorUnreachable):
                    await self._supervisor.heard([])
                    self._alive = True
                self._asked = anyio.current_time()
        return self.connected and self._alive

    @property
    def latest(self) -> Mapping[str, ServiceStatus]:
        """What is known of all services, also while the supervisor cannot be reached; waits for nothing."""
        return self._known

    def watch(self, listener: Callable[[str], None]) -> None:
        """Have it called, with the name, whenever another status of a service is known, or none any more."""
        self._listeners.append(listener)

    def watch_connection(self, listener: Callable[[], None]) -> None:
        """Have it called whenever `connected` has become another."""
        self._followers.append(listener)

    async def services(self) -> Mapping[str, ServiceStatus]:
        """Return all services by name; raises `SupervisorUnreachable`."""
        await self._ready()
        return self._known

    async def service(self, name: str) -> ServiceStatus:
        """Return one service; raises `NoSuchServer`, `SupervisorUnreachable`."""
        await self._ready()
        status = self._known.get(name)
        if status is None:
            raise NoSuchServer
        return status

    async def told(self, name: str) -> None:
        """Wait until the supervisor says anything about a service, perhaps that it is gone."""
        await self._told.setdefault(name, anyio.Event()).wait()

    def mains(self) -> Mapping[int, str]:
        """Return the servers that run by the pid of their main process, as far as they are known now."""
        return {status.pid: status.name for status in list(self._known.values()) if status.pid is not None}

    async def gone(self, name: str) -> None:
        """Wait until the service does not exist (any more)."""
        if name in self._known:
            await self._gone.setdefault(name, anyio.Event()).wait()

    async def start(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """Want a service up; see `Supervisor.start`."""
        return self._answered(await self._supervisor.start(name, cause))

    async def stop(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """Want a service down; see `Supervisor.stop`."""
        return self._answered(await self._supervisor.stop(name, cause))

    async def kill(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """Want a service down at once; see `Supervisor.kill`."""
        return self._answered(await self._supervisor.kill(name, cause))

    async def restart(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """Want a service stopped and up again; see `Supervisor.restart`."""
        return self._answered(await self._supervisor.restart(name, cause))

    async def pause(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """Let nothing of a service run for a while; see `Supervisor.pause`."""
        return self._answered(await self._supervisor.pause(name, cause))

    async def resume(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """Let a service run again; see `Supervisor.resume`."""
        return self._answered(await self._supervisor.resume(name, cause))

    async def ready(self, name: str, run: int, cause: Cause) -> ServiceStatus:
        """Take a run for up; see `Supervisor.ready`."""
        return self._answered(await self._supervisor.ready(name, run, cause))

    async def condemn(self, name: str, run: int, cause: Cause, reason: str) -> ServiceStatus:
        """Stop a run that does not work; see `Supervisor.condemn`."""
        return self._answered(await self._supervisor.condemn(name, run, cause, reason))

    async def signal(self, name: str, run: int, number: int) -> None:
        """Send a signal to a run; see `Supervisor.signal`."""
        await self._supervisor.signal(name, run, number)

    async def history(self, since: int | None, origin: str | None) -> Following:
        """Follow what happens; see `Supervisor.history`."""
        return await self._supervisor.history(since, origin)

    async def heard(self, name: str) -> float:
        """Return when a program was heard last, on the machine's clock; see `Supervisor.heard`."""
        heard = (await self._supervisor.heard([name])).get(name)
        if heard is None:
            raise NoSuchServer
        return heard

    async def write(self, name: str, data: bytes) -> None:
        """Give bytes to a program's stdin; see `Supervisor.write`."""
        await self._supervisor.write(name, data)

    async def resize(self, name: str, rows: int, columns: int) -> ServiceStatus:
        """Make a program's terminal that large; see `Supervisor.resize`."""
        return self._answered(await self._supervisor.resize(name, rows, columns))

    async def attach(self, name: str, since: int | None, stream: str | None = None) -> Attached:
        """Follow a console; see `Supervisor.attach`."""
        return await self._supervisor.attach(name, since, stream)

    async def marks(self, name: str) -> Marked:
        """Return when the bytes of a console came; see `Supervisor.marks`."""
        return await self._supervisor.marks(name)

    async def _ready(self) -> None:
        if self._connected.is_set():
            return
        with anyio.move_on_after(PATIENCE):
            await self._connected.wait()
            return
        raise SupervisorUnreachable("The supervisor cannot be reached; the programs run on without the API.")

    async def _offer(self, plan: Plan) -> None:
        """Give the plan to a supervisor that was reached anew; one that refuses it is followed too."""
        before, self._owed, self.applied = self._owed, "", False
        try:
            await self._supervisor.apply(plan)
        except CannotStore as exc:
            self._owed = str(exc)
            if self._owed != before:
                log.warning("the supervisor keeps the plan that it has, trying again: %s", exc)
        except (NotAllowed, InvalidSpec) as exc:
            log.warning("the supervisor keeps the plan that it has: %s", exc)
        else:
            self.applied = True
            if before:
                log.info("the supervisor has taken the plan")

    async def _follow_and_offer(self, plan: Callable[[], Plan]) -> None:
        """Follow the supervisor; meanwhile offer it the plan until there is room to store it."""
        lost: SupervisorUnreachable | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._offer_again, plan)
            try:
                await self._follow()
            except SupervisorUnreachable as exc:
                lost = exc
            tasks.cancel_scope.cancel()
        if lost is not None:
            raise lost

    async def _offer_again(self, plan: Callable[[], Plan]) -> None:
        while self._owed:
            await anyio.sleep(AGAIN)
            async with self._applying:
                if self._owed:  # a config that was reloaded meanwhile has brought another
                    with contextlib.suppress(SupervisorUnreachable):  # `_follow` notices, too
                        await self._offer(plan())

    async def _follow(self) -> None:
        watch = await self._supervisor.watch()
        try:
            # Another supervisor counts its versions anew: the first report replaces all that is known.
            first = await watch.receive()
            known, self._known = self._known, {}
            self._take(Changes(first.services, [*(known.keys() - {s.name for s in first.services})]))
            self._connected.set()
            self._tell_followers()
            while True:
                self._take(await watch.receive())
        except anyio.EndOfStream:
            return
        finally:
            with anyio.CancelScope(shield=True):
                await watch.aclose()

    def _take(self, changes: Changes) -> None:
        for status in changes.services:
            self._take_one(status)
        for name in changes.removed:
            self._known.pop(name, None)
            if (gone := self._gone.pop(name, None)) is not None:
                gone.set()
            self._tell(name)

    def _answered(self, status: ServiceStatus) -> ServiceStatus:
        # A service that was reported gone while the answer was on the way must not come back by it.
        if status.name in self._known:
            self._take_one(status)
        return status

    def _take_one(self, status: ServiceStatus) -> None:
        # An answer and a report come by different ways: the higher version is the later one.
        known = self._known.get(status.name)
        if known is None or known.version <= status.version:
            self._known[status.name] = status
            self._tell(status.name)

    def _tell_followers(self) -> None:
        for listener in self._followers:
            listener()

    def _tell(self, name: str) -> None:
        if (told := self._told.pop(name, None)) is not None:
            told.set()
        for listener in self._listeners:
            listener(name)
