"""Output on the private socket as it is: a head that says what follows, and then the bytes.

In JSON they would have to be base64, which takes both sides several times the processor: and while the
supervisor works for a viewer, it does not read what programs print.
"""

import struct

from .following import Output
from .wire import Channel, InvalidMessage

HEAD = struct.Struct("!QQI")
"""The offset, where the console ends by now, and how many bytes follow."""

MOST = 1 << 20
"""Bytes that may follow: more is no output of ours."""


def packed(output: Output) -> bytes:
    """Return output as it goes over the socket."""
    return HEAD.pack(output.offset, output.end, len(output.data)) + output.data


class RawOutput:
    """Takes output out of a channel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._head: tuple[int, int, int] | None = None

    async def receive(self) -> Output:
        """Wait for output; raises what `Channel.receive` raises. Cancelling it loses nothing."""
        if self._head is None:
            self._head = HEAD.unpack(await self._channel.receive_bytes(HEAD.size))
        offset, end, size = self._head
        if size > MOST:
            raise InvalidMessage(f"{size} bytes of output at once")
        data = await self._channel.receive_bytes(size)
        self._head = None
        return Output(offset, data, end)
