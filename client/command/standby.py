"""Who tells of the servers when the API does not answer: the supervisor, or what was written last."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from ..exchange import Request
from ..failures import CannotConnect, ConnectionLost, Failure, TimedOut
from ..finding import NotFound
from ..quick import Quick
from .exits import Exit, Stop, sentence_of
from .output import DIM

if TYPE_CHECKING:
    from ..offline.place import Place
    from ..offline.source import Source
    from .invocation import Invocation

SOON = 3.0
"""Seconds in which the API answers, if its supervisor can be asked instead."""


def standby(invocation: "Invocation") -> "Source | None":
    """Return who tells instead of the API, and say so; None if the API answers.

    Raises `Failure` if nobody can tell. Whoever is somewhere else is asked by the API alone.
    """
    try:
        target = invocation.target
    except NotFound as exc:
        failure: Failure = exc
        socket = ""
    else:
        if not target.socket:
            return None
        socket = target.socket
    from ..offline.place import place_of  # noqa: PLC0415  (few need it)

    place = place_of(invocation.config, invocation.state_dir, socket)
    if socket:
        patience = SOON if place is not None and os.path.exists(place.socket) else 60.0
        try:
            Quick(target, patience).exchange(Request("GET", "/", again=False))
        except (CannotConnect, ConnectionLost, TimedOut) as exc:
            failure = exc
        else:
            return None
    if place is None or getattr(failure, "why", "") == "permission denied":
        raise failure
    return _instead(invocation, place, failure)


def _instead(invocation: "Invocation", place: "Place", failure: Failure) -> "Source":
    from ..offline.remains import Remains  # noqa: PLC0415
    from ..offline.supervised import Supervised  # noqa: PLC0415

    source: Source = Supervised(place)
    try:
        source.servers()
    except CannotConnect as exc:
        if exc.why == "permission denied":
            said = f"{sentence_of(failure)}; and only its own user and root may ask the supervisor"
            raise Stop(said, Exit.UNREACHABLE) from exc
        source = Remains(place)
        try:
            source.servers()
        except Failure as unreadable:
            raise Stop(f"{sentence_of(failure)}; {unreadable}", Exit.UNREACHABLE) from unreadable
    invocation.out.note(invocation.out.styled(f"holdfast: {source.sentence}", DIM))
    return source


def named(
    known: Mapping[str, object], patterns: Sequence[str], *, every: bool, hint: str = "--all"
) -> list[str]:
    """Return which of the servers that are known are meant; raises as `Invocation.named`."""
    import fnmatch  # noqa: PLC0415

    if not patterns and not every:
        raise click.UsageError(f"name a server, or say {hint}")
    if every:
        return list(known)
    found: list[str] = []
    for pattern in patterns:
        fits = [pattern] if pattern in known else [one for one in known if fnmatch.fnmatchcase(one, pattern)]
        if not fits:
            raise Stop(f"there is no server {pattern}", Exit.NOT_THERE)
        found += fits
    return list(dict.fromkeys(found))
