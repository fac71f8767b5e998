"""`holdfast sessions`: who is logged in, and how that ends."""

from typing import TYPE_CHECKING

import click

from ..refusals import NotAllowedTo
from .completing import SESSION
from .invocation import Invocation, pass_invocation
from .lists import tell
from .moments import ago, ahead, when
from .output import BOLD, Cell
from .several import each, meant
from .shape import Shaped, ShapedGroup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..sessions import Session

HEADER = ("ID", "ACCOUNT", "DEVICE", "ADDRESS", "LAST USE", "SINCE", "EXPIRES")


@click.group(cls=ShapedGroup, aliases={"show": "list", "ls": "list", "delete": "end", "remove": "end"})
def sessions() -> None:
    """Tell who is logged in, and end that."""


@sessions.command("list", cls=Shaped)
@click.option("--user", metavar="NAME", help="Those of an account.")
@click.option("--all", "-a", "every", is_flag=True, help="Everybody's.")
@pass_invocation
def list_all(invocation: Invocation, user: str | None, every: bool) -> None:
    """List your sessions, or all if you sit at the machine."""
    found = invocation.client.sessions.list(user, all=every)
    nothing = "nobody is logged in" if user is None else f"{user} is not logged in"
    tell(invocation, [one.raw for one in found], HEADER, [_row(one) for one in found], nothing)


@sessions.command(cls=Shaped)
@click.argument("wanted", nargs=-1, metavar="[ID]...", type=SESSION)
@click.option("--own", is_flag=True, help="All of yours.")
@click.option("--others", is_flag=True, help="All of yours but this one.")
@click.option("--user", metavar="NAME", help="All of an account.")
@click.option("--all", "-a", "every", is_flag=True, help="Everybody's.")
@pass_invocation
def end(
    invocation: Invocation, wanted: tuple[str, ...], own: bool, others: bool, user: str | None, every: bool
) -> int:
    """End sessions: what is open by them is closed at once."""
    if sum((bool(wanted), own, others, user is not None, every)) != 1:
        raise click.UsageError("name sessions by their ids, or say one of --own, --others, --user, --all")
    asked = invocation.client.sessions
    code = 0
    if wanted:
        known = {session.id: "" for session in _seen(invocation)}
        outcome = each(wanted, lambda one: asked.end(meant(one, known, "sessions")))
        ended, code = len(outcome.done), outcome.code
    elif user is not None:
        ended = asked.end_of(user)
    else:
        ended = asked.end_all() if every else asked.end_own(others=others)
    if invocation.json:
        invocation.out.json({"ended": ended})
    elif ended or not code:
        invocation.out.say(f"ended {ended} session{'' if ended == 1 else 's'}")
    return code


def _seen(invocation: Invocation) -> "Sequence[Session]":
    try:
        return invocation.client.sessions.list(all=True)
    except NotAllowedTo:
        return invocation.client.sessions.list()


def _row(session: "Session") -> tuple[str, ...]:
    return (
        session.id,
        Cell(f"{session.account} (this one)", BOLD) if session.current else session.account,
        session.device,
        session.address,
        ago(session.last_use),
        when(session.created),
        ahead(session.expires),
    )
