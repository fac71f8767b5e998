"""A request's body on its way into a file.

- A short one that has come already is taken whole, so that one thread can do all there is to do with it.
- A long one is drawn from the bare socket by the thread that writes it (`wire.py`): the bytes come from the
  kernel and go back to it, and the event loop has no part in it.
- Where that cannot be (TLS, chunks), the loop collects a batch while a thread uses up the one before, and no
  more.

So a disk that is slower than the client slows the client down.
"""

import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import anyio
import anyio.abc
from anyio.streams.memory import MemoryObjectSendStream

from filemgr import FileError, NoSuchFile, NotAFile, NotAFolder

from .errors import ApiError, NotAuthenticated
from .parts import Call
from .unread import hurry
from .wire import Inlet, Wire

BATCH = 1 << 20
"""Bytes, or a little more, that a thread is given at once."""

SHORT = 256 << 10
"""Bytes of a body that is taken whole."""

AT_ONCE = 0.02
"""Seconds in which the rest of it is here, mostly: most clients send the head by itself."""

PATIENCE = 60.0
"""Seconds for which a client may say nothing."""

INTO = {
    NoSuchFile: (404, "This folder does not exist!"),
    NotAFolder: (400, "This is not a folder!"),
    NotAFile: (400, "This is a folder!"),
}
"""What is said when there is no place for a file."""

Batch = list[bytes]
T = TypeVar("T")


class Body:
    """The body of a request, before anything of it was read."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._early: Batch = []
        self._done = False

    async def at_once(self) -> Batch | None:
        """Return all of it, if it is short and here; raises `ApiError` 401 if its sender has lost his right.

        A client that asks before it sends is not asked to send: it wants to know whether it may.
        """
        size = declared(self._call)
        if size is None or size > SHORT or "expect" in self._call.request.headers:
            return None
        with anyio.move_on_after(AT_ONCE):
            while not self._done:
                message = await self._call.request.receive()
                if message["type"] == "http.disconnect":
                    raise _cut_off()
                if body := message.get("body", b""):
                    self._early.append(body)
                self._done = not message.get("more_body", False)
        if not self._done:
            return None
        if self._call.who.over:
            hurry(self._call.request.scope)
            raise NotAuthenticated
        return self._early

    async def give_to(self, take: Callable[[Batch], None], displaced: anyio.Event | None = None) -> None:
        """Give all of it to `take`, in threads; raises what that raises, and `ApiError` for a cut-off one.

        It is cut off, too, when `displaced` is set. What has come of it then has been taken when this raises.
        """
        await _Receiving(self._call, take, displaced, self._early, done=self._done).run()


def declared(call: Call) -> int | None:
    """Return how many bytes the body has, if the client says so."""
    text = call.request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


class _Receiving:
    def __init__(
        self,
        call: Call,
        take: Callable[[Batch], None],
        displaced: anyio.Event | None,
        early: Batch,
        *,
        done: bool,
    ) -> None:
        self._call = call
        self._take = take
        self._displaced = displaced
        self._early = early
        self._waiting = anyio.CancelScope()
        self._done = done
        self._failed: Exception | None = None

    async def run(self) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch, tasks.cancel_scope)
            if self._displaced is not None:
                tasks.start_soon(self._make_room, self._displaced)
            try:
                await self._go_on(tasks)
            except (ApiError, FileError, OSError) as exc:  # a task group would make a group of it
                self._failed = exc
            tasks.cancel_scope.cancel()
        if self._failed is not None:
            raise self._failed

    async def _go_on(self, tasks: anyio.abc.TaskGroup) -> None:
        """Take the body; what the bare socket does not give, or not any more, comes by messages."""
        if self._early:
            await self._use(self._early)
        wire: Wire | None = self._call.request.scope["state"].get("wire")
        inlet = None if wire is None or self._done else wire.inlet()
        if inlet is not None:
            with contextlib.closing(inlet):
                await self._draw(inlet)
        batches, taken = anyio.create_memory_object_stream[Batch](0)
        tasks.start_soon(self._collect, batches)
        async with taken:
            async for batch in taken:
                await self._use(batch)

    async def _use(self, batch: Batch) -> None:
        await self._call.parts.transfers.run(partial(self._take, batch))

    async def _draw(self, inlet: Inlet) -> None:
        if inlet.early:
            await self._use([inlet.early])
        while inlet.left:
            await self._wait(inlet.ready)
            try:
                await self._call.parts.transfers.run(partial(inlet.pull, self._take))
            except anyio.EndOfStream as exc:
                raise _cut_off() from exc
            if inlet.is_gone:
                raise _cut_off()

    async def _collect(self, batches: MemoryObjectSendStream[Batch]) -> None:
        batch: Batch = []
        size = 0
        # What has failed in a thread takes no more, and is what will be told.
        with contextlib.suppress(anyio.BrokenResourceError):
            async with batches:
                try:
                    while not self._done:
                        chunk = await self._next()
                        batch.append(chunk)
                        size += len(chunk)
                        if size >= BATCH:
                            await batches.send(batch)
                            batch, size = [], 0
                except ApiError as exc:
                    self._failed = exc  # what has come before is taken all the same
                if batch:
                    await batches.send(batch)

    async def _next(self) -> bytes:
        """Return what comes next, perhaps nothing."""
        message = await self._wait(self._call.request.receive)
        if message["type"] == "http.disconnect":
            raise _cut_off()
        self._done = not message.get("more_body", False)
        body: bytes = message.get("body", b"")
        return body

    async def _wait(self, arrival: Callable[[], Awaitable[T]]) -> T:
        """Wait for something to come; raises `ApiError` if nothing does, or if we have to go."""
        if self._displaced is None or not self._displaced.is_set():
            with anyio.move_on_after(PATIENCE) as self._waiting:
                return await arrival()
        if self._displaced is not None and self._displaced.is_set():
            raise ApiError(423, "busy", "Another connection goes on with this upload!")
        raise ApiError(408, "too-slow", f"Nothing came for {PATIENCE:.0f} seconds!")

    async def _make_room(self, displaced: anyio.Event) -> None:
        await displaced.wait()
        self._waiting.cancel()

    async def _watch(self, scope: anyio.CancelScope) -> None:
        """A token that dies takes with it what it has begun."""
        await self._call.who.ended()
        self._failed = NotAuthenticated()
        hurry(self._call.request.scope)
        scope.cancel()


def _cut_off() -> ApiError:
    return ApiError(400, "disconnected", "The request was cut off!")
