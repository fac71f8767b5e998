"""A real supervisor, as a program of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import anyio

from supervisor import SupervisorClient, SupervisorUnreachable
from supervisor.cgroups import Cgroups, Place
from supervisor.group import Group

from .systemd import Systemd
from .world import DEADLINE, until_dead

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@dataclass
class Program:
    """A running supervisor with directories of its own."""

    process: subprocess.Popen[bytes]
    state: str
    runtime: str
    log: str

    @property
    def socket(self) -> str:
        return os.path.join(self.runtime, "supervisor.sock")

    @property
    def api(self) -> SupervisorClient:
        return SupervisorClient(self.socket)

    def said(self) -> str:
        with open(self.log, encoding="utf-8") as file:
            return file.read()

    async def says(self, what: str) -> None:
        """Wait until it has said this."""

        async def said() -> bool:
            return what in self.said()

        await eventually(said)

    async def ready(self) -> SupervisorClient:
        """Wait until it answers."""

        async def answers() -> bool:
            assert self.process.poll() is None, self.said()
            try:
                await self.api.list()
            except SupervisorUnreachable:
                return False
            return True

        await eventually(answers)
        return self.api

    async def ended(self) -> int:
        """Wait for its end; return the exit code."""
        await until_dead(self.process.pid)
        return self.process.wait()


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what no event tells us: another process has come so far."""
    with anyio.fail_after(DEADLINE):
        while not await holds():  # noqa: ASYNC110
            await anyio.sleep(0.01)


def sweep(state: str) -> None:
    """Remove the control groups of a supervisor that was killed, if nobody lives there."""
    if (place := Place.find()) is not None:
        Group(os.path.join(place.own, Cgroups(state).name)).remove()


@contextmanager
def started(
    directory: str,
    *daemon: str,
    umask: int = 0o022,
    runtime: str = "runtime",
    root: str = ROOT,
    by: Systemd | None = None,
    options: Sequence[str] = (),
) -> Iterator[Program]:
    """Start a supervisor, by systemd or by hand; at the end it is gone, and all that it started."""
    os.makedirs(directory, exist_ok=True)
    state, runtime = os.path.join(directory, "state"), os.path.join(directory, runtime)
    log = os.path.join(directory, f"log-{len(os.listdir(directory))}")
    arguments = [sys.executable, "-P", "-m", "supervisor", "--state-dir", state, "--runtime-dir", runtime]
    command = [*arguments, *options, *(("--", *daemon) if daemon else ())]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": root, "HOLDFAST_TOKEN": "secret"}
    with open(log, "wb") as output:
        process = subprocess.Popen(
            command if by is None else by.wrapped(command),
            env=environment if by is None else environment | by.environment,
            pass_fds=() if by is None else by.given,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            umask=umask,
        )
    running = Program(process, state, runtime, log)
    try:
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGINT)  # after TERM: kill what does not stop
            try:
                process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        sweep(state)
