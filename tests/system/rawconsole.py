"""A viewer of a console that speaks `console-v3`, goes away, and comes back with its offset."""

import json

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import unix_connect
from websockets.typing import Subprotocol

from .processes import DEADLINE

V3 = Subprotocol("console-v3")


class RawConsole:
    """What one viewer has got in all of its visits; every byte must have come once."""

    def __init__(self, socket: str, name: str) -> None:
        self._socket = socket
        self._name = name
        self._stream = ""
        self.data = bytearray()
        self.resets = 0
        """How often another stream began; `data` is of the latest."""
        self.gaps = 0
        self._known = 0
        """What is before this offset is not what is waited for."""

    def visit(self, wanted: bytes, say: str | None = None) -> None:
        """View the console from where the latest visit ended until this was shown, or until hung up on.

        With `say`, this line is typed first.
        """
        query = f"?since={len(self.data)}&stream={self._stream}" if self._stream else "?since=0"
        with unix_connect(
            self._socket,
            f"ws://localhost/server/{self._name}/console{query}",
            subprotocols=[V3],
            ping_interval=None,
            open_timeout=DEADLINE,
            close_timeout=1,
            max_size=None,
        ) as connection:
            try:
                if say is not None:
                    connection.send(json.dumps({"type": "input", "data": say}))
                while self.data.find(wanted, max(self._known, len(self.data) - len(wanted) - (64 << 10))) < 0:
                    self._take(connection.recv(timeout=DEADLINE))
            except ConnectionClosed:
                return

    def follow(self, wanted: bytes, say: str | None = None) -> None:
        """View the console until this is shown, however often it is hung up on; then `say` is said again.

        What was shown before does not count, unless another stream begins.
        Raises what connect(2) says if the connection is refused.
        """
        self._known = len(self.data)
        while self.data.find(wanted, self._known) < 0:
            try:
                self.visit(wanted, say)
            except (ConnectionRefusedError, FileNotFoundError, TimeoutError):
                raise
            except (OSError, EOFError, WebSocketException):
                continue  # the daemon died before it had answered
        self._known = 0

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            assert int.from_bytes(message[:8], "big") == len(self.data)
            self.data += message[8:]
            return
        said: dict[str, object] = json.loads(message)
        match said["type"]:
            case "settings":
                self._stream = str(said["stream"])
            case "reset":
                assert said["offset"] == 0
                self.resets += 1
                self.data.clear()
                self._known = 0
            case "gap":
                self.gaps += 1
