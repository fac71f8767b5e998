"""The way to the API that a command takes: it needs the standard library alone.

To import the rest takes longer than the whole command may last. It does what the client's own way does, for
one request after the other.
"""

import contextlib
import http.client
import select
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from .exchange import Body, Request, Response
from .failures import CannotConnect, ConnectionLost, Failure, NotHoldfast, TimedOut, why
from .target import Target

PIECE = 1 << 17

CONNECTING = 10.0
"""Seconds until an address is given up."""


class _Unix(http.client.HTTPConnection):
    def __init__(self, path: str, patience: float) -> None:
        super().__init__("localhost", timeout=patience)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(self._path)
        except OSError:
            self.close()
            raise


class Quick:
    """Asks one Holdfast; keeps one connection. Not for several threads at once."""

    def __init__(self, target: Target, patience: float) -> None:
        """`patience`: seconds without a byte of an answer until it is given up."""
        self._target = target
        self._patience = patience
        self._prefix = urlsplit(target.base).path
        self._kept: http.client.HTTPConnection | None = None

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
            opened.done()

    def open(self, request: Request) -> "QuickOpened":
        """Ask, and return the answer when its head has come; raises `Failure`."""
        connection = self._connection(request.patience or self._patience)
        try:
            self._send(connection, request)
            answer = connection.getresponse()
        except BaseException as exc:
            connection.close()
            if isinstance(exc, Exception):
                raise _said(exc, self._target) from exc
            raise
        return QuickOpened(self, connection, answer)

    def close(self) -> None:
        """Let the connection go."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    def keep(self, connection: http.client.HTTPConnection) -> None:
        """Use it again for the next request."""
        if self._kept is None:
            self._kept = connection
        else:
            connection.close()

    def _connection(self, patience: float) -> http.client.HTTPConnection:
        kept, self._kept = self._kept, None
        if kept is not None and kept.sock is not None:
            # One at which something can be read was closed by the other side.
            if not select.select([kept.sock], [], [], 0)[0]:
                kept.sock.settimeout(patience)
                return kept
            kept.close()
        try:
            made = self._made(patience)
            made.timeout = CONNECTING
            made.connect()
            made.sock.settimeout(patience)
        except (OSError, ValueError) as exc:
            raise CannotConnect(self._target.where, why(exc)) from exc
        return made

    def _made(self, patience: float) -> http.client.HTTPConnection:
        if self._target.socket:
            return _Unix(self._target.socket, patience)
        parts = urlsplit(self._target.url)
        host = parts.hostname or ""
        if not self._target.secure:
            return http.client.HTTPConnection(host, parts.port or 80, timeout=patience)
        context = ssl.create_default_context(cafile=self._target.ca or None)
        return http.client.HTTPSConnection(host, parts.port or 443, timeout=patience, context=context)

    def _send(self, connection: http.client.HTTPConnection, request: Request) -> None:
        body, length = request.body, None
        headers = {**self._target.headers, **request.headers}
        if isinstance(body, bytes):
            length = len(body) if body or request.method not in ("GET", "HEAD", "DELETE", "OPTIONS") else None
        else:
            length = body.length
            if length is None:
                headers["Transfer-Encoding"] = "chunked"
        if length is not None:
            headers["Content-Length"] = str(length)
        connection.putrequest(request.method, f"{self._prefix}{request.target}", skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value.encode("utf-8"))
        connection.endheaders()
        try:
            if isinstance(body, bytes):
                if body:
                    connection.send(body)
            else:
                self._pour(connection, body, chunked=length is None)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all of it was there: the answer says why

    def _pour(self, connection: http.client.HTTPConnection, body: Body, *, chunked: bool) -> None:
        for piece in body.pieces():
            if piece:
                connection.send(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        if chunked:
            connection.send(b"0\r\n\r\n")


class QuickOpened:
    """An answer whose body is still to be read."""

    def __init__(
        self, owner: Quick, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse
    ) -> None:
        self._owner = owner
        self._connection = connection
        self._answer = answer
        headers = {name.lower(): value for name, value in answer.getheaders()}
        self._head = Response(answer.status, headers)
        if not self._head.good:
            self._head = self.whole()

    @property
    def head(self) -> Response:
        """Status and headers; the body only if it is a refusal."""
        return self._head

    def read(self) -> bytes:
        """Return what has come, or nothing at the end; raises `ConnectionLost`, `TimedOut`."""
        try:
            data = self._answer.read1(PIECE)
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as exc:
            # AttributeError: somebody has closed it meanwhile.
            raise _said(exc, self._owner._target) from exc
        if not data and self._answer.length:
            raise ConnectionLost("the connection was cut before the answer was whole")
        return data

    def whole(self) -> Response:
        """Return the answer with all of its body."""
        return Response(self._head.status, self._head.headers, self._head.body or b"".join(self._pieces()))

    def done(self) -> None:
        """Let the connection be used again, if the answer was read to its end."""
        if self._answer.isclosed() and self._connection.sock is not None:
            self._owner.keep(self._connection)
        else:
            self.close()

    def close(self) -> None:
        """Have no more of it."""
        if self._connection.sock is not None:
            with contextlib.suppress(OSError):  # it is closed by the other side
                self._connection.sock.shutdown(socket.SHUT_RDWR)  # wakes a thread that reads
        self._answer.close()
        self._connection.close()

    def _pieces(self) -> Iterator[bytes]:
        while data := self.read():
            yield data


def _said(exc: BaseException, target: Target) -> Failure:
    """Return the failure that says it."""
    match exc:
        case Failure():
            return exc
        case TimeoutError():
            return TimedOut(f"{target.where} does not answer")
        case ConnectionError() | http.client.RemoteDisconnected() | http.client.IncompleteRead():
            return ConnectionLost("the connection was cut before the answer was whole")
        case http.client.HTTPException() | ValueError():
            return NotHoldfast(f"what answers at {target.where} is not Holdfast")
        case OSError():
            return ConnectionLost(f"the connection was cut: {exc.strerror or exc}")
    return ConnectionLost("the connection was closed")
