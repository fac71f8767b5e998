"""`holdfast accounts`: who can log in, and what he may do."""

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from ..refusals import NotAllowedTo, WrongCredentials
from .completing import ACCOUNT
from .exits import Exit, Stop
from .grants import given, granting, words
from .invocation import Invocation, pass_invocation
from .lists import tell
from .moments import ago
from .output import BAD, GOOD, Cell
from .passwords import asked_secretly, from_stdin, new_password
from .several import each
from .shape import Shaped, ShapedGroup

if TYPE_CHECKING:
    from ..accounts import Person

ALIASES = {"show": "list", "add": "create", "remove": "delete", "rm": "delete", "ls": "list"}

HEADER = ("NAME", "STATE", "SECOND FACTOR", "SESSIONS", "KEYS", "LAST SEEN", "ROLES", "GRANTS")


@click.group(cls=ShapedGroup, aliases=ALIASES)
def accounts() -> None:
    """Manage who can log in, and what he may do."""


@accounts.command("list", cls=Shaped)
@pass_invocation
def list_all(invocation: Invocation) -> None:
    """List the accounts, what they may do, and when they were seen last."""
    found = invocation.client.accounts.list()
    seen = {} if invocation.json else _seen(invocation)
    rows = [_row(name, one, seen) for name, one in found.items()]
    told = {name: person.raw for name, person in found.items()}
    nothing = "there are no accounts: make one with holdfast accounts create NAME"
    tell(invocation, told, HEADER, rows, nothing, right=("SESSIONS", "KEYS"))


@accounts.command(cls=Shaped)
@click.argument("name")
@granting
@click.option("--disabled", is_flag=True, help="Nobody can log in by it, for now.")
@from_stdin
@pass_invocation
def create(
    invocation: Invocation, /, name: str, disabled: bool, stdin: bool, **wish: tuple[str, ...]
) -> None:
    """Make an account; its password is asked for.

    Without roles and grants, it may do what you may. --server, --path and --input limit what the grants
    beside them give.
    """
    rights = given(wish)
    password = new_password(name, stdin=stdin)
    invocation.client.accounts.create(
        name, password, roles=rights.roles, grants=rights.grants, disabled=disabled
    )
    _done(invocation, {"created": name}, f"created account {name}")


@accounts.command(cls=Shaped)
@click.argument("name", required=False, type=ACCOUNT)
@from_stdin
@pass_invocation
def passwd(invocation: Invocation, name: str | None, stdin: bool) -> None:
    """Give an account another password, which is asked for; that ends its sessions.

    Without a name it is your own, and the present one is asked for, too.
    """
    if name is None:
        if stdin or invocation.target.socket:
            raise click.UsageError(
                "name the account: one's own is changed in a terminal, as who is logged in"
            )
        old = asked_secretly("Your password until now: ")
        new = new_password("you", stdin=False)
        try:
            invocation.client.account.change_password(old, new)
        except WrongCredentials as exc:
            raise Stop("that was not your password, so nothing was changed", Exit.NOT_ALLOWED) from exc
        sentence = "changed your password; your sessions have ended, so log in again: holdfast login"
        _done(invocation, {"updated": None}, sentence)
        return
    password = new_password(name, stdin=stdin)
    invocation.client.accounts.update(name, password=password)
    _done(invocation, {"updated": name}, f"changed the password of {name}; its sessions have ended")


@accounts.command(cls=Shaped)
@click.argument("name", type=ACCOUNT)
@click.option("--rename", metavar="NAME", help="Another name.")
@granting
@click.option("--no-grants", is_flag=True, help="Take all roles and grants away.")
@click.option("--disable/--enable", "disabled", default=None, help="Whether nobody can log in by it.")
@click.option("--no-factor", is_flag=True, help="Turn its second factor off.")
@pass_invocation
def update(
    invocation: Invocation,
    /,
    name: str,
    rename: str | None,
    no_grants: bool,
    disabled: bool | None,
    no_factor: bool,
    **wish: tuple[str, ...],
) -> None:
    """Change an account: its name, what it may do, whether it can be used.

    Roles and grants that are named here replace all that it has. All of it happens at once, or nothing.
    """
    rights = given(wish)
    if no_grants and rights.grants is not None:
        raise click.UsageError("--no-grants takes all away: say nothing else of roles and grants")
    if rename is None and rights.grants is None and disabled is None and not (no_grants or no_factor):
        raise click.UsageError("say what shall change: --rename, --grant, --role, --disable, …")
    invocation.client.accounts.update(
        name,
        rename=rename,
        roles=() if no_grants else rights.roles,
        grants=() if no_grants else rights.grants,
        disabled=disabled,
        without_factor=no_factor,
    )
    _done(invocation, {"updated": rename or name}, f"changed account {name}")


@accounts.command(cls=Shaped)
@click.argument("names", nargs=-1, required=True, metavar="NAME...", type=ACCOUNT)
@pass_invocation
def delete(invocation: Invocation, names: tuple[str, ...]) -> int:
    """Remove accounts, and with them their sessions, keys and shares."""
    outcome = each(names, invocation.client.accounts.delete)
    if invocation.json:
        invocation.out.json({"deleted": [*outcome.done]})
    elif outcome.done:
        invocation.out.say(f"deleted {', '.join(outcome.done)}")
    return outcome.code


def _row(name: str, one: "Person", seen: Mapping[str, float]) -> tuple[str, ...]:
    return (
        name,
        Cell("disabled", BAD) if one.disabled else Cell("active", GOOD),
        "on" if one.second_factor else "off",
        str(one.sessions),
        str(one.keys),
        ago(seen.get(name)),
        " ".join(one.roles),
        words(one.grants),
    )


def _seen(invocation: Invocation) -> Mapping[str, float]:
    """Return when each was there last, as far as we may know it."""
    uses: list[tuple[str, float]] = []
    with contextlib.suppress(NotAllowedTo):
        uses += [(one.account, one.last_use) for one in invocation.client.sessions.list(all=True)]
    with contextlib.suppress(NotAllowedTo):
        uses += [(one.owner, one.last_use or 0.0) for one in invocation.client.keys.list(all=True)]
    return {name: max(at for who, at in uses if who == name) for name, _ in uses}


def _done(invocation: Invocation, told: Mapping[str, object], sentence: str) -> None:
    if invocation.json:
        invocation.out.json(told)
    else:
        invocation.out.say(sentence)
