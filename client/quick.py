"""The way to the API that a command takes: no more is imported than a short command can wait for.

What the client's own way needs takes longer to import than the whole command may last, and so does
http.client. It does what the client's own way does, for one request after the other.
"""

import contextlib
import select
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httptools

from .exchange import Body, Request, Response
from .failures import CannotConnect, ConnectionLost, Failure, NotHoldfast, TimedOut, why
from .target import Target

if TYPE_CHECKING:
    import ssl

PIECE = 1 << 17

CONNECTING = 10.0
"""Seconds until an address is given up."""


class Quick:
    """Asks one Holdfast; keeps one connection. Not for several threads at once."""

    def __init__(self, target: Target, patience: float) -> None:
        """`patience`: seconds without a byte of an answer until it is given up."""
        self._target = target
        self._patience = patience
        parts = urlsplit(target.base)
        self._prefix = parts.path
        self._host = parts.netloc
        self._address = (parts.hostname or "", parts.port or (443 if target.secure else 80))
        self._kept: socket.socket | None = None
        self._trust: ssl.SSLContext | None = None

    @property
    def target(self) -> Target:
        """Where it asks."""
        return self._target

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
            return QuickOpened(self, connection, bodiless=request.method == "HEAD")
        except BaseException as exc:
            connection.close()
            if isinstance(exc, Exception):
                raise _said(exc, self._target) from exc
            raise

    def close(self) -> None:
        """Let the connection go."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    def keep(self, connection: socket.socket) -> None:
        """Use it again for the next request."""
        if self._kept is None:
            self._kept = connection
        else:
            connection.close()

    def _connection(self, patience: float) -> socket.socket:
        kept, self._kept = self._kept, None
        if kept is not None:
            # One at which something can be read was closed by the other side.
            if not select.select([kept], [], [], 0)[0]:
                kept.settimeout(patience)
                return kept
            kept.close()
        try:
            made = self._connected(min(CONNECTING, patience))
        except (OSError, ValueError) as exc:
            raise CannotConnect(self._target.where, why(exc)) from exc
        made.settimeout(patience)
        return made

    def _connected(self, patience: float) -> socket.socket:
        if self._target.socket:
            made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                made.settimeout(patience)
                made.connect(self._target.socket)
            except BaseException:
                made.close()
                raise
            return made
        made = socket.create_connection(self._address, patience)
        try:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return self._encrypted(made) if self._target.secure else made
        except BaseException:
            made.close()
            raise

    def _encrypted(self, plain: socket.socket) -> socket.socket:
        import ssl  # noqa: PLC0415  (takes a while, and most go over the Unix socket)

        if self._trust is None:
            self._trust = ssl.create_default_context(cafile=self._target.ca or None)
        return self._trust.wrap_socket(plain, server_hostname=self._address[0])

    def _send(self, connection: socket.socket, request: Request) -> None:
        body, length = request.body, None
        headers = {"Host": self._host, **self._target.headers, **request.headers}
        if isinstance(body, bytes):
            length = len(body) if body or request.method not in ("GET", "HEAD", "DELETE", "OPTIONS") else None
        else:
            length = body.length
            if length is None:
                headers["Transfer-Encoding"] = "chunked"
        if length is not None:
            headers["Content-Length"] = str(length)
        lines = [f"{request.method} {self._prefix}{request.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if any("\r" in line or "\n" in line for line in lines):
            raise NotHoldfast("this cannot be asked for: a header would have several lines")
        head = "\r\n".join((*lines, "\r\n")).encode()
        try:
            if isinstance(body, bytes):
                connection.sendall(head + body)
            else:
                connection.sendall(head)
                _pour(connection, body, chunked=length is None)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all of it was there: the answer says why


class QuickOpened:
    """An answer whose body is still to be read."""

    def __init__(self, owner: Quick, connection: socket.socket, *, bodiless: bool = False) -> None:
        """Wait for the head; raises `OSError`, `Failure`, and what httptools raises."""
        self._owner = owner
        self._connection: socket.socket | None = connection
        self._bodiless = bodiless
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._status = 0
        self._pieces: list[bytes] = []
        self._ended = False
        self._again = True
        while not self._status:
            self._take(connection.recv(PIECE))
        self._head = Response(self._status, self._headers)
        if not self._head.good:
            self._head = self.whole()

    @property
    def head(self) -> Response:
        """Status and headers; the body only if it is a refusal."""
        return self._head

    def read(self) -> bytes:
        """Return what has come, or nothing at the end; raises `ConnectionLost`, `TimedOut`."""
        try:
            while not self._pieces and not self._ended:
                connection = self._connection
                if connection is None:
                    raise ConnectionLost("the connection was closed")  # by somebody else
                self._take(connection.recv(PIECE))
        except (OSError, ValueError, httptools.HttpParserError, Failure) as exc:
            raise _said(exc, self._owner.target) from exc
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data

    def whole(self) -> Response:
        """Return the answer with all of its body."""
        return Response(self._head.status, self._head.headers, self._head.body or b"".join(self._rest()))

    def done(self) -> None:
        """Let the connection be used again, if the answer was read to its end."""
        connection = self._connection
        if connection is not None and self._ended and self._again and not self._pieces:
            self._connection = None
            self._owner.keep(connection)
        else:
            self.close()

    def close(self) -> None:
        """Have no more of it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError):  # it is closed by the other side
                connection.shutdown(socket.SHUT_RDWR)  # wakes a thread that reads
            connection.close()

    def _rest(self) -> Iterator[bytes]:
        while data := self.read():
            yield data

    def _take(self, data: bytes) -> None:
        if data:
            self._parser.feed_data(data)
        elif self._status and not {"content-length", "transfer-encoding"} & self._headers.keys():
            self._ended, self._again = True, False  # such a body lasts until the connection ends
        else:
            raise ConnectionLost("the connection was cut before the answer was whole")

    # What httptools calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        key, said = name.decode("latin-1").lower(), value.decode("utf-8", "replace")
        self._headers[key] = f"{self._headers[key]}, {said}" if key in self._headers else said

    def on_headers_complete(self) -> None:
        """Take note that the head is there."""
        status = self._parser.get_status_code()
        if status < 200:  # the answer itself is still to come
            self._headers.clear()
            return
        self._status = status
        self._again = not self._bodiless and self._parser.should_keep_alive()
        self._ended = self._bodiless

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        self._pieces.append(data)

    def on_message_complete(self) -> None:
        """Take note that this is all."""
        self._ended = self._status != 0


def _pour(connection: socket.socket, body: Body, *, chunked: bool) -> None:
    for piece in body.pieces():
        if piece:
            connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
    if chunked:
        connection.sendall(b"0\r\n\r\n")


def _said(exc: BaseException, target: Target) -> Failure:
    """Return the failure that says it."""
    match exc:
        case Failure():
            return exc
        case TimeoutError():
            return TimedOut(f"{target.where} does not answer")
        case ConnectionError():
            return ConnectionLost("the connection was cut before the answer was whole")
        case httptools.HttpParserError() | ValueError():
            return NotHoldfast(f"what answers at {target.where} is not Holdfast")
        case OSError():
            return ConnectionLost(f"the connection was cut: {exc.strerror or exc}")
    return ConnectionLost("the connection was closed")
