"""A console, for those who wait: what a program says, and what it is told."""

import contextlib
import threading
import time
from types import TracebackType
from typing import Self

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect, unix_connect

from .consoleevents import Event, Notice, Taken, Unsure
from .consoleprotocol import DEAF, PING, PINGING, ConsoleProtocol, bytes_of, resizing
from .consoleway import address, options, said
from .failures import ConnectionLost, Failure, TimedOut, refused
from .streams import PATIENCE
from .target import Target
from .watching import Watching

ANSWERING = 10.0
"""Seconds in which a line is taken, or not; the daemon gives a program two."""


class Console(Watching):
    """Use it in `with`, and iterate over what comes. It is asked for anew where it was when it is cut.

    Other threads may send meanwhile, and close it.
    """

    def __init__(self, target: Target, protocol: ConsoleProtocol, patience: float | None = PATIENCE) -> None:
        super().__init__(target, protocol, patience)
        self._connection: ClientConnection | None = None
        self._closing = threading.Event()
        self._pinging = threading.Thread(target=self._ping, name="console-ping", daemon=True)

    def __enter__(self) -> Self:
        """Connect, and wait for the settings; raises `NoSuchServer`, `NotPermitted`, `Failure`."""
        try:
            while self._protocol.settings is None:
                self._advance(time.monotonic() + DEAF)
        except BaseException:
            self.close()
            raise
        self._pinging.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if self._pinging.is_alive():
            self._pinging.join()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        """Return what comes next; raises `Failure` if the console is no more, or away for too long."""
        event = self._next(None)
        if event is None:
            raise StopIteration
        return event

    def receive(self, timeout: float) -> Event | None:
        """Return what comes next, or None if it was closed; raises `TimedOut` after so many seconds."""
        return self._next(time.monotonic() + timeout)

    def send_line(self, text: str) -> str:
        """Send a line, and return its id: a `Taken` or a `Notice` with it says what became of it.

        Raises `ConnectionLost` if there is no connection just now, `ValueError` for a line too long.
        """
        name, message = self._protocol.line(text)
        try:
            self._send(message)
        except ConnectionLost:
            self._protocol.not_sent(name)
            raise
        return name

    def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are: keys, where there is a terminal; raises `ConnectionLost`."""
        for part in bytes_of(data):
            self._send(part)

    def mark(self) -> str:
        """Return an id: a `Taken` with it comes when all that was sent before was given, or refused."""
        name, message = self._protocol.mark()
        self._send(message)
        return name

    def resize(self, rows: int, columns: int) -> None:
        """Make the terminal that large; raises `ConnectionLost`, `ValueError`."""
        self._send(resizing(rows, columns))

    def say(self, text: str, timeout: float = ANSWERING) -> None:
        """Send a line and return when the program was given it. What comes meanwhile is dropped.

        Raises `NotPermitted`, `NotAllowed` if it is not taken, `ConnectionLost` if nobody knows, `TimedOut`.
        """
        name, deadline = self.send_line(text), time.monotonic() + timeout
        while (event := self._next(deadline)) is not None:
            if answered(event, name):
                return
        raise ConnectionLost("the console was closed")

    def close(self) -> None:
        """Have no more of it; another thread may do that, too."""
        self._over = True
        self._closing.set()
        self._drop()

    def _next(self, deadline: float | None) -> Event | None:
        while not self._pending:
            if self._over:
                return None
            try:
                self._advance(deadline)
            except TimedOut:
                raise
            except Failure as exc:
                self._drop()
                if self._closing.is_set():
                    return None
                wait = self._broke(exc)
                if deadline is not None and time.monotonic() + wait > deadline:
                    raise TimedOut("nothing was said in time") from exc
                self._closing.wait(wait)
        return self._pending.popleft()

    def _advance(self, deadline: float | None) -> None:
        """Wait for one message; raises `TimedOut` only for the deadline."""
        if self._connection is None:
            again = self._protocol.settings is not None
            self._connection = self._open()
            if self._closing.is_set():
                raise ConnectionLost("the console was closed")
            if again:
                self._goes_on()
        left = DEAF if deadline is None else min(DEAF, max(0.0, deadline - time.monotonic()))
        try:
            message = self._connection.recv(timeout=left)
        except TimeoutError:
            if deadline is not None and time.monotonic() >= deadline:
                raise TimedOut("nothing was said in time") from None
            raise ConnectionLost("nothing was heard, not even an answer to a ping") from None
        except ConnectionClosed as exc:
            closed = exc.rcvd
            raise self._protocol.closed(
                closed.code if closed else None, closed.reason if closed else ""
            ) from exc
        except AttributeError:
            raise ConnectionLost("the console was closed") from None  # by another thread, just now
        self._take(message)

    def _open(self) -> ClientConnection:
        target, request = self._target, self._protocol.request
        uri = address(target, request)
        try:
            if target.socket:
                opened = unix_connect(target.socket, uri, legacy=True, **options(target))
            else:
                trust = target.trust() if target.secure else None
                opened = connect(uri, ssl=trust, legacy=True, **options(target))
        except (OSError, ValueError, WebSocketException) as exc:
            raise said(exc, target) from exc
        try:
            self._protocol.opened(opened.subprotocol)
        except Failure:
            _end(opened)
            raise
        return opened

    def _send(self, message: str | bytes) -> None:
        connection = self._connection
        if connection is None:
            raise self._away()
        try:
            connection.send(message)
        except (ConnectionClosed, OSError) as exc:
            raise self._away() from exc

    def _ping(self) -> None:
        while not self._closing.wait(PINGING):
            with contextlib.suppress(ConnectionLost):  # who iterates hears of it
                self._send(PING)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            _end(connection)


def answered(event: Event, name: str) -> bool:
    """Tell whether an event says that a line was taken; raises `Failure` if it says that it was not."""
    match event:
        case Taken(id=said) if said == name:
            return True
        case Notice(id=said, kind="not-permitted") if said == name:
            raise refused(403, "not-permitted", {"error": event.message})
        case Notice(id=said) if said == name:
            raise refused(409, "not-allowed", {"error": event.message})
        case Unsure(ids=ids) if name in ids:
            raise ConnectionLost("the connection was cut: the program may have got the line, or not")
    return False


def _end(connection: ClientConnection) -> None:
    connection.__exit__(None, None, None)
