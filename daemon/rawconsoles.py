"""Consoles as bytes: one upstream attach per service, every viewer at an offset of its own.

Rules:

- What a viewer gets next is decided by its offset alone. The relay keeps the latest bytes; a viewer whose
  next byte is older asks the supervisor for it, a block at a time, until it is back in the relay's reach. So
  a viewer loses only what the supervisor has lost.
- Nothing is read from the supervisor while no viewer waits for more. What it loses meanwhile is a jump of the
  offset here and a gap for the viewer.
- The relay belongs to one stream. Another one, of another supervisor or of a service that was added again,
  begins anew, and every viewer is told. It is known by its name; a supervisor that gives its streams no names
  is a new one if its console ends before what was read.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property

import anyio
import anyio.abc
import anyio.lowlevel

from supervisor import Attached, NoSuchService, Scrollback, SupervisorUnreachable

from .consoles import REATTACH, differ
from .framing import BINARY, frame
from .mirror import Mirror
from .watched import Tally, Watched

KEEP_BYTES = 1 << 20
"""Bytes that a relay keeps for viewers that are slower than others."""

MOST_BYTES = 128 * 1024
"""Bytes that a viewer gets at once from a relay."""

MOST_CAUGHT = 192 * 1024
"""Bytes beyond which a viewer asks the supervisor for no more at once."""

MOST_ASKING = 8
"""Viewers of all consoles that ask the supervisor for bytes at the same time; the others wait their turn."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a viewer begins."""

    offset: int
    end: int
    """Where the console ends by now."""
    anew: bool
    """Whether this is not where the viewer wanted to begin: its offset was one of another stream."""


@dataclass(frozen=True)
class Chunk:
    """Bytes by their offset; later than where the chunk before ended if bytes were lost in between."""

    offset: int
    data: bytes
    anew: bool = False
    """Whether another stream begins here, whose offsets have nothing to do with those before."""

    @property
    def end(self) -> int:
        """Where the next chunk begins, unless bytes are lost."""
        return self.offset + len(self.data)

    @cached_property
    def frame(self) -> bytes:
        """The frame of a `console-v3` message with these bytes, built once for all viewers that get it."""
        return frame(BINARY, self.offset.to_bytes(8, "big"), self.data)


class RawViewer:
    """One viewer's place in a relay."""

    def __init__(self, relay: "RawRelay") -> None:
        self._relay = relay
        self._epoch = 0
        self._next = 0
        self.stream = ""
        """What names the stream whose offsets these are; empty if nobody knows."""

    async def begin(self, since: int | None, stream: str | None = None) -> Place:
        """Take a place, once: at an offset of a stream, if that has a name, or at the replayed tail."""
        relay = self._relay
        try:
            async with relay.asking(since, stream) as attached:
                # Before anything is waited for: somebody else may place the relay, in another stream.
                relay.place(attached.offset, attached.stream)
                self._epoch, self._next, self.stream = relay.epoch, attached.offset, attached.stream
                end = attached.end
        except NoSuchService:
            relay.place(0, "")
            self._epoch, self._next, self.stream = relay.epoch, 0, relay.stream
            end = 0
        anew = since is not None and (self._next < since or differ(stream, self.stream))
        return Place(self._next, end, anew)

    async def receive(self) -> Chunk:
        """Wait for bytes. Raises `anyio.EndOfStream` when the service is gone and all was read."""
        # A viewer that always finds something must not keep everybody else waiting.
        await anyio.lowlevel.checkpoint()
        relay = self._relay
        while True:
            ring = relay.ring
            chunk: Chunk | None = None
            if self._epoch != relay.epoch:
                self._epoch, self.stream = relay.epoch, relay.stream
                chunk = Chunk(relay.start, b"", anew=True)
            elif self._next < relay.lost:
                relay.missed(relay.lost - self._next)
                self._next = relay.lost
            elif self._next < ring.begin:
                chunk = await self._catch_up()
            elif self._next < ring.end:
                chunk = relay.chunk(self._next)
            elif relay.ended:
                raise anyio.EndOfStream
            else:
                await relay.more()
            if chunk is not None:
                if not chunk.anew and chunk.offset > self._next:
                    relay.missed(chunk.offset - self._next)
                self._next = chunk.offset + len(chunk.data)
                return chunk

    @property
    def behind(self) -> int:
        """How many bytes it has not taken yet, of those that the relay has read."""
        return max(0, self._relay.ring.end - self._next) if self._epoch == self._relay.epoch else 0

    async def _catch_up(self) -> Chunk | None:
        """Return bytes that only the supervisor still has; None if that has to be tried again."""
        relay = self._relay
        try:
            async with relay.asking(self._next, self.stream) as attached:
                # While we waited for our turn the offset may have become one of the past.
                if relay.epoch != self._epoch:
                    return None
                chunk = await _gather(attached, relay.ring.begin)
        except NoSuchService:
            if relay.epoch != self._epoch:
                return None
            return Chunk(*relay.ring.since(self._next, MOST_BYTES))  # nobody has anything older
        except (anyio.EndOfStream, SupervisorUnreachable):
            await anyio.sleep(REATTACH)
            return None
        # A supervisor that keeps less than we do has lost what the relay still has.
        lost_more = relay.epoch == self._epoch and chunk.offset > relay.ring.begin
        return Chunk(*relay.ring.since(self._next, MOST_BYTES)) if lost_more else chunk


async def _gather(attached: Attached, goal: int) -> Chunk:
    """Return what there is up to an offset that the console has reached, or not much more."""
    first = await attached.receive()
    data = bytearray(first.data)
    while (end := first.offset + len(data)) < goal and len(data) < MOST_CAUGHT:
        output = await attached.receive()
        if output.offset != end:
            break  # lost while we read: found again, as a gap, with the next question
        data += output.data
    return Chunk(first.offset, bytes(data))


