"""`holdfast version`: of this command, and of the Holdfast that it talks to."""

from importlib import metadata

import click

from ..failures import Failure
from .exits import sentence_of
from .invocation import Invocation, pass_invocation
from .output import DIM, WARN
from .shape import Shaped


def ours() -> str:
    """Return the version of this command."""
    try:
        return metadata.version("holdfast")
    except metadata.PackageNotFoundError:
        return "unknown: it is not installed"


@click.command(cls=Shaped)
@pass_invocation
def version(invocation: Invocation) -> None:
    """Show the version of this command and of Holdfast."""
    theirs, where, why = None, None, None
    try:
        where = invocation.target.where
        theirs = invocation.client.system.version()
    except Failure as exc:
        why = sentence_of(exc)
    out = invocation.out
    if invocation.json:
        out.json({"command": ours(), "holdfast": theirs, "at": where if theirs else None, "why": why})
        return
    out.say(f"holdfast {ours()}")
    if theirs is None:
        out.say(f"no Holdfast answers: {why}", DIM)
        return
    out.say(f"Holdfast {theirs} at {where}")
    if theirs != ours() and ours()[:1].isdigit() and not invocation.target.url:
        out.say(f"{ours()} is installed here: holdfast upgrade has it run", WARN)
