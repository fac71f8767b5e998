"""One check of one server: when it is looked at, what is made of it, and what is done when it is ill."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

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

from .checksettings import Action, Before, Check, Kind
from .errors import NoSuchServer
from .linewatch import LineWatch
from .mirror import Mirror
from .probefailed import ProbeFailed
from .probes import look, run_command
from .verdict import Condition, Verdict

EAGER = 1.0
"""Seconds between two looks, at most, while a server is starting: somebody waits for it."""

SPREAD = 10.0
"""Seconds over which first looks are spread, at most, so that a thousand do not come at once."""

JITTER = 0.1
"""Part of an interval by which it is longer or shorter."""

AT_ONCE = 0.5
"""Seconds, at least, between two questions how long a server has been silent."""

log = logging.getLogger("holdfast.health")


@dataclass(frozen=True, slots=True)
class HealthChange:
    """A check of a server has begun to fail, or passes again. `at` is in seconds since 1970.

    `run` is 0 for one that had failed and is no longer made.
    """

    server: str
    check: str
    healthy: bool
    reason: str
    run: int
    at: float
    action: Action = Action.WARN
    """What is done about it; a restart is told of as such, too."""


@dataclass(frozen=True, slots=True)
class Means:
    """What checks work with, all of them the same."""

    mirror: Mirror
    luck: Callable[[], float]
    """From 0 to 1."""
    told: Callable[[HealthChange], None]
    looks: anyio.CapacityLimiter
    """Looks at the same time."""
    commands: anyio.CapacityLimiter
    """Of these, commands: each is a process."""
    noted: Callable[[str], None]
    """Hears the name of a server of which a check says another thing than before."""


class Checkup:
    """Lives as long as its check stands in the config; `run` is for one run of the server."""

    def __init__(self, server: str, name: str, check: Check, means: Means) -> None:
        self.name = name
        self.check = check
        now = anyio.current_time()
        self.verdict = Verdict(check.failures, check.successes, now, lambda: means.noted(server))
        self.output = ""
        """What the command said, the latest time that it failed."""
        self.last: float | None = None
        """When it was looked at last; on the event loop's clock, as `next`."""
        self.next: float | None = None
        """When it is looked at next; None if nobody knows."""
        self._server = server
        self._means = means
        self._ill = False
        """Whether it was told last that it fails."""

    def begin(self) -> None:
        """Know nothing: another run has begun."""
        self.verdict.begin(anyio.current_time())
        self.output, self.next = "", None

    def end(self) -> None:
        """The run is over; why it failed is still known."""
        self.verdict.end(anyio.current_time())
        self.next = None

    def gone(self) -> None:
        """It is no longer checked: nobody shall wait for it to recover."""
        if self._ill:
            self._tell(healthy=True, reason="is no longer checked", run=0)

    async def run(self, spec: Callable[[], ServiceSpec], run: int, passed: Callable[[], None]) -> None:
        """Look again and again, from now on, at this run; `passed` hears each time that it may be ready."""
        status = self._status()
        if status is None:
            return
        if self._is_over(status):
            return
        if self.check.kind is Kind.OUTPUT:
            await self._listen(spec, status, passed)
            return
        starting = status.state is State.STARTING
        first = self._means.luck() * min(self.check.interval, EAGER if starting else SPREAD)
        begun = status.started or time.monotonic()
        await self._wait(max(first, begun + self.check.delay - time.monotonic()))
        while (status := self._status()) is not None and status.run == run:
            if self._is_over(status):
                break
            try:
                wait = await self._look(spec(), status, passed)
            except (SupervisorUnreachable, NoSuchServer, NoSuchService):
                wait = self.check.interval  # the looks go on when it is back
            if self._status_is(State.STARTING):
                wait = min(wait, EAGER)
            await self._wait(wait * (1 + JITTER * (2 * self._means.luck() - 1)))
        self.next = None

    def _is_over(self, status: ServiceStatus) -> bool:
        """Whether the server is up, which is all that was to be known."""
        over = status.state is State.RUNNING and not self.check.for_liveness
        if over:
            self.verdict.passed(anyio.current_time())
        return over

    async def _wait(self, seconds: float) -> None:
        self.next = anyio.current_time() + seconds
        await anyio.sleep(seconds)

    async def _look(self, spec: ServiceSpec, status: ServiceStatus, passed: Callable[[], None]) -> float:
        """Look once; return in how many seconds it is worth while to look again."""
        failure: str | None = None
        again = self.check.interval
        if self.check.kind is Kind.SILENCE:
            heard = await self._means.mirror.heard(self._server)
            quiet = time.monotonic() - max(heard, status.started or 0.0)
            if quiet < self.check.seconds:
                again = max(AT_ONCE, self.check.seconds - quiet)
            else:
                failure = f"no output for {self.check.seconds:g} s"
        else:
            limiter = self._means.commands if self.check.kind is Kind.COMMAND else self._means.looks
            async with limiter:
                try:
                    await look(self.check, spec, status.pid)
                except ProbeFailed as exc:
                    failure, self.output = str(exc), exc.output
                except Exception:
                    # One check must not end the daemon, whatever it meets out there.
                    log.exception("%s: check %s met what nobody expected", self._server, self.name)
                    failure = "it could not be looked at, the log says why"
        await self._judge(failure, status.run, passed, spec)
        return again

    async def _listen(
        self, spec: Callable[[], ServiceSpec], status: ServiceStatus, passed: Callable[[], None]
    ) -> None:
        """Listen for the line: one that tells that it is up, or, for liveness, that it is ill."""
        watch = LineWatch(self._means.mirror, self._server, self.check.pattern, status.run_begin)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch.run)
            if not self.check.for_liveness:
                await watch.matched()
                self.last = anyio.current_time()
                self.verdict.passed(self.last)
                passed()
            while self.check.for_liveness:
                with anyio.move_on_after(self.check.interval) as patience:
                    await watch.matched()
                failure = None if patience.cancelled_caught else "it said what its pattern looks for"
                await self._judge(failure, status.run, passed, spec())
            tasks.cancel_scope.cancel()

    async def _judge(
        self, failure: str | None, run: int, passed: Callable[[], None], spec: ServiceSpec
    ) -> None:
        self.last = anyio.current_time()
        starting = self._status_is(State.STARTING)
        self.verdict.looked(failure, self.last, starting=starting)
        if starting and self.verdict.condition is Condition.HEALTHY:
            passed()
        if not starting and self.check.for_liveness:
            self._compare(run)
            ill = failure is not None and self.verdict.condition is Condition.UNHEALTHY
            if ill and self.check.action is Action.RESTART:
                await self._restart(failure or "", run, spec)

    def _compare(self, run: int) -> None:
        """Tell if it is ill since this look, or well again."""
        ill = self.verdict.condition is Condition.UNHEALTHY
        if ill != self._ill and self.verdict.condition is not Condition.UNKNOWN:
            self._tell(healthy=not ill, reason=self.verdict.error or "passes again", run=run)

    def _tell(self, *, healthy: bool, reason: str, run: int) -> None:
        self._ill = not healthy
        told = "is well again" if healthy else "is not well"
        log.log(
            logging.INFO if healthy else logging.WARNING,
            "%s %s: check %s: %s",
            self._server,
            told,
            self.name,
            reason,
        )
        action, at = self.check.action, time.time()
        self._means.told(HealthChange(self._server, self.name, healthy, reason, run, at, action))

    async def _restart(self, failure: str, run: int, spec: ServiceSpec) -> None:
        """Have the server stopped for this, which counts as a crash; at the next look again, if it failed."""
        mirror = self._means.mirror
        cause = Cause(CauseKind.CHECK, self.name, failure)
        try:
            if self.check.before is not None:
                await self._prepare(self.check.before, run, spec)
            await mirror.condemn(self._server, run, cause, f"check {self.name}: {failure}")
        except (NotAllowed, NoSuchService, SupervisorUnreachable) as exc:
            log.info("%s is not restarted for its check %s: %s", self._server, self.name, exc)

    async def _prepare(self, before: Before, run: int, spec: ServiceSpec) -> None:
        if before.signal:
            await self._means.mirror.signal(self._server, run, before.signal)
            await anyio.sleep(before.wait)
        else:
            status = self._status()
            async with self._means.commands:
                try:
                    await run_command(before.command, spec, status.pid if status else None, before.wait)
                except ProbeFailed as exc:
                    log.warning("%s: what comes before its restart failed: %s", self._server, exc)

    def _status(self) -> ServiceStatus | None:
        return self._means.mirror.latest.get(self._server)

    def _status_is(self, state: State) -> bool:
        status = self._status()
        return status is not None and status.state is state
