"""`holdfast files mv`, `rm`, `mkdir`, `chmod`: what happens in the folder of one server."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from ..failures import Refused
from .bars import Bar
from .completing import REMOTE
from .exits import Exit, Stop
from .invocation import Invocation, pass_invocation
from .jobwaiting import done
from .output import shown
from .remotepath import RemotePath, about, expand, is_folder, look, refused
from .shape import Shaped

if TYPE_CHECKING:
    from ..clients import Client


@click.command(cls=Shaped)
@click.argument("sources", nargs=-1, required=True, metavar="NAME:path...", type=REMOTE)
@click.argument("dest", metavar="NAME:path", type=REMOTE)
@click.option("-f", "--force", is_flag=True, help="Replace what is there.")
@click.option("-n", "--no-clobber", is_flag=True, help="Leave what is there as it is, without a word.")
@pass_invocation
def mv(invocation: Invocation, sources: Sequence[str], dest: str, force: bool, no_clobber: bool) -> None:
    """Move or rename files and folders.

    They go into the last path if that is a folder. All of them move, or none.
    """
    client, where = invocation.client, RemotePath.parse(dest)
    found = expand(client, sources)
    if any(one.server != where.server for one in found):
        raise Stop(
            "files move within one server; copy them with holdfast files cp, then delete them", Exit.USAGE
        )
    orders = list(orders_of(client, found, where, "mv", force=force, keep=no_clobber))
    carry_out(invocation, where, orders)


def orders_of(
    client: "Client", sources: Sequence[RemotePath], dest: RemotePath, word: str, *, force: bool, keep: bool
) -> Iterator[dict[str, str]]:
    """Yield what must be done to move or copy; raises `Stop` if something is there already."""
    there = look(client, dest)
    inside = is_folder(client, dest, there)
    if not inside and (len(sources) > 1 or dest.as_folder):
        raise Stop(f"{dest}: there is no such folder", Exit.NOT_THERE)
    known: set[str] = set()
    if inside:
        with about(dest):
            known = {one.name for one in client.files.list(dest.server, dest.path)}
    for source in sources:
        to = dest / (source.name or source.server) if inside else dest
        taken = to.name in known if inside else there is not None
        if taken and keep:
            continue
        if taken and not force:
            raise Stop(f"{to}: there is something of this name already (-f replaces it)", Exit.CONFLICT)
        if look(client, source) is None:
            raise Stop(f"{source}: there is no such file or folder", Exit.NOT_THERE)
        if source == to or (taken and f"{source.path}/".startswith(f"{to.path}/")):
            raise Stop(f"{source} and {to} are the same, or one is in the other", Exit.CONFLICT)
        if taken:
            yield {"operation": "rm", "path": to.path}
        known.add(to.name)
        yield {"operation": word, "src": source.path, "dest": to.path}


def carry_out(
    invocation: Invocation, where: RemotePath, orders: Sequence[dict[str, str]], trash: bool | None = None
) -> None:
    """Do it, all or nothing; a single thing as such, since then its error has a kind."""
    files = invocation.client.files
    with about(where):
        match orders:
            case []:
                return
            case [{"operation": "mv", "src": src, "dest": dest}]:
                begin = partial(files.move, where.server, src, dest, wait=False)
            case [{"operation": "cp", "src": src, "dest": dest}]:
                begin = partial(files.copy, where.server, src, dest, wait=False)
            case _:
                begin = partial(files.bulk, where.server, orders, trash=trash, wait=False)
        done(invocation, begin, str(where))
    for order in orders:
        if "dest" in order:
            _tell(invocation, RemotePath(where.server, order["dest"]))


def _tell(invocation: Invocation, path: RemotePath) -> None:
    """Tell programs what has been done, a line for each."""
    if invocation.json:
        invocation.out.json_line({"path": f"{path.server}:{path.path}"})


@click.command(cls=Shaped)
@click.argument("paths", nargs=-1, required=True, metavar="NAME:path...", type=REMOTE)
@click.option("-r", "--recursive", is_flag=True, help="Folders with all that is in them, too.")
@click.option("-f", "--force", is_flag=True, help="What is not there is no error.")
@click.option(
    "--trash/--no-trash", default=None, help="Keep it in the trash, or not; else as the config says."
)
@pass_invocation
def rm(
    invocation: Invocation, paths: Sequence[str], recursive: bool, force: bool, trash: bool | None
) -> None:
    """Delete files and folders.

    Nothing is deleted if one of them is not there, or is a folder and -r is not given.
    """
    client = invocation.client
    found: list[RemotePath] = []
    for path in expand(client, paths):
        entry = look(client, path)
        if entry is None and not force:
            raise Stop(f"{path}: there is no such file or folder", Exit.NOT_THERE)
        if entry is not None and entry.kind == "folder" and not recursive:
            raise Stop(f"{path} is a folder: say -r to delete it with all that is in it", Exit.USAGE)
        found += [path] if entry is not None else []
    for path in found:
        with about(path):
            begin = partial(client.files.delete, path.server, path.path, trash=trash, wait=False)
            done(invocation, begin, str(path))
        _tell(invocation, path)


@click.command(cls=Shaped)
@click.argument("paths", nargs=-1, required=True, metavar="NAME:path...", type=REMOTE)
@click.option("-p", "--parents", is_flag=True, help="Those above it, too; it may be there already.")
@pass_invocation
def mkdir(invocation: Invocation, paths: Sequence[str], parents: bool) -> None:
    """Make folders."""
    for text in paths:
        path = RemotePath.parse(text)
        with about(path):
            try:
                invocation.client.files.make_folder(path.server, path.path, parents=parents)
            except Refused as exc:
                if exc.kind == "no-such-file":
                    missing = f"{path}: the folder that it would be in does not exist (-p makes it)"
                    raise Stop(missing, Exit.NOT_THERE) from exc
                if exc.kind == "not-a-folder":
                    raise Stop(f"{path}: {shown(str(exc))}", Exit.CONFLICT) from exc
                raise
        _tell(invocation, path)


@click.command(cls=Shaped)
@click.argument("mode", metavar="MODE")
@click.argument("paths", nargs=-1, required=True, metavar="NAME:path...", type=REMOTE)
@click.option("-R", "--recursive", is_flag=True, help="With all that is below.")
@pass_invocation
def chmod(invocation: Invocation, mode: str, paths: Sequence[str], recursive: bool) -> None:
    """Change the mode of files and folders.

    MODE: three octal digits, as 755.
    """
    if not re.fullmatch("0?[0-7]{3}", mode):
        raise Stop(f"{mode} is no mode: write three octal digits, such as 644 or 755", Exit.USAGE)
    client = invocation.client
    with Bar() as bar:
        bar.about(f"chmod {mode}")
        count = 0
        for path in expand(client, paths):
            for one in _below(client, path) if recursive else (path,):
                with about(one):
                    client.files.chmod(one.server, one.path, int(mode, 8))
                _tell(invocation, one)
                count += 1
                bar(count, None, "files and folders")


def _below(client: "Client", path: RemotePath) -> Iterator[RemotePath]:
    """Yield what is in a folder, then itself: afterwards it may be closed. Links are left."""
    try:
        entries = client.files.list(path.server, path.path)
    except Refused as exc:
        if exc.kind != "not-a-folder":
            raise refused(path, exc) from exc
        entries = ()
    for entry in entries:
        if entry.kind == "folder":
            yield from _below(client, path / entry.name)
        elif entry.kind == "file":
            yield path / entry.name
    if path.path:
        yield path
