"""Requests that come before the answers to earlier ones: so many wait, and the rest is not read.

uvicorn makes an object of each request as soon as it is parsed, and goes on reading. Here, what comes behind
`MOST_WAITING` requests stays as bytes, at most those of one read, until some are answered.
"""

import asyncio
from collections.abc import Callable

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from .counted import CountedProtocol
from .streams import STALLED

MOST_WAITING = 16
"""Requests of a connection that wait behind the one that is answered."""

UNTAKEN = STALLED + 30.0
"""Seconds in which a client must take some of what is sent. Streams wait less, and say so in the log."""

_HEAD_END = b"\n\r\n"
"""Stands at the end of each head: the parser takes no other ends of lines."""


class PipelinedProtocol(CountedProtocol):
    """A connection whose client may be ahead of us, but not far, and has to take what it has asked for."""

    _running: RequestResponseCycle | None = None
    """The latest request that the application was given."""
    _watch: asyncio.TimerHandle | None = None
    """When the client must have taken something; None while it takes all."""
    _lent: bool = False
    """Somebody else reads from the socket."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        self._unheard = bytearray()  # what came behind as many requests as may wait
        self.flow = _Flow(transport, self._is_held)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell every request, and not only the latest: what is written to a closed transport is an error."""
        super().connection_lost(exc)
        self._stop_watching()
        self._unheard.clear()
        cycles = [cycle for cycle, _ in self.pipeline]
        self.pipeline.clear()
        for cycle in (*cycles, *([self._running] if self._running is not None else [])):
            cycle.disconnected = True
            cycle.message_event.set()

    def data_received(self, data: bytes) -> None:
        """Take in what the client sent, or put it by."""
        if self.owed and not self._unheard:
            data = self.hear_body(data)
            if not data:
                return
        if not self._unheard and data.find(_HEAD_END, 0, -1) < 0 and not self._is_full():
            self.hear(data)  # nearly everything: one request, or a piece of a body
            return
        self._unheard += data
        self._hear_more()

    def hear(self, data: bytes) -> None:
        """Parse what is the beginning of two requests at most."""
        super().data_received(data)

    def stop_reading(self) -> bool:
        """Leave the body that is owed to somebody else; false if it is not the turn of its request."""
        cycle = self.cycle
        if self._unheard or cycle is not self._running or cycle.disconnected or cycle.response_started:
            return False
        if cycle.waiting_for_100_continue:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            cycle.waiting_for_100_continue = False
        self._lent = True
        self.flow.pause_reading()
        return True

    def early_body(self) -> bytes:
        """Return what has come of the body and was not read; it will not be read again."""
        body, self.cycle.body = bytes(self.cycle.body), bytearray()
        return body

    def read_again(self, owed: int) -> None:
        """Read on, when somebody wants it; so many bytes of the body are left."""
        self._lent = False
        self.owed = owed
        if not owed and not self.cycle.disconnected:
            self.body_came()

    async def written(self) -> None:
        """Wait until all that was sent is with the kernel, or the connection has ended."""
        self.transport.set_write_buffer_limits(high=0)
        try:
            await self.flow.drain()
        finally:
            self.transport.set_write_buffer_limits()

    def has_sent(self, size: int) -> None:
        """Count what somebody else has written of the answer's body."""
        if self._running is not None:
            self._running.expected_content_length -= size

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over."""
        self._stop_watching()
        super().handle_websocket_upgrade()

    def on_response_complete(self) -> None:
        """Go on with those that wait."""
        super().on_response_complete()
        self._hear_more()
        if self.transport.is_closing():
            self._keep_watching()

    def pause_writing(self) -> None:
        """Wait for the client."""
        super().pause_writing()
        self._keep_watching()

    def resume_writing(self) -> None:
        """Go on, since it has taken enough."""
        super().resume_writing()
        if not self.transport.is_closing():  # then there is nobody else who would end it
            self._stop_watching()

    def timeout_keep_alive_handler(self) -> None:
        """Close what nobody uses."""
        super().timeout_keep_alive_handler()
        self._keep_watching()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _is_full(self) -> bool:
        return len(self.pipeline) >= MOST_WAITING

    def _is_held(self) -> bool:
        """Tell whether nothing may be read: there is enough, and what is running has nothing to wait for."""
        return (
            bool(self._unheard)
            or self._lent
            or (bool(self.pipeline) and len(self.cycle.body) > HIGH_WATER_LIMIT)
        )

    def _hear_more(self) -> None:
        """Parse what was put by, as far as there is room; the pieces end where heads may end."""
        while self._unheard and not self._is_full():
            if self.transport.is_closing() or self.transport.get_protocol() is not self:
                self._unheard.clear()
                return
            end = self.owed
            if not end:
                found = self._unheard.find(_HEAD_END)
                end = len(self._unheard) if found < 0 else found + len(_HEAD_END)
            piece = bytes(self._unheard[:end])
            del self._unheard[:end]
            if self.owed:
                self.hear_body(piece)
            else:
                self.hear(piece)
        if self._unheard:
            self.flow.pause_reading()
        elif self.cycle is not None and self.cycle.response_complete:
            self.flow.resume_reading()

    def _keep_watching(self) -> None:
        if self._watch is None:
            self._look_again(self.transport.get_write_buffer_size())

    def _look_again(self, size: int) -> None:
        self._watch = self.loop.call_later(UNTAKEN, self._look, size) if size else None

    def _look(self, before: int) -> None:
        """End the connection, unless the client has taken something. Nothing is added while this waits."""
        size = self.transport.get_write_buffer_size()
        if size < before:
            self._look_again(size)
        else:
            self._watch = None
            self.transport.abort()

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None


class _Flow(FlowControl):
    """Reading goes on when a request wants its body, or is answered, unless there is enough as it is."""

    def __init__(self, transport: asyncio.Transport, held: Callable[[], bool]) -> None:
        super().__init__(transport)
        self._held = held

    def resume_reading(self) -> None:
        """Read, unless it is held."""
        if not self._held():
            super().resume_reading()
