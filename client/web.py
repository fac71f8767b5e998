"""The client's own way to the API: httpx, over a Unix socket or TCP. `asyncweb` is the same, awaited."""

import contextlib
import socket
from collections.abc import Iterator, Mapping, Sequence

import httpx

from .exchange import Request, Response, Whole, pieces_of
from .failures import CannotAsk, CannotConnect, ConnectionLost, Failure, NotHoldfast, TimedOut, why
from .target import Target
from .unixstream import UnixTransport

CONNECTING = 10.0
"""Seconds until an address is given up."""

LIMITS = httpx.Limits(max_connections=None)
"""Each stream has a connection: with a limit, who follows much could ask for nothing else."""

RAISED = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, UnicodeError)
"""What httpx raises when something goes wrong."""

CLOSED = "this client was closed"


class Web:
    """Asks one Holdfast and waits for the answers; several threads may do so. No proxy is used."""

    def __init__(self, target: Target, patience: float) -> None:
        """`patience`: seconds without a byte of an answer until it is given up."""
        self._target = target
        # What the environment says is for browsers: a proxy before this very machine, passwords of ~/.netrc.
        self._client = httpx.Client(
            transport=UnixTransport(target.socket) if target.socket else None,
            base_url=target.base,
            headers=target.headers,
            limits=LIMITS,
            verify=target.trust() if target.secure else False,
            trust_env=False,
        )
        self._patience = patience

    def exchange(self, request: Request) -> Response:
        """Ask, and return the answer; raises `Failure`."""
        opened = self.open(request)
        try:
            if request.sink is None or not opened.head.good:
                return opened.whole()
            while data := opened.read():
                request.sink(data)
            return opened.head
        finally:
            opened.close()

    def open(self, request: Request) -> "WebOpened":
        """Ask, and return the answer when its head has come; raises `Failure`."""
        body = request.body
        poured = None if isinstance(body, bytes) else pieces_of(body)
        try:
            asked = self._client.build_request(
                request.method,
                request.target,
                headers=headers_of(request),
                content=(body or None) if isinstance(body, bytes) else poured,
                timeout=limits(request.patience or self._patience),
            )
            return WebOpened(self._target, self._client.send(asked, stream=True))
        except RAISED as exc:
            raise said(exc, self._target) from exc
        except RuntimeError as exc:
            if not self._client.is_closed:
                raise
            raise CannotAsk(CLOSED) from exc
        finally:
            if poured is not None:
                poured.close()

    def close(self) -> None:
        """Let go of all connections."""
        self._client.close()


class WebOpened:
    """An answer whose body is still to be read."""

    def __init__(self, target: Target, answer: httpx.Response) -> None:
        self._target = target
        self._answer = answer
        self._pieces: Iterator[bytes] = answer.iter_raw()
        self._ended = False
        try:
            self._head = head_of(answer)
            if not self._head.good:
                self._head = self.whole()
        except BaseException:
            answer.close()
            raise

    @property
    def head(self) -> Response:
        """Status and headers; the body only if it is a refusal."""
        return self._head

    def read(self) -> bytes:
        """Return what has come, or nothing at the end; raises `ConnectionLost`, `TimedOut`."""
        try:
            data = next(self._pieces, b"")
        except RAISED as exc:
            raise said(exc, self._target) from exc
        self._ended = not data
        return data

    def whole(self) -> Response:
        """Return the answer with all of its body."""
        if not self._ended:
            whole = Whole()
            while data := self.read():
                whole.add(data)
            self._head = Response(self._head.status, self._head.headers, whole.body)
        return self._head

    def close(self) -> None:
        """Have no more of it; another thread may do that, too, and wakes the one that reads."""
        if not self._ended:
            line = self._answer.extensions["network_stream"].get_extra_info("socket")
            with contextlib.suppress(OSError):  # it is closed already
                socket.socket.shutdown(line, socket.SHUT_RDWR)
        self._answer.close()


def limits(patience: float) -> httpx.Timeout:
    """Return how long httpx waits for what."""
    return httpx.Timeout(patience, connect=CONNECTING, pool=None)


def headers_of(request: Request) -> Sequence[tuple[bytes, bytes]]:
    """Return what a request says of itself."""
    headers = [(name.encode(), value.encode()) for name, value in request.headers.items()]
    if not isinstance(request.body, bytes):
        length = request.body.length
        chunked = (b"Transfer-Encoding", b"chunked")
        headers.append(chunked if length is None else (b"Content-Length", str(length).encode()))
    return headers


def head_of(answer: httpx.Response) -> Response:
    """Return status and headers; raises `ConnectionLost` if nobody could tell the end of the body."""
    headers: Mapping[str, str] = {name.lower(): value for name, value in answer.headers.items()}
    bodiless = answer.request.method == "HEAD" or answer.status_code in (204, 304)
    if not bodiless and "content-length" not in headers and "transfer-encoding" not in headers:
        raise ConnectionLost("the connection was cut before the answer was whole")
    return Response(answer.status_code, headers)


def said(exc: BaseException, target: Target) -> Failure:
    """Return the failure that says it."""
    match exc:
        case httpx.ConnectTimeout():
            return CannotConnect(target.where, "it does not answer")
        case httpx.ConnectError():
            return CannotConnect(target.where, why(exc))
        case httpx.TimeoutException():
            return TimedOut(f"{target.where} does not answer")
        case httpx.RemoteProtocolError() if "disconnected" not in str(exc) and "peer closed" not in str(exc):
            return NotHoldfast(f"what answers at {target.where} is not Holdfast")
        case httpx.InvalidURL() | httpx.LocalProtocolError() | httpx.UnsupportedProtocol() | UnicodeError():
            return CannotAsk(f"this cannot be asked for: {exc}")
    return ConnectionLost("the connection was cut before the answer was whole")
