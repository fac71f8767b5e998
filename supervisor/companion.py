"""The API daemon beside the programs: a service like any other, but not of the plan, with our environment.

Its sockets outlive it, and it is replaced when it ends, or when it does not come to its senses.
"""

import logging
import os
import signal
from collections.abc import Sequence

import anyio
import anyio.abc

from .alarm import Clock
from .cgroups import Cgroups
from .estate import DAEMON, Heir, Keeping, Returned, Serials
from .events import State
from .notify import Notifier
from .policies import InvalidSpec, RestartPolicy, StopPolicy, When
from .record import InvalidRecord, Record
from .service import CARRIED, Service
from .socketstore import SocketStore
from .spec import ServiceSpec

RESTARTS = RestartPolicy(when=When.ALWAYS, first=0.1, cap=5.0, budget=-1, stable_after=10.0)
"""It begins at 0.1 s again whenever it has said that it serves."""
STOP = StopPolicy.by_signal(grace=10.0)

NAME = "daemon"
NOTIFY = "notify.sock"
log = logging.getLogger("holdfast.supervisor")


class Companion:
    """The daemon, if there is one to run (`command`); else nothing happens here."""

    def __init__(
        self,
        tasks: anyio.abc.TaskGroup,
        command: tuple[str, ...],
        runtime: str,
        notifier: Notifier,
        serials: Serials,
        groups: Cgroups | None = None,
    ) -> None:
        self.crashed = anyio.Event()
        """Set when it has ended by itself for the first time."""
        self.serving = False
        """Whether the one that runs now has said that it serves."""
        self._tasks = tasks
        self._settled = anyio.Event()
        self._sockets = SocketStore(os.path.join(runtime, NOTIFY), notifier, ready=self._note_ready)
        self._keeping = Keeping(notifier, serials, family=DAEMON, groups=groups)
        self._service: Service | None = None
        if command:
            self._spec = ServiceSpec(NAME, command, os.getcwd(), restart=RESTARTS, stop=STOP)
            self._service = Service(
                self._spec,
                os.environ,
                tasks,
                Clock(tasks),
                changed=self._note,
                happened=lambda _: None,  # what happens to the daemon is in the log
                vanished=self._note,
                keeping=self._keeping,
                attached=self._sockets,
            )

    @property
    def expected(self) -> bool:
        """Whether there is a daemon to run."""
        return self._service is not None

    def start(self) -> None:
        """Start it; with what a supervisor before us has left of it, go on with that."""
        if self._service is None:
            return
        self._sockets.listen()
        self._open(self._service)
        self._service.start()

    def resume(self) -> None:
        """Go on with what was thawed."""
        if self._service is not None:
            self._sockets.open()
            self._open(self._service)

    def _open(self, service: Service) -> None:
        self._tasks.start_soon(self._sockets.run)
        self._tasks.start_soon(self._watch_over, service)
        service.open()
        service.apply(self._spec)  # that of today, whatever was thawed

    def renew(self) -> None:
        """Replace it by the one that is installed now; its sockets stay open meanwhile."""
        if self._service is not None:
            self.serving = False
            self._service.stop()
            self._service.start()

    def reload(self) -> None:
        """Let it read the config anew; one that does not serve yet reads it anyway, and knows no SIGHUP."""
        if self.serving and self._service is not None and self._service.child is not None:
            self._service.child.signal(signal.SIGHUP)

    async def stop(self) -> None:
        """Stop it, and let go of its sockets."""
        if self._service is not None:
            self._service.stop()
            while self._service.lifecycle.state.alive:
                self._settled = anyio.Event()
                await self._settled.wait()
        self._keeping.forget_all()
        self._sockets.close()

    @property
    def descriptors(self) -> Sequence[int]:
        """What `freeze` names by number."""
        ours = () if self._service is None else self._service.descriptors
        return [*ours, *self._keeping.descriptors, *self._sockets.descriptors]

    def freeze(self, now: float) -> dict[str, object] | None:
        """Return everything as JSON data."""
        if self._service is None:
            return None
        kept = {
            "sockets": self._sockets.freeze(),
            "kept": self._keeping.freeze(),
            "serving": self.serving,
        }
        return {**self._service.freeze(now), **kept}

    def thaw(self, record: Record, now: float, heir: Heir = CARRIED) -> None:
        """Become what `freeze` described; raises `InvalidRecord`, `InvalidSpec`."""
        if self._service is None:
            return
        self._sockets.thaw(record.record("sockets"))
        self.serving = record.take("serving", bool, False)
        self._service.thaw(record, now, heir)
        self._keeping.thaw(record.record("kept"), NAME, self._service.console.scrollback)

    def restore(self, estate: Returned, now: float) -> None:
        """Become what a supervisor that was killed has left in a descriptor store."""
        self._sockets.restore(estate.sockets())
        for record, file in estate.records(DAEMON):
            try:
                self.thaw(record, min(record.take("at", float), now), estate)
            except (InvalidRecord, InvalidSpec) as exc:
                log.error("the API daemon cannot be taken over: %s", exc)
                file.close()
            else:
                if self._service is not None:
                    self._keeping.took_over(NAME, file, self._service.console.scrollback)

    async def _watch_over(self, service: Service) -> None:
        while True:
            silence = await self._sockets.stuck()
            if service.lifecycle.state in (State.STARTING, State.RUNNING) and service.child is not None:
                log.error("the API daemon has been stuck for %.0f s, so it is replaced", silence)
                service.child.signal(signal.SIGKILL)

    def _note_ready(self) -> None:
        self.serving = True
        if self._service is not None:
            self._service.forgive()

    def _note(self, service: Service) -> None:
        if service.lifecycle.state is State.BACKOFF:
            log.error("the API daemon %s", service.lifecycle.reason)
            self.crashed.set()
        self._settled.set()
        if service.child is None:
            self.serving = False
        if self._keeping.wanted:
            now = anyio.current_time()
            self._keeping.write(NAME, {**service.freeze(now), "at": now}, service.console.scrollback)
