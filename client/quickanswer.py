"""An answer that comes over a bare socket, taken apart by httptools."""

import contextlib
import socket

import httptools

from .exchange import Response, Whole
from .failures import ConnectionLost, Failure, NotHoldfast, TimedOut
from .target import Target

PIECE = 1 << 17

LONGEST_HEAD = 1 << 18
"""Bytes of a head that we read; ours are much shorter."""


class QuickOpened:
    """An answer whose body is still to be read."""

    def __init__(
        self, target: Target, connection: socket.socket, *, bodiless: bool = False, reusable: bool = True
    ) -> None:
        """Wait for the head; raises `OSError`, `Failure`, and what httptools raises."""
        self.connection = connection
        self._target = target
        self._bodiless = bodiless
        self._reusable = reusable
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._status = 0
        self._pieces: list[bytes] = []
        self._ended = False
        self._closed = False
        came = 0
        while not self._status:
            data = connection.recv(PIECE)
            came += len(data)
            if came > LONGEST_HEAD:
                raise NotHoldfast(f"what answers at {target.where} is not Holdfast")
            self._take(data)
        self._head = Response(self._status, self._headers)
        if not self._ended and not {"content-length", "transfer-encoding"} & self._headers.keys():
            raise ConnectionLost("the connection was cut before the answer was whole")  # or nobody could tell
        if not self._head.good:
            self._head = self.whole()

    @property
    def head(self) -> Response:
        """Status and headers; the body only if it is a refusal."""
        return self._head

    @property
    def reusable(self) -> bool:
        """Whether the connection can carry another request: this one and its answer are through."""
        return self._reusable and self._ended and not self._pieces and not self._closed

    def read(self) -> bytes:
        """Return what has come, or nothing at the end; raises `ConnectionLost`, `TimedOut`."""
        try:
            while not self._pieces and not self._ended:
                self._take(self.connection.recv(PIECE))
        except (OSError, ValueError, httptools.HttpParserError, Failure) as exc:
            if self._closed:  # by another thread
                raise ConnectionLost("the connection was closed") from exc
            raise said(exc, self._target) from exc
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data

    def whole(self) -> Response:
        """Return the answer with all of its body."""
        whole = Whole()
        whole.add(self._head.body)
        while data := self.read():
            whole.add(data)
        return Response(self._head.status, self._head.headers, whole.body)

    def close(self) -> None:
        """Have no more of it; another thread may do that, too, and wakes the one that reads."""
        self._closed = True
        with contextlib.suppress(OSError):  # it is closed already
            socket.socket.shutdown(self.connection, socket.SHUT_RDWR)  # that of TLS itself would wait
        self.connection.close()

    def _take(self, data: bytes) -> None:
        if not data:
            raise ConnectionLost("the connection was cut before the answer was whole")
        self._parser.feed_data(data)

    # What httptools calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        key, text = name.decode("latin-1").lower(), value.decode("utf-8", "replace")
        self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_headers_complete(self) -> None:
        """Take note that the head is there."""
        status = self._parser.get_status_code()
        if status < 200:  # the answer itself is still to come
            self._headers.clear()
            return
        self._status = status
        # What comes after the answer to HEAD, httptools takes for its body.
        self._reusable = self._reusable and not self._bodiless and self._parser.should_keep_alive()
        self._ended = self._bodiless

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        if not self._bodiless:
            self._pieces.append(data)

    def on_message_complete(self) -> None:
        """Take note that this is all."""
        self._ended = self._status != 0


def said(exc: Exception, target: Target) -> Failure:
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
