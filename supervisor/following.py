"""What those get who follow: a console's output, and what changed about the services."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import anyio

from .console import Follower
from .status import ServiceStatus


@dataclass(frozen=True, slots=True)
class Changes:
    """What is new since the last report; the first one holds everything."""

    services: Sequence[ServiceStatus]
    removed: Sequence[str]


@dataclass(frozen=True, slots=True)
class Output:
    """Bytes of a console, by their offset from its beginning."""

    offset: int
    data: bytes
    end: int
    """Where the console ends by now: how far this is from the latest."""


class Attachment:
    """A console that is being followed."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    @property
    def stream(self) -> str:
        """The name of the stream, which no other console has, nor a later one of this service."""
        return self._follower.stream

    @property
    def offset(self) -> int:
        """Where the next output begins, unless it is lost before it is read."""
        return self._follower.offset

    @property
    def end(self) -> int:
        """Where the console ends by now: what lies before is the replay."""
        return self._follower.end

    async def receive(self) -> Output:
        """Wait for output; raises `anyio.EndOfStream` when the service is gone."""
        offset, data = await self._follower.receive()
        return Output(offset, data, self._follower.end)

    async def aclose(self) -> None:
        """Stop following."""


class Watch:
    """Reports of what changed; a slow reader gets fewer and larger ones, never stale ones."""

    def __init__(
        self,
        names: Iterable[str],
        read: Callable[[str], ServiceStatus | None],
        leave: Callable[["Watch"], None],
    ) -> None:
        self._read = read
        self._leave = leave
        self._dirty = set(names)
        self._first = True
        self._news = anyio.Event()

    def note(self, name: str) -> None:
        """Remember that this service changed, appeared or vanished."""
        self._dirty.add(name)
        self._news.set()

    async def receive(self) -> Changes:
        """Wait for changes; the first answer comes at once and holds every service."""
        while not self._dirty and not self._first:
            self._news = anyio.Event()
            await self._news.wait()
        self._first = False
        dirty, self._dirty = sorted(self._dirty), set()
        now = {name: self._read(name) for name in dirty}
        return Changes(
            [status for status in now.values() if status is not None],
            [name for name in dirty if now[name] is None],
        )

    async def aclose(self) -> None:
        """Stop watching."""
        self._leave(self)
