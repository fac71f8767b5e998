"""`holdfast schedules`: what is done with servers at certain times."""

from typing import TYPE_CHECKING

import click

from .completing import SERVER
from .invocation import Invocation, pass_invocation
from .lists import tell
from .moments import ago, ahead, when
from .output import BAD, DIM, GOOD, WARN, Cell
from .shape import Shaped, ShapedGroup

if TYPE_CHECKING:
    from ..schedules import Schedule

HEADER = ("SERVER", "NAME", "CRON", "ACTION", "NEXT", "LAST", "OUTCOME")

COLOURS = {"done": GOOD, "failed": BAD, "interrupted": BAD, "missed": WARN, "running": WARN}


@click.group(cls=ShapedGroup, aliases={"show": "list", "ls": "list"})
def schedules() -> None:
    """Tell what is done with servers at certain times."""


@schedules.command("list", cls=Shaped)
@click.argument("servers", nargs=-1, metavar="[SERVER]...", type=SERVER)
@pass_invocation
def list_all(invocation: Invocation, servers: tuple[str, ...]) -> None:
    """List schedules, when they run next, and how it went last."""
    asked = invocation.client.schedules
    names = invocation.named(servers) if servers else [None]
    found = [one for name in names for one in asked.list(name)]
    nothing = "there are no schedules: add some to a server in the config (docs/schedules.md)"
    tell(invocation, [one.raw for one in found], HEADER, [_row(one) for one in found], nothing)


@schedules.command(cls=Shaped)
@click.argument("server", type=SERVER)
@click.argument("name")
@pass_invocation
def run(invocation: Invocation, server: str, name: str) -> None:
    """Run a schedule now, without its warnings; it goes on by itself."""
    invocation.client.schedules.run(server, name)
    if invocation.json:
        invocation.out.json({"server": server, "schedule": name, "success": True})
    else:
        invocation.out.say(f"{name} of {server} runs")


def _row(one: "Schedule") -> tuple[str, ...]:
    following = one.next[0].at if one.enabled and one.next else None
    coming = "" if following is None else f"{when(following)} ({ahead(following)})"
    last = one.last
    outcome = "" if last is None else f"{last.outcome}: {last.detail}" if last.detail else last.outcome
    return (
        one.server,
        one.name,
        one.cron,
        one.action,
        coming if one.enabled else Cell("off", DIM),
        "" if last is None else ago(last.at),
        Cell(outcome, COLOURS.get(last.outcome, "") if last is not None else ""),
    )
