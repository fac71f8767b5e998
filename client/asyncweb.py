"""The way to the API for those who await: httpx over a Unix socket or TCP, under asyncio or trio."""

from collections.abc import AsyncIterator

import anyio
import anyio.to_thread
import httpx

from .exchange import Body, Request, Response, Whole, pieces_of
from .failures import CannotAsk
from .target import Target
from .web import CLOSED, LIMITS, RAISED, head_of, headers_of, limits, said

CLOSING = 5.0
"""Seconds until a connection that does not close is left alone."""


class AsyncWeb:
    """Asks one Holdfast; several tasks may do so. No proxy is used."""

    def __init__(self, target: Target, patience: float) -> None:
        """`patience`: seconds without a byte of an answer until it is given up."""
        self._target = target
        unix = target.socket or None
        self._client = httpx.AsyncClient(
            transport=None if unix is None else _over(unix),
            base_url=target.base,
            headers=target.headers,
            limits=LIMITS,
            verify=target.trust() if target.secure else False,
            trust_env=False,
        )
        self._patience = patience

    async def exchange(self, request: Request) -> Response:
        """Ask, and return the answer; raises `Failure`."""
        opened = await self.open(request)
        try:
            if request.sink is None or not opened.head.good:
                return await opened.whole()
            while data := await opened.read():
                await anyio.to_thread.run_sync(request.sink, data)
            return opened.head
        finally:
            await opened.close()

    async def open(self, request: Request) -> "AsyncWebOpened":
        """Ask, and return the answer when its head has come; raises `Failure`."""
        body = request.body
        poured = None if isinstance(body, bytes) else Poured(body)
        try:
            asked = self._client.build_request(
                request.method,
                request.target,
                headers=headers_of(request),
                content=body if isinstance(body, bytes) and body else None,
                timeout=limits(request.patience or self._patience),
            )
            if poured is not None:
                asked.stream = poured
            opened = AsyncWebOpened(self._target, await self._client.send(asked, stream=True))
        except RAISED as exc:
            raise said(exc, self._target) from exc
        except RuntimeError as exc:
            if not self._client.is_closed:
                raise
            raise CannotAsk(CLOSED) from exc
        finally:
            if poured is not None:
                poured.close()
        await opened.begin()
        return opened

    async def close(self) -> None:
        """Let go of all connections."""
        with anyio.move_on_after(CLOSING, shield=True):
            await self._client.aclose()


class AsyncWebOpened:
    """An answer whose body is still to be read."""

    def __init__(self, target: Target, answer: httpx.Response) -> None:
        self._target = target
        self._answer = answer
        self._pieces: AsyncIterator[bytes] = answer.aiter_raw()
        self._ended = False
        self._head = Response(answer.status_code, {})

    @property
    def head(self) -> Response:
        """Status and headers; the body only if it is a refusal."""
        return self._head

    async def begin(self) -> None:
        """Read the head, and the body of a refusal."""
        try:
            self._head = head_of(self._answer)
            if not self._head.good:
                self._head = await self.whole()
        except BaseException:
            await self.close()
            raise

    async def read(self) -> bytes:
        """Return what has come, or nothing at the end; raises `ConnectionLost`, `TimedOut`."""
        try:
            data = await anext(self._pieces, b"")
        except RAISED as exc:
            raise said(exc, self._target) from exc
        self._ended = not data
        return data

    async def whole(self) -> Response:
        """Return the answer with all of its body."""
        if not self._ended:
            whole = Whole()
            while data := await self.read():
                whole.add(data)
            self._head = Response(self._head.status, self._head.headers, whole.body)
        return self._head

    async def close(self) -> None:
        """Have no more of it; also when whoever asked is being cancelled."""
        with anyio.move_on_after(CLOSING, shield=True):
            if not self._ended:
                await self._run_dry()
            await self._answer.aclose()

    async def _run_dry(self) -> None:
        """Let the generators of httpx come to their end: trio complains of those that do not."""
        self._ended = True
        await self._answer.extensions["network_stream"].aclose()
        try:
            while await anext(self._pieces, b""):
                pass
        except (*RAISED, RuntimeError):
            return  # as it should be, or another task is at it, and notices


def _over(unix: str) -> httpx.AsyncHTTPTransport:
    return httpx.AsyncHTTPTransport(uds=unix, limits=LIMITS, trust_env=False, verify=False)


class Poured(httpx.AsyncByteStream):
    """A body, read in a thread: a disk may be slow. No generator, of which nobody could say when it ends."""

    def __init__(self, body: Body) -> None:
        self._pieces = pieces_of(body)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """Return the next piece."""
        piece = await anyio.to_thread.run_sync(next, self._pieces, None)
        if piece is None:
            raise StopAsyncIteration
        return piece

    def close(self) -> None:
        """Let go of what is read."""
        self._pieces.close()
