"""A request's body on its way into a file: collected in the event loop, used up in threads.

What is done with a batch (parsed, written) is done in a thread; the loop collects the next one meanwhile, and
no more: a disk that is slower than the client slows the client down.
"""

import contextlib
from collections.abc import Callable
from functools import partial

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from filemgr import FileError, NoSuchFile, NotAFile, NotAFolder

from .errors import ApiError, NotAuthenticated
from .parts import Call
from .unread import hurry

BATCH = 1 << 20
"""Bytes, or a little more, that a thread is given at once."""

PATIENCE = 60.0
"""Seconds for which a client may say nothing."""

INTO = {
    NoSuchFile: (404, "This folder does not exist!"),
    NotAFolder: (400, "This is not a folder!"),
    NotAFile: (400, "This is a folder!"),
}
"""What is said when there is no place for a file."""

Batch = list[bytes]


async def receive(call: Call, take: Callable[[Batch], None], displaced: anyio.Event | None = None) -> None:
    """Give the whole body to `take`, in threads; raises what that raises, and `ApiError` for a cut-off one.

    It is cut off, too, when `displaced` is set. What has come of it then has been taken when this raises.
    """
    await _Receiving(call, take, displaced).run()


def declared(call: Call) -> int | None:
    """Return how many bytes the body has, if the client says so."""
    text = call.request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


class _Receiving:
    def __init__(self, call: Call, take: Callable[[Batch], None], displaced: anyio.Event | None) -> None:
        self._call = call
        self._take = take
        self._displaced = displaced
        self._waiting = anyio.CancelScope()
        self._done = False
        self._failed: Exception | None = None

    async def run(self) -> None:
        batches, taken = anyio.create_memory_object_stream[Batch](0)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._collect, batches)
            tasks.start_soon(self._watch, tasks.cancel_scope)
            if self._displaced is not None:
                tasks.start_soon(self._make_room, self._displaced)
            await self._use(taken)
            tasks.cancel_scope.cancel()
        if self._failed is not None:
            raise self._failed

    async def _use(self, batches: MemoryObjectReceiveStream[Batch]) -> None:
        async with batches:
            try:
                async for batch in batches:
                    await self._call.parts.transfers.run(partial(self._take, batch))
            except (ApiError, FileError, OSError) as exc:
                self._failed = exc

    async def _collect(self, batches: MemoryObjectSendStream[Batch]) -> None:
        batch: Batch = []
        size = 0
        # What has failed in a thread takes no more, and is what will be told.
        with contextlib.suppress(anyio.BrokenResourceError):
            async with batches:
                while (chunk := await self._next()) is not None:
                    batch.append(chunk)
                    size += len(chunk)
                    if size >= BATCH:
                        await batches.send(batch)
                        batch, size = [], 0
                if batch:
                    await batches.send(batch)

    async def _next(self) -> bytes | None:
        """Return what comes next, None if nothing does."""
        while not self._done:
            if self._displaced is None or not self._displaced.is_set():
                with anyio.move_on_after(PATIENCE) as self._waiting:
                    message = await self._call.request.receive()
            if self._displaced is not None and self._displaced.is_set():
                self._failed = ApiError(423, "busy", "Another connection goes on with this upload!")
                return None
            if self._waiting.cancelled_caught:
                self._failed = ApiError(408, "too-slow", f"Nothing came for {PATIENCE:.0f} seconds!")
                return None
            if message["type"] == "http.disconnect":
                self._failed = ApiError(400, "disconnected", "The request was cut off!")
                return None
            self._done = not message.get("more_body", False)
            body: bytes = message.get("body", b"")
            if body:
                return body
        return None

    async def _make_room(self, displaced: anyio.Event) -> None:
        await displaced.wait()
        self._waiting.cancel()

    async def _watch(self, scope: anyio.CancelScope) -> None:
        """A token that dies takes with it what it has begun."""
        await self._call.who.ended()
        self._failed = NotAuthenticated()
        hurry(self._call.request.scope)
        scope.cancel()
