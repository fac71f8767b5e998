"""`/server/{id}/logs`: what a server has said, and what it says."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .exchange import Request, Sink, Steps, Value, at
from .failures import NotHoldfast
from .operation import D, Following, Operation, Resource
from .records import Record, record

LONGEST = 16 << 20
"""Bytes of a line of JSON: a line of output has a mebibyte at most, and its JSON six times as many."""


@dataclass(frozen=True, kw_only=True)
class Line(Record):
    """A line that a server has said."""

    line: str
    """Without its end; what is no UTF-8 is replaced."""
    time: float | None = None
    """Unix time; None where nobody knows when it came."""
    offset: int = 0
    """How many bytes its stream of output had before it."""
    stream: str = ""
    end: int = 0
    """The offset behind it."""
    bytes_: str | None = None
    """The line in base64, if it is no UTF-8."""
    notice: bool = False
    """Whether the log itself tells something, such as that output is missing."""

    @property
    def data(self) -> bytes:
        """The line as it was said, byte for byte."""
        return self.line.encode() if self.bytes_ is None else base64.b64decode(self.bytes_)

    @property
    def place(self) -> str:
        """Where it ends, for `after`."""
        return f"{self.stream}:{self.end}" if self.stream else ""


@dataclass(frozen=True, kw_only=True)
class Mark(Record):
    """How far it has come: all up to there was told."""

    stream: str
    end: int

    @property
    def place(self) -> str:
        """What it marks, for `after`."""
        return f"{self.stream}:{self.end}"


class Marked:
    """A subscription to lines and marks: it knows behind which one it has to go on."""

    def __init__(self, name: str, query: Mapping[str, Value], *, follow: bool) -> None:
        self._path = at("server", name, "logs")
        self._query = {**query, "format": "json", "follow": follow or None, "marks": follow or None}
        self._follow = follow
        self._place = ""
        self._rest = bytearray()

    def request(self) -> Request:
        """Return what to ask now."""
        self._rest.clear()
        query = self._query
        if self._place:
            query = {**query, "since": None, "tail": None, "after": self._place}
        return Request("GET", self._path, query)

    def feed(self, data: bytes) -> Sequence[Line | Mark]:
        """Return what is whole; raises `NotHoldfast`."""
        self._rest += data
        if b"\n" not in data:  # a line may come in many pieces: it is looked at when it is whole
            if len(self._rest) > LONGEST:
                raise NotHoldfast("a line of the log has no end")
            return []
        *whole, rest = self._rest.split(b"\n")
        self._rest = rest
        found = [_read(bytes(one)) for one in whole]
        if found:
            self._place = found[-1].place
        return found

    def ended(self) -> bool:
        """Tell whether that is all: what is followed ends only when it is refused."""
        return not self._follow


class Lines:
    """The same without the marks."""

    def __init__(self, name: str, query: Mapping[str, Value], *, follow: bool) -> None:
        self._marked = Marked(name, query, follow=follow)
        self.request = self._marked.request
        self.ended = self._marked.ended

    def feed(self, data: bytes) -> Sequence[Line]:
        """Return the lines that are whole; raises `NotHoldfast`."""
        return [one for one in self._marked.feed(data) if isinstance(one, Line)]


class Logs(Resource[D]):
    """The logs of the servers."""

    @Operation
    def read(
        self,
        name: str,
        *,
        since: str | float | None = None,
        until: str | float | None = None,
        grep: str | None = None,
        case: bool = True,
        tail: int | None = None,
        after: str | None = None,
    ) -> Steps[Sequence[Line]]:
        """Return lines, the oldest first; raises `NoSuchServer`.

        Moments are Unix seconds, ISO 8601, or how long ago (`10m`). `grep` is an expression of RE2, `tail`
        how many lines there are at the end, and `after` the `place` of a line behind which they begin.

        >>> for line in holdfast.logs.read("chat", tail=1):
        ...     print(line.line)
        ready
        """
        query: dict[str, Value] = {"since": since, "until": until, "tail": tail, "after": after}
        lines = Lines(name, {**query, **_pattern(grep, case=case)}, follow=False)
        return lines.feed((yield lines.request()).body)

    @Operation
    def text(
        self,
        name: str,
        sink: Sink,
        *,
        since: str | float | None = None,
        until: str | float | None = None,
        grep: str | None = None,
        case: bool = True,
        tail: int | None = None,
        timestamps: bool = False,
    ) -> Steps[None]:
        """Give the same as text to `sink`, piece by piece, byte for byte as it was said.

        >>> said = bytearray()
        >>> holdfast.logs.text("chat", said.extend, tail=1)
        >>> said.splitlines()
        [bytearray(b'ready')]
        """
        query: dict[str, Value] = {"since": since, "until": until, "tail": tail, "timestamps": timestamps}
        query |= _pattern(grep, case=case)
        yield Request("GET", at("server", name, "logs"), query, sink=sink)

    @Following
    def each(
        self,
        name: str,
        *,
        since: str | float | None = None,
        until: str | float | None = None,
        grep: str | None = None,
        case: bool = True,
        tail: int | None = None,
    ) -> Lines:
        """Return the same lines as `read`, one by one as they come, however many they are.

        >>> with holdfast.logs.each("chat", grep="error", case=False) as lines:
        ...     for line in lines:
        ...         print(line.line)
        """
        query: dict[str, Value] = {"since": since, "until": until, "tail": tail}
        return Lines(name, {**query, **_pattern(grep, case=case)}, follow=False)

    @Following
    def follow(
        self,
        name: str,
        *,
        since: str | float | None = None,
        grep: str | None = None,
        case: bool = True,
        tail: int | None = None,
        after: str | None = None,
    ) -> Lines:
        """Return the lines that there are, and then each that comes; raises `NoSuchServer` when it is gone.

        No line is missing and none comes twice, also if the connection is cut or the daemon is replaced.

        >>> with holdfast.logs.follow("chat", tail=1) as lines:
        ...     for line in lines:
        ...         print(line.line)
        ...         break
        ready
        """
        query: dict[str, Value] = {"since": since, "tail": tail, "after": after}
        return Lines(name, {**query, **_pattern(grep, case=case)}, follow=True)

    @Following
    def watch(
        self,
        name: str,
        *,
        since: str | float | None = None,
        grep: str | None = None,
        case: bool = True,
        tail: int | None = None,
        after: str | None = None,
    ) -> Marked:
        """Return the same as `follow`, and a mark when all that there was has been told, and in silence.

        >>> from client.logs import Mark
        >>> with holdfast.logs.watch("chat", tail=1) as lines:
        ...     for line in lines:
        ...         if isinstance(line, Mark):
        ...             break
        """
        query: dict[str, Value] = {"since": since, "tail": tail, "after": after}
        return Marked(name, {**query, **_pattern(grep, case=case)}, follow=True)


def _read(text: bytes) -> Line | Mark:
    try:
        told = json.loads(text)
    except ValueError:
        raise NotHoldfast("a line of the log is no JSON") from None
    if isinstance(told, dict) and "line" not in told:
        return record(Mark, told)
    return record(Line, told)


def _pattern(grep: str | None, *, case: bool) -> dict[str, Value]:
    return {"grep": grep, "case": None if case else False}
