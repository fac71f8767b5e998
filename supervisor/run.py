"""One run of the supervisor: the services, the daemon beside them, and the signals that steer both."""

import logging
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import anyio
import anyio.abc

from . import handover
from .child import Child, base_environment
from .events import State
from .handover import CannotHandOver
from .leftovers import Leftovers
from .planfile import PlanFile
from .record import Record
from .server import Server
from .service import Adopt, Service
from .signals import Signals
from .spec import InvalidSpec, Plan, RestartPolicy, ServiceSpec, StopPolicy
from .supervisor import Supervisor
from .version import VERSION

DAEMON_RESTARTS = RestartPolicy(always=True, first=0.1, cap=5.0, budget=-1, stable_after=10.0)
DAEMON_STOP = StopPolicy(grace=10.0)

DAEMON_PATIENCE = 10.0
"""Seconds in which the daemon may bring today's plan before the programs are started by the last one."""

log = logging.getLogger("holdfast.supervisor")


@dataclass(frozen=True, slots=True)
class House:
    """What a run is given, and hands on to the next: directories, locks, the socket, our command line."""

    state: str
    runtime: str
    daemon: tuple[str, ...]
    locks: tuple[int, ...]
    listener: socket.socket
    descriptor_limit: tuple[int, int]

    def program(self, *options: str) -> list[str]:
        """Return the command line of the program that is installed now."""
        python = (sys.executable, "-P", "-m", "supervisor")
        directories = ("--state-dir", self.state, "--runtime-dir", self.runtime)
        return [*python, *directories, *options, "--", *self.daemon]

    def freeze(self) -> dict[str, object]:
        """Return what the next program cannot find out by itself, as JSON data."""
        return {
            "locks": list(self.locks),
            "listener": self.listener.fileno(),
            "descriptor_limit": list(self.descriptor_limit),
        }


