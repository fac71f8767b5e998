"""One console's side of `console-v3`, without a connection: what comes, what goes, and where to go on.

Rules:

- One number is the position: what is shown begins right there. A message that does not is a fault of the
  other side, not something to be mended here.
- What is not there any more is told as a `Gap`, also if it was lost while nobody was connected.
- A line is answered by `Taken` or a `Notice` with its id. Those that were not when the connection was cut are
  told as `Unsure`: they are not sent again, since a command that is carried out twice may do harm.
- The close codes say what to do: come back, or not, and then why.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import cast

from .consoleevents import KINDS, Error, Event, Gap, Notice, Output, Reset, Settings, Taken, Unsure
from .exchange import Request, Value, at
from .failures import ConnectionLost, Failure, NotHoldfast, refused
from .records import record

NAME = "console-v3"
"""The WebSocket subprotocol."""

PING = '{"type":"ping"}'

PINGING = 15.0
"""Seconds between two pings; after 30 s of silence the console is closed."""

DEAF = 40.0
"""Seconds without a word, not even a pong, after which the connection is taken for dead."""

MOST_MESSAGE = 1 << 20
"""Bytes of a message, either way."""

MOST_LINE = 1_000_000
"""Bytes of a line, as it is sent."""

MOST_BYTES = 64 * 1024
"""Bytes that are sent at once."""

_AT_ONCE = 8
"""Bytes of a binary message that say the offset."""

_FINAL = {
    4400: "invalid-since",
    4401: "not-authenticated",
    4403: "not-permitted",
    4404: "no-such-server",
}
"""Close codes after which there is no coming back, and the kind of refusal that they are."""

_LATER = {4429: "too-many-viewers", 4503: "supervisor-unreachable"}
"""Those after which it may be different in a moment: final only for who comes for the first time."""

_AFTERWARDS = {
    4401: "the console has ended: you are logged out",
    4403: "the console has ended: you may not see it any more",
    4404: "{server} was removed",
}
"""What these mean for who was in already."""

_KIND = re.compile(r"[a-z]+(-[a-z]+)+")


class ConsoleProtocol:
    """Where a viewer is, and what the messages mean."""

    def __init__(
        self, server: str, *, since: int | None = None, stream: str = "", history: bool = True
    ) -> None:
        """Begin at the byte `since` of `stream`, or with the latest lines.

        Without `history`, only what is new is told.
        """
        self.server = server
        self.settings: Settings | None = None
        """The latest; None until the first have come."""
        self.position = since
        """The offset of the byte that comes next."""
        self.stream = stream
        self._history = history
        self._until: int | None = None
        """Up to where output is not shown."""
        self._why = ""
        """The latest error: a close may come right after it."""
        self._count = 0
        self._unanswered: dict[str, str] = {}

    @property
    def request(self) -> Request:
        """What to ask for now: the console, from the position on."""
        query: dict[str, Value] = {}
        if self.position is not None:
            query = {"since": self.position, "stream": self.stream or None}
        return Request("GET", at("server", self.server, "console"), query)

    # What comes.

    def opened(self, subprotocol: str | None) -> None:
        """A connection was made; raises `NotHoldfast` if the other side does not speak this."""
        if subprotocol != NAME:
            raise NotHoldfast(f"what answers there does not know {NAME}: it is older, or not Holdfast")
        self._why = ""

    def hear(self, message: str | bytes) -> Sequence[Event]:
        """Take a message, and return what it means; raises `NotHoldfast` if it can mean nothing."""
        if isinstance(message, bytes):
            return self._output(message)
        said = _object(message)
        kind = said.get("type")
        if not isinstance(kind, str):
            raise NotHoldfast("a message has no type")
        if kind not in KINDS:
            return ()
        event = cast("Event", record(KINDS[kind], said))
        match event:
            case Settings():
                return self._begun(event)
            case Reset():
                self.position, self.stream = event.offset, event.stream
                self._until = None
            case Gap():
                self.position = event.to
            case Taken() | Notice():
                self._unanswered.pop(event.id, None)
            case Error():
                self._why = event.message
        return (event,)

    def closed(self, code: int | None, reason: str = "") -> Failure:
        """Return why the connection was closed: `ConnectionLost` if one may come back, else a refusal."""
        first = self.settings is None
        kind = _FINAL.get(code or 0) or (_LATER.get(code or 0) if first else None)
        if kind is None and first and code is not None and 4400 <= code < 4600:
            kind = reason
        if kind is not None and code is not None:
            if _KIND.fullmatch(reason):
                kind = reason
            said = self._why or reason
            if not first:
                said = _AFTERWARDS.get(code, said).format(server=self.server)
            return refused(code - 4000, kind, {"error": said, "kind": kind})
        why = f": {reason or self._why}" if reason or self._why else ""
        return ConnectionLost(f"the connection to the console of {self.server} was cut{why}")

    def lost(self) -> Sequence[Unsure]:
        """The connection is gone: return what nobody knows about."""
        waiting, self._unanswered = self._unanswered, {}
        if not waiting:
            return ()
        lines, ids = list(waiting.values()), list(waiting)
        return (Unsure(lines=lines, ids=ids, raw={"type": "unsure", "lines": lines, "ids": ids}),)

    # What goes.

    def line(self, text: str) -> tuple[str, str]:
        """Return the id of a line, and the message that sends it; raises `ValueError` if it is too long."""
        self._count += 1
        name = str(self._count)
        # A lone surrogate stands for a byte that was no UTF-8, and no message may hold it.
        plain = text.encode("utf-8", "replace").decode()
        message = json.dumps({"type": "input", "data": plain, "id": name}, ensure_ascii=False)
        if len(message.encode()) > MOST_LINE:
            raise ValueError(f"a line may have {MOST_LINE} bytes")
        self._unanswered[name] = text
        return name, message

    def mark(self) -> tuple[str, str]:
        """Return the id of a mark, and the message that sets it."""
        self._count += 1
        return str(self._count), json.dumps({"type": "mark", "id": str(self._count)})

    def not_sent(self, name: str) -> None:
        """Forget a line that could not be sent."""
        self._unanswered.pop(name, None)

    # Where it is.

    def _output(self, message: bytes) -> Sequence[Event]:
        offset, data = int.from_bytes(message[:_AT_ONCE], "big"), message[_AT_ONCE:]
        if not data:
            raise NotHoldfast("a message has no output")
        if self.position != offset:
            raise NotHoldfast(f"output came from byte {offset}, not {self.position}")
        self.position = offset + len(data)
        if self._until is not None:
            skipped = min(len(data), max(0, self._until - offset))
            offset, data = offset + skipped, data[skipped:]
            if self.position >= self._until:
                self._until = None
        return (Output(offset, data),) if data else ()

    def _begun(self, settings: Settings) -> Sequence[Event]:
        before, stream = self.position, self.stream
        first, self.settings = self.settings is None, settings
        self.position, self.stream = settings.offset, settings.stream
        if first and not self._history:
            self._until = settings.end
        if before is None or before >= settings.offset or (stream and stream != settings.stream):
            return (settings,)  # if this is another stream, a reset comes next
        lost = {"type": "gap", "from": before, "to": settings.offset}
        return (settings, Gap(from_=before, to=settings.offset, raw=lost))


def bytes_of(data: bytes) -> Sequence[bytes]:
    """Return bytes in parts that fit into messages."""
    return [data[begin : begin + MOST_BYTES] for begin in range(0, len(data), MOST_BYTES)]


def resizing(rows: int, columns: int) -> str:
    """Return the message that makes the terminal that large; raises `ValueError` if none is."""
    if not (1 <= rows <= 1000 and 1 <= columns <= 1000):
        raise ValueError("a terminal has 1 to 1000 rows and columns")
    return json.dumps({"type": "resize", "rows": rows, "columns": columns})


def _object(message: str) -> Mapping[str, object]:
    try:
        said = json.loads(message)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise NotHoldfast("a message is no JSON object")
    return said
