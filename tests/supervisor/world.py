"""A supervisor for tests, real programs for it, and ways to wait for what they do. Nothing here sleeps."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import anyio

from supervisor import (
    Attached,
    Plan,
    RestartPolicy,
    ServiceSpec,
    ServiceStatus,
    StopPolicy,
    Supervision,
    Supervisor,
    SupervisorClient,
)
from supervisor.planfile import PlanFile
from supervisor.server import Server
from supervisor.wire import listen

DEADLINE = 20.0
"""Seconds after which a condition is held never to come true; no test takes as long."""

PROGRAMS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "programs")

ENVIRONMENT = {"PATH": os.environ["PATH"]}

SOON = RestartPolicy(first=0.01, cap=0.02)
"""A crash is followed by a restart at once."""

NEVER = RestartPolicy(budget=0)
"""A crash parks."""


def program(name: str, *arguments: str) -> tuple[str, ...]:
    """The command of one of `tests/programs`."""
    return (sys.executable, "-I", "-S", "-u", os.path.join(PROGRAMS, f"{name}.py"), *arguments)


def spec(
    name: str,
    command: tuple[str, ...] = ("/bin/sleep", "1000"),
    *,
    directory: str = "/",
    environment: Mapping[str, str] | None = None,
    grace: float = 30.0,
    restart: RestartPolicy = NEVER,
    autostart: bool = True,
) -> ServiceSpec:
    """A service that does not restart unless told to."""
    return ServiceSpec(
        name,
        command,
        directory,
        environment or {},
        autostart,
        stop=StopPolicy.by_signal(grace=grace),
        restart=restart,
    )


def plan(*specs: ServiceSpec) -> Plan:
    """A plan of these services."""
    return Plan(specs)


@dataclass
class House:
    """A supervisor at work: `api` is how it is asked, `supervisor` what it is."""

    api: Supervision
    supervisor: Supervisor
    directory: str
    readings: "list[Reading]" = field(default_factory=list)
    """What is read of consoles; closed at the end."""

    @property
    def socket(self) -> str:
        """Where it listens."""
        return os.path.join(self.directory, "socket")

    async def apply(self, *specs: ServiceSpec) -> None:
        """Apply a plan of these services."""
        await self.api.apply(Plan(specs))

    async def status(self, name: str) -> ServiceStatus:
        """Return one service's status."""
        return {status.name: status for status in await self.api.list()}[name]

    async def until(self, name: str, holds: Callable[[ServiceStatus], object]) -> ServiceStatus:
        """Wait until a service's status fulfils a condition."""
        return await until(self.api, name, holds)

    async def console(self, name: str) -> "Reading":
        """Read a console from its beginning."""
        self.readings.append(Reading(await self.api.attach(name, 0)))
        return self.readings[-1]


async def until(api: Supervision, name: str, holds: Callable[[ServiceStatus], object]) -> ServiceStatus:
    """Wait until a service's status fulfils a condition."""
    watch = await api.watch()
    latest: object = None
    try:
        with anyio.move_on_after(DEADLINE):
            while True:
                for status in (await watch.receive()).services:
                    if status.name == name:
                        latest = status
                        if holds(status):
                            return status
    finally:
        with anyio.CancelScope(shield=True):
            await watch.aclose()
    raise TimeoutError(f"never came true, the latest is {latest}")


async def until_removed(api: Supervision, name: str) -> None:
    """Wait until a service is gone."""
    watch = await api.watch()
    try:
        with anyio.fail_after(DEADLINE):
            first = await watch.receive()
            gone = all(status.name != name for status in first.services)
            while not gone:
                gone = name in (await watch.receive()).removed
    finally:
        with anyio.CancelScope(shield=True):
            await watch.aclose()


class Reading:
    """What was read of a console so far."""

    def __init__(self, attachment: Attached) -> None:
        self.attachment = attachment
        self.data = b""
        self.gaps: list[int] = []
        """Sizes of what was lost."""
        self._expected = attachment.offset

    async def more(self) -> None:
        """Wait for output."""
        output = await self.attachment.receive()
        assert output.offset >= self._expected, "output came twice"
        if output.offset > self._expected:
            self.gaps.append(output.offset - self._expected)
        self._expected = output.offset + len(output.data)
        self.data += output.data

    async def until(self, wanted: bytes) -> bytes:
        """Wait until this has been said; return all that was."""
        try:
            with anyio.fail_after(DEADLINE):
                while wanted not in self.data:
                    await self.more()
        except TimeoutError as exc:
            raise TimeoutError(f"{wanted!r} was never said, but {self.data[-500:]!r}") from exc
        return self.data

    async def to_the_end(self) -> bytes:
        """Read until the service is gone; return all that was said."""
        with anyio.fail_after(DEADLINE), suppress(anyio.EndOfStream):
            while True:
                await self.more()
        return self.data

    async def word_after(self, before: bytes) -> str:
        """Wait for a line that begins like this; return the rest of it."""
        data = await self.until(before)
        while b"\n" not in data.partition(before)[2]:
            await self.more()
            data = self.data
        return data.partition(before)[2].partition(b"\n")[0].decode().strip()

    async def aclose(self) -> None:
        """Stop reading."""
        await self.attachment.aclose()


@asynccontextmanager
async def supervised(directory: str, *, over_socket: bool) -> AsyncIterator[House]:
    """Run a supervisor with its socket; at the end nothing that it started lives."""
    os.makedirs(os.path.join(directory, "state"), exist_ok=True)
    path = os.path.join(directory, "socket")
    with listen(path) as listener:
        async with anyio.create_task_group() as tasks:
            supervisor = Supervisor(tasks, ENVIRONMENT, PlanFile(os.path.join(directory, "state")))
            tasks.start_soon(Server(supervisor, "test").serve, listener)
            house = House(SupervisorClient(path) if over_socket else supervisor, supervisor, directory)
            try:
                yield house
            finally:
                with anyio.CancelScope(shield=True), anyio.fail_after(DEADLINE):
                    for reading in house.readings:
                        await reading.aclose()
                    for status in await supervisor.list():
                        await supervisor.kill(status.name)
                    await supervisor.shutdown()
                    supervisor.close()
                    house.readings.clear()
                tasks.cancel_scope.cancel()


def alive(pid: int) -> bool:
    """Whether a process lives; a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def until_dead(pid: int) -> None:
    """Wait until a process has ended, whoever's child it is."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        with anyio.fail_after(DEADLINE):
            await anyio.wait_readable(pidfd)
    finally:
        anyio.notify_closing(pidfd)
        os.close(pidfd)


def end(pid: int) -> None:
    """Kill a process that a test's program has left behind on purpose."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
