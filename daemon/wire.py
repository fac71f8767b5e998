"""The bare socket of a connection, by which threads move many bytes past event loop, transport and parser.

Rules:
- It is a duplicate: it stays what it is whatever becomes of the connection, which the client sees closed only
  when it is closed, too.
- A thread stays with it while bytes flow, for a `SPELL` at most, since others may wait for one; and for a
  short `LULL`, since to go to the event loop and come back takes as long. For who is slower than that the
  event loop waits, and no thread.
- Not with TLS: there, bytes need the transport.
"""

import os
import select
import socket
from collections.abc import Callable, Sequence
from time import monotonic

import anyio

from filemgr import Download

from .pipelining import PipelinedProtocol
from .ranges import Piece, Range

BLOCK = 1 << 20
"""Bytes that are read at once; the socket has less, mostly."""

STRETCH = 1 << 20
"""Bytes of a file that are sent at once: of more, the client has less in the processor's cache."""

SPELL = 0.05
"""Seconds after which a thread comes back."""

LULL = 2
"""Milliseconds for which a thread waits for more."""

WORTH = 256 << 10
"""Bytes for which all this is worth it."""


class Wire:
    """Gives out the socket of a connection, to who answers the request that is its turn."""

    def __init__(self, protocol: PipelinedProtocol) -> None:
        self._protocol = protocol

    def inlet(self) -> "Inlet | None":
        """Return what the body of the request can be read from, unless it is short, or has to be parsed."""
        protocol = self._protocol
        if protocol.scheme == "https" or protocol.owed < WORTH or (copy := _copy(protocol)) is None:
            return None
        if not protocol.stop_reading():
            copy.close()
            return None
        return Inlet(protocol, copy)

    async def outlet(self) -> "Outlet | None":
        """Return what the answer's body can be written to, when its head is written; raises nothing."""
        protocol = self._protocol
        if protocol.scheme == "https":
            return None
        await protocol.written()
        copy = _copy(protocol)
        return None if copy is None else Outlet(protocol, copy)


def _copy(protocol: PipelinedProtocol) -> socket.socket | None:
    """Return a duplicate of the socket; None if it is closing, or there are no descriptors left."""
    if protocol.transport.is_closing():
        return None
    try:
        return socket.socket(fileno=os.dup(protocol.transport.get_extra_info("socket").fileno()))
    except OSError:
        return None


class _End:
    """A duplicate of the socket; close it."""

    def __init__(self, protocol: PipelinedProtocol, copy: socket.socket, event: int) -> None:
        self._protocol = protocol
        self._socket = copy
        self._socket.setblocking(False)
        self._ready = select.poll()
        self._ready.register(self._socket, event)

    @property
    def is_gone(self) -> bool:
        """Whether the connection has ended meanwhile."""
        return self._protocol.transport.is_closing()

    def _lulls(self) -> bool:
        return not self._ready.poll(LULL)


class Inlet(_End):
    """The rest of a body."""

    def __init__(self, protocol: PipelinedProtocol, copy: socket.socket) -> None:
        super().__init__(protocol, copy, select.POLLIN)
        self.left = protocol.owed
        """Bytes that have yet to come."""
        self.early = protocol.early_body()
        """What has come already."""

    async def ready(self) -> None:
        """Wait until there is something, or the client has gone."""
        await anyio.wait_readable(self._socket)

    def pull(self, take: Callable[[list[bytes]], None]) -> None:
        """Give `take` what comes, in a thread.

        Raises what that raises, and `EndOfStream` if the client has gone.
        """
        end = monotonic() + SPELL
        while self.left and monotonic() < end:
            try:
                data = self._socket.recv(min(BLOCK, self.left))
            except BlockingIOError:
                if self._lulls():
                    return
                continue
            except OSError as exc:
                raise anyio.EndOfStream from exc
            if not data:
                raise anyio.EndOfStream
            self.left -= len(data)
            take([data])

    def close(self) -> None:
        """Give it back: what is left comes to the parser's side again."""
        self._socket.close()
        self._protocol.read_again(self.left)


class Outlet(_End):
    """The way out for an answer's body."""

    def __init__(self, protocol: PipelinedProtocol, copy: socket.socket) -> None:
        super().__init__(protocol, copy, select.POLLOUT)
        self._sent = 0

    async def ready(self) -> None:
        """Wait until there is room, or the client has gone."""
        await anyio.wait_writable(self._socket)

    def push(self, file: Download, pieces: Sequence[Piece]) -> Sequence[Piece]:
        """Send what the client takes at once, in a thread; return what is left of it.

        Raises `EndOfStream` if it has gone, or the file has less than that.
        """
        todo, end = list(reversed(pieces)), monotonic() + SPELL
        while todo and monotonic() < end:
            piece = todo.pop()
            try:
                sent = self._send(file, piece)
            except BlockingIOError:
                todo.append(piece)
                if self._lulls():
                    break
                continue
            except OSError as exc:
                raise anyio.EndOfStream from exc
            if not sent:
                raise anyio.EndOfStream
            self._sent += sent
            rest: Piece = piece[sent:] if isinstance(piece, bytes) else Range(piece.start + sent, piece.end)
            if rest if isinstance(rest, bytes) else rest.length:
                todo.append(rest)
        return todo[::-1]

    def close(self) -> None:
        """Give it back."""
        self._socket.close()
        self._protocol.has_sent(self._sent)

    def _send(self, file: Download, piece: Piece) -> int:
        if isinstance(piece, bytes):
            return self._socket.send(piece)
        return file.send(self._socket.fileno(), piece.start, min(piece.length, STRETCH))
