"""`/events`: what happens to the servers, as it happens, and what has happened."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from .exchange import Request, Steps, Value
from .operation import D, Following, Operation, Resource
from .records import Record, record
from .servers import Cause, Exit, Next
from .serversent import Event as Sent
from .serversent import Events as Sending

OVERLAP = 100
"""Events that are asked for again after a cut.

What a killed daemon had not written yet is numbered anew by the next one: numbers alone do not tell what was
told already.
"""

REMEMBERED = 10_000
"""Events of which it is known that they were told."""


@dataclass(frozen=True, kw_only=True)
class Event(Record):
    """Something that happened to a server (docs/servers.md)."""

    id: int
    """Grows with each event, over all servers."""
    at: float
    """Unix time."""
    server: str
    type: str
    """`state`, `health`, or what else there is to tell."""
    reason: str = ""
    from_: str = ""
    to: str = ""
    """The state before and after."""
    status: int | None = None
    wanted: str = ""
    cause: Cause | None = None
    run: int = 0
    pid: int | None = None
    exit: Exit | None = None
    """How the run ended, if it did."""
    restarts: int = 0
    lines: Sequence[str] = ()
    """The last lines of output, if the run ended."""
    next: Next | None = None
    """What happens by itself."""
    check: str = ""
    healthy: bool | None = None
    """Of `health`: which check, and whether it passes now."""
    hint: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from all others, whatever its number is."""
        return self.server, self.at, self.type, self.from_, self.to, self.run, self.check


class Happenings:
    """A subscription to events: it knows which were told, and where to go on."""

    def __init__(self, query: dict[str, Value], *, follow: bool) -> None:
        self._query = query
        self._follow = follow
        self._sending = Sending()
        self._floor: int | None = None
        """The number behind which it began."""
        self._last = 0
        self._told: OrderedDict[tuple[object, ...], None] = OrderedDict()

    def request(self) -> Request:
        """Return what to ask now."""
        self._sending = Sending()
        query = {**self._query, "follow": None if self._follow else False}
        if self._floor is not None:
            query |= {"since": max(self._floor, self._last - OVERLAP), "from": None}
        return Request("GET", "/events", query)

    def feed(self, data: bytes) -> Sequence[Event]:
        """Return the events that are whole and new; raises `NotHoldfast`."""
        found = [event for sent in self._sending.feed(data) if (event := self._event(sent)) is not None]
        return [event for event in found if self._is_new(event)]

    def ended(self) -> bool:
        """Tell whether that is all."""
        return not self._follow

    def _event(self, sent: Sent) -> Event | None:
        if sent.data:
            return record(Event, sent.json())
        if sent.id.isdecimal() and self._floor is None:
            self._floor = self._last = int(sent.id)
        return None

    def _is_new(self, event: Event) -> bool:
        if self._floor is None:
            self._floor = event.id - 1
        self._last = max(self._last, event.id)
        if event.key in self._told:
            return False
        self._told[event.key] = None
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return True


class Events(Resource[D]):
    """What happens to the servers that the caller may see."""

    @Operation
    def known(
        self,
        *,
        since: int | None = None,
        begin: str | float | None = None,
        server: str | None = None,
    ) -> Steps[Sequence[Event]]:
        """Return what has happened, the oldest first.

        `since` is the id behind which it begins, `begin` a moment instead: Unix seconds, ISO 8601, or how
        long ago. Without both, there is nothing.

        >>> "web" in {event.server for event in holdfast.events.known(begin="1h")}
        True
        """
        asked = Happenings({"since": since, "from": begin, "server": server}, follow=False)
        return asked.feed((yield asked.request()).body)

    @Following
    def follow(
        self,
        *,
        since: int | None = None,
        begin: str | float | None = None,
        server: str | None = None,
    ) -> Happenings:
        """Return each event from now on, or behind an id, or from a moment on.

        None is missing and none comes twice, also if the connection is cut or the daemon is replaced.

        >>> with holdfast.events.follow(since=0) as events:
        ...     for event in events:
        ...         print(event.to)
        ...         break
        starting
        """
        return Happenings({"since": since, "from": begin, "server": server}, follow=True)
