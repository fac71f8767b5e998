"""The way to the API that a command takes: no more is imported than a short command can wait for.

What the client's own way needs takes longer to import than the whole command may last, and so does
http.client. It does what the client's own way does. Several threads may use it, but one connection is kept:
who asks while another's request is on it gets a new one.
"""

import select
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .exchange import Body, Request, Response, pieces_of
from .failures import CannotAsk, CannotConnect, Failure, why
from .quickanswer import QuickOpened, said
from .target import Target

if TYPE_CHECKING:
    import ssl

    from .clients import Client

CONNECTING = 10.0
"""Seconds until an address is given up."""

_BODILESS = ("GET", "HEAD", "DELETE", "OPTIONS")


def quick_client(target: Target, repeating: float | None = None) -> "Client":
    """Return a client that goes this way; `repeating`: seconds, or the client's own."""
    from .clients import PATIENCE, Client  # noqa: PLC0415  (completion asks without one)
    from .drivers import REPEATING  # noqa: PLC0415

    patience = REPEATING if repeating is None else repeating
    return Client(target, way=Quick(target, PATIENCE), repeating=patience)


class Quick:
    """Asks one Holdfast; keeps one connection. No proxy of the environment is used."""

    def __init__(self, target: Target, patience: float) -> None:
        """`patience`: seconds without a byte of an answer until it is given up."""
        self._target = target
        self._patience = patience
        parts = urlsplit(target.base)
        self._prefix = parts.path
        self._host = parts.netloc
        self._address = (parts.hostname or "", parts.port or (443 if target.secure else 80))
        self._trust: ssl.SSLContext | None = None
        # At most one, or a few if threads were at it; a list, because what `pop` gives one gets alone.
        self._kept: list[socket.socket] = []

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
            if opened.reusable:
                self._keep(opened.connection)
            else:
                opened.close()

    def open(self, request: Request) -> QuickOpened:
        """Ask, and return the answer when its head has come; raises `Failure`."""
        connection = self._connection(request.patience or self._patience)
        try:
            sent = self._send(connection, request)
            return QuickOpened(self._target, connection, bodiless=request.method == "HEAD", reusable=sent)
        except BaseException as exc:
            connection.close()
            if isinstance(exc, Exception):
                raise said(exc, self._target) from exc
            raise

    def close(self) -> None:
        """Let the connection go."""
        while (kept := self._taken()) is not None:
            kept.close()

    def _taken(self) -> socket.socket | None:
        try:
            return self._kept.pop()
        except IndexError:
            return None

    def _keep(self, connection: socket.socket) -> None:
        if self._kept:
            connection.close()
        else:
            self._kept.append(connection)

    def _connection(self, patience: float) -> socket.socket:
        kept = self._taken()
        if kept is not None:
            # One at which something can be read was closed by the other side.
            if not _readable(kept):
                kept.settimeout(patience)
                return kept
            kept.close()
        try:
            made = self._connected(min(CONNECTING, patience))
        except Failure:
            raise
        except (OSError, ValueError) as exc:
            raise CannotConnect(self._target.where, why(exc)) from exc
        made.settimeout(patience)
        return made

    def _connected(self, patience: float) -> socket.socket:
        unix = self._target.socket
        if self._target.secure and self._trust is None:
            self._trust = self._target.trust()
        if unix:
            made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        else:
            made = socket.create_connection(self._address, patience)
        try:
            if unix:
                made.settimeout(patience)
                made.connect(unix)
                return made
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._trust is None:
                return made
            return self._trust.wrap_socket(made, server_hostname=self._address[0])
        except BaseException:
            made.close()
            raise

    def _send(self, connection: socket.socket, request: Request) -> bool:
        """Send a request; tell whether all of it went off."""
        body = request.body
        headers = {"Host": self._host, **self._target.headers, **request.headers}
        length = len(body) if isinstance(body, bytes) else body.length
        if length is None:
            headers["Transfer-Encoding"] = "chunked"
        elif length or request.method not in _BODILESS:
            headers["Content-Length"] = str(length)
        head = _head(f"{request.method} {self._prefix}{request.target} HTTP/1.1", headers)
        try:
            if isinstance(body, bytes):
                connection.sendall(head + body)
                return True
            connection.sendall(head)
            return self._pour(connection, body, chunked=length is None)
        except (BrokenPipeError, ConnectionResetError):
            return False  # refused before all of it was there: the answer says why
        except OSError as exc:
            if self._target.secure and not isinstance(exc, TimeoutError):
                return False  # what TLS makes of the same
            raise

    def _pour(self, connection: socket.socket, body: Body, *, chunked: bool) -> bool:
        pieces = pieces_of(body)
        try:
            for piece in pieces:
                # With TLS, what can be read may be TLS's own.
                if not self._target.secure and _readable(connection):
                    return False  # the answer is there already: what it says does not depend on the rest
                connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        finally:
            pieces.close()
        if chunked:
            connection.sendall(b"0\r\n\r\n")
        return True


def _head(line: str, headers: dict[str, str]) -> bytes:
    for name, value in headers.items():
        if value != value.strip() or any(one < " " or one == "\x7f" for one in value):
            raise CannotAsk(f"this cannot be asked for: {name} has a line break or blanks around it")
    lines = [line, *(f"{name}: {value}" for name, value in headers.items())]
    try:
        return "\r\n".join((*lines, "\r\n")).encode()
    except UnicodeEncodeError as exc:
        raise CannotAsk("this cannot be asked for: it is no text") from exc


def _readable(connection: socket.socket) -> bool:
    watch = select.poll()  # select(2) knows no descriptors beyond 1023
    watch.register(connection, select.POLLIN)
    return bool(watch.poll(0))
