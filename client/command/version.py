"""`holdfast version`: of this command, and of the Holdfast that it talks to."""

from importlib import metadata

import click

from ..failures import Failure
from .exits import sentence_of
from .invocation import Invocation, pass_invocation
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
    try:
        theirs = invocation.client.system.version()
        where = invocation.target.where
    except Failure as exc:
        theirs, where = None, sentence_of(exc)
    if invocation.json:
        invocation.out.json({"command": ours(), "holdfast": theirs, "at": where if theirs else None})
        return
    invocation.out.say(f"holdfast {ours()}")
    invocation.out.say(f"Holdfast {theirs} at {where}" if theirs else f"no Holdfast answers: {where}")
