"""`holdfast list`: which servers there are, and how they are."""

import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from ..failures import CannotConnect, ConnectionLost, TimedOut
from .amounts import duration, percent, size
from .completing import SERVER
from .invocation import Invocation, pass_invocation
from .output import BAD, DIM, GOOD, WARN, Cell
from .shape import Shaped
from .standby import standby

if TYPE_CHECKING:
    from ..servers import Server

HEADER = ("NAME", "STATUS", "UPTIME", "CPU", "MEMORY", "RESTARTS", "HEALTH", "WHY")
NUMBERS = ("UPTIME", "CPU", "MEMORY", "RESTARTS")

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
        out.table(HEADER, rows_of(found), right=NUMBERS)
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

    with Live(console=out.rich, screen=True, auto_refresh=False) as live:
        while True:
            try:
                live.update(
                    out.drawn(HEADER, rows_of(_found(invocation, patterns)), right=NUMBERS), refresh=True
                )
            except (CannotConnect, ConnectionLost, TimedOut) as exc:
                live.update(Text(f"{exc}; trying again"), refresh=True)
            time.sleep(interval)


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
