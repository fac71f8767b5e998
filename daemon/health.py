"""Whether the servers are well: their checks, run by the daemon, which tells the supervisor what follows.

Nothing of this is stored: when the daemon comes back, it looks again. What it must not miss stands in the
supervisor: which run is starting and waits for a check, where its output begins, when it was heard last.
"""

import random
import time
from collections.abc import Callable, Mapping

import anyio
import anyio.abc

from supervisor import NoSuchService, NotAllowed, ServiceStatus, State, SupervisorUnreachable

from .checkup import Checkup, HealthChange, Means
from .config import Config
from .mirror import Mirror
from .plan import compile_service
from .verdict import Condition
from .ward import NOT_CHECKED, Ward

LOOKS = 128
"""Looks at the same time: one that gets no answer holds its place until its time is over."""

COMMANDS = 8
"""Commands at the same time: each is a process."""

Listener = Callable[[HealthChange], None]


class Health:
    """The checks of all servers. `watch` is told when one begins to fail, and when it passes again."""

    def __init__(
        self, mirror: Mirror, tasks: anyio.abc.TaskGroup, luck: Callable[[], float] = random.random
    ) -> None:
        looks, commands = anyio.CapacityLimiter(LOOKS), anyio.CapacityLimiter(COMMANDS)
        self._means = Means(mirror, luck, self._tell, looks, commands, self._differs)
        self._tasks = tasks
        self._wards: dict[str, Ward] = {}
        self._listeners: list[Listener] = []
        self._noted: list[Callable[[str], None]] = []
        self._expected: frozenset[str] = frozenset()
        mirror.watch(self._note)

    def watch(self, listener: Listener) -> None:
        """Have it called with each change; it must not wait."""
        self._listeners.append(listener)

    def note(self, listener: Callable[[str], None]) -> None:
        """Have it called with a server's name whenever `describe` may say another thing; it must not wait."""
        self._noted.append(listener)

    async def expect(self, config: Config) -> None:
        """Take for unchecked nobody who has checks by this config, which is about to be in force.

        Its servers start before `configure` is called.
        """
        self._expected = frozenset(name for name, server in config.servers.items() if server.health.checks)

    async def configure(self, config: Config) -> None:
        """Check what this config says from now on; what has not changed is not begun anew."""
        for name in [name for name in self._wards if name not in config.servers]:
            self._end(name)
        for name, server in config.servers.items():
            checks = server.health.checks
            known = self._wards.get(name)
            if known is not None and known.checks == checks:
                known.spec = compile_service(name, server)
                continue
            self._end(name)
            if checks:
                ward = self._wards[name] = Ward(compile_service(name, server), checks, self._means)
                self._tasks.start_soon(ward.run)
            self._note(name)  # it may be waiting for a check that this config has no more
            self._differs(name)

    def state(self, name: str) -> Condition | None:
        """Return what is known of a server, None for one without checks."""
        ward = self._wards.get(name)
        return None if ward is None else ward.condition

    def describe(self, status: ServiceStatus) -> Mapping[str, object]:
        """Return `health` and `ready` as JSON data, for the answer about one server."""
        ward = self._wards.get(status.name)
        condition = None if ward is None else str(ward.condition)
        checks = {} if ward is None else {name: str(c.verdict.condition) for name, c in ward.checkups.items()}
        ready = status.state is State.RUNNING and condition != Condition.UNHEALTHY
        return {
            "ready": ready,
            "health": {"state": condition, "checks": checks, "note": status.note or None},
        }

    def checks(self, status: ServiceStatus) -> Mapping[str, object]:
        """Return the checks of one server in detail, as JSON data."""
        ward = self._wards.get(status.name)
        up = status.state in (State.STARTING, State.RUNNING)
        return {
            **self.describe(status),
            "checks": [] if ward is None else [_detail(one, up=up) for one in ward.checkups.values()],
        }

    def _end(self, name: str) -> None:
        if (ward := self._wards.pop(name, None)) is not None:
            ward.scope.cancel()
            for one in ward.checkups.values():
                one.gone()

    def _differs(self, name: str) -> None:
        for noted in self._noted:
            noted(name)

    def _tell(self, change: HealthChange) -> None:
        for listener in self._listeners:
            listener(change)

    def _note(self, name: str) -> None:
        if (ward := self._wards.get(name)) is not None:
            ward.note()
        elif name not in self._expected:
            status = self._means.mirror.latest.get(name)
            if status is not None and status.awaits == "check":
                self._tasks.start_soon(self._let_go, name, status.run)

    async def _let_go(self, name: str, run: int) -> None:
        try:
            await self._means.mirror.ready(name, run, NOT_CHECKED)
        except (NotAllowed, NoSuchService, SupervisorUnreachable):
            return  # gone, or another run; a supervisor that comes back is told of when it reports


def _detail(one: Checkup, *, up: bool) -> Mapping[str, object]:
    now, wall = anyio.current_time(), time.time()
    check, verdict = one.check, one.verdict
    return {
        "name": one.name,
        "type": str(check.kind),
        "as": str(check.role),
        "state": str(verdict.condition),
        "since": round(wall - (now - verdict.since), 3),
        "error": verdict.error or None,
        "output": one.output if verdict.error and one.output else None,
        "failures": verdict.failures,
        "successes": verdict.successes,
        "lastLook": None if one.last is None else round(wall - (now - one.last), 3),
        "nextIn": None if one.next is None or not up else round(max(0.0, one.next - now), 3),
        "interval": check.interval,
        "timeout": check.timeout,
        "action": str(check.action),
    }