class Run:
    """Everything, until a signal asks for the end."""

    def __init__(self, tasks: anyio.abc.TaskGroup, house: House) -> None:
        self._tasks = tasks
        self._house = house
        self._store = PlanFile(house.state)
        leftovers = Leftovers(house.state)
        environment = base_environment(os.environ)
        self._supervisor = Supervisor(tasks, environment, self._store, leftovers)
        self._server = Server(self._supervisor, VERSION)
        self._daemon = self._make_daemon(house.daemon) if house.daemon else None
        self._daemon_settled = anyio.Event()
        self._daemon_crashed = anyio.Event()
        self._stopping = False
        self._handing_over = False

    def boot(self) -> None:
        """Begin from what is on disk."""
        if self._daemon is not None:
            self._daemon.open()
            self._daemon.start()
        if left := self._supervisor.clear_up():
            names = ", ".join(left)
            log.warning("stopping what a supervisor that was killed has left behind: %s", names)
        try:
            plan = self._store.load()
        except InvalidSpec as exc:
            log.error("the stored plan cannot be read, waiting for the daemon to send it anew: %s", exc)
            return
        if plan is not None:
            self._tasks.start_soon(self._fall_back, plan)

    async def _fall_back(self, plan: Plan) -> None:
        """Carry out the stored plan, unless the daemon brings the one of today first."""
        if self._daemon is not None:
            with anyio.move_on_after(DAEMON_PATIENCE):
                await self._daemon_crashed.wait()
            if self._supervisor.planned:
                return
            log.warning("the API daemon has not brought a plan: the programs run by the last one")
        self._supervisor.adopt(plan)

    def thaw(self, data: object, adopt: Adopt = Child.adopt) -> None:
        """Become what the program before us has handed over; raises `InvalidRecord`, `InvalidSpec`."""
        # The machine has not been restarted since: its clock has gone on, and the pause counts as time.
        record = Record(data)
        now = min(record.take("at", float), anyio.current_time())
        self._supervisor.thaw(data, now, adopt)
        if self._daemon is not None and record.has("daemon"):
            self._daemon.thaw(record.record("daemon"), now, adopt)

    def resume(self, data: object) -> None:
        """Go on where the program before us stopped, tell how it went, and renew the daemon too."""
        self._supervisor.open()
        if self._daemon is not None:
            self._daemon.open()
        record = Record(data)
        pause = anyio.current_time() - record.take("at", float)
        alive = len(self._supervisor.alive())
        before = record.take("program_version", str, "?")
        log.info("Holdfast %s took over from %s: %d programs, %.0f ms", VERSION, before, alive, pause * 1000)
        if before != VERSION and self._daemon is not None:
            self._daemon.stop()
            self._daemon.start()
        else:
            self._reload()

    async def main(self, signals: Signals) -> None:
        """Run until a signal asks for the end."""
        self._tasks.start_soon(self._server.serve, self._house.listener)
        while True:
            match await signals.receive():
                case signal.SIGHUP if not self._stopping and not self._handing_over:
                    self._handing_over = True
                    self._tasks.start_soon(self._hand_over, signals)
                case signal.SIGTERM | signal.SIGINT if not self._stopping:
                    self._stopping = True
                    self._tasks.start_soon(self._stop)
                case signal.SIGINT:
                    for name in self._supervisor.alive():
                        await self._supervisor.kill(name)

    async def _hand_over(self, signals: Signals) -> None:
        """Become the program that is installed now; whatever is in the way, go on as if nothing was asked."""
        try:
            await handover.try_out(self._house.program, self._freeze())
            await self._server.close()
            async with self._supervisor.at_rest():
                with handover.signals_blocked():
                    told_to_stop = {signal.SIGTERM, signal.SIGINT} & set(signals.waiting)
                    if not self._stopping and not told_to_stop:
                        children = [*self._supervisor.descriptors(), *self._daemon_descriptors()]
                        kept = [*children, *self._house.locks, self._house.listener.fileno()]
                        handover.become(self._house.program, self._freeze(), kept)
        except CannotHandOver as exc:
            log.error("Holdfast goes on as it is: %s", exc)
            self._reload()
        self._handing_over = False
        if self._server.closed:
            self._server = Server(self._supervisor, VERSION)
            self._tasks.start_soon(self._server.serve, self._house.listener)

    def _reload(self) -> None:
        """Let the daemon read the config anew, which is what else SIGHUP stands for."""
        if self._daemon is not None and self._daemon.child is not None:
            self._daemon.child.signal(signal.SIGHUP)

    def _freeze(self) -> Mapping[str, object]:
        now = anyio.current_time()
        return {
            **self._supervisor.freeze(now),
            **self._house.freeze(),
            "daemon": None if self._daemon is None else self._daemon.freeze(now),
            "program_version": VERSION,
            "at": now,
        }

    def _daemon_descriptors(self) -> Sequence[int]:
        return () if self._daemon is None or self._daemon.child is None else self._daemon.child.descriptors

    async def _stop(self) -> None:
        names = self._supervisor.alive()
        log.info("Holdfast stops %d programs%s", len(names), ": " + ", ".join(names[:10]) if names else "")
        await self._supervisor.shutdown()
        # The daemon goes last: who watches a console sees its program stop.
        if self._daemon is not None:
            self._daemon.stop()
            while self._daemon.lifecycle.state.alive:
                self._daemon_settled = anyio.Event()
                await self._daemon_settled.wait()
        log.info("Holdfast has stopped")
        self._tasks.cancel_scope.cancel()

    def _make_daemon(self, command: tuple[str, ...]) -> Service:
        """The daemon is a service like any other, but not of the plan, and with our whole environment."""
        return Service(
            ServiceSpec("daemon", command, os.getcwd(), restart=DAEMON_RESTARTS, stop=DAEMON_STOP),
            os.environ,
            self._tasks,
            changed=self._note_daemon,
            vanished=self._note_daemon,
            attached=True,
        )

    def _note_daemon(self, daemon: Service) -> None:
        if daemon.lifecycle.state is State.BACKOFF:
            log.error("the API daemon %s", daemon.lifecycle.reason)
            self._daemon_crashed.set()
        self._daemon_settled.set()


async def run(house: House, record: object) -> None:
    """Run until asked to stop; from a record, if there is one, else from what is on disk."""
    async with anyio.create_task_group() as tasks:
        one = Run(tasks, house)
        # Signals are blocked since before the exec, if there was one; from here on they are heard.
        signals = Signals(handover.SIGNALS)
        if record is None:
            one.boot()
        else:
            one.thaw(record)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, handover.SIGNALS)
        if record is not None:
            one.resume(record)
        await one.main(signals)


async def try_out(house: House, record: object) -> None:
    """Read a record as `run` would, touching no process; raises what is wrong with it."""
    async with anyio.create_task_group() as tasks:
        Run(tasks, house).thaw(record, _nobody)
        tasks.cancel_scope.cancel()


def _nobody(record: Record, now: float) -> None:
    del now
    for key in ("pid", "start_time", "stdin", "output"):
        record.take(key, int)
    record.take("age", float)
