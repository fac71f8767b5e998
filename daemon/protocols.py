"""What is spoken on a connection: HTTP with bounds of ours, then WebSocket if the client wants it.

The connection knows what no request can say: who is at its other end, and what place it takes.

Bounds: the head of a request by bytes, lines and seconds; the number of connections, when they are made.
"""

import asyncio
import socket
import struct
from collections.abc import Iterable
from http import HTTPStatus

from uvicorn import Config
from uvicorn.server import ServerState

from .access import Peer
from .addresses import plain_address
from .errors import error
from .hardening import ALWAYS, NO_STORE
from .prompt import PromptProtocol
from .quotas import Overcrowded, Place, Quotas
from .wire import Wire

MOST_HEAD = 64 << 10
"""Bytes of a request's head, beyond those that come with its first block."""

MOST_LINES = 200
"""Header lines of a request."""

_SO_PEERGROUPS = 59
"""From asm-generic/socket.h, since Linux 4.13."""

_MOST_GROUPS = 256
"""As many as fit into what Python takes from getsockopt(2)."""

PLACE = "place"
"""Under what a connection keeps its place for the WebSocket that it may become."""


class RemoteProtocol(PromptProtocol):
    """A connection from anywhere: the requests on it are nobody's until they show a token."""

    _head: int | None = None
    """How much of a request's head has come since its first block; None outside of heads."""
    _mute: int = 0
    """How much has come since the latest head or piece of a body: lines behind it might have no end."""
    _refusal: tuple[int, str, str] | None = None
    """Why nothing more is heard."""
    _deadline: asyncio.TimerHandle | None = None
    """When the head must be here."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        quotas: Quotas,
        place: Place | None = None,
    ) -> None:
        """Wait for a connection; `place` is the one that it has taken already."""
        super().__init__(config, server_state, app_state, _loop)
        self._quotas = quotas
        self._place = place

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note for the requests what only the connection knows."""
        super().connection_made(transport)
        if self.client is not None:
            self.client = plain_address(self.client[0]), self.client[1]
        peer = self.peer(transport)
        if self._place is None and peer is None:
            try:
                self._place = self._quotas.connect(self.client[0] if self.client else "?")
            except Overcrowded as exc:
                self._refuse(exc.status, exc.kind, exc.message)
                return
        ours = {"peer": peer, "abort": transport.abort, "wire": Wire(self), PLACE: self._place}
        self.app_state = {**self.app_state, **ours}
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up the place."""
        super().connection_lost(exc)
        self._forget_deadline()
        if self._place is not None:
            self._place.leave()

    def peer(self, transport: asyncio.Transport) -> Peer | None:
        """Return who is at the other end, if the kernel says so."""
        del transport
        return None

    def on_message_begin(self) -> None:
        """Begin to count a head."""
        super().on_message_begin()
        self._head = 0

    def on_headers_complete(self) -> None:
        """Stop counting: a body is the endpoint's business."""
        # Not at each line, which costs more than all else here: by its bytes, a head is bounded already.
        if len(self.headers) > MOST_LINES:
            self._refusal = 431, "too-large", f"A request may have at most {MOST_LINES} header lines!"
            raise ValueError(self._refusal[2])  # the parser ends by it, and says that this is no HTTP
        if self.parser.should_upgrade() and any(name == b"transfer-encoding" for name, _ in self.headers):
            # Where these chunks end only the parser finds, and it would pass them over.
            self._refusal = 400, "invalid-request", "A body in chunks cannot come with an Upgrade header!"
            raise ValueError(self._refusal[2])
        self._head, self._mute = None, 0
        self._forget_deadline()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take in a piece of a body."""
        self._mute = 0
        super().on_body(body)

    def hear(self, data: bytes) -> None:
        """Take in what the client sent, unless its head has no end: the parser would keep all of it."""
        if self._refusal is not None:
            return
        if self._head is not None:
            self._head += len(data)
        if max(self._head or 0, self._mute) > MOST_HEAD:
            self._refuse(431, "too-large", f"The head of a request may have at most {MOST_HEAD} bytes!")
            return
        self._mute += len(data)
        super().hear(data)
        self._watch_head()

    def hear_body(self, data: bytes) -> bytes:
        """Take in what comes of a body; it may be behind its answer."""
        if self._refusal is not None:
            return b""
        rest = super().hear_body(data)
        self._watch_head()
        return rest

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over, unless answers to earlier requests have yet to be written to it."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._refuse(
                400, "invalid-request", "A WebSocket cannot begin before earlier answers have ended!"
            )
            return
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        del msg
        self._refuse(*(self._refusal or (400, "invalid-request", "This is no valid HTTP request!")))

    def _watch_head(self) -> None:
        # Most heads come whole, and cost no timer.
        if self._deadline is None and self._awaits_head():
            self._expect_head()

    def _awaits_head(self) -> bool:
        """Tell whether it is the client's turn; uvicorn's own patience ends with the first byte."""
        if self._refusal is not None or self.transport.get_protocol() is not self:
            return False  # refused, or a WebSocket by now
        if self._head is not None:
            return True
        answered = self.cycle is None or self.cycle.response_complete
        return answered and self.timeout_keep_alive_task is None  # else uvicorn waits already

    def _is_free(self) -> bool:
        return self._deadline is None and super()._is_free()

    def _expect_head(self) -> None:
        self._deadline = self.loop.call_later(self._quotas.limits.head_seconds, self._give_up)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self.flow.read_paused:  # it is not the client who is slow
            self._expect_head()
            return
        seconds = f"{self._quotas.limits.head_seconds:g} seconds"
        self._refuse(
            408, "too-slow", f"The head of a request must be here in {seconds} (limits.headSeconds)!"
        )

    def _refuse(self, status: int, kind: str, message: str) -> None:
        """Answer in place of the application, and close."""
        self._refusal = status, kind, message
        self._forget_deadline()
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body:
                cycle.keep_alive = False  # that one came whole: it is answered, and ends the connection
                return
            if cycle.response_started or self.pipeline:
                self.transport.close()  # no other answer can be written into one
                self._keep_watching()
                return
        answer = error(status, kind, message)
        lines = [b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode()), b"connection: close"]
        lines += [name + b": " + value for name, value in (*answer.raw_headers, *ALWAYS, NO_STORE)]
        self.transport.write(b"\r\n".join([*lines, b"", bytes(answer.body)]))
        self.transport.close()
        self._keep_watching()


class LocalProtocol(RemoteProtocol):
    """A connection from this machine, by a process that the kernel names (unix(7), SO_PEERCRED)."""

    def peer(self, transport: asyncio.Transport) -> Peer | None:
        """Return the process at the other end."""
        connection = transport.get_extra_info("socket")
        pid, uid, gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return Peer(uid, pid, frozenset({gid, *_other_groups(connection)}), _name_of(pid))


def _other_groups(connection: socket.socket) -> Iterable[int]:
    """Return the supplementary groups of who is at the other end, as they were when it connected."""
    try:
        packed = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _MOST_GROUPS * 4)
    except OSError:  # ERANGE: more than Python has room for. Then they do not count.
        return ()
    return struct.unpack(f"{len(packed) // 4}I", packed)


def _name_of(pid: int) -> str:
    """Return the name of a process (proc_pid_comm(5)): now, since it may be gone when it is asked for."""
    try:
        with open(f"/proc/{pid}/comm", "rb") as file:
            return file.read(64).decode("utf-8", "replace").strip()
    except OSError:
        return ""
