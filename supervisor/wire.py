"""Varlink messages on a stream: JSON objects, each ended by a NUL byte (https://varlink.org/Protocol)."""

import json
import os
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import anyio
import anyio.lowlevel

INTERFACE = "org.holdfast.Supervisor"

MAX_MESSAGE = 64 << 20
"""Bytes of the largest message: a plan of some ten thousand services."""

MOST_RECEIVED = 1 << 18
"""Bytes that are taken in at once."""

QUEUE_FULL = 0.01
"""Seconds until a full listener is asked again."""

MAX_SOCKET_PATH = 107
"""Bytes of a path in a socket address (unix(7))."""


class InvalidMessage(Exception):
    """What came over the wire is no Varlink message."""


class UnixStream:
    """A connected, non-blocking Unix socket.

    anyio's own stream leaves a callback behind when a wait is cancelled, which then fires for a dead future,
    or for whoever has the descriptor's number next. We cancel such waits all the time.
    """

    def __init__(self, peer: socket.socket) -> None:
        self.socket = peer
        peer.setblocking(False)

    async def send(self, data: bytes) -> None:
        """Send all of it; raises `anyio.BrokenResourceError`, `anyio.ClosedResourceError`."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self.socket.send(rest) :]
            except BlockingIOError:
                await anyio.wait_writable(self.socket)
            except OSError as exc:
                raise anyio.BrokenResourceError from exc

    async def receive(self, most: int) -> bytes:
        """Return what has come; raises `anyio.EndOfStream`, and what `send` raises.

        Cancelling it loses nothing: there is no await between the taking and the return.
        """
        # A sender that is always ready must not keep everybody else waiting.
        await anyio.lowlevel.checkpoint()
        while True:
            try:
                data = self.socket.recv(most)
            except BlockingIOError:
                await anyio.wait_readable(self.socket)
            except OSError as exc:
                raise anyio.BrokenResourceError from exc
            else:
                if not data:
                    raise anyio.EndOfStream
                return data

    async def aclose(self) -> None:
        """Close; whoever waits for it is told."""
        if self.socket.fileno() >= 0:
            anyio.notify_closing(self.socket)
            self.socket.close()


async def connect(path: str) -> UnixStream:
    """Connect to the socket at a path, however long; raises `OSError`."""
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    try:
        with socket_address(path) as address:
            while True:
                try:
                    peer.connect(address)
                    return UnixStream(peer)
                except BlockingIOError:
                    # The listener's queue is full, and no event tells of room in it (connect(2), EAGAIN).
                    await anyio.sleep(QUEUE_FULL)
    except BaseException:
        peer.close()
        raise


class Channel:
    """A stream of messages in both directions."""

    def __init__(self, stream: UnixStream) -> None:
        self._stream = stream
        self._buffer = bytearray()
        self._searched = 0

    async def send(self, message: Mapping[str, object]) -> None:
        """Send one message; raises anyio's stream errors."""
        # ASCII: a name that came to us with half a surrogate pair could not be sent back as UTF-8.
        await self._stream.send(json.dumps(message).encode("ascii") + b"\0")

    async def receive(self) -> Mapping[str, object]:
        """Return the next message; raises `anyio.EndOfStream` at the end, `InvalidMessage` for garbage."""
        while (end := self._buffer.find(0, self._searched)) < 0:
            self._searched = len(self._buffer)
            if self._searched > MAX_MESSAGE:
                raise InvalidMessage(f"a message is longer than {MAX_MESSAGE} bytes")
            self._buffer += await self._stream.receive(MOST_RECEIVED)
        text = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._searched = 0
        try:
            message = json.loads(text)
        except (ValueError, RecursionError) as exc:
            raise InvalidMessage(f"a message is no JSON: {exc}") from exc
        if not isinstance(message, dict):
            raise InvalidMessage("a message is no JSON object")
        return message

    async def send_bytes(self, data: bytes) -> None:
        """Send bytes that are no message; raises anyio's stream errors."""
        await self._stream.send(data)

    async def receive_bytes(self, size: int) -> bytes:
        """Return the next so many bytes, whatever they are; raises `anyio.EndOfStream`.

        Cancelling it loses nothing: what has come stays for the next call.
        """
        while len(self._buffer) < size:
            self._buffer += await self._stream.receive(MOST_RECEIVED)
        with memoryview(self._buffer) as whole:
            data = bytes(whole[:size])
        del self._buffer[:size]
        return data

    async def aclose(self) -> None:
        """Close the stream."""
        await self._stream.aclose()


@contextmanager
def socket_address(path: str) -> Iterator[str]:
    """Give a name of the socket at `path` that fits into a socket address, however long the path is."""
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
        yield path
        return
    directory = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{os.path.basename(path)}"
    finally:
        os.close(directory)


def listen(path: str) -> socket.socket:
    """Bind the private socket, 0600, in place of a dead one.

    The caller holds the lock of the runtime directory, so whatever stands at the path is left over.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    try:
        if os.path.lexists(path):
            os.unlink(path)
        before = os.umask(0o177)
        try:
            with socket_address(path) as address:
                listener.bind(address)
        finally:
            os.umask(before)
        listener.listen(128)
    except BaseException:
        listener.close()
        raise
    return listener


def peer_uid(peer: socket.socket) -> int:
    """Return the user at the other end (unix(7), SO_PEERCRED)."""
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int(struct.unpack("3i", credentials)[1])
