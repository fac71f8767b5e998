"""`holdfast logs`: what servers have said, and what they say."""

import heapq
import sys
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import click

from ..failures import Failure, Refused
from ..quick import quick_client
from .completing import SERVER
from .exits import Exit, Stop, code_of, complain, sentence_of
from .invocation import Invocation, pass_invocation
from .moments import Moment, stamp
from .output import DIM, Output, as_json, shown
from .pager import paged
from .screening import screened
from .shape import Shaped
from .standby import about, named, standby, tell_break

if TYPE_CHECKING:
    from ..logs import Line
    from ..offline.source import Source
    from .followed import Follow, Item

CONTEXT = 10
"""Lines that are shown of each server before what comes, unless said otherwise."""

COLOURS = ("cyan", "yellow", "green", "magenta", "blue")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines."""

    since: float | None
    until: float | None
    grep: str | None
    case: bool
    tail: int | None

    @property
    def query(self) -> dict[str, str | float | bool | None]:
        """It as the parameters of an operation, without `until`."""
        return {"since": self.since, "grep": self.grep, "case": self.case, "tail": self.tail}

    def sieve(self) -> Callable[["Line"], bool]:
        """Return what tells whether a line is wanted, where the API does not; raises `Stop`."""
        import re  # noqa: PLC0415  (only without the API)

        try:
            pattern = re.compile(self.grep or "", 0 if self.case else re.IGNORECASE)
        except re.error as exc:
            raise Stop(f"--grep is no regular expression: {exc}", Exit.USAGE) from exc

        def fits(line: "Line") -> bool:
            at = line.time
            if at is None:
                timely = self.since is None
            else:
                timely = (self.since is None or at >= self.since) and (self.until is None or at < self.until)
            return timely and pattern.search(line.line) is not None

        return fits


@click.command(cls=Shaped)
@click.argument("names", nargs=-1, metavar="NAME...", type=SERVER)
@click.option("-a", "--all", "every", is_flag=True, help="Of all servers.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what they say, until Ctrl-C.")
@click.option("-n", "--tail", type=click.IntRange(0, 100_000), metavar="N", help="The last N lines of each.")
@click.option("--since", type=Moment(), help="From then on: 10m, 14:30, 2026-01-31T12:00:00Z.")
@click.option("--until", type=Moment(), help="Before then.")
@click.option("-g", "--grep", metavar="RE", help="Only lines in which this expression (RE2) is found.")
@click.option("-i", "--ignore-case", is_flag=True, help="Capitals do not matter for --grep.")
@click.option("-t", "--timestamps", is_flag=True, help="Begin each line with its time.")
@click.option("--no-prefix", is_flag=True, help="Do not say whose line it is, if there are several servers.")
@click.option("--no-pager", is_flag=True, help="Write it all at once; as NOPAGER=true in the environment.")
@click.option("--use-builtin-pager", is_flag=True, help="A pager of our own instead of $PAGER, or less.")
@pass_invocation
def logs(
    invocation: Invocation,
    names: tuple[str, ...],
    every: bool,
    follow: bool,
    tail: int | None,
    since: float | None,
    until: float | None,
    grep: str | None,
    ignore_case: bool,
    timestamps: bool,
    no_prefix: bool,
    no_pager: bool,
    use_builtin_pager: bool,
) -> int:
    """Show what servers have said, and what they say.

    Lines of several servers are put in the order of their time. With --follow, ten lines of each are shown
    first, unless --since or --tail say otherwise; no line is missing or there twice, also if Holdfast is
    replaced meanwhile. In a pipe, the bytes are as the programs wrote them.
    """
    if follow and until is not None:
        raise click.UsageError("--follow and --until exclude each other")
    if follow and tail is None and since is None:
        tail = CONTEXT
    wanted = Wanted(since, until, grep, not ignore_case, tail)
    source = standby(invocation)
    known = None if source is None else source.servers()
    chosen = named(invocation, known, names, every=every)
    teller = Teller(invocation.out, chosen, json=invocation.json, stamps=timestamps, prefix=not no_prefix)
    if follow:
        return _follow(invocation, source, chosen, wanted, teller)
    out = invocation.out
    if source is None and len(chosen) == 1 and not invocation.json and not out.terminal:
        sys.stdout.flush()
        with about(invocation, chosen[0]):
            invocation.client.logs.text(
                chosen[0],
                sys.stdout.buffer.write,
                until=until,
                timestamps=timestamps,
                **wanted.query,  # type: ignore[arg-type]
            )
        return Exit.DONE
    skipped: list[Failure] = []
    read = partial(_read, invocation) if source is None else partial(_kept, source)
    pages = paged(out, wanted=not (no_pager or invocation.json), builtin=use_builtin_pager)
    with about(invocation, chosen[0] if len(chosen) == 1 else ""), pages as write:
        for name, line in merged(chosen, lambda name: read(name, wanted), skipped):
            teller.tell(write, name, line)
    sys.stdout.flush()
    for failure in skipped:
        complain(sentence_of(failure))
    return code_of(skipped[0]) if skipped else Exit.DONE


def merged(
    names: Sequence[str], read: Callable[[str], Iterator["Line"]], skipped: list[Failure]
) -> Iterator[tuple[str, "Line"]]:
    """Yield the lines of several servers in the order of their time.

    What is refused of one of several is left out, and added to `skipped`.
    """

    def timed(name: str) -> Iterator[tuple[float, int, str, "Line"]]:
        latest = 0.0
        try:
            for number, line in enumerate(read(name)):
                latest = max(latest, line.time or 0.0)
                yield latest, number, name, line
        except Refused as exc:
            if len(names) == 1:
                raise
            skipped.append(exc)

    for _, _, name, line in heapq.merge(*map(timed, names), key=lambda one: one[0]):
        yield name, line


def _read(invocation: Invocation, name: str, wanted: Wanted) -> Iterator["Line"]:
    target = invocation.target
    client = quick_client(target)
    lines = client.logs.each(name, until=wanted.until, **wanted.query)  # type: ignore[arg-type]
    with client, lines:
        yield from lines


def _kept(source: "Source", name: str, wanted: Wanted) -> Iterator["Line"]:
    """Yield the lines that are wanted, without the API."""
    found = filter(wanted.sieve(), source.lines(name))
    return iter(found if wanted.tail is None else deque(found, wanted.tail))


def _follow(
    invocation: Invocation,
    source: "Source | None",
    names: Sequence[str],
    wanted: Wanted,
    teller: "Teller",
) -> int:
    from ..logs import Line  # noqa: PLC0415
    from .followed import Cut, Over, from_api, happenings  # noqa: PLC0415

    follow = from_api(invocation.target, **wanted.query) if source is None else _without_api(source, wanted)
    cut: set[str] = set()
    failures: list[Exception] = []
    out = invocation.out
    for name, item in happenings(names, follow):
        match item:
            case Line():
                teller.tell(sys.stdout.write, name, item)
                sys.stdout.flush()
            case Cut(failure=None):
                cut.discard(name)
                if not cut:
                    tell_break(out, None)
            case Cut(failure=failure):
                if not cut:
                    tell_break(out, failure)
                cut.add(name)
            case Over(failure=None):
                out.note(f"holdfast: nothing more comes from {shown(name)}")
            case Over(failure=Exception() as failure):
                if len(names) > 1:
                    sys.stdout.flush()
                    complain(f"{shown(name)}: {sentence_of(failure)}")
                failures.append(failure)
    if failures and len(names) == 1:
        with about(invocation, names[0]):
            raise failures[0]
    return code_of(failures[0]) if failures else Exit.DONE


def _without_api(source: "Source", wanted: Wanted) -> "Follow":
    from ..logs import Mark  # noqa: PLC0415

    fits = wanted.sieve()

    def follow(name: str, give: Callable[["Item"], object]) -> None:
        place = ""
        found: deque[Line] = deque(maxlen=wanted.tail)
        for line in source.lines(name):
            place = line.place or place
            if fits(line):
                found.append(line)
        for line in found:
            give(line)
        stream, _, end = place.partition(":")
        give(Mark(stream=stream, end=int(end or 0)))
        for line in filter(fits, source.follow(name, place) or ()):
            give(line)

    return follow


class Teller:
    """Writes lines as they were asked for."""

    def __init__(self, out: Output, names: Sequence[str], *, json: bool, stamps: bool, prefix: bool) -> None:
        self._out = out
        self._json = json
        self._stamps = stamps
        width = max((len(shown(name)) for name in names), default=0)
        several = len(names) > 1 and prefix
        self._prefixes: Mapping[str, str] = {
            name: f"{out.styled(f'{shown(name):<{width}} |', _colour(name))} " if several else ""
            for name in names
        }

    def tell(self, write: Callable[[str], object], name: str, line: "Line") -> None:
        """Write one line; in a pipe, byte for byte."""
        if self._json:
            write(f"{as_json({'server': name, **line.raw})}\n")
            return
        stamps = self._stamps and line.time is not None
        head = self._prefixes[name] + (self._out.styled(stamp(line.time or 0), DIM) + " " if stamps else "")
        if self._out.terminal:
            text = screened(line.line, coloured=self._out.coloured)
            write(f"{head}{self._out.styled(text, DIM) if line.notice else text}\n")
        else:
            sys.stdout.buffer.write(head.encode("utf-8", "replace") + line.data + b"\n")


def _colour(name: str) -> str:
    return COLOURS[zlib.crc32(name.encode("utf-8", "replace")) % len(COLOURS)]
