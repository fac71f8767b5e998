"""`holdfast version`: of this command, and of the Holdfast that it talks to."""

import os

import click

from ..failures import Failure
from .exits import sentence_of
from .invocation import Invocation, pass_invocation
from .shape import Shaped

_BEGIN, _END = "holdfast-", ".dist-info"


def ours() -> str:
    """Return the version of this command."""
    # What pip has written beside the package has it in its name; the library for that takes 20 ms to import.
    beside = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    found = [name for name in os.listdir(beside) if name.startswith(_BEGIN) and name.endswith(_END)]
    if len(found) == 1:
        return found[0].removeprefix(_BEGIN).removesuffix(_END)
    from importlib import metadata  # noqa: PLC0415

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
