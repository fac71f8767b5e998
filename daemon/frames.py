"""What is spoken on a connection that has become a WebSocket.

Its library is 25 ms of imports that the first answer does not wait for: see `listeners.py`.
"""

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.protocol import State

from .addresses import plain_address
from .protocols import PLACE
from .quotas import Place


class FramesProtocol(WebSocketsSansIOProtocol):
    """The WebSocket that an HTTP connection has become: it has taken over that one's place."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Go on with the connection."""
        super().connection_made(transport)
        if self.client is not None:
            self.client = plain_address(self.client[0]), self.client[1]
        self.app_state = {**self.app_state, "line": self}

    def pass_on(self, frames: bytes) -> bool:
        """Send frames of whole messages as they are; tell whether the connection is open.

        They lie between other messages: we never send one in parts. Who sends much waits for `writable`.
        """
        is_open = self.conn.state is State.OPEN and not self.close_sent and not self.transport.is_closing()
        if is_open:
            self.transport.write(frames)
        return is_open

    def data_received(self, data: bytes) -> None:
        """Take in frames."""
        try:
            super().data_received(data)
        except InvalidState:
            # uvicorn refuses a text that is no UTF-8, but a closing frame that came with it was read before.
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up the place."""
        super().connection_lost(exc)
        place = self.app_state.get(PLACE)
        if isinstance(place, Place):
            place.leave()
