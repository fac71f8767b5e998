"""Who tells of the servers when the API does not answer: the supervisor, or what was written last."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from ..exchange import Request
from ..failures import AWAY, NOBODY, CannotConnect, Failure, Refused
from ..finding import NotFound
from ..place import meant_place
from .exits import Exit, Stop, sentence_of
from .output import DIM

if TYPE_CHECKING:
    from ..offline.source import Source
    from ..place import Place
    from ..records import Record
    from .invocation import Invocation
    from .output import Output

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
    place = meant_place(invocation.config, invocation.state_dir, socket)
    if socket:
        patience = SOON if place is not None and os.path.exists(place.socket) else 60.0
        try:
            # On the connection that the command goes on with.
            invocation.way.exchange(Request("GET", "/", again=False, patience=patience))
        except AWAY as exc:
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
        if exc.why not in NOBODY:
            said = f"{sentence_of(failure)}; and only its own user and root may ask the supervisor"
            raise Stop(said, Exit.UNREACHABLE) from exc
        source = Remains(place)
        try:
            source.servers()
        except Failure as unreadable:
            raise Stop(f"{sentence_of(failure)}; {unreadable}", Exit.UNREACHABLE) from unreadable
    invocation.out.note(invocation.out.styled(f"holdfast: {source.sentence}", DIM))
    return source


@contextmanager
def about(invocation: "Invocation", name: str) -> Iterator[None]:
    """Have it said which server there is not, if there is none of this name, and what may have been meant."""
    try:
        yield
    except Refused as exc:
        if exc.kind != "no-such-server":
            raise
        said = f"there is no server {name}{invocation.suggestion(name)}"
        raise Stop(said, Exit.NOT_THERE) from exc


def tell_break(out: "Output", failure: Failure | None) -> None:
    """Say that the API is away, or, with None, that it is there again."""
    away = "the API is away, going on when it answers again"
    said = away if failure is not None else "the API answers again, going on"
    out.note(out.styled(f"holdfast: {said}", DIM))


def raw(found: "Mapping[str, Record]", patterns: tuple[str, ...], *, every: bool) -> object:
    """Return records for a program: of the one server that was named, or of several by their names."""
    told = {name: one.raw for name, one in found.items()}
    alone = len(patterns) == len(told) == 1 and not every
    return next(iter(told.values())) if alone else told


def named(
    invocation: "Invocation", known: Mapping[str, object] | None, patterns: tuple[str, ...], *, every: bool
) -> list[str]:
    """Return which of the servers that are known are meant; raises as `Invocation.named`.

    Without any, the API knows them.
    """
    if known is None:
        return invocation.named(patterns, every=every)
    if not patterns and not every:
        raise click.UsageError("name a server, or say --all")
    return list(known) if every else invocation.among(list(known), patterns)
