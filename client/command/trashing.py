"""`holdfast files trash`: what was deleted, and may come back."""

import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from .amounts import size
from .completing import SERVER
from .exits import Exit, Stop
from .invocation import Invocation, pass_invocation
from .jobwaiting import done
from .moments import when
from .output import shown
from .remotepath import RemotePath, about
from .shape import ShapedGroup

if TYPE_CHECKING:
    from ..trash import Trashed

HEADER = ("ID", "DELETED", "BY", "SIZE", "PATH")


@click.group(cls=ShapedGroup, aliases={"ls": "list", "delete": "rm", "purge": "empty"})
def trash() -> None:
    """What was deleted: list it, put it back, delete it for good."""


@trash.command("list")
@click.argument("name", metavar="NAME", type=SERVER)
@pass_invocation
def list_(invocation: Invocation, name: str) -> None:
    """List what is in the trash of a server, the latest first."""
    server, out = _server(name), invocation.out
    with about(server):
        found = invocation.client.trash.list(server.server)
    if invocation.json:
        out.json([one.raw for one in found])
        return
    rows = [
        (
            one.id,
            when(one.deleted_at),
            one.deleted_by,
            size(one.size) if one.size is not None else "",
            f"{one.path.lstrip('/')}{'/' if one.folder else ''}",
        )
        for one in found
    ]
    if invocation.format == "csv":
        out.csv(("id", "deletedAt", "deletedBy", "size", "path"), rows)
    elif rows:
        out.table(HEADER, rows, right=("SIZE",))
    else:
        out.note(f"the trash of {shown(server.server)} is empty")


@trash.command()
@click.argument("name", metavar="NAME", type=SERVER)
@click.argument("what", nargs=-1, required=True, metavar="ID|PATH...")
@click.option("--to", metavar="PATH", help="Where to, if not where it was.")
@pass_invocation
def restore(invocation: Invocation, name: str, what: Sequence[str], to: str | None) -> None:
    """Put something back where it was.

    It is named by its id, or by its path: then it is what was deleted there last.
    """
    server = _server(name)
    if to is not None and len(what) > 1:
        raise Stop("only one thing can go to another place at once", Exit.USAGE)
    dest = RemotePath.parse(to if ":" in (to or "") else f"{server.server}:{to}").path if to else ""
    for one in _found(invocation, server, what):
        with about(RemotePath(server.server, dest or one.path.lstrip("/"))):
            path = invocation.client.trash.restore(server.server, one.id, dest)
        if invocation.json:
            invocation.out.json_line({"path": path})
        else:
            invocation.out.say(str(RemotePath(server.server, path.lstrip("/"))))


@trash.command()
@click.argument("name", metavar="NAME", type=SERVER)
@click.argument("what", nargs=-1, required=True, metavar="ID|PATH...")
@pass_invocation
def rm(invocation: Invocation, name: str, what: Sequence[str]) -> None:
    """Delete something in the trash for good."""
    server = _server(name)
    for one in _found(invocation, server, what):
        path = RemotePath(server.server, one.path.lstrip("/"))
        with about(path):
            begin = partial(invocation.client.trash.delete, server.server, one.id, wait=False)
            done(invocation, begin, str(path))
    invocation.succeeded()


@trash.command()
@click.argument("name", metavar="NAME", type=SERVER)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@pass_invocation
def empty(invocation: Invocation, name: str, yes: bool) -> None:
    """Delete all that is in the trash for good."""
    server = _server(name)
    with about(server):
        count = len(invocation.client.trash.list(server.server))
        if not count:
            invocation.out.note(f"the trash of {shown(server.server)} is empty")
            invocation.succeeded()
            return
        if not yes:
            if not sys.stdin.isatty():
                raise Stop("say --yes to empty the trash without being asked", Exit.USAGE)
            what = "the only thing" if count == 1 else f"all {count} things"
            click.confirm(
                f"Delete {what} in the trash of {shown(server.server)} for good?",
                abort=True,
                err=True,
            )
        begin = partial(invocation.client.trash.delete, server.server, None, wait=False)
        done(invocation, begin, str(server))
    invocation.succeeded()


def _server(name: str) -> RemotePath:
    return RemotePath(name.removesuffix(":"), "")


def _found(invocation: Invocation, server: RemotePath, what: Sequence[str]) -> "list[Trashed]":
    """Return what is meant; raises `Stop` for what is not there, before anything is done."""
    with about(server):
        there = invocation.client.trash.list(server.server)
    chosen: list[Trashed] = []
    for word in what:
        path = word.removeprefix(f"{server.server}:").strip("/")
        found = next((one for one in there if one.id == word), None) or next(
            (one for one in there if one.path.strip("/") == path), None
        )
        if found is None:
            raise Stop(f"{shown(word)} is not in the trash of {shown(server.server)}", Exit.NOT_THERE)
        chosen.append(found)
    return chosen
