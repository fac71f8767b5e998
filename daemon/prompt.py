"""Requests that are answered within the call that brings their heads: no task, no waiting, one write.

Rules:
- It is the same application that answers them, with the same check; it says itself what it cannot answer now.
- A request that has a body, or comes behind one that is not answered yet, goes the ordinary way, and so does
  one of a client that does not take what it is sent. So the order stays, and nobody fills our memory.
- What is written is to the byte what the ordinary way writes.
- Who polls sends the same again and again: bytes that are just those of the request before are not parsed
  again. Who it is and whether he may is asked again, each time.
"""

import asyncio
from typing import cast

from uvicorn._types import ASGI3Application, HTTPScope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from .app import Application
from .asked import Asked
from .envelope import WHOLE, Whole
from .pipelining import PipelinedProtocol

_END = b"\r\n\r\n"
_BODIES = frozenset({b"content-length", b"transfer-encoding", b"expect"})


class PromptProtocol(PipelinedProtocol):
    """A connection whose requests are answered at once where that can be."""

    _between = True
    """Whether the parser is between two requests."""
    _piece: bytes | None = None
    """What is being parsed, if it begins with a request."""
    _latest: tuple[bytes, Application, Asked] | None = None
    """The bytes of the latest request, if it was answered at once, by whom, and what it asks for."""
    _ends = False
    """Whether a request is just ending: its account's place is still taken."""
    _idle_since = 0.0
    """When a request was answered at once last."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was asked."""
        super().connection_lost(exc)
        self._latest = self._piece = None

    def data_received(self, data: bytes) -> None:
        """Take in what the client sent."""
        latest = self._latest
        if latest is not None and latest[0] == data and self._between and self._is_free():
            _, app, asked = latest
            # It may have had to wait when it came again: then this one waits behind it.
            if self.cycle.response_complete and app.holds(asked):
                self._answer_again(app, asked)
                return
        super().data_received(data)

    def hear(self, data: bytes) -> None:
        """Parse it."""
        self._piece = data if self._between else None
        super().hear(data)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._between = False
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """End a request."""
        self._between = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with those that wait: in tasks, which begin when the request that ends here has left."""
        self._ends = True
        super().on_response_complete()
        self._ends = False

    def timeout_keep_alive_handler(self) -> None:
        """Close what nobody uses; a request that came again has only noted the time, as timers cost more."""
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._close_later(left)
        else:
            super().timeout_keep_alive_handler()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._latest = None
        asked: Asked | None = None
        if isinstance(app, Application) and self._is_free() and not _has_body(cycle.scope):
            asked = app.understood(cast("dict[str, object]", cycle.scope))
            if asked is not None:
                answer = app.at_once(asked)
                if isinstance(answer, Whole):
                    self._answer(cycle, answer)
                    if cycle.keep_alive and self._piece is not None and self._piece.endswith(_END):
                        self._latest = self._piece, app, asked
                    return
                app = cast("ASGI3Application", answer)
        self._start(cycle, app)

    def _start(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Let it be answered in a task."""
        cast("dict[str, object]", cycle.scope)["extensions"] = {WHOLE: self._write_whole}
        super()._start_asgi_task(cycle, app)

    async def _write_whole(self, answer: Whole) -> None:
        """Write the answer to the request that is running, when there is room."""
        cycle = self._running
        if cycle is None:
            raise AssertionError("an answer came to no request")
        if self.flow.write_paused and not cycle.disconnected:
            await self.flow.drain()
        if not cycle.disconnected:
            self._answer(cycle, answer)

    def _answer(self, cycle: RequestResponseCycle, answer: Whole) -> None:
        cycle.response_started = cycle.response_complete = True
        cycle.on_response = _nothing  # as uvicorn does: the two would keep each other
        self._write(answer, cycle.scope["method"], keep_alive=cycle.keep_alive)
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _answer_again(self, app: Application, asked: Asked) -> None:
        """Answer what is known already: it was the whole of a request that keeps the connection."""
        answer = app.at_once(asked)
        if isinstance(answer, Whole):
            self._write(answer, asked.head.method, keep_alive=True)
            self.server_state.total_requests += 1
            self._idle_since = self.loop.time()
            return
        self._unset_keepalive_if_required()
        self.cycle = cycle = self._cycle_of(asked)
        self._start(cycle, cast("ASGI3Application", answer))

    def _write(self, answer: Whole, method: str, *, keep_alive: bool) -> None:
        # Usually the date alone; nothing yet, for who comes in the moment in which we begin to listen.
        usual = b"".join([b"%b: %b\r\n" % header for header in self.server_state.default_headers])
        end = b"\r\n" if keep_alive else b"connection: close\r\n\r\n"
        body = b"" if method == "HEAD" else answer.body
        self.transport.write(b"".join((STATUS_LINE[answer.status], usual, answer.lines, end, body)))

    def _cycle_of(self, asked: Asked) -> RequestResponseCycle:
        """Return what uvicorn makes of a request when it has parsed it, and found no body."""
        cycle = RequestResponseCycle(
            scope=cast("HTTPScope", asked.head.scope),
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=True,
            on_response=self.on_response_complete,
        )
        cycle.more_body = False
        cycle.message_event.set()
        return cycle

    def _close_later(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _is_free(self) -> bool:
        """Tell whether nothing waits for an answer, and the client takes what it gets."""
        return not (self._ends or self.pipeline or self._unheard or self.flow.write_paused)


def _has_body(scope: HTTPScope) -> bool:
    return any(name in _BODIES for name, _ in scope["headers"])


def _nothing() -> None:
    pass
