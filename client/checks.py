"""`/server/{id}/checks`: whether a server is well, and who says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .exchange import Request, Steps, at
from .operation import D, Operation, Resource
from .records import Record, record, told


@dataclass(frozen=True, kw_only=True)
class Check(Record):
    """A health check, and how its latest look went."""

    name: str
    type: str
    as_: str
    """What it is for: `readiness`, `liveness` or `both`."""
    state: str
    """`unknown`, `healthy` or `unhealthy`."""
    since: float = 0.0
    """Unix time."""
    error: str | None = None
    output: str | None = None
    """Why the latest look failed, and what its command said."""
    failures: int = 0
    successes: int = 0
    last_look: float | None = None
    """Unix time."""
    next_in: float | None = None
    """Seconds."""
    interval: float = 0.0
    timeout: float = 0.0
    action: str = "warn"


@dataclass(frozen=True, kw_only=True)
class Health(Record):
    """How well a server is, in all."""

    state: str | None = None
    """`unknown`, `healthy` or `unhealthy`; None without checks."""
    checks: Mapping[str, str] = field(default_factory=dict)
    note: str | None = None
    """What the program says of itself (sd_notify)."""


@dataclass(frozen=True, kw_only=True)
class Checkup(Record):
    """Whether a server is ready and well, with each of its checks."""

    ready: bool
    health: Health
    checks: Sequence[Check] = ()


class Checks(Resource[D]):
    """The health checks of the servers."""

    @Operation
    def get(self, name: str) -> Steps[Checkup]:
        """Return what the checks of a server say; raises `NoSuchServer`.

        >>> holdfast.checks.get("web").ready
        True
        """
        return record(Checkup, told((yield Request("GET", at("server", name, "checks")))))
