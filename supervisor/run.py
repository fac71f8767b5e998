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

from . import handover, reaper
from .cgroups import Cgroups
from .child import base_environment
from .companion import Companion
from .estate import Heir, Keeping, OnTrial, Returned, Serials
from .handover import CannotHandOver
from .leftovers import Leftovers
from .legacy import Legacy
from .lifecycle import PIPES_LOST
from .notify import Notifier
from .planfile import PlanFile
from .record import Record
from .refusals import NotAllowed
from .report import Report
from .server import Server
from .service import CARRIED
from .signals import Signals
from .spec import InvalidSpec, Plan
from .supervisor import Supervisor
from .version import VERSION
from .wishes import Wishes

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
    await_plan: float = 0.0
    """Seconds in which a daemon that somebody else starts may bring today's plan."""
    cgroups: bool = True
    """Whether services get control groups, where we may make some."""

    def program(self, *options: str) -> list[str]:
        """Return the command line of the program that is installed now."""
        python = (sys.executable, "-P", "-m", "supervisor")
        directories = ("--state-dir", self.state, "--runtime-dir", self.runtime)
        patience = ("--await-plan", str(self.await_plan)) if self.await_plan else ()
        groups = () if self.cgroups else ("--cgroups", "off")
        return [*python, *directories, *patience, *groups, *options, "--", *self.daemon]

    @property
    def descriptors(self) -> Sequence[int]:
        """The descriptors that `freeze` names by number."""
        return [*self.locks, self.listener.fileno()]

    def freeze(self) -> dict[str, object]:
        """Return what the next program cannot find out by itself, as JSON data."""
        return {
            "locks": list(self.locks),
            "listener": self.listener.fileno(),
            "descriptor_limit": list(self.descriptor_limit),
        }


