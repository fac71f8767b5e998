"""One server's output on its way into its log.

Rules:
- Nothing waits for the log: what the disk does not take stays in the supervisor's ring, and is lost there,
  counted by the jump of the offset, as for every slow reader.
- A failure of the log is met in one way: it is opened again after `RETRY` seconds, says where it ends, and
  the output goes on from there.
- What is gathered for `GATHER` seconds is written at once; the beginning of a line waits for its end, `QUIET`
  seconds at most.
- What was there before we came has the times that the supervisor has noted.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import anyio
import anyio.to_thread

from supervisor import Attached, NoSuchService, SupervisorUnreachable

from .logtimes import Times
from .mirror import Mirror
from .sink import Piece, Place, Sink

GATHER = 0.1
QUIET = 1.0
RETRY = 2.0
ABSENT = 1.0
"""Seconds until a service is looked for again that is not there yet."""

REATTACH = 0.2
LAST_WORDS = 2.0
"""Seconds in which a log is closed."""

MOST_GATHERED = 1 << 18
MOST_HELD = 1 << 16
"""Bytes of a line that is waited for."""

NAMELESS = "0" * 16
"""Stands for the name of a stream that has none."""

FAST = "they came faster than they could be written, or while nobody could write"

T = TypeVar("T")

log = logging.getLogger("holdfast.logs")


class ServerLog:
    """Carries the output of one server into a sink until cancelled, or until the server is gone."""

    def __init__(
        self,
        name: str,
        mirror: Mirror,
        sink: Sink,
        limiter: anyio.CapacityLimiter,
        tidy: Callable[[], None],
    ) -> None:
        """`tidy` is called, in the event loop, when there may be something to tidy up."""
        self.name = name
        self.sink = sink
        self.leaving = False
        """Whether the server is no longer part of the config: the log ends with it."""
        self.ended = anyio.Event()
        self.scope = anyio.CancelScope()
        self._mirror = mirror
        self._limiter = limiter
        self._tidy = tidy
        self._fault = ""
        sink.reason = FAST

    async def run(self) -> None:
        """Carry."""
        try:
            with self.scope:
                while not (self.leaving and await self._gone()):
                    try:
                        place = await self._in_thread(self.sink.open)
                        await self._follow(place)
                    except OSError as exc:
                        self._failed(exc)
                        await anyio.sleep(RETRY)
        finally:
            with anyio.move_on_after(LAST_WORDS, shield=True):
                await self._in_thread(self.sink.close)
            self.ended.set()

    async def _gone(self) -> bool:
        try:
            return self.name not in await self._mirror.services()
        except SupervisorUnreachable:
            return False

    async def _follow(self, place: Place | None) -> None:
        """Carry what one attachment brings; raises `OSError`."""
        try:
            stream = place.stream if place is not None and place.stream != NAMELESS else None
            attached = await self._mirror.attach(self.name, place.offset if place else 0, stream)
        except NoSuchService:
            await anyio.sleep(ABSENT)
            return
        except SupervisorUnreachable:
            await anyio.sleep(REATTACH)
            return
        try:
            await self._carry(attached, await Times.of(self._mirror, self.name, attached))
        except (anyio.EndOfStream, SupervisorUnreachable, NoSuchService):
            await anyio.sleep(REATTACH)
        finally:
            with anyio.CancelScope(shield=True):
                await attached.aclose()

    async def _carry(self, attached: Attached, times: "Times") -> None:
        stream = attached.stream or NAMELESS
        held: list[Piece] = []
        size = 0
        try:
            while True:
                with anyio.move_on_after(QUIET if held else None) as waiting:
                    output = await attached.receive()
                if waiting.cancelled_caught:
                    await self._write(held)
                    held, size = [], 0
                    continue
                held += times.pieces(stream, output.offset, output.data)
                size += len(output.data)
                with anyio.move_on_after(GATHER):
                    while size < MOST_GATHERED:
                        output = await attached.receive()
                        held += times.pieces(stream, output.offset, output.data)
                        size += len(output.data)
                whole, held = split(held)
                size = sum(len(piece.data) for piece in held)
                await self._write(whole)
        except anyio.EndOfStream:
            await self._write(held)
            raise

    async def _write(self, pieces: Sequence[Piece]) -> None:
        if not pieces:
            return
        if await self._in_thread(partial(self.sink.write, pieces)):
            self._tidy()
        if self._fault:
            log.warning("%s: its output is logged again; %d bytes are missing", self.name, self.sink.missed)
            self._fault = ""
        self.sink.reason = FAST

    def _failed(self, exc: OSError) -> None:
        fault = exc.strerror or str(exc)
        if not self._fault:
            log.error("%s: its output cannot be logged, trying again: %s", self.name, exc)
        self._fault = fault
        self.sink.reason = f"they could not be written ({fault})"

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._limiter)


def split(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Return (what ends with a line, the beginning of the next line, if it is worth waiting for)."""
    rest: list[Piece] = []
    size = 0
    for number in range(len(pieces) - 1, -1, -1):
        piece = pieces[number]
        end = piece.data.rfind(b"\n") + 1
        tail = piece.data[end:]
        size += len(tail)
        if size > MOST_HELD:
            break
        if tail:
            rest.insert(0, Piece(piece.stream, piece.offset + end, piece.time, tail))
        if end:
            return [*pieces[:number], Piece(piece.stream, piece.offset, piece.time, piece.data[:end])], rest
    else:
        return [], list(pieces)
    return list(pieces), []
