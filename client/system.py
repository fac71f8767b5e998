"""`/`, `/health`, `/ready`, `/host`, `/metrics`: Holdfast itself, and the machine that it runs on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .exchange import Request, Steps
from .failures import NotHoldfast
from .operation import D, Operation, Resource
from .records import Record, record, told

Shares = Sequence[float]
Column = Sequence[float | None]


@dataclass(frozen=True, kw_only=True)
class Amount(Record):
    """How much there is of something, and is used, in bytes."""

    total: int
    used: int


@dataclass(frozen=True, kw_only=True)
class Network(Record):
    """Bytes a second; None if nobody knows yet."""

    received: float | None = None
    sent: float | None = None


@dataclass(frozen=True, kw_only=True)
class Pressure(Record):
    """Percent of the latest 10, 60 and 300 s in which some, or all, had to wait."""

    some: Shares
    full: Shares | None = None


@dataclass(frozen=True, kw_only=True)
class Disk(Record):
    """A disk on which the folders of servers are; numbers are bytes, or files."""

    mount: str
    total: int
    used: int
    free: int
    """Bytes that may still be written."""
    files: int = 0
    """Files that it can hold; 0 if that is not limited."""
    files_free: int = 0
    servers: Sequence[str] = ()
    """Whose folders are there."""


@dataclass(frozen=True, kw_only=True)
class Host(Record):
    """How the machine is, and was."""

    cpu: float | None
    """Percent of one core; None if nobody knows yet."""
    cores: int
    load: Shares
    """Of the latest 1, 5 and 15 minutes."""
    memory: Amount
    swap: Amount
    network: Network
    pressure: Mapping[str, Pressure | None]
    """Of `cpu`, `memory` and `io`; None where the kernel does not tell."""
    uptime: float
    """Seconds."""
    boot: float
    """Unix time."""
    kernel: str = ""
    disks: Sequence[Disk] = ()
    interval: float = 0
    """Seconds between two measurements; 0 is never."""
    configured_interval: float = 0
    columns: Mapping[str, Column] = field(default_factory=dict)
    """How it was, by column; `time` is Unix time, None is a gap."""


class System(Resource[D]):
    """Holdfast itself, and the machine. `version`, `health` and `ready` tell everybody."""

    @Operation
    def version(self) -> Steps[str]:
        """Return its version.

        >>> holdfast.system.version()
        '2.0.0'
        """
        version = told((yield Request("GET", "/"))).get("version")
        if not isinstance(version, str):
            raise NotHoldfast("what answers there has no version")
        return version

    @Operation
    def health(self) -> Steps[str]:
        """Return `ok`; whoever does not hear that in time may have the daemon replaced. Raises `Failure`.

        >>> holdfast.system.health()
        'ok'
        """
        return str(told((yield Request("GET", "/health"))).get("status", ""))

    @Operation
    def ready(self) -> Steps[Sequence[str]]:
        """Return why not all that is asked of it can be done: words, or none if it can.

        The words: `supervisor-unreachable`, `plan-not-applied`, `accounts-unreadable`, `sessions-unreadable`.

        >>> holdfast.system.ready()
        []
        """
        from .refusals import NotReady  # noqa: PLC0415  (no command waits for them)

        try:
            yield Request("GET", "/ready")
        except NotReady as exc:
            reasons = exc.told.get("reasons")
            return [str(one) for one in reasons] if isinstance(reasons, list) else [exc.kind]
        return []

    @Operation
    def host(
        self, *, since: float | None = None, until: float | None = None, step: float | None = None
    ) -> Steps[Host]:
        """Return how busy the machine is, and was from `since` until `until`.

        Both are Unix times, or before now if they are below zero; `step`: seconds that are put together.

        >>> host = holdfast.system.host(since=-60)
        >>> host.cores > 0, host.memory.total > host.memory.used
        (True, True)
        """
        query = {"since": since, "until": until, "step": step}
        return record(Host, told((yield Request("GET", "/host", query))))

    @Operation
    def metrics(self) -> Steps[str]:
        """Return the numbers for Prometheus, as text, of the servers that the caller may see.

        >>> "holdfast_servers" in holdfast.system.metrics()
        True
        """
        return (yield Request("GET", "/metrics")).body.decode("utf-8", "replace")
