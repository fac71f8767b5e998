"""What a supervisor offers, in this process or over its socket: what the daemon is written against."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from .cause import SOMEBODY, Cause
from .following import Changes, Output
from .history import Happenings
from .marks import Marked
from .spec import Plan
from .status import ServiceStatus


class Attached(Protocol):
    """A console that is being followed."""

    @property
    def stream(self) -> str:
        """What names the stream whose offsets these are; empty if the supervisor gives streams no names."""

    @property
    def offset(self) -> int:
        """Where the next output begins, unless it is lost before it is read."""

    @property
    def end(self) -> int:
        """Where the console ends, as far as is known: what lies before is the replay."""

    async def receive(self) -> Output:
        """Wait for output; raises `anyio.EndOfStream` when the service or the supervisor is gone."""

    async def aclose(self) -> None:
        """Stop following."""


class Watching(Protocol):
    """Reports of what changed."""

    async def receive(self) -> Changes:
        """Wait for changes; the first report holds everything. Raises `anyio.EndOfStream`."""

    async def aclose(self) -> None:
        """Stop watching."""


class Following(Protocol):
    """Reports of what happened, one change after the other."""

    async def receive(self) -> Happenings:
        """Wait for changes; the first report comes at once. Raises `anyio.EndOfStream`."""

    async def aclose(self) -> None:
        """Stop following."""


class Supervision(Protocol):
    """The methods of `Supervisor`, documented there, and of `SupervisorClient`."""

    async def apply(self, plan: Plan) -> None:
        """Make the plan's services exist."""

    async def list(self) -> Sequence[ServiceStatus]:
        """Return all services, by name."""

    async def start(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """Want a service up."""

    async def stop(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """Want a service down."""

    async def kill(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """Want a service down at once."""

    async def restart(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """Want a service stopped and up again."""

    async def pause(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """Let nothing of a service run for a while."""

    async def resume(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """Let a service run again."""

    async def ready(self, name: str, run: int, cause: Cause) -> ServiceStatus:
        """Take a run of a service for up."""

    async def condemn(self, name: str, run: int, cause: Cause, reason: str) -> ServiceStatus:
        """Stop a run that does not work, which is a crash."""

    async def signal(self, name: str, run: int, number: int) -> None:
        """Send a signal to a run's processes."""

    async def heard(self, names: Sequence[str] | None = None) -> Mapping[str, float]:
        """Return when programs had output last."""

    async def write(self, name: str, data: bytes) -> None:
        """Give bytes to a program's stdin."""

    async def resize(self, name: str, rows: int, columns: int) -> ServiceStatus:
        """Make a program's terminal that large."""

    async def attach(self, name: str, since: int | None = None, stream: str | None = None) -> Attached:
        """Follow a console."""

    async def marks(self, name: str) -> Marked:
        """Return when the bytes of a console came."""

    async def watch(self) -> Watching:
        """Follow the states of all services."""

    async def history(self, since: int | None = None, origin: str | None = None) -> Following:
        """Follow what happens to all services."""
