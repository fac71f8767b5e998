"""What the log is told of the services: that one was started, stopped, or crashed, and what comes next.

A record has the fields `server`, `action` and, where there is one, `program`, the pid. The actions:

    service.waiting   it is to start when others are ready
    service.started   it has a live process
    service.overdue   it did not stop in time and is being killed
    service.stopped   it has ended, as asked or by itself, and stays so
    service.crashed   it has ended otherwise and will be started again
    service.failed    it has ended otherwise, or could not be started, and stays so
"""

import logging
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import anyio

from .events import State
from .service import Service
from .status import ServiceStatus

log = logging.getLogger("holdfast.services")


@dataclass(frozen=True, slots=True)
class _Known:
    """What was told of a service, as far as the next piece of news depends on it."""

    state: State = State.STOPPED
    pid: int | None = None
    overdue: bool = False
    waits: bool = False


class News:
    """Tells the log of each change once, whoever brought it about."""

    def __init__(self) -> None:
        # A service that vanishes changes for the last time when nobody keeps it any more.
        self._known: WeakKeyDictionary[Service, _Known] = WeakKeyDictionary()

    def note(self, service: Service) -> None:
        """Take a service as it is for known: what led to it was told by the supervisor before us."""
        life = service.lifecycle
        waits = life.state is State.STOPPED and bool(life.waits_for)
        pid = service.child.pid if service.child is not None and life.state.alive else None
        self._known[service] = _Known(life.state, pid, life.overdue, waits)

    def tell(self, service: Service) -> None:
        """Tell what has changed since the last time."""
        before = self._known.get(service, _Known())
        self.note(service)
        now = self._known[service]
        if now == before:
            return
        status = service.status(0)
        if now.state is State.STARTING and now.pid != before.pid:
            if before.pid is not None:  # stopped and started again in one go, as asked
                how = f"{service.lifecycle.previous}, as asked"
                self._say(logging.INFO, status, "service.stopped", how, before.pid)
            self._say(logging.INFO, status, "service.started", f"started (pid {now.pid})", now.pid)
        if now.overdue and not before.overdue:
            self._say(logging.WARNING, status, "service.overdue", status.reason, now.pid)
        match now.state:
            case before.state:
                pass
            case State.STOPPED if not now.waits:
                self._say(logging.INFO, status, "service.stopped", status.reason, before.pid)
            case State.STOPPED if before.pid is not None:
                self._say(logging.INFO, status, "service.stopped", f"{status.exit}, as asked", before.pid)
            case State.BACKOFF:
                seconds = max(0.0, (status.restart_at or 0.0) - anyio.current_time())
                said = f"{status.reason}, in {seconds:.1f} s"
                self._say(logging.WARNING, status, "service.crashed", said, before.pid)
            case State.FAILED:
                self._say(logging.ERROR, status, "service.failed", status.reason, before.pid)

        if now.waits and not before.waits:
            self._say(logging.INFO, status, "service.waiting", status.reason, None)

    def _say(self, level: int, status: ServiceStatus, action: str, said: str, pid: int | None) -> None:
        extra = {"server": status.name, "action": action, "program": pid}
        log.log(level, "%s: %s", status.name, said, extra=extra)
