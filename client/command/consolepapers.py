"""Where a script's console is written to: as it is, or as objects for programs."""

import sys
from typing import TYPE_CHECKING

from .amounts import size
from .consoleshow import Tail, words
from .output import Output, as_json, shown
from .screening import Screening

if TYPE_CHECKING:
    from ..consoleevents import Event
    from ..consoles import Console


class TextPaper:
    """Output as it is; in a terminal, as it may be shown there."""

    def __init__(self, console: "Console", tail: int | None, out: Output) -> None:
        self._tail = Tail(console.settings.end, tail)
        self._server = console.server
        self._screening = Screening(coloured=out.coloured) if out.terminal else None
        self._out = out
        self._lost = 0
        self._gaps = 0

    def take(self, event: "Event") -> None:
        """Write an event."""
        from ..consoleevents import Gap, Output, Reset  # noqa: PLC0415
        from ..servers import Exit as Ended  # noqa: PLC0415

        match event:
            case Output():
                self._write(self._tail.take(event.offset, event.data))
            case Ended():
                return  # the supervisor has said so, too
            case Gap() if event.from_ and self._gaps:
                self._gaps += 1  # of a flood there are many: the rest is told at the end
                self._lost += event.to - event.from_
            case _:
                if isinstance(event, Reset):
                    self._tail = Tail(0, None)
                self._gaps += isinstance(event, Gap) and event.from_ > 0
                if said := words(event, self._server):
                    self._out.note(shown(said))

    def flush(self) -> None:
        """Let it be read."""
        sys.stdout.flush()

    def end(self) -> None:
        """Show what has no end, and say what was not said yet."""
        if self._lost:
            self._out.note(f"{size(self._lost)} more were lost, in {self._gaps - 1} other places")
        if self._screening is not None and (rest := self._screening.rest):
            sys.stdout.write(f"{rest}\n")

    def _write(self, data: bytes) -> None:
        if self._screening is None:
            sys.stdout.buffer.write(data)
        else:
            for line in self._screening.feed(data):
                sys.stdout.write(f"{line}\n")


class JsonPaper:
    """Each event as an object on a line."""

    def __init__(self, console: "Console", tail: int | None) -> None:
        self._tail = Tail(console.settings.end, tail)

    def take(self, event: "Event") -> None:
        """Write an event."""
        from ..consoleevents import Output, Reset  # noqa: PLC0415

        if isinstance(event, Output):
            data = self._tail.take(event.offset, event.data)
            if not data:
                return
            text = data.decode("utf-8", "replace")
            said: object = {"type": "output", "offset": event.end - len(data), "end": event.end, "data": text}
        else:
            if isinstance(event, Reset):
                self._tail = Tail(0, None)
            said = event.raw
        sys.stdout.write(f"{as_json(said)}\n")

    def flush(self) -> None:
        """Let it be read."""
        sys.stdout.flush()

    def end(self) -> None:
        """Nothing was held back."""
