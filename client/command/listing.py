"""`holdfast list`: which servers there are, and how they are."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from .amounts import duration, percent, size
from .invocation import Invocation, pass_invocation
from .output import BAD, DIM, GOOD, WARN, Cell
from .shape import Shaped

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
@pass_invocation
def servers(invocation: Invocation) -> None:
    """List the servers, and how they are."""
    found = invocation.client.servers.list()
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


def rows_of(servers: Mapping[str, "Server"]) -> Sequence[Sequence[str]]:
    """Return what stands in the table, a row for each."""
    return [
        (
            name,
            Cell(word_of(one), COLOURS.get(one.state, "")),
            duration(one.uptime / 1e9) if one.uptime else "",
            percent(one.cpu_usage) if one.pid else "",
            size(one.memory_usage) if one.pid else "",
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
