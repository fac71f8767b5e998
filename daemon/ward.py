"""All checks of one server: they begin with each run of it, and end with it."""

from collections.abc import Mapping

import anyio

from supervisor import (
    Cause,
    CauseKind,
    NoSuchService,
    NotAllowed,
    ServiceSpec,
    ServiceStatus,
    State,
    SupervisorUnreachable,
)

from .checksettings import Check
from .checkup import Checkup, Means
from .verdict import Condition

_UP = (State.STARTING, State.RUNNING)

AGAIN = 1.0
"""Seconds until the supervisor is told again that a server is ready, if it was away."""


class Ward:
    """Its checks run in `run`, which goes on until cancelled."""

    def __init__(self, spec: ServiceSpec, checks: Mapping[str, Check], means: Means) -> None:
        self.spec = spec
        """Of the config as it is now."""
        self.checks = checks
        self.checkups = {name: Checkup(spec.name, name, check, means) for name, check in checks.items()}
        self.scope = anyio.CancelScope()
        self._means = means
        self._news = anyio.Event()
        self._readiness = [one for one in self.checkups.values() if one.check.for_readiness]

    def note(self) -> None:
        """Another status is known, or none any more."""
        self._news.set()

    def passed(self) -> None:
        """One of its checks has passed while it starts."""
        self._news.set()

    @property
    def condition(self) -> Condition:
        """What is known of the server: ill if one check says so, well if all of them do."""
        seen = {one.verdict.condition for one in self.checkups.values()}
        if Condition.UNHEALTHY in seen:
            return Condition.UNHEALTHY
        return Condition.HEALTHY if seen == {Condition.HEALTHY} else Condition.UNKNOWN

    async def run(self) -> None:
        """Care for one run after the other."""
        with self.scope:
            while True:
                status = self._status()
                if status is None or status.state not in _UP:
                    await self._changed()
                    continue
                await self._care(status.run)

    async def _care(self, run: int) -> None:
        """Have it looked at until this run is over."""
        for one in self.checkups.values():
            one.begin()
        async with anyio.create_task_group() as tasks:
            for one in self.checkups.values():
                if one.check.for_readiness or not self._starting(run):
                    tasks.start_soon(one.run, lambda: self.spec, run, self.passed)
            waiting = [one for one in self.checkups.values() if not one.check.for_readiness]
            if self._starting(run):
                await self._until_ready(run)
                for one in waiting:
                    tasks.start_soon(one.run, lambda: self.spec, run, self.passed)
            while self._goes_on(run):
                await self._changed()
            tasks.cancel_scope.cancel()
        for one in self.checkups.values():
            one.end()

    async def _until_ready(self, run: int) -> None:
        """Wait until it is not starting; tell the supervisor as soon as all readiness checks have passed."""
        while self._starting(run):
            status = self._status()
            passed = [one for one in self._readiness if one.verdict.condition is Condition.HEALTHY]
            if status is not None and status.awaits == "check" and len(passed) == len(self._readiness):
                if await self._tell_ready(run):
                    continue
                with anyio.move_on_after(AGAIN):
                    await self._changed()
            else:
                await self._changed()

    async def _tell_ready(self, run: int) -> bool:
        """Tell the supervisor that it is up; whether it is not starting any more."""
        names = ", ".join(one.name for one in self._readiness)
        cause = Cause(CauseKind.CHECK, names) if names else NOT_CHECKED
        try:
            status = await self._means.mirror.ready(self.spec.name, run, cause)
        except (NotAllowed, NoSuchService, SupervisorUnreachable):
            return False
        return status.state is not State.STARTING

    def _status(self) -> ServiceStatus | None:
        return self._means.mirror.latest.get(self.spec.name)

    def _goes_on(self, run: int) -> bool:
        status = self._status()
        return status is not None and status.run == run and status.state in _UP

    def _starting(self, run: int) -> bool:
        status = self._status()
        return status is not None and status.run == run and status.state is State.STARTING

    async def _changed(self) -> None:
        self._news = anyio.Event()
        await self._news.wait()


NOT_CHECKED = Cause(CauseKind.CONFIG, detail="nothing is left that would tell when it is ready")
"""Why a server is taken for up that waits for checks which the config has no more."""
