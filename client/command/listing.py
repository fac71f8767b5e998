"""`holdfast list`: which servers there are, and how they are."""

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from ..failures import AWAY
from .amounts import duration, percent, size
from .completing import SERVER
from .invocation import Invocation, pass_invocation
from .output import BAD, DIM, GOOD, WARN, Cell, Output
from .shape import Shaped
from .standby import standby

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..servers import Server

HEADER = ("NAME", "STATUS", "UPTIME", "CPU", "MEMORY", "RESTARTS", "HEALTH", "WHY")
NUMBERS = ("UPTIME", "CPU", "MEMORY", "RESTARTS")

SPARE = ("RESTARTS", "HEALTH", "WHY", "MEMORY", "CPU", "UPTIME")
"""What a narrow terminal does without, the first first."""

COLOURS = {
    "running": GOOD,
    "starting": WARN,
    "stopping": WARN,
    "stopped": DIM,
    "backoff": BAD,
    "failed": BAD,
}

OCTYNE = {0: "offline", 1: "online", 2: "crashed"}
"""What other tools call the states."""


@click.command("list", cls=Shaped)
@click.argument("patterns", nargs=-1, metavar="[NAME]...", type=SERVER)
@click.option("--watch", "-w", is_flag=True, help="Show it anew for as long as it takes, until Ctrl-C.")
@click.option(
    "--interval", type=click.FloatRange(0.1), default=2.0, metavar="SECONDS", help="How often; 2 without it."
)
@pass_invocation
def servers(invocation: Invocation, patterns: tuple[str, ...], watch: bool, interval: float) -> None:
    """List the servers, and how they are.

    With names or patterns ('mc-*'), only those.
    """
    if watch:
        _watch(invocation, patterns, interval)
        return
    source = standby(invocation)
    found = _found(invocation, patterns, None if source is None else source.servers())
    out = invocation.out
    if invocation.json:
        out.json({name: server.raw for name, server in found.items()})
    elif invocation.format == "csv":
        rows = [
            (name, OCTYNE.get(server.status, "unknown"), str(server.to_delete).lower())
            for name, server in found.items()
        ]
        out.csv(("name", "status", "toDelete"), rows)
    elif found:
        out.table(HEADER, rows_of(found), right=NUMBERS, spare=SPARE)
    else:
        out.note("there are no servers yet: add some to the config")


def _found(
    invocation: Invocation, patterns: tuple[str, ...], known: "Mapping[str, Server] | None" = None
) -> "Mapping[str, Server]":
    """Return the servers that are meant, by name; raises `Stop` if one of them is missing.

    `known`: those that there are, if somebody else than the API has told.
    """
    found = invocation.client.servers.list() if known is None else known
    if not patterns:
        return found
    return {name: found[name] for name in invocation.among(list(found), patterns)}


def _watch(invocation: Invocation, patterns: tuple[str, ...], interval: float) -> None:
    """Show the list again and again: in its place in a terminal, one after the other elsewhere."""
    out = invocation.out
    if invocation.json or not out.terminal:
        while True:
            found = _found(invocation, patterns)
            if invocation.json:
                out.json_line({name: one.raw for name, one in found.items()})
            else:
                out.table(HEADER, rows_of(found), right=NUMBERS)
                out.say()
            sys.stdout.flush()
            time.sleep(interval)
    from rich.live import Live  # noqa: PLC0415  (takes a while)
    from rich.text import Text  # noqa: PLC0415

    with Live(console=out.rich, screen=True, auto_refresh=False) as live, _stopping():
        while True:
            try:
                live.update(_screen(out, _found(invocation, patterns)), refresh=True)
            except AWAY as exc:
                live.update(Text(f"{exc}; trying again"), refresh=True)
            time.sleep(interval)


@contextmanager
def _stopping() -> Iterator[None]:
    """Give the shell its own screen at Ctrl-Z, and take the other one again at `fg`."""

    def stop(*_: object) -> None:
        os.write(1, b"\x1b[?1049l\x1b[?25h")
        os.kill(os.getpid(), signal.SIGSTOP)
        os.write(1, b"\x1b[?1049h\x1b[?25l\x1b[2J")

    before = signal.signal(signal.SIGTSTP, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, before)


def _screen(out: Output, found: Mapping[str, "Server"]) -> "RenderableType":
    """Return the table, or as much of it as there is room for, and how many servers there are."""
    from rich.console import Group  # noqa: PLC0415  (takes a while)
    from rich.segment import SegmentLines  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = out.drawn(HEADER, rows_of(found), right=NUMBERS, spare=SPARE)
    lines = out.rich.render_lines(table, pad=False)
    height = out.rich.height
    if len(lines) <= height:
        return table
    rest = Text(f"… {len(found)} servers in all; holdfast top scrolls", DIM, no_wrap=True, overflow="crop")
    return Group(SegmentLines(lines[: height - 1], new_lines=True), rest)


def rows_of(servers: Mapping[str, "Server"]) -> Sequence[Sequence[str]]:
    """Return what stands in the table, a row for each."""
    return [
        (
            name,
            Cell(word_of(one), COLOURS.get(one.state, "")),
            duration(one.uptime / 1e9) if one.uptime else "",
            percent(one.cpu_usage) if one.pid and one.total_memory else "",  # else nobody has measured
            size(one.memory_usage) if one.pid and one.total_memory else "",
            str(one.restarts) if one.restarts else "",
            health_of(one),
            one.reason,
        )
        for name, one in servers.items()
    ]


def word_of(server: "Server") -> str:
    """Return how it is, in a word or two."""
    if server.paused:
        return "paused"
    if server.state == "stopped" and server.waits_for:
        return "waiting"
    return f"{server.state} (removed)" if server.to_delete else server.state


def health_of(server: "Server") -> str:
    """Return what the checks say, if there are any."""
    if not server.pid:
        return ""
    return Cell("ready", GOOD) if server.ready else Cell("not ready", WARN)
