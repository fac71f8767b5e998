"""What happened to the services, one change after the other: a bounded list that can be followed."""

import re
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import anyio

from .cause import Cause
from .events import Exit, State, Wanted
from .record import InvalidRecord, Record

KEEP = 1000
"""Changes that are kept, of all services together: who follows has taken them long before."""

MOST_LINES = 10
"""Last lines of output that are kept of a run that ended."""

MOST_TEXT = 4096
"""Bytes of output from which these are taken."""

OURS = ("[Octyne] ", "[Holdfast] ")

_UNSEEN = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # ECMA-48: OSC, such as a title,
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"  # CSI, such as a colour,
    r"|\x1b[ -/]*[0-~]?"  # other escape sequences,
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"  # and control characters but for the tab
)


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of a service, and why."""

    service: str
    at: float
    """When, in seconds since 1970 by the clock of people."""
    before: State
    after: State
    wanted: Wanted
    cause: Cause
    reason: str
    run: int
    """Which run this is about, counted from 1."""
    pid: int | None = None
    """The process that is alive after it, or that has ended by it."""
    exit: Exit | None = None
    """How the run ended, if this is its end."""
    restarts: int = 0
    """Restarts that count against the budget."""
    lines: tuple[str, ...] = ()
    """The last lines of output before the end of the run."""
    next: str = ""
    """What happens next by itself: `restart`, `kill`, `step`; empty for nothing."""
    next_in: float | None = None
    """In how many seconds."""
    number: int = 0
    """Counts the changes of all services of one supervisor and its successors."""

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON data."""
        return {
            "service": self.service,
            "at": self.at,
            "before": str(self.before),
            "after": str(self.after),
            "wanted": str(self.wanted),
            "cause": self.cause.to_dict(),
            "reason": self.reason,
            "run": self.run,
            "pid": self.pid,
            "exit": None if self.exit is None else self.exit.to_dict(),
            "restarts": self.restarts,
            "lines": list(self.lines),
            "next": self.next,
            "next_in": self.next_in,
            "number": self.number,
        }

    @classmethod
    def from_record(cls, record: Record) -> "Transition":
        """Read it; raises `InvalidRecord`."""
        try:
            before, after = State(record.take("before", str)), State(record.take("after", str))
            wanted = Wanted(record.take("wanted", str))
        except ValueError as exc:
            raise InvalidRecord(f"{record.where('after')}: {exc}") from exc
        return cls(
            service=record.take("service", str),
            at=record.take("at", float),
            before=before,
            after=after,
            wanted=wanted,
            cause=Cause.from_record(record.record("cause")),
            reason=record.take("reason", str),
            run=record.take("run", int),
            pid=record.optional("pid", int),
            exit=Exit.from_record(record.record("exit")) if record.has("exit") else None,
            restarts=record.take("restarts", int, 0),
            lines=record.strings("lines"),
            next=record.take("next", str, ""),
            next_in=record.optional("next_in", float),
            number=record.take("number", int),
        )


@dataclass(frozen=True, slots=True)
class Happenings:
    """Changes in their order. Numbers of another `origin` have nothing to do with these."""

    origin: str
    transitions: Sequence[Transition]
    lost: int
    """How many that were asked for are no longer kept."""


class History:
    """The latest changes of all services."""

    def __init__(self) -> None:
        self.origin = uuid.uuid4().hex
        """Names this list, over all handovers, and no other."""
        self.latest = 0
        """The number of the latest change."""
        self._kept: deque[Transition] = deque(maxlen=KEEP)
        self.news = anyio.Event()

    def add(self, transition: Transition) -> Transition:
        """Note a change; return it with its number."""
        self.latest += 1
        noted = replace(transition, number=self.latest)
        self._kept.append(noted)
        self.news.set()
        self.news = anyio.Event()
        return noted

    def after(self, number: int) -> Happenings:
        """Return what came after the change of that number."""
        kept = [one for one in self._kept if one.number > number]
        return Happenings(self.origin, kept, self.latest - number - len(kept))

    def freeze(self) -> dict[str, object]:
        """Return everything as JSON data."""
        return {
            "origin": self.origin,
            "latest": self.latest,
            "kept": [transition.to_dict() for transition in self._kept],
        }

    def thaw(self, record: Record) -> None:
        """Take over what `freeze` returned; raises `InvalidRecord`. Older versions kept no history."""
        if record.has("origin"):
            self.origin = record.take("origin", str)
            self.latest = record.take("latest", int)
            self._kept.extend(Transition.from_record(entry) for entry in record.records("kept"))


class Chronicle:
    """A history that is being followed."""

    def __init__(self, history: History, since: int | None, origin: str | None) -> None:
        """Begin after that change of that origin; with all that is kept if it is another's, or None."""
        self._history = history
        self._since = since if since is not None and origin == history.origin else 0
        self._first = True
        self._over = False
        # Nobody asked for what was before: it is not lost to him.
        self._anew = since is None or origin != history.origin

    async def receive(self) -> Happenings:
        """Wait for changes; the first answer comes at once, and may be empty."""
        while self._since >= self._history.latest and not self._first:
            await self._history.news.wait()
        told = self._history.after(self._since)
        if self._first and self._anew:
            told = replace(told, lost=0)
        self._first = False
        self._since = self._history.latest
        return told

    async def aclose(self) -> None:
        """Stop following."""


def last_lines(read: Callable[[int], bytes]) -> tuple[str, ...]:
    """Return the last lines of output that are the program's own; `read` gives so many of the last bytes.

    They are for people, in whatever shows them: what only a terminal understands is left out.
    """
    data = read(MOST_TEXT)
    rest = data.partition(b"\n")[2]
    if len(data) == MOST_TEXT and rest.strip():
        data = rest  # the first one is only the end of a line
    whole = [_plain(line) for line in data.decode("utf-8", "replace").split("\n")]
    return tuple([line for line in whole if line and not line.startswith(OURS)][-MOST_LINES:])


def _plain(line: str) -> str:
    """Return what is to be read of a line: what was written over is gone, and so are escape sequences."""
    return _UNSEEN.sub("", line.rstrip("\r").rpartition("\r")[2])
