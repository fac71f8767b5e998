"""`holdfast history`: what happened to servers, why, how their runs ended, and what comes next."""

from shlex import quote
from typing import TYPE_CHECKING

import click

from .completing import SERVER
from .invocation import Invocation, pass_invocation
from .output import BOLD, DIM, shown
from .shape import Shaped
from .standby import about, named, raw, standby
from .telling import next_of, tell

if TYPE_CHECKING:
    from ..history import History

USUAL, MOST = 20, 500


@click.command(cls=Shaped)
@click.argument("names", nargs=-1, metavar="NAME...", type=SERVER)
@click.option("-a", "--all", "every", is_flag=True, help="Of all servers.")
@click.option(
    "-n", "--limit", type=click.IntRange(1, MOST), default=USUAL, help=f"So many changes, {USUAL} without it."
)
@click.option("--before", type=click.IntRange(0), metavar="ID", help="Only what came before this event.")
@pass_invocation
def history(
    invocation: Invocation, names: tuple[str, ...], every: bool, limit: int, before: int | None
) -> None:
    """Show what happened to servers, and how runs ended.

    Each change has its reason, who or what brought it about, the last words of a run that ended, and what
    happens next. The latest stands last; --before goes further back, with the id that is shown.
    """
    source = standby(invocation)
    known = None if source is None else source.servers()
    found: dict[str, History] = {}
    for name in named(invocation, known, names, every=every):
        with about(invocation, name):
            if source is None:
                found[name] = invocation.client.history.get(name, limit=limit, before=before)
            else:
                found[name] = source.history(name, limit, before)
    if invocation.json:
        invocation.out.json(raw(found, names, every=every))
        return
    for number, one in enumerate(found.values()):
        if number:
            invocation.out.say()
        _tell(invocation, one, limit)


def _tell(invocation: Invocation, found: "History", limit: int) -> None:
    out = invocation.out
    if not found.history:
        out.note(f"nothing is known to have happened to {shown(found.server)}")
    elif len(found.history) == limit:
        earlier = f"earlier: holdfast history {shown(quote(found.server))} --before {found.history[-1].id}"
        out.say(earlier, DIM)
    for event in reversed(found.history):
        tell(out, event)
    reason = "" if found.reason in ("", found.state) else f": {shown(found.reason)}"
    next_ = f"; {next_of(found.next)}" if found.next is not None else ""
    out.say(f"{out.styled(shown(found.server), BOLD)} is {found.state}{reason}{next_}")
