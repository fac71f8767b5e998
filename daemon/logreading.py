"""A log on its way to a client: first the files, then the supervisor's ring, then, if wanted, what comes.

Rules:
- The files know what they have by stream and offset, and so does the ring: it is asked for what comes behind,
  so no line is told twice, and none is cut in two at the seam.
- Who goes on behind a place gets what follows it, each byte once. If nobody knows that place any more, he
  gets all that there is.
- Nothing is held but a block, and the last lines if those are asked for. These are looked for from the end:
  in the ring alone, in the latest part, in the latest three, and so on, until there are enough.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

import anyio
import anyio.to_thread

from supervisor import Attached, NoSuchService, Output, SupervisorUnreachable

from .logfolder import Part
from .logquery import LogQuery
from .logreader import LogReader, Stretch
from .logsieve import Sieve
from .logtimes import Times
from .mirror import Mirror
from .serverlog import NAMELESS, REATTACH
from .sink import Piece, Place
from .streams import Write

AT_ONCE = 1 << 20
"""Bytes of output that are looked at before anybody else has a turn."""

SEARCHED = 1 << 18
"""The same, where they are searched."""

HEARTBEAT = 15.0
"""Seconds of silence after which marks tell how far it has come: so a dead connection is noticed, too."""

SENT = 1 << 16
"""Bytes that are sent at once, or more."""

T = TypeVar("T")


class LogReading:
    """One question about the log of a server, and its answer."""

    def __init__(
        self,
        server: str,
        path: str,
        query: LogQuery,
        mirror: Mirror,
        limiter: anyio.CapacityLimiter,
        closed: anyio.Event,
    ) -> None:
        """`path` is the folder of the server's log; `closed` ends what follows."""
        self._server = server
        self._path = path
        self._query = query
        self._mirror = mirror
        self._limiter = limiter
        self._closed = closed
        self._place: Place | None = None
        """Where that ends what was told."""

    async def tell(self, write: Write) -> None:
        """Answer; raises `SupervisorUnreachable`."""
        reader = await self._open()
        try:
            sieve = await self._history(reader, write)
        finally:
            if reader is not None:
                with anyio.CancelScope(shield=True):
                    await self._in_thread(reader.close)
        if self._query.follow:
            await write(sieve.settle() + (sieve.mark if self._query.marks else b""))
            await self._follow(sieve, write)
            if self._query.json and self._closed.is_set():
                return  # the line that is not whole yet is for who goes on at the next daemon
        await write(sieve.finish())

    async def _open(self) -> LogReader | None:
        def opened() -> LogReader | None:
            with suppress(OSError):  # there are no files: the ring is all that there is
                return LogReader(self._path)
            return None

        return await self._in_thread(opened)

    async def _history(self, reader: LogReader | None, write: Write) -> Sieve:
        """Tell what there is by now; return the sieve, which has the last lines if they were asked for."""
        parts: Sequence[Part] = ()
        ring = True
        if reader is not None:
            parts, ring = await self._in_thread(partial(_wanted, reader, self._query))
        after = self._query.after
        if after is not None and reader is not None:
            found = await self._in_thread(partial(_behind, reader, parts, after))
            parts, in_files = (parts, False) if found is None else (found, True)
        else:
            in_files = False
        if after is not None and not in_files:
            after = await self._in_ring(after)
            parts = () if after is not None else parts
        starts = [0] if self._query.tail is None or after is not None else backwards(len(parts))
        for start in starts:
            sieve = Sieve(self._query, whole=start == 0, after=after)
            self._place = after
            if reader is not None:
                await self._files(reader, parts[start:], sieve, write)
            if ring:
                await self._ring(sieve, write)
            if sieve.full:
                break
        return sieve

    async def _files(self, reader: LogReader, parts: Sequence[Part], sieve: Sieve, write: Write) -> None:
        stretches = reader.stretches(parts)
        most = AT_ONCE if self._query.grep is None else SEARCHED
        over = False

        def block() -> bytes:
            nonlocal over
            told: list[bytes] = []
            taken = size = 0
            for stretch in stretches:
                self._place = Place(stretch.stream, stretch.end)
                told.append(sieve.take(stretch))
                taken, size = taken + len(stretch.data), size + len(told[-1])
                if taken >= most or size >= SENT:
                    return b"".join(told)
            over = True
            return b"".join(told)

        try:
            while not over:
                if told := await self._in_thread(block):
                    await write(told)
        finally:
            with anyio.CancelScope(shield=True):
                await self._in_thread(stretches.close)

    async def _ring(self, sieve: Sieve, write: Write) -> None:
        try:
            attached = await self._attach()
        except NoSuchService:
            return
        try:
            times = await Times.of(self._mirror, self._server, attached)
            end = attached.end
            if attached.offset < end:
                await self._pass_on(attached, times, sieve, write, end)
            elif attached.stream:
                sieve.stand(Place(attached.stream, end))
        except (anyio.EndOfStream, NoSuchService):
            return
        finally:
            await _close(attached)

    async def _in_ring(self, after: Place) -> Place | None:
        """Return a place if the ring knows its stream."""
        try:
            attached = await self._mirror.attach(self._server, after.offset, after.stream)
        except NoSuchService:
            return None
        await _close(attached)
        return after if attached.stream == after.stream else None

    async def _follow(self, sieve: Sieve, write: Write) -> None:
        async with anyio.create_task_group() as tasks:

            async def end() -> None:
                await self._closed.wait()
                tasks.cancel_scope.cancel()

            tasks.start_soon(end)
            try:
                await self._follow_on(sieve, write)
            except Exception as exc:  # noqa: BLE001  (a task group would make a group of it)
                failure: Exception | None = exc
            else:
                failure = None
            tasks.cancel_scope.cancel()
        if failure is not None:
            raise failure

    async def _follow_on(self, sieve: Sieve, write: Write) -> None:
        while True:
            try:
                attached = await self._attach()
            except NoSuchService:
                return
            except SupervisorUnreachable:
                await anyio.sleep(REATTACH)
                continue
            try:
                times = await Times.of(self._mirror, self._server, attached)
                await self._pass_on(attached, times, sieve, write, None)
            except (anyio.EndOfStream, SupervisorUnreachable):
                await anyio.sleep(REATTACH)
            except NoSuchService:
                return
            finally:
                await _close(attached)

    async def _attach(self) -> Attached:
        place = self._place
        stream = place.stream if place is not None and place.stream != NAMELESS else None
        return await self._mirror.attach(self._server, place.offset if place is not None else 0, stream)

    async def _pass_on(
        self, attached: Attached, times: Times, sieve: Sieve, write: Write, end: int | None
    ) -> None:
        """Tell what an attachment brings, up to an offset if there is one; raises `anyio.EndOfStream`."""
        while True:
            output = await self._received(attached, sieve, write)
            pieces = times.pieces(attached.stream or NAMELESS, output.offset, output.data)

            def told(pieces: Sequence[Piece] = pieces) -> bytes:
                return b"".join(
                    sieve.take(Stretch(piece.stream, piece.offset, piece.time, piece.data))
                    for piece in pieces
                )

            if found := await self._in_thread(told):
                await write(found)
            reached = output.offset + len(output.data)
            self._place = Place(attached.stream or NAMELESS, reached)
            if end is not None and reached >= end:
                return

    async def _received(self, attached: Attached, sieve: Sieve, write: Write) -> Output:
        """Wait for output, and tell now and then how far it has come."""
        while self._query.marks:
            with anyio.move_on_after(HEARTBEAT):
                return await attached.receive()
            await write(sieve.mark)
        return await attached.receive()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._limiter)


