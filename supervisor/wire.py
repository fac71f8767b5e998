"""Varlink messages on a stream: JSON objects, each ended by a NUL byte (https://varlink.org/Protocol)."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import anyio.abc

INTERFACE = "org.holdfast.Supervisor"

MAX_MESSAGE = 64 << 20
"""Bytes of the largest message: a plan of some ten thousand services."""

MAX_SOCKET_PATH = 107
"""Bytes of a path in a socket address (unix(7))."""


class InvalidMessage(Exception):
    """What came over the wire is no Varlink message."""


class Channel:
    """A stream of messages in both directions."""

    def __init__(self, stream: anyio.abc.ByteStream) -> None:
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
            self._buffer += await self._stream.receive(1 << 18)
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
