"""`holdfast shares`: links to one console or one file, for whoever has them."""

import click

from .completing import REMOTE
from .invocation import Invocation, pass_invocation
from .lists import tell
from .moments import DURATION, ago, ahead
from .output import shown
from .several import each, meant
from .shape import Shaped, ShapedGroup

HEADER = ("ID", "KIND", "SERVER", "PATH", "OWNER", "EXPIRES", "LAST USE", "FROM")


@click.group(cls=ShapedGroup, aliases={"show": "list", "ls": "list", "add": "create", "remove": "delete"})
def shares() -> None:
    """Manage links to a console or a file, for a while."""


@shares.command("list", cls=Shaped)
@click.option("--all", "-a", "every", is_flag=True, help="Those of others, too.")
@pass_invocation
def list_all(invocation: Invocation, every: bool) -> None:
    """List your shares, and when each was used last."""
    found = invocation.client.shares.list(all=every)
    rows = [
        (
            share.id,
            share.kind,
            share.server,
            share.path or "",
            share.owner,
            ahead(share.expires),
            ago(share.last_use),
            share.last_address or "",
        )
        for share in found
    ]
    nothing = "there are no shares" if every else "you have no shares; --all lists those of others, too"
    tell(invocation, [share.raw for share in found], HEADER, rows, nothing)


@shares.command(cls=Shaped)
@click.argument("what", metavar="SERVER[:PATH]", type=REMOTE)
@click.option("--expires", type=DURATION, metavar="TIME", help="Until when it is good; a day without it.")
@pass_invocation
def create(invocation: Invocation, what: str, expires: float | None) -> None:
    """Share a console or, with a path, a file; print the link, which is shown only now.

    Whoever has the link can read that console, or download that file, and do nothing else.
    """
    server, _, path = what.partition(":")
    asked = invocation.client.shares
    if path:
        made = asked.create_file(server, path, expires_in=expires)
    else:
        made = asked.create_console(server, expires_in=expires)
    target = invocation.target
    link = f"{target.base}{made.url}" if target.url else made.url
    if invocation.json:
        invocation.out.json(made.raw)
        return
    invocation.out.say(shown(link))
    note = f"Shown only now; it expires {ahead(made.expires)}."
    invocation.out.note(note if target.url else f"{note} It goes behind the address of the API.")


@shares.command(cls=Shaped)
@click.argument("wanted", nargs=-1, required=True, metavar="ID...")
@pass_invocation
def delete(invocation: Invocation, wanted: tuple[str, ...]) -> int:
    """End shares: who is looking is cut off."""
    asked = invocation.client.shares
    known = {share.id: "" for share in (*asked.list(), *asked.list(all=True))}
    outcome = each(wanted, lambda one: asked.delete(meant(one, known, "shares")))
    if invocation.json:
        invocation.out.json({"deleted": [*outcome.done]})
    elif outcome.done:
        invocation.out.say(f"deleted {', '.join(outcome.done)}")
    return outcome.code
