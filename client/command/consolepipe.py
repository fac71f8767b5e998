"""A console for scripts: lines from standard input, output to standard output, and an end.

Two threads bring what is said and what is to be sent into one queue, which is short: nobody gets far ahead.
"""

import contextlib
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .consolepapers import JsonPaper, TextPaper
from .consoleshow import begun
from .exits import Exit, Stop
from .output import Output
from .screening import Screening, is_ours

if TYPE_CHECKING:
    from ..consoleevents import Event
    from ..consoles import Console
    from ..failures import Failure
    from .invocation import Invocation

MOST_WAITING = 16
"""Lines that were sent and not answered."""

FACTOR = 10
"""How many times as long as a silence shall last one waits for it at most."""

MOST_SOUGHT = 4096
"""Characters of the latest line without an end in which a text is looked for."""


@dataclass(frozen=True)
class Script:
    """What shall be done, and when that is over."""

    lines: Sequence[str] | None
    """What is sent; None for what comes from standard input."""
    tail: int | None
    linger: float
    """Seconds of silence after which it is over, when all was sent."""
    follow: bool
    until: str
    timeout: float
    """Seconds for `until`."""


@dataclass(frozen=True)
class _Line:
    text: str


@dataclass(frozen=True)
class _Away:
    failure: "Failure | None"


class _Over:
    """There are no more lines."""


def run_script(invocation: "Invocation", name: str, script: Script) -> int:
    """Return the exit code; raises `Failure`, `Stop`."""
    from ..consoles import Console  # noqa: PLC0415  (with all that it needs)
    from ..refusals import NoSuchServer  # noqa: PLC0415
    from ..streams import PATIENCE  # noqa: PLC0415

    patience = None if script.follow else PATIENCE
    with contextlib.ExitStack() as stack:
        try:
            console = stack.enter_context(Console(invocation.target, begun(name, script.tail), patience))
        except NoSuchServer as exc:
            raise Stop(f"{exc}{invocation.suggestion(name)}", Exit.NOT_THERE) from exc
        piped = Piped(console, script, invocation.out, as_json=invocation.json)
        try:
            return piped.run()
        finally:
            piped.paper.end()


class Piped:
    """One console, and a script."""

    def __init__(self, console: "Console", script: Script, out: Output, *, as_json: bool) -> None:
        self._console = console
        self._script = script
        self._queue: queue.Queue[Event | _Line | _Away | _Over | Exception | None] = queue.Queue(64)
        self._room = threading.Semaphore(MOST_WAITING)
        self._sent: dict[str, str] = {}
        self._unsent: deque[str] = deque()
        self._reading = True
        self._code: int = Exit.DONE
        self._end = console.settings.end
        self._seen = self._end if script.tail == 0 else console.settings.offset
        """Up to where output has come: what there was is shown whole before it may be over."""
        self.paper = JsonPaper(console, script.tail) if as_json else TextPaper(console, script.tail, out)
        self._sought = Screening(coloured=False)
        self._out = out

    def run(self) -> int:
        """Return the exit code; raises `Failure`, `Stop`."""
        self._console.on_break = lambda failure: self._queue.put(_Away(failure))
        for job in (self._listen, self._read):
            # Who reads standard input may wait for ever, also when all else is over.
            threading.Thread(target=job, daemon=True).start()
        now = time.monotonic()
        limit = now + self._script.timeout if self._script.until else None
        quiet: float | None = None
        longest: float | None = None
        while True:
            if not self._busy and quiet is None and not self._script.until and not self._script.follow:
                now = time.monotonic()
                quiet, longest = now + self._script.linger, now + FACTOR * self._script.linger
            try:
                item = self._queue.get(timeout=_left(limit, quiet, longest))
            except queue.Empty:
                return self._late() if limit is not None else self._code
            if item is None:
                return self._code
            if self._take(item):
                return self._code
            if quiet is not None and _is_output(item):
                quiet = time.monotonic() + self._script.linger
            if self._queue.empty():
                self.paper.flush()

    @property
    def _busy(self) -> bool:
        return self._reading or bool(self._sent or self._unsent) or self._seen < self._end

    def _late(self) -> int:
        wanted = self._script.until
        raise Stop(f"{self._console.server} did not say {wanted!r} in {self._script.timeout:g} s", Exit.LATE)

    # What comes.

    def _take(self, item: "Event | _Line | _Away | _Over | Exception") -> bool:
        """Do what an item asks for; return whether it is all over."""
        from ..consoleevents import Gap, Notice, Output, Reset, Taken, Unsure  # noqa: PLC0415

        match item:
            case Exception():
                raise item
            case _Line():
                self._unsent.append(item.text)
                self._send()
                return False
            case _Over():
                self._reading = False
                return False
            case _Away(failure=None):
                self._send()
                return False
            case _Away():
                return False
        self.paper.take(item)
        match item:
            case Output():
                self._seen = max(self._seen, item.end)
                return self._found(item.offset, item.data)
            case Gap():
                self._seen = max(self._seen, item.to)
            case Reset():
                self._seen, self._end = self._end, 0
            case Taken():
                self._answered([item.id])
            case Notice(id=name) if name:
                self._answered([name])
                refused = Exit.NOT_ALLOWED if item.kind == "not-permitted" else Exit.CONFLICT
                self._code = self._code or refused
            case Unsure():
                self._answered(item.ids)
                self._code = self._code or Exit.FAILED
        return False

    def _answered(self, names: Iterable[str]) -> None:
        for name in names:
            if self._sent.pop(name, None) is not None:
                self._room.release()

    def _found(self, offset: int, data: bytes) -> bool:
        if not self._script.until or offset + len(data) <= self._end:
            return False
        new = data[max(0, self._end - offset) :]
        lines = self._sought.feed(new)
        rest = self._sought.rest[-MOST_SOUGHT:]
        return any(self._script.until in line for line in (*lines, rest) if not is_ours(line))

    def _send(self) -> None:
        from ..failures import ConnectionLost  # noqa: PLC0415

        while self._unsent:
            line = self._unsent[0]
            try:
                self._sent[self._console.send_line(line)] = line
            except ConnectionLost:
                return  # sent when it is there again
            except ValueError as exc:
                raise Stop(f"not sent: {exc}", Exit.FAILED) from None
            self._unsent.popleft()

    # The two threads.

    def _listen(self) -> None:
        try:
            for event in self._console:
                self._queue.put(event)
        except Exception as exc:  # noqa: BLE001  (raised where the queue is read)
            self._queue.put(exc)
        else:
            self._queue.put(None)

    def _read(self) -> None:
        lines: Iterable[str] = self._script.lines if self._script.lines is not None else _typed()
        try:
            for line in lines:
                self._room.acquire()  # given back when it is answered
                self._queue.put(_Line(line))
        except (OSError, ValueError) as exc:
            self._queue.put(exc)
        else:
            self._queue.put(_Over())


def _typed() -> Iterable[str]:
    """Return the lines of standard input; bytes that are no UTF-8 are replaced."""
    with contextlib.suppress(KeyboardInterrupt):
        for line in sys.stdin.buffer:
            yield line.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")


def _left(*ends: float | None) -> float | None:
    """Return the seconds until the first of these, or None if there is none."""
    some = [end for end in ends if end is not None]
    return max(0.0, min(some) - time.monotonic()) if some else None


def _is_output(item: object) -> bool:
    from ..consoleevents import Output  # noqa: PLC0415

    return isinstance(item, Output)
