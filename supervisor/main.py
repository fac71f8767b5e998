"""The supervisor as a program: one lock, one socket, the stored plan, the daemon, and an orderly end."""

import argparse
import contextlib
import fcntl
import logging
import os
import resource
import signal
import socket
from collections.abc import Iterator, Sequence

import anyio
import anyio.abc

from .child import base_environment
from .events import State
from .leftovers import Leftovers
from .planfile import PlanFile
from .server import Server, listen
from .service import Service
from .spec import InvalidSpec, RestartPolicy, ServiceSpec, StopPolicy
from .stderr import leave_quietly, log_to_stderr
from .supervisor import Supervisor
from .version import VERSION

SOCKET = "supervisor.sock"

MOST_DESCRIPTORS = 1 << 17

DAEMON_RESTARTS = RestartPolicy(always=True, first=0.1, cap=5.0, budget=-1, stable_after=10.0)
DAEMON_STOP = StopPolicy(grace=10.0)

log = logging.getLogger("holdfast.supervisor")


class InUse(Exception):
    """Another supervisor owns the directory; the message says which."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until asked to stop; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m supervisor", description="Holdfast's supervisor")
    parser.add_argument("--state-dir", required=True, help="where the plan is kept")
    parser.add_argument("--runtime-dir", required=True, help="where the private socket is made")
    parser.add_argument("daemon", nargs="*", help="after --: the API daemon's command")
    options = parser.parse_args(arguments)
    log_to_stderr()
    try:
        directories = [os.path.abspath(path) for path in (options.state_dir, options.runtime_dir)]
        with contextlib.ExitStack() as held:
            for directory in dict.fromkeys(directories):
                os.makedirs(directory, mode=0o700, exist_ok=True)
                held.enter_context(_lock(directory))
            listener = held.enter_context(listen(os.path.join(directories[1], SOCKET)))
            _keep_descriptors_to_ourselves()
            _raise_limits()
            anyio.run(_run, directories[0], listener, tuple(options.daemon))
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(directories[1], SOCKET))
    except InUse as exc:
        log.error("%s", exc)
        return 1
    except OSError as exc:
        log.error("Holdfast cannot start: %s: %s", exc.filename, exc.strerror)
        return 1
    finally:
        leave_quietly()
    return 0


class Run:
    """One run of the program: the services, the daemon beside them, and the signals that steer both."""

    def __init__(self, tasks: anyio.abc.TaskGroup, state: str, command: tuple[str, ...]) -> None:
        self._tasks = tasks
        self._store = PlanFile(state)
        environment = base_environment(os.environ)
        self._supervisor = Supervisor(tasks, environment, self._store, Leftovers(state))
        self._daemon = self._make_daemon(command) if command else None
        self._daemon_settled = anyio.Event()
        self._stopping = False

    async def main(self, listener: socket.socket) -> None:
        """Run until a signal asks for the end."""
        self._tasks.start_soon(Server(self._supervisor, VERSION).serve, listener)
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
            if self._daemon is not None:
                self._daemon.open()
                self._daemon.start()
            self._boot()
            async for number in signals:
                match number:
                    case signal.SIGHUP if self._daemon is not None and self._daemon.child is not None:
                        self._daemon.child.signal(number)
                    case signal.SIGTERM | signal.SIGINT if not self._stopping:
                        self._stopping = True
                        self._tasks.start_soon(self._stop)
                    case signal.SIGINT:
                        for name in self._supervisor.alive():
                            await self._supervisor.kill(name)

    def _boot(self) -> None:
        if left := self._supervisor.clear_up():
            names = ", ".join(left)
            log.warning("stopping what a supervisor that was killed has left behind: %s", names)
        try:
            plan = self._store.load()
        except InvalidSpec as exc:
            log.error("the stored plan is damaged, waiting for the daemon to send it anew: %s", exc)
            return
        if plan is not None:
            self._supervisor.adopt(plan)

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
        self._daemon_settled.set()


async def _run(state: str, listener: socket.socket, command: tuple[str, ...]) -> None:
    async with anyio.create_task_group() as tasks:
        await Run(tasks, state, command).main(listener)


@contextlib.contextmanager
def _lock(directory: str) -> Iterator[None]:
    """Own a directory for as long as we live; raises `InUse`."""
    path = os.path.join(directory, "lock")
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            owner = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
            raise InUse(f"Holdfast already runs on {directory} (process {owner or 'unknown'})") from exc
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(fd)


def _keep_descriptors_to_ourselves() -> None:
    """Let nothing but 0, 1 and 2 reach a program, whatever we were started with."""
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            if int(name) > 2:
                os.set_inheritable(int(name), False)


def _raise_limits() -> None:
    """Take more descriptors than a shell gives: we hold three for each program. They keep their own limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, MOST_DESCRIPTORS), hard))
