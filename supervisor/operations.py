"""What is asked of a service's runs and consoles, and by who follows: the commands that are nobody's wish."""

from collections.abc import Mapping, Sequence

from .cause import Cause
from .console import Follower
from .execution import Terminal
from .following import Attachment, Watch
from .history import Chronicle
from .marks import Marked
from .policies import InvalidSpec
from .refusals import NoSuchService, NotAllowed
from .roster import Roster
from .service import Service
from .status import ServiceStatus


class Operations:
    """A part of `Supervisor`, which has a roster."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._services = roster.services

    async def ready(self, name: str, run: int, cause: Cause) -> ServiceStatus:
        """Take a run for up that was looked at. Raises `NoSuchService`, `NotAllowed` for another run."""
        service = self._in_run(name, run)
        service.ready(cause)
        return self._roster.status(service)

    async def condemn(self, name: str, run: int, cause: Cause, reason: str) -> ServiceStatus:
        """Stop a run that does not work, which counts as a crash; the wish stays.

        Raises `NoSuchService`, `NotAllowed` for another run.
        """
        service = self._in_run(name, run)
        service.condemn(cause, reason)
        return self._roster.status(service)

    async def signal(self, name: str, run: int, number: int) -> None:
        """Send a signal to all processes of a run. Raises `NoSuchService`, `NotAllowed` for another run."""
        service = self._in_run(name, run)
        if service.child is not None:
            service.child.tree.signal_all(number)

    async def heard(self, names: Sequence[str] | None = None) -> Mapping[str, float]:
        """Return when the programs of these services (of all: None) had output last, or were started.

        Moments are on the machine's monotonic clock, in seconds. A service that does not exist is left out.
        """
        known = self._services if names is None else [name for name in names if name in self._services]
        return {name: self._services[name].console.heard for name in known}

    async def write(self, name: str, data: bytes) -> None:
        """Give bytes to a program's stdin. Raises `NoSuchService`, `InputRefused`."""
        await self._get(name).write(data)

    async def resize(self, name: str, rows: int, columns: int) -> ServiceStatus:
        """Make a program's terminal that large, until it ends: of several wishes the latest one counts.

        Raises `NoSuchService`, and `NotAllowed` where there is no terminal or for a size that none has.
        """
        service, size = self._get(name), Terminal(rows, columns)
        try:
            size.check()
        except InvalidSpec as exc:
            raise NotAllowed(str(exc)) from exc
        if service.child is None or service.child.terminal is None:
            raise NotAllowed(f"{name} runs in no terminal")
        if service.child.resize(size):
            self._roster.changed(service)
        return self._roster.status(service)

    async def attach(self, name: str, since: int | None = None, stream: str | None = None) -> Attachment:
        """Follow a console from an offset, or from its replayed tail. Raises `NoSuchService`.

        `stream` names the stream whose offset that is: one of another stream, and one that is later than the
        end, begins at the oldest byte that is kept. Where it is None or "", only the end tells.
        """
        console = self._get(name).console
        if since is None:
            tail = console.scrollback.tail(self._get(name).spec.scrollback.lines)
            return Attachment(Follower(console, tail))
        return Attachment(Follower(console, since, stream))

    async def marks(self, name: str) -> Marked:
        """Return when the bytes of a console came, as far as it is known. Raises `NoSuchService`."""
        console = self._get(name).console
        kept = console.scrollback
        return Marked(kept.stream, console.marks.known(kept.begin))

    async def watch(self) -> Watch:
        """Follow the states of all services."""
        return self._roster.watch()

    async def history(self, since: int | None = None, origin: str | None = None) -> Chronicle:
        """Follow what happens to all services after the change of that number, or all that is kept."""
        return Chronicle(self._roster.history, since, origin)

    def _get(self, name: str) -> Service:
        service = self._services.get(name)
        if service is None:
            raise NoSuchService(name)
        return service

    def _in_run(self, name: str, run: int) -> Service:
        service = self._get(name)
        if service.lifecycle.run != run:
            raise NotAllowed(f"{name} is in run {service.lifecycle.run} by now, not {run}")
        return service
