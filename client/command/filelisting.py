"""`holdfast files ls`: what is in a folder."""

import shutil
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from .amounts import size
from .completing import REMOTE
from .invocation import Invocation, pass_invocation
from .moments import when
from .output import Cell, Output, shown
from .remotepath import RemotePath, about, expand, look, refused
from .shape import Shaped

if TYPE_CHECKING:
    from ..clients import Client
    from ..files import Entry

HEADER = ("SIZE", "CHANGED", "NAME")
MARKS = {"folder": "/", "link": "@", "special": "="}
COLOURS = {"folder": "blue", "link": "cyan", "special": "yellow"}


@click.command("ls", cls=Shaped)
@click.argument("paths", nargs=-1, required=True, metavar="NAME:path...", type=REMOTE)
@click.option("-l", "--long", is_flag=True, help="With size and time of the last change.")
@click.option("-R", "--recursive", is_flag=True, help="With all folders below.")
@click.option("-S", "--by-size", "order", flag_value="size", help="The largest first.")
@click.option("-t", "--by-time", "order", flag_value="time", help="What was changed last first.")
@click.option("-r", "--reverse", is_flag=True, help="The other way round.")
@pass_invocation
def ls(
    invocation: Invocation,
    paths: Sequence[str],
    long: bool,
    recursive: bool,
    order: str | None,
    reverse: bool,
) -> None:
    """List a folder.

    A slash behind a name means a folder, @ a link, = a FIFO, a socket or a device.
    """
    client, out = invocation.client, invocation.out
    files: list[tuple[RemotePath | None, Sequence[Entry]]] = []
    folders: list[tuple[RemotePath | None, Sequence[Entry]]] = []
    for path in expand(client, paths):
        found = list(_found(client, path, recursive=recursive))
        (files if found and not found[0][0] else folders).extend(found)
    listings = [("", [entry for _, entries in files for entry in entries])] if files else []
    listings += [(str(where), list(entries)) for where, entries in folders]
    listings = [(where, _sorted(entries, order, reverse=reverse)) for where, entries in listings]
    if invocation.json:
        whole = {where: [entry.raw for entry in entries] for where, entries in listings}
        out.json(next(iter(whole.values())) if len(whole) == 1 and not recursive else whole)
    elif invocation.format == "csv":
        rows = [
            (where, one.name, one.kind, str(one.size), str(one.last_modified))
            for where, entries in listings
            for one in entries
        ]
        out.csv(("folder", "name", "kind", "size", "lastModified"), rows)
    else:
        for index, (where, entries) in enumerate(listings):
            if len(listings) > 1 and where:
                out.say(f"{'' if not index else chr(10)}{where}:")
            (_long if long else _short)(out, entries)


def _found(
    client: "Client", path: RemotePath, *, recursive: bool
) -> "Iterator[tuple[RemotePath | None, Sequence[Entry]]]":
    """Yield the entries of a folder, and of those below it; a file is its own entry, in no folder."""
    from ..failures import Refused  # noqa: PLC0415

    try:
        entries = client.files.list(path.server, path.path)
    except Refused as exc:
        entry = look(client, path) if exc.kind == "not-a-folder" else None
        if entry is None:
            raise refused(path, exc) from exc
        yield None, [entry]
        return
    yield path, entries
    if recursive:
        yield from _below(client, path, entries)


def _below(
    client: "Client", path: RemotePath, entries: "Sequence[Entry]"
) -> "Iterator[tuple[RemotePath | None, Sequence[Entry]]]":
    """Yield what is in the folders; links are not followed, for they may lead up again."""
    for entry in entries:
        if entry.kind == "folder":
            folder = path / entry.name
            with about(folder):
                inside = client.files.list(folder.server, folder.path)
            yield folder, inside
            yield from _below(client, folder, inside)


def _sorted(entries: "Sequence[Entry]", order: str | None, *, reverse: bool) -> "list[Entry]":
    keys = {"size": lambda one: (-one.size, one.name), "time": lambda one: (-one.last_modified, one.name)}
    return sorted(entries, key=keys.get(order or "", lambda one: one.name), reverse=reverse)


def marked(entry: "Entry") -> Cell:
    """Return a name with what tells what it is."""
    return Cell(f"{shown(entry.name)}{MARKS.get(entry.kind, '')}", COLOURS.get(entry.kind, ""))


def _short(out: Output, entries: "Sequence[Entry]") -> None:
    names = [marked(entry) for entry in entries]
    if not out.terminal:
        for name in names:
            out.say(name)
        return
    width = max((len(name) for name in names), default=0) + 2
    columns = max(1, shutil.get_terminal_size().columns // width)
    rows = -(-len(names) // columns)
    for row in range(rows):
        line = names[row::rows]
        cells = [out.styled(name, name.style) + " " * (width - len(name)) for name in line]
        out.say("".join(cells).rstrip())


def _long(out: Output, entries: "Sequence[Entry]") -> None:
    rows = [
        ("" if one.folder else size(one.size), when(one.last_modified or None), marked(one))
        for one in entries
    ]
    if rows:
        out.table(HEADER, rows, right=("SIZE",))
