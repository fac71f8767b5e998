"""`holdfast keys`: API keys, for programs."""

from typing import TYPE_CHECKING

import click

from ..refusals import NotAllowedTo
from .completing import KEY
from .grants import given, granting, words
from .invocation import Invocation, pass_invocation
from .lists import tell
from .moments import DURATION, ago, ahead
from .output import shown
from .several import each, meant
from .shape import Shaped, ShapedGroup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..keys import Key

HEADER = ("ID", "NAME", "OWNER", "EXPIRES", "LAST USE", "FROM", "ROLES", "GRANTS")


@click.group(cls=ShapedGroup, aliases={"show": "list", "ls": "list", "add": "create", "remove": "delete"})
def keys() -> None:
    """Manage API keys, for programs."""


@keys.command("list", cls=Shaped)
@click.option("--all", "-a", "every", is_flag=True, help="Those of others, too.")
@pass_invocation
def list_all(invocation: Invocation, every: bool) -> None:
    """List your keys, and when each was used last."""
    found = invocation.client.keys.list(all=every)
    nothing = "there are no keys" if every else "you have no keys; --all lists those of others, too"
    tell(invocation, [key.raw for key in found], HEADER, [_row(key) for key in found], nothing)


@keys.command(cls=Shaped)
@click.argument("name")
@granting
@click.option("--expires", type=DURATION, metavar="TIME", help="Until when it is good: 30d, 12h.")
@pass_invocation
def create(invocation: Invocation, /, name: str, expires: float | None, **wish: tuple[str, ...]) -> None:
    """Make a key, and print it: it is shown only now.

    Without roles and grants, it may do what you may. --server, --path and --input limit what the grants
    beside them give.
    """
    rights = given(wish)
    made = invocation.client.keys.create(name, roles=rights.roles, grants=rights.grants, expires_in=expires)
    if invocation.json:
        invocation.out.json(made.raw)
        return
    invocation.out.say(shown(made.key))
    lasts = ahead(made.expires, "")
    invocation.out.note(
        f"This is the key {name}, shown only now{f'; it expires {lasts}' if lasts else ''}. "
        "It goes into the header Authorization."
    )


@keys.command(cls=Shaped)
@click.argument("wanted", nargs=-1, required=True, metavar="KEY...", type=KEY)
@pass_invocation
def delete(invocation: Invocation, wanted: tuple[str, ...]) -> int:
    """End keys, named by id or by name; who uses one is out at once."""
    known = {key.id: key.name for key in _seen(invocation)}
    outcome = each(wanted, lambda key: invocation.client.keys.delete(meant(key, known, "keys")))
    if invocation.json:
        invocation.out.json({"deleted": [*outcome.done]})
    elif outcome.done:
        invocation.out.say(f"deleted {', '.join(outcome.done)}")
    return outcome.code


def _seen(invocation: Invocation) -> "Sequence[Key]":
    own = invocation.client.keys.list()
    try:
        others = invocation.client.keys.list(all=True)
    except NotAllowedTo:
        return own
    # One's own come first: a name that somebody else has used, too, means one's own.
    names = {key.name for key in own}
    return [*own, *(key for key in others if key.name not in names)]


def _row(key: "Key") -> tuple[str, ...]:
    return (
        key.id,
        key.name,
        key.owner,
        ahead(key.expires),
        ago(key.last_use),
        key.last_address or "",
        " ".join(key.roles),
        words(key.grants),
    )
