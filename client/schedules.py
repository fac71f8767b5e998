"""`/schedules`: what is done with servers at certain times."""

from collections.abc import Sequence
from dataclasses import dataclass

from .exchange import Request, Steps, at
from .operation import D, Operation, Resource
from .records import Record, records, told


@dataclass(frozen=True, kw_only=True)
class Run(Record):
    """One run of a schedule, or why there was none. Times are in seconds since 1970."""

    at: float
    due: float | None = None
    """None if somebody asked for it."""
    ended: float | None = None
    outcome: str
    """`running`, `done`, `failed`, `skipped`, `missed`, `interrupted` or `cancelled`."""
    detail: str = ""
    by: str = ""
    output: str = ""


@dataclass(frozen=True, kw_only=True)
class Upcoming(Record):
    """When a schedule runs next."""

    at: float
    """Unix time."""
    text: str = ""
    """The same in the schedule's own zone."""


@dataclass(frozen=True, kw_only=True)
class Schedule(Record):
    """What is done with a server, and when."""

    server: str
    name: str
    action: str
    cron: str
    time_zone: str = ""
    enabled: bool = True
    jitter: float = 0.0
    only_if: str = ""
    next: Sequence[Upcoming] = ()
    running: bool = False
    last: Run | None = None
    recent: Sequence[Run] = ()
    missed: int = 0


class Schedules(Resource[D]):
    """The schedules of the servers that one may see."""

    @Operation
    def list(self, server: str | None = None) -> Steps[Sequence[Schedule]]:
        """Return the schedules of all servers, or of one; raises `NoSuchServer`.

        >>> for schedule in holdfast.schedules.list("web"):
        ...     print(schedule.name, schedule.cron, schedule.action)
        """
        path = "/schedules" if server is None else at("server", server, "schedules")
        return records(Schedule, told((yield Request("GET", path))).get("schedules"))

    @Operation
    def run(self, server: str, name: str) -> Steps[None]:
        r"""Begin a run now, without its warnings; raises `NoSuchSchedule`, `NotAllowed`.

        >>> nightly = b'schedules: {nightly: {cron: "0 4 * * *", action: "command", command: "true"}}\n'
        >>> config = holdfast.config.read().text.replace(b'"web": {', b'"web": {' + nightly)
        >>> holdfast.config.replace(config)
        >>> holdfast.schedules.run("web", "nightly")
        """
        yield Request("POST", at("server", server, "schedules", name), body=b"RUN")
