"""`holdfast notifications`: who is told of crashes, and whether that works."""

import click

from .exits import Stop
from .invocation import Invocation, pass_invocation
from .lists import tell
from .output import BAD, Cell
from .shape import Shaped, ShapedGroup

HEADER = ("NAME", "TYPE", "SENT", "FAILED", "WAITING", "HELD BACK", "ON", "SERVERS", "LAST ERROR")


@click.group(cls=ShapedGroup, aliases={"show": "list", "ls": "list"})
def notifications() -> None:
    """Tell who is told of crashes, and whether that works."""


@notifications.command("list", cls=Shaped)
@pass_invocation
def list_all(invocation: Invocation) -> None:
    """List the targets, and how it went with each."""
    found = invocation.client.notifications.list()
    rows = [
        (
            name,
            one.type,
            str(one.sent),
            str(one.failed),
            str(one.waiting),
            str(one.held_back),
            " ".join(one.on),
            "all" if one.servers is None else " ".join(one.servers),
            Cell(one.last_error or "", BAD),
        )
        for name, one in found.targets.items()
    ]
    nothing = "nobody is told: name targets in the config (docs/notifications.md)"
    tell(invocation, found.raw, HEADER, rows, nothing, right=HEADER[2:6])
    if found.dropped and not invocation.json:
        invocation.out.note(f"{found.dropped} notices came too fast for all of them")


@notifications.command(cls=Shaped)
@click.argument("name")
@pass_invocation
def test(invocation: Invocation, name: str) -> int:
    """Tell a target of nothing, at once, to see whether it works."""
    tested = invocation.client.notifications.test(name)
    if invocation.json:
        invocation.out.json(tested.raw)
        return 0 if tested.delivered else 1
    if not tested.delivered:
        raise Stop(f"{name} was not reached: {tested.error or f'it answers {tested.status}'}")
    invocation.out.say(f"{name} was told")
    return 0
