"""`holdfast events`: what happens to the servers, as it happens, and what has happened."""

import sys
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

import click

from .completing import SERVER
from .invocation import Invocation, pass_invocation
from .moments import moment
from .output import shown
from .shape import Shaped
from .standby import tell_break
from .telling import tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..events import Event

USUAL = "24h"


@click.command(cls=Shaped)
@click.argument("names", nargs=-1, metavar="[NAME]...", type=SERVER)
@click.option("-s", "--server", "servers", multiple=True, metavar="NAME", help="Only of this server.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens, until Ctrl-C.")
@click.option("--since", metavar="WHEN", help=f"After this event, or from then on; {USUAL} without it.")
@click.option("-n", "--tail", type=click.IntRange(0), metavar="N", help="The last N of what has happened.")
@pass_invocation
def events(
    invocation: Invocation,
    names: tuple[str, ...],
    servers: tuple[str, ...],
    follow: bool,
    since: str | None,
    tail: int | None,
) -> None:
    """Show what happens to the servers, and why.

    Without --follow, what has happened in the last day. With it, what happens from now on, unless --since
    says otherwise; no event is missing or there twice, also if Holdfast is replaced meanwhile.
    """
    patterns = (*names, *servers)
    chosen = frozenset(invocation.named(patterns)) if patterns else None
    number, begin = _since(since, follow=follow)
    width = max((len(shown(name)) for name in chosen or invocation.client.servers.list()), default=0)
    asking = invocation.client.events
    one = next(iter(chosen)) if chosen is not None and len(chosen) == 1 else None

    def show(found: "Event") -> None:
        if invocation.json:
            invocation.out.json_line(found.raw)
        else:
            tell(invocation.out, found, whose=width)
        sys.stdout.flush()

    if not follow or tail is not None:
        past = _of(chosen, asking.known(since=number, begin=begin, server=one))
        last: Sequence[Event] = deque(past, tail)
        for found in last:
            show(found)
        number, begin = (last[-1].id, None) if last else (number, begin)
    if follow:
        with asking.follow(since=number, begin=begin, server=one) as stream:
            stream.on_break = partial(tell_break, invocation.out)
            for found in _of(chosen, stream):
                show(found)


def _of(chosen: frozenset[str] | None, found: "Iterator[Event] | Sequence[Event]") -> "Iterator[Event]":
    return (one for one in found if chosen is None or one.server in chosen)


def _since(text: str | None, *, follow: bool) -> tuple[int | None, float | None]:
    """Return the id behind which it begins, or the moment at which it does."""
    if text is None:
        return None, None if follow else moment(USUAL)
    if text.isdigit() and len(text) < 9:
        return int(text), None
    if (begin := moment(text)) is None:
        raise click.BadParameter(f"{text} is neither the id of an event nor a time", param_hint="--since")
    return None, begin
