"""`/server/{id}/usage`: what a server used, as columns of numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .exchange import Request, Steps, at
from .operation import D, Operation, Resource
from .records import Record, record, told


@dataclass(frozen=True, kw_only=True)
class Usage(Record):
    """Columns of equal length (docs/numbers.md); a row of None is a gap."""

    interval: float = 0.0
    """Seconds between two measurements."""
    configured_interval: float = 0.0
    columns: Mapping[str, Sequence[float | None]] = field(default_factory=dict)
    """`time`, `cpu`, `memory`, `read`, `written`, `processes`, `threads`, and their peaks."""


class Usages(Resource[D]):
    """What the servers used."""

    @Operation
    def get(
        self,
        name: str,
        *,
        since: float | None = None,
        until: float | None = None,
        step: int | None = None,
    ) -> Steps[Usage]:
        """Return what it used; raises `NoSuchServer`.

        `since` and `until` are Unix seconds, or below zero, so many seconds ago; `step`: seconds of a row.

        >>> columns = holdfast.usage.get("web", since=-3600).columns
        >>> sorted(columns)[:2]
        ['cpu', 'cpuMax']
        """
        query = {"since": since, "until": until, "step": step}
        return record(Usage, told((yield Request("GET", at("server", name, "usage"), query))))
