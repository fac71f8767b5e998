"""Bodies whose length was announced: their bytes are counted, and pass no parser.

Rules:
- What comes in one block with the head passes the parser. What comes later is of the body for as many bytes
  as are owed; behind them begins the next head, for a new parser: the old one would still wait for the body.
- Who wants many of these bytes takes the socket over (`wire.py`) and says afterwards how many are left.
  Meanwhile nothing is read here.
- Who would like to speak another protocol than WebSocket (`curl --http2` says so) is answered as if he had
  not said it (RFC 9110, section 7.8). The parser takes all behind such a head for that protocol, so the body
  is counted here, and the next head is for a new parser.
"""

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class CountedProtocol(HttpToolsProtocol):
    """A connection that knows how many bytes of a body have yet to come."""

    owed: int = 0
    """Bytes of the body of the latest request; 0 for one in chunks, whose end only the parser finds."""

    def on_headers_complete(self) -> None:
        """See how much is to come."""
        self.owed = 0 if self._becomes_websocket() else _announced(self.headers)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End a request; where the parser has passed its body over, that is yet to come."""
        if not self.owed:
            super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        """Take in a piece of a body."""
        self.owed = max(0, self.owed - len(body))
        super().on_body(body)

    def hear_body(self, data: bytes) -> bytes:
        """Take in what comes of a body that is owed; return what is behind it."""
        self._unset_keepalive_if_required()
        piece, rest = data[: self.owed], data[self.owed :]
        self.on_body(piece)
        if not self.owed:
            self.body_came()
        return rest

    def body_came(self) -> None:
        """Go on with the next head: nothing is owed any more."""
        self._begin_parser()
        self.on_message_complete()

    def _becomes_websocket(self) -> bool:
        return self.parser.should_upgrade() and self._should_upgrade()

    def _unsupported_upgrade_warning(self) -> None:
        """Go on with HTTP: the parser will not."""
        self._begin_parser()

    def _begin_parser(self) -> None:
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does


def _announced(headers: list[tuple[bytes, bytes]]) -> int:
    """Return the length of a body; the parser has refused what makes no sense."""
    length = 0
    for name, value in headers:
        if name == b"transfer-encoding":
            return 0
        if name == b"content-length":
            length = int(value)
    return length
