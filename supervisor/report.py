"""How it goes, in a line for people: systemd's STATUS=, and while everything is stopped, the log."""

import logging
from collections.abc import Sequence

import anyio

from .events import State
from .notify import Notifier
from .status import ServiceStatus
from .supervisor import Supervisor

PACE = 0.5
"""Seconds between two lines: a thousand starts make a few."""

PATIENCE = 5.0
"""Seconds after which the log says who is still to stop, and again after so many."""

MOST_NAMES = 10

SLACK = 15.0
"""Seconds that the end may take beyond the longest grace of a program: the kill, and the daemon's own end."""

log = logging.getLogger("holdfast.supervisor")


class Report:
    """Follows the services, and tells what it sees."""

    def __init__(self, supervisor: Supervisor, notifier: Notifier) -> None:
        self._supervisor = supervisor
        self._notifier = notifier
        self._stopping = anyio.Event()

    def stopping(self) -> None:
        """Tell from now on how the stopping goes."""
        self._stopping.set()
        self._notifier.stopping()
        self._notifier.extend(self._supervisor.longest_grace() + SLACK)
        self._notifier.status(self._left())

    async def run(self) -> None:
        """Tell until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._tell_log)
            if not self._notifier.heard:
                return
            watch = await self._supervisor.watch()
            while True:
                await watch.receive()
                services = await self._supervisor.list()
                self._notifier.status(self._left() if self._stopping.is_set() else summary(services))
                await anyio.sleep(PACE)

    async def _tell_log(self) -> None:
        await self._stopping.wait()
        while True:
            await anyio.sleep(PATIENCE)
            if self._supervisor.alive():
                log.info("%s", self._left())

    def _left(self) -> str:
        names = sorted(self._supervisor.alive())
        more = "" if len(names) <= MOST_NAMES else f" and {len(names) - MOST_NAMES} more"
        listed = ", ".join(names[:MOST_NAMES])
        return f"Stopping, {len(names)} programs left: {listed}{more}" if names else "Stopping the API"


def summary(services: Sequence[ServiceStatus]) -> str:
    """Return how many services are in which state: `3 of 5 programs run, 1 failed`."""
    count = {state: sum(status.state is state for status in services) for state in State}
    run = count[State.RUNNING] + count[State.STARTING]
    waiting = sum(status.waits_to_start for status in services)
    others = [
        (count[State.STOPPING], "stopping"),
        (waiting, "waiting for others"),
        (count[State.BACKOFF], "waiting to be restarted"),
        (count[State.FAILED], "failed"),
    ]
    told = "".join(f", {number} {what}" for number, what in others if number)
    return f"{run} of {len(services)} programs run{told}"
