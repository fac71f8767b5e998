"""Who watches what: for each console that somebody watches there is one relay, as long as somebody does."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import anyio
import anyio.abc

MOST_VIEWERS = 1000
"""Viewers of one console, by one kind of protocol."""


class TooManyViewers(Exception):
    """A console has as many viewers as it may have."""


@dataclass(slots=True)
class Tally:
    """Bytes by server: those that relays have read, and those that were lost to a relay or to a viewer."""

    carried: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)


class Relaying(Protocol):
    """Carries one console's output for its viewers."""

    ended: bool
    scope: anyio.CancelScope

    @property
    def viewers(self) -> Collection[object]:
        """Those who watch."""

    @property
    def lag(self) -> int:
        """Bytes by which the slowest viewer is behind."""

    async def run(self) -> None:
        """Carry output until the scope is cancelled, or until the service is gone."""


R = TypeVar("R", bound=Relaying)


class Watched(Generic[R]):
    """The relays of a kind, by the names of the services."""

    def __init__(self, tasks: anyio.abc.TaskGroup) -> None:
        self._tasks = tasks
        self.relays: dict[str, R] = {}
        self.tally = Tally()

    @asynccontextmanager
    async def relay(self, name: str, make: Callable[[], R]) -> AsyncIterator[R]:
        """Use a console's relay for one viewer: that of the others, or a new one; raises `TooManyViewers`."""
        relay = self.relays.get(name)
        if relay is None or relay.ended:
            relay = self.relays[name] = make()
            self._tasks.start_soon(relay.run)
        if len(relay.viewers) >= MOST_VIEWERS:
            raise TooManyViewers(f"the console of {name} has {MOST_VIEWERS} viewers already")
        try:
            yield relay
        finally:
            if not relay.viewers:
                relay.scope.cancel()
                if self.relays.get(name) is relay:
                    del self.relays[name]