class Run:
    """Everything, until a signal asks for the end."""

    def __init__(self, tasks: anyio.abc.TaskGroup, house: House, notifier: Notifier) -> None:
        self._tasks = tasks
        self._house = house
        self._notifier = notifier
        self._store = PlanFile(house.state)
        environment = base_environment(os.environ)
        self._serials = Serials()
        self._groups = Cgroups(house.state)
        leftovers = Leftovers(house.state, self._groups)
        keeping = Keeping(notifier, self._serials, leftovers, groups=self._groups)
        wishes = Wishes(house.state)
        ways = leftovers, wishes, keeping, Legacy(house.state)
        self._supervisor = Supervisor(tasks, environment, self._store, *ways)
        self._server = Server(self._supervisor, VERSION, self)
        self._daemon = Companion(tasks, house.daemon, house.runtime, notifier, self._serials, self._groups)
        self._report = Report(self._supervisor, notifier)
        self._stopping = False
        self._handing_over = False
        self._signals: Signals | None = None
        self._failed = anyio.Event()
        self._handovers = 0
        self._before: str | None = None
        self._pause: float | None = None
        self._failure: str | None = None

    # What `server.Steward` has.

    async def upgrade(self) -> None:
        """Become the program that is installed now, and renew the daemon; raises `NotAllowed`."""
        if self._stopping or self._handing_over or self._signals is None:
            doing = "shutting down" if self._stopping else "being upgraded already"
            raise NotAllowed(f"cannot upgrade: the supervisor is {doing}")
        self._handing_over = True
        self._failed = anyio.Event()
        self._tasks.start_soon(self._hand_over, self._signals, True)
        await self._failed.wait()
        raise NotAllowed(self._failure or "cannot upgrade: the supervisor is shutting down")

    def handover(self) -> Mapping[str, object]:
        """Return how this program came to be."""
        return {
            "version": VERSION,
            "handovers": self._handovers,
            "before": self._before,
            "pause": self._pause,
            "programs": len(self._supervisor.alive()),
            "failure": self._failure,
            "daemon": self._daemon.expected,
            "serving": self._daemon.serving,
        }

    # The rest is its life.

    def boot(self, estate: Returned) -> None:
        """Begin from what is on disk, and from what a descriptor store has kept."""
        self._make_groups()
        now = anyio.current_time()
        self._serials.latest = estate.latest
        if back := self._supervisor.restore(estate, now):
            log.warning("taken over from a supervisor that was killed: %s", ", ".join(sorted(back)))
        self._daemon.restore(estate, now)
        for name in estate.rest():
            self._notifier.release(name)
        self._supervisor.open()
        left = self._supervisor.clear_up()
        self._daemon.start()
        if left.stopped:
            names = ", ".join(left.stopped)
            log.warning("stopping what a supervisor that was killed has left behind: %s", names)
        if left.kept:
            names = ", ".join(left.kept)
            log.warning("left behind by a supervisor that was killed, and kept: %s; %s", names, PIPES_LOST)
        self._await_plan()

    def _make_groups(self) -> None:
        if self._house.cgroups:
            self._groups.open()

    def _await_plan(self) -> None:
        """Wait for the daemon's plan, with the stored one in reserve."""
        try:
            plan = self._store.load()
        except InvalidSpec as exc:
            log.error("the stored plan cannot be read, waiting for the daemon to send it anew: %s", exc)
            return
        if plan is not None:
            self._tasks.start_soon(self._fall_back, plan)

    async def _fall_back(self, plan: Plan) -> None:
        """Carry out the stored plan, unless the daemon brings the one of today first."""
        if self._daemon.expected or self._house.await_plan:
            with anyio.move_on_after(self._house.await_plan or DAEMON_PATIENCE):
                await self._daemon.crashed.wait()
            if self._supervisor.planned:
                return
            log.warning("the API daemon has not brought a plan: the programs run by the last one")
        await self._supervisor.fall_back(plan)

    def thaw(self, data: object, heir: Heir = CARRIED) -> None:
        """Become what the program before us has handed over; raises `InvalidRecord`, `InvalidSpec`."""
        # The machine has not been restarted since: its clock has gone on, and the pause counts as time.
        record = Record(data)
        now = min(record.take("at", float), anyio.current_time())
        self._serials.latest = record.take("serial", int, 0)
        self._supervisor.thaw(data, now, heir)
        if record.has("daemon"):
            self._daemon.thaw(record.record("daemon"), now, heir)

    def resume(self, data: object) -> None:
        """Go on where the program before us stopped, tell how it went, and renew the daemon too."""
        self._make_groups()
        self._supervisor.open()
        self._daemon.resume()
        if not self._supervisor.planned:
            self._await_plan()
        record = Record(data)
        pause = anyio.current_time() - record.take("at", float)
        alive = len(self._supervisor.alive())
        before = record.take("program_version", str, "?")
        self._before, self._pause = before, pause
        self._handovers = record.take("handovers", int, 0) + 1
        log.info("Holdfast %s took over from %s: %d programs, %.0f ms", VERSION, before, alive, pause * 1000)
        if before != VERSION or record.take("renew", bool, False):
            self._daemon.renew()
        else:
            self._daemon.reload()

    async def main(self, signals: Signals) -> None:
        """Run until a signal asks for the end."""
        self._signals = signals
        self._tasks.start_soon(self._server.serve, self._house.listener)
        self._tasks.start_soon(self._notifier.run)
        self._tasks.start_soon(self._report.run)
        self._notifier.ready()
        while True:
            match await signals.receive():
                case signal.SIGHUP if not self._stopping and not self._handing_over:
                    self._handing_over = True
                    self._tasks.start_soon(self._hand_over, signals, False)
                case signal.SIGTERM | signal.SIGINT if not self._stopping:
                    self._stopping = True
                    self._tasks.start_soon(self._stop)
                case signal.SIGINT:
                    self._supervisor.kill_all()
                case signal.SIGCHLD:
                    reaper.reap()

    async def _hand_over(self, signals: Signals, renew: bool) -> None:
        """Become the program that is installed now; whatever is in the way, go on as if nothing was asked.

        With `renew` the daemon is replaced in any case, else only by one of another version.
        """
        self._notifier.reloading()
        self._failure = None
        try:
            await handover.try_out(self._house.program, self._freeze(renew))
            await self._supervisor.let_commands_end()
            await self._server.close()
            async with self._supervisor.at_rest():
                await self._notifier.settle()
                with handover.signals_blocked():
                    told_to_stop = {signal.SIGTERM, signal.SIGINT} & set(signals.waiting)
                    if not self._stopping and not told_to_stop:
                        self._supervisor.refuse_while_commands_work()
                        programs = [*self._supervisor.descriptors(), *self._daemon.descriptors]
                        kept = [*programs, *self._house.descriptors]
                        handover.become(self._house.program, self._freeze(renew), kept)
            self._failure = "the supervisor was asked to stop meanwhile"
        except CannotHandOver as exc:
            log.error("Holdfast goes on as it is: %s", exc)
            self._failure = str(exc)
            self._daemon.reload()
        self._handing_over = False
        self._failed.set()
        self._notifier.ready()
        if self._server.closed:
            self._server = Server(self._supervisor, VERSION, self)
            self._tasks.start_soon(self._server.serve, self._house.listener)

    def _freeze(self, renew: bool) -> Mapping[str, object]:
        now = anyio.current_time()
        return {
            **self._supervisor.freeze(now),
            **self._house.freeze(),
            "daemon": self._daemon.freeze(now),
            "program_version": VERSION,
            "serial": self._serials.latest,
            "handovers": self._handovers,
            "renew": renew,
            "at": now,
        }

    async def _stop(self) -> None:
        names = self._supervisor.alive()
        count = "1 program" if len(names) == 1 else f"{len(names)} programs"
        log.info("Holdfast stops %s%s", count, ": " + ", ".join(names[:10]) if names else "")
        self._report.stopping()
        await self._supervisor.shutdown()
        # The daemon goes last: who watches a console sees its program stop.
        await self._daemon.stop()
        await self._supervisor.bequeath()
        await reaper.end_strays()
        self._supervisor.close()
        self._groups.close()
        log.info("Holdfast has stopped")
        await self._notifier.settle()
        self._tasks.cancel_scope.cancel()


async def run(house: House, record: object, notifier: Notifier, estate: Returned) -> None:
    """Run until asked to stop; from a record, if there is one, else from what is on disk."""
    async with anyio.create_task_group() as tasks:
        one = Run(tasks, house, notifier)
        # Signals are blocked since before the exec, if there was one; from here on they are heard.
        signals = Signals({*handover.SIGNALS, signal.SIGCHLD})
        if record is None:
            one.boot(estate)
        else:
            one.thaw(record)
        reaper.begin()  # who ended during the handover is known by now, and not taken for a stray
        signal.pthread_sigmask(signal.SIG_UNBLOCK, handover.SIGNALS)
        if record is not None:
            one.resume(record)
        await one.main(signals)


async def try_out(house: House, record: object) -> None:
    """Read a record as `run` would, touching no process; raises what is wrong with it."""
    async with anyio.create_task_group() as tasks:
        Run(tasks, house, Notifier(None)).thaw(record, OnTrial())
        tasks.cancel_scope.cancel()