class RawRelay:
    """One service's console while somebody watches its bytes."""

    def __init__(
        self, name: str, mirror: Mirror, asking: anyio.Semaphore, tally: Tally | None = None
    ) -> None:
        self._name = name
        self._tally = tally or Tally()
        self._mirror = mirror
        self._asking = asking
        self._placed = anyio.Event()
        self._waiting = 0
        """Viewers that wait for more."""
        self._wanted = anyio.Event()
        self._news = anyio.Event()
        self.ring = Scrollback(KEEP_BYTES)
        """The latest bytes of the stream, as far as they were read."""
        self.stream = ""
        """What names this stream; empty if the supervisor does not name it."""
        self.epoch = 0
        """How many streams came before this one."""
        self.start = 0
        """Where this stream began when it took the place of the one before."""
        self.lost = 0
        """What lies before this the supervisor had lost when we came for more: nobody needs to ask for it."""
        self._chunk = Chunk(0, b"")
        self.viewers: set[RawViewer] = set()
        self.ended = False
        self.scope = anyio.CancelScope()

    @property
    def lag(self) -> int:
        """Bytes by which the slowest viewer is behind."""
        return max((viewer.behind for viewer in self.viewers), default=0)

    def missed(self, count: int) -> None:
        """Note that so many bytes were lost to a viewer."""
        self._tally.dropped[self._name] += count

    def chunk(self, offset: int) -> Chunk:
        """Return the bytes from an offset that the ring has: for all viewers at the same place the same."""
        latest = self._chunk
        if latest.offset != offset or (latest.end < self.ring.end and len(latest.data) < MOST_BYTES):
            self._chunk = latest = Chunk(*self.ring.since(offset, MOST_BYTES))
        return latest

    def place(self, offset: int, stream: str) -> None:
        """Begin to carry at an offset: that of the first viewer, who needs nobody else then."""
        if not self._placed.is_set():
            self.ring = Scrollback(KEEP_BYTES, offset)
            self.stream = stream
            self._placed.set()

    async def more(self) -> None:
        """Have the relay read on, and wait for what comes of it."""
        self._waiting += 1
        self._wanted.set()
        try:
            await self._news.wait()
        finally:
            self._waiting -= 1

    @asynccontextmanager
    async def asking(self, since: int | None, stream: str | None) -> AsyncIterator[Attached]:
        """Follow the supervisor's own copy of this stream for a moment; raises `NoSuchService`."""
        async with self._asking:
            attached = await self._attach(since, stream)
            try:
                yield attached
            finally:
                await _close(attached)

    async def _attach(self, since: int | None, stream: str | None) -> Attached:
        while True:
            epoch, known = self.epoch, self.ring.end
            try:
                attached = await self._mirror.attach(self._name, since, stream)
            except SupervisorUnreachable:
                await anyio.sleep(REATTACH)
                continue
            if epoch == self.epoch and attached.end >= known and not differ(self.stream, attached.stream):
                return attached
            # It has another name, or ends before what we have read: the relay does not know of it yet.
            await _close(attached)
            if self.ended:
                raise NoSuchService(self._name)  # what there is now is carried by a relay of its own
            with anyio.move_on_after(REATTACH):
                await self.more()

    async def run(self) -> None:
        """Carry output until cancelled, or until the service is gone."""
        with self.scope:
            await self._placed.wait()
            while True:
                try:
                    attached = await self._mirror.attach(self._name, self.ring.end, self.stream)
                except NoSuchService:
                    break
                except SupervisorUnreachable:
                    await anyio.sleep(REATTACH)
                    continue
                try:
                    await self._carry(attached)
                finally:
                    await _close(attached)
        self.ended = True
        self._tell()

    async def _carry(self, attached: Attached) -> None:
        """Carry what one attachment brings."""
        anew = attached.offset < self.ring.end or differ(self.stream, attached.stream)
        self.stream = attached.stream
        if anew:
            self.epoch += 1
            self.start = attached.offset
            self.ring = Scrollback(KEEP_BYTES, attached.offset)
            self.lost, self._chunk = 0, Chunk(0, b"")
            self._tell()
        while True:
            while not self._waiting:
                self._wanted = anyio.Event()
                await self._wanted.wait()
            try:
                output = await attached.receive()
            except (anyio.EndOfStream, SupervisorUnreachable):
                return
            if output.offset != self.ring.end:
                # A ring has no holes.
                self.ring.skip_to(output.offset)
                self.lost = output.offset
            self.ring.feed(output.data)
            self._tally.carried[self._name] += len(output.data)
            self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = anyio.Event()


async def _close(attached: Attached) -> None:
    with anyio.CancelScope(shield=True):
        await attached.aclose()


class RawConsoles:
    """The relays of all consoles whose bytes somebody watches."""

    def __init__(self, mirror: Mirror, tasks: anyio.abc.TaskGroup) -> None:
        self._mirror = mirror
        self._asking = anyio.Semaphore(MOST_ASKING)
        self.watched: Watched[RawRelay] = Watched(tasks)

    @asynccontextmanager
    async def view(self, name: str) -> AsyncIterator[RawViewer]:
        """View a console for a while; raises `TooManyViewers`."""
        mirror, asking, tally = self._mirror, self._asking, self.watched.tally
        async with self.watched.relay(name, lambda: RawRelay(name, mirror, asking, tally)) as relay:
            viewer = RawViewer(relay)
            relay.viewers.add(viewer)
            try:
                yield viewer
            finally:
                relay.viewers.discard(viewer)
