"""What a console shows to a person: lines of output, and our own remarks between them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .amounts import duration, size
from .output import DIM, Output, shown
from .screening import Screening, is_ours
from .telling import signal_of

if TYPE_CHECKING:
    from ..consoleevents import Event
    from ..consoleprotocol import ConsoleProtocol
    from ..servers import Exit

MOST_TAIL = 1 << 22
"""Bytes of earlier output that are held while we look for its latest lines."""


def begun(server: str, tail: int | None) -> "ConsoleProtocol":
    """Return a console that begins early enough for so many lines: with all that are kept, if not none."""
    from ..consoleprotocol import ConsoleProtocol  # noqa: PLC0415

    return ConsoleProtocol(server, since=0 if tail else None, history=tail != 0)


class Tail:
    """Of the output that was there already, the latest lines."""

    def __init__(self, end: int, lines: int | None) -> None:
        """`end`: the offset at which output is new; `lines`: None for all of them."""
        self._end = end
        self._lines = lines
        self._held = b""

    def take(self, offset: int, data: bytes) -> bytes:
        """Return what shall be shown by now."""
        if self._lines is None:
            return data
        old = max(0, min(len(data), self._end - offset))
        self._held = (self._held + data[:old])[-MOST_TAIL:]
        if offset + len(data) < self._end:
            return b""
        data, self._held = self._latest() + data[old:], b""
        self._lines = None
        return data

    def _latest(self) -> bytes:
        if not self._lines:
            return b""
        begin = len(self._held.removesuffix(b"\n"))
        for _ in range(self._lines):
            begin = self._held.rfind(b"\n", 0, begin)
            if begin < 0:
                return self._held
        return self._held[begin + 1 :]


class Show:
    """Turns what comes into lines for a terminal."""

    def __init__(self, server: str, out: Output, tail: int | None, end: int) -> None:
        """`tail` lines of what there was before the offset `end` are shown; None for all of them."""
        self._server = server
        self._out = out
        self._tail = Tail(end, tail)
        self._screening = Screening(coloured=out.coloured)
        self._state = ""
        self.question = ""
        """What stands in front of what is typed: a line that the server has left without an end."""

    @property
    def rest(self) -> str:
        """The beginning of a line whose end has not come yet."""
        return self._screening.rest

    def lines(self, event: "Event") -> Sequence[str]:
        """Return the lines that an event adds."""
        from ..consoleevents import Output as Said  # noqa: PLC0415  (who has an event has these already)
        from ..consoleevents import Reset, State  # noqa: PLC0415

        match event:
            case Said():
                data = self._tail.take(event.offset, event.data)
                return [self._coloured(line) for line in self._screening.feed(data)] if data else []
            case State():
                first, self._state = not self._state, event.state
                return [self.remark(event.reason)] if first and event.state != "running" else []
            case Reset():
                self._tail = Tail(0, None)
                return [*self._screening.reset(), self.remark(words(event, self._server))]
        said = words(event, self._server)
        return [self.remark(said)] if said else []

    def remark(self, text: str) -> str:
        """Return a line of our own."""
        return self._out.styled(f"-- {shown(text)}", DIM)

    def _coloured(self, line: str) -> str:
        return self._out.styled(line, DIM) if is_ours(line) else line


def words(event: "Event", server: str) -> str:
    """Return what an event means, for people; nothing for output and for what needs no words."""
    from ..consoleevents import Error, Gap, Notice, Reset, Unsure  # noqa: PLC0415
    from ..servers import Exit  # noqa: PLC0415

    match event:
        case Gap():
            # One that begins with the stream is only what nobody has asked for.
            lost = event.to - event.from_
            return f"{size(lost)} are lost: they were more than is kept" if event.from_ else ""
        case Reset():
            return "the console begins anew: what came before is not kept"
        case Exit():
            return f"{server} {_ended(event)}"
        case Notice() | Error():
            return event.message
        case Unsure():
            lines = ", ".join(repr(line) for line in event.lines)
            return f"the connection was cut: {server} may have got {lines}, or not"
    return ""


def _ended(how: "Exit") -> str:
    after = f" after {duration(how.ran)}"
    if how.code is not None:
        return f"ended with code {how.code}{after}"
    if how.signal is not None:
        return f"was ended by {signal_of(how.signal)}{after}"
    return f"ended{after}"
