"""The client's own way to the API: httpx, over a Unix socket or TCP, waiting or awaiting."""

import ssl
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

import anyio.to_thread
import httpx

from .exchange import Body, Request, Response
from .failures import CannotConnect, ConnectionLost, Failure, NotHoldfast, TimedOut, why
from .target import Target

CONNECTING = 10.0
"""Seconds until an address is given up."""

CUT = ("disconnected", "closed connection", "incomplete")
"""What stands in the words of httpx for a connection that was cut, not in those for another protocol."""


class Web:
    """Asks one Holdfast and waits for the answers."""

    def __init__(self, target: Target, patience: float) -> None:
        """`patience`: seconds without a byte of an answer until it is given up."""
        self._target = target
        transport = httpx.HTTPTransport(uds=target.socket) if target.socket else None
        self._client = httpx.Client(
            transport=transport,
            base_url=target.base,
            headers=_usual(target),
            timeout=_limits(patience),
            verify=_trust(target),
        )
        self._patience = patience

    def exchange(self, request: Request) -> Response:
        """Ask, and return the answer; raises `Failure`."""
        opened = self.open(request)
        try:
            if request.sink is None or not opened.head.good:
                return Response(opened.head.status, opened.head.headers, opened.head.body or opened.rest())
            while data := opened.read():
                request.sink(data)
            return opened.head
        finally:
            opened.close()

    def open(self, request: Request) -> "WebOpened":
        """Ask, and return the answer when its head has come; raises `Failure`."""
        body = request.body
        asked = self._client.build_request(
            request.method,
            request.target,
            headers=_headers(request),
            content=body.pieces() if not isinstance(body, bytes) else body or None,
            timeout=_limits(request.patience or self._patience),
        )
        try:
            return WebOpened(self._target, self._client.send(asked, stream=True))
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as exc:
            raise _said(exc, self._target) from exc

    def close(self) -> None:
        """Let go of all connections."""
        self._client.close()


class WebOpened:
    """An answer whose body is still to be read."""

    def __init__(self, target: Target, answer: httpx.Response) -> None:
        self._target = target
        self._answer = answer
        self._pieces = answer.iter_raw()
        self._head = Response(answer.status_code, _small(answer))
        if not self._head.good:
            self._head = Response(answer.status_code, _small(answer), self.rest())

    @property
    def head(self) -> Response:
        """Status and headers; the body only if it is a refusal."""
        return self._head

    def read(self) -> bytes:
        """Return what has come, or nothing at the end; raises `ConnectionLost`, `TimedOut`."""
        try:
            return next(self._pieces, b"")
        except (httpx.HTTPError, httpx.StreamError, OSError) as exc:
            raise _said(exc, self._target) from exc

    def rest(self) -> bytes:
        """Return all that is still to come."""
        return b"".join(iter(self.read, b""))

    def close(self) -> None:
        """Have no more of it."""
        self._answer.close()


class AsyncWeb:
    """Asks one Holdfast for those who await the answers."""

    def __init__(self, target: Target, patience: float) -> None:
        """`patience`: seconds without a byte of an answer until it is given up."""
        self._target = target
        transport = httpx.AsyncHTTPTransport(uds=target.socket) if target.socket else None
        self._client = httpx.AsyncClient(
            transport=transport,
            base_url=target.base,
            headers=_usual(target),
            timeout=_limits(patience),
            verify=_trust(target),
        )
        self._patience = patience

    async def exchange(self, request: Request) -> Response:
        """Ask, and return the answer; raises `Failure`."""
        opened = await self.open(request)
        try:
            if request.sink is None or not opened.head.good:
                body = opened.head.body or await opened.rest()
                return Response(opened.head.status, opened.head.headers, body)
            while data := await opened.read():
                await anyio.to_thread.run_sync(request.sink, data)
            return opened.head
        finally:
            await opened.close()

    async def open(self, request: Request) -> "AsyncWebOpened":
        """Ask, and return the answer when its head has come; raises `Failure`."""
        body = request.body
        asked = self._client.build_request(
            request.method,
            request.target,
            headers=_headers(request),
            content=_pour(body) if not isinstance(body, bytes) else body or None,
            timeout=_limits(request.patience or self._patience),
        )
        try:
            answer = await self._client.send(asked, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as exc:
            raise _said(exc, self._target) from exc
        opened = AsyncWebOpened(self._target, answer)
        if not opened.head.good:
            await opened.explain()
        return opened

    async def close(self) -> None:
        """Let go of all connections."""
        await self._client.aclose()


class AsyncWebOpened:
    """An answer whose body is still to be read."""

    def __init__(self, target: Target, answer: httpx.Response) -> None:
        self._target = target
        self._answer = answer
        self._pieces = answer.aiter_raw()
        self._head = Response(answer.status_code, _small(answer))

    @property
    def head(self) -> Response:
        """Status and headers; the body only if it is a refusal."""
        return self._head

    async def explain(self) -> None:
        """Read the body of a refusal, and end."""
        try:
            self._head = Response(self._head.status, self._head.headers, await self.rest())
        finally:
            await self.close()

    async def read(self) -> bytes:
        """Return what has come, or nothing at the end; raises `ConnectionLost`, `TimedOut`."""
        try:
            return await anext(self._pieces, b"")
        except (httpx.HTTPError, httpx.StreamError, OSError) as exc:
            raise _said(exc, self._target) from exc

    async def rest(self) -> bytes:
        """Return all that is still to come."""
        whole = bytearray()
        while data := await self.read():
            whole += data
        return bytes(whole)

    async def close(self) -> None:
        """Have no more of it."""
        await self._answer.aclose()


def _usual(target: Target) -> dict[str, str]:
    return {"Accept-Encoding": "identity", "User-Agent": "holdfast", **target.headers}


def _limits(patience: float) -> httpx.Timeout:
    return httpx.Timeout(patience, connect=CONNECTING, pool=None)


def _trust(target: Target) -> "ssl.SSLContext | bool":
    if not target.secure:
        return False  # there is nothing to verify, and to load the certificates of the system takes a while
    return ssl.create_default_context(cafile=target.ca or None)


def _headers(request: Request) -> Sequence[tuple[bytes, bytes]]:
    headers = [(name.encode(), value.encode()) for name, value in request.headers.items()]
    if not isinstance(request.body, bytes) and request.body.length is not None:
        headers.append((b"Content-Length", str(request.body.length).encode()))
    return headers


def _small(answer: httpx.Response) -> Mapping[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


async def _pour(body: Body) -> AsyncIterator[bytes]:
    """Read the pieces in a thread: a disk may be slow."""
    pieces: Iterator[bytes] = body.pieces()
    while piece := await anyio.to_thread.run_sync(next, pieces, b""):
        yield piece


def _said(exc: BaseException, target: Target) -> Failure:
    """Return the failure that says it."""
    match exc:
        case httpx.ConnectTimeout():
            return CannotConnect(target.where, "it does not answer")
        case httpx.ConnectError() | httpx.UnsupportedProtocol() | httpx.ProxyError():
            return CannotConnect(target.where, why(exc))
        case httpx.TimeoutException():
            return TimedOut(f"{target.where} does not answer")
        case httpx.RemoteProtocolError() if not any(word in str(exc) for word in CUT):
            return NotHoldfast(f"what answers at {target.where} is not Holdfast")
        case httpx.InvalidURL() | httpx.LocalProtocolError():
            return NotHoldfast(f"this cannot be asked for: {exc}")
    return ConnectionLost("the connection was cut before the answer was whole")