def _wanted(reader: LogReader, query: LogQuery) -> tuple[Sequence[Part], bool]:
    """Return the parts from the first to the last that may hold anything, and whether what follows may."""
    meeting = [
        number for number, part in enumerate(reader.parts) if reader.meets(part, query.since, query.until)
    ]
    if not meeting:
        return (), query.until is None or not reader.parts
    # All in between, too: what is left out would seem to be missing.
    last = meeting[-1] if query.until is not None else len(reader.parts) - 1
    return reader.parts[meeting[0] : last + 1], last == len(reader.parts) - 1


def _behind(reader: LogReader, parts: Sequence[Part], after: Place) -> Sequence[Part] | None:
    """Return the parts from the one that holds a place; None if its stream is not in the files."""
    stream, found = int(after.stream, 16), None
    for number in range(len(parts) - 1, -1, -1):
        known = [entry.offset for entry in reader.entries(parts[number]) if entry.stream == stream]
        if known:
            found = number
            if known[0] <= after.offset:
                break
        elif found is not None:
            break
    return None if found is None else parts[found:]


def backwards(parts: int) -> Sequence[int]:
    """Return where to begin to look for the last lines: at the ring, and then further and further back."""
    starts = [parts]
    step = 1
    while starts[-1]:
        starts.append(max(starts[-1] - step, 0))
        step *= 2
    return starts


async def _close(attached: Attached) -> None:
    with anyio.CancelScope(shield=True):
        await attached.aclose()
