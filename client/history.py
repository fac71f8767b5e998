"""`/server/{id}/history`: what happened to one server, why, and what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass

from .events import Event
from .exchange import Request, Steps, at
from .operation import D, Operation, Resource
from .records import Record, record, told
from .servers import Next

PAGE = 500
"""Events that the API tells at once."""


@dataclass(frozen=True, kw_only=True)
class History(Record):
    """How a server is, and what happened to it."""

    server: str
    state: str
    reason: str = ""
    next: Next | None = None
    history: Sequence[Event] = ()
    """The latest first."""


class Histories(Resource[D]):
    """What happened to the servers, one by one."""

    @Operation
    def get(self, name: str, *, limit: int = 50, before: int | None = None) -> Steps[History]:
        """Return the latest events, or the latest before the event of an id; raises `NoSuchServer`.

        >>> holdfast.history.get("web", limit=1).history[0].to
        'running'
        """
        query = {"limit": limit, "before": before}
        return record(History, told((yield Request("GET", at("server", name, "history"), query))))

    @Operation
    def whole(self, name: str) -> Steps[Sequence[Event]]:
        """Return all that is known of it, the oldest first; raises `NoSuchServer`.

        >>> holdfast.history.whole("web")[0].to
        'starting'
        """
        found: list[Event] = []
        while True:
            before = found[-1].id if found else None
            page = yield from Histories.get.steps(name, limit=PAGE, before=before)
            found += page.history
            if len(page.history) < PAGE:
                return found[::-1]
