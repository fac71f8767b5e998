"""`holdfast files pack` and `unpack`: archives on the server, made by jobs of its own."""

import posixpath
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from .amounts import size
from .completing import REMOTE
from .exits import Exit, Stop
from .invocation import Invocation, pass_invocation
from .jobwaiting import done
from .output import shown
from .remotepath import RemotePath, about, expand
from .shape import Shaped

if TYPE_CHECKING:
    from ..jobs import Job


@click.command(cls=Shaped)
@click.argument("archive", metavar="NAME:archive", type=REMOTE)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--base", metavar="PATH", default="", help="The folder in which the names in the archive begin."
)
@click.option("--no-wait", is_flag=True, help="Only begin it, and tell the id of the job.")
@pass_invocation
def pack(invocation: Invocation, archive: str, paths: Sequence[str], base: str, no_wait: bool) -> None:
    """Make an archive of files and folders.

    The name says what it will be: .zip, .tar, .tar.gz, .tar.zst, .tar.xz or .tar.bz2. PATH is a path of the
    same server, with or without NAME: before it. Ctrl-C stops it.
    """
    from ..archives import KINDS, kind_of  # noqa: PLC0415

    where = RemotePath.parse(archive)
    if kind_of(where.path) is None:
        raise Stop(f"{where}: the name says no kind of archive ({' '.join(KINDS)})", Exit.USAGE)
    beginning = _here(where.server, base)
    found = expand(invocation.client, [f"{where.server}:{_here(where.server, path, base)}" for path in paths])
    names = [_below(one.path, beginning) for one in found]
    with about(where):
        begin = partial(invocation.client.archives.pack, where.server, where.path, names, base=beginning)
        ended = begin() if no_wait else done(invocation, begin, str(where))
    if ended is not None and not _told(invocation, ended, no_wait=no_wait):
        invocation.out.note(f"{where}: packed {_amount(ended)}")


@click.command(cls=Shaped)
@click.argument("archive", metavar="NAME:archive", type=REMOTE)
@click.argument("folder", required=False, metavar="[NAME:folder]", type=REMOTE)
@click.option("--no-wait", is_flag=True, help="Only begin it, and tell the id of the job.")
@pass_invocation
def unpack(invocation: Invocation, archive: str, folder: str | None, no_wait: bool) -> None:
    """Take an archive apart.

    It goes into the folder that it is in, or into another one, which is made if it is not there. Files that
    are there are overwritten. What is unsafe in it (links that leave, devices) is left out, and told. Ctrl-C
    stops it.
    """
    where = RemotePath.parse(archive)
    to = where.folder.path if folder is None else _here(where.server, folder)
    with about(where):
        begin = partial(invocation.client.archives.unpack, where.server, where.path, to)
        ended = begin() if no_wait else done(invocation, begin, str(where))
    if ended is None or _told(invocation, ended, no_wait=no_wait):
        return
    invocation.out.note(f"{where}: unpacked {_amount(ended)} into {RemotePath(where.server, to)}")
    for line in _skipped(ended):
        invocation.out.note(line)


def _told(invocation: Invocation, job: "Job", *, no_wait: bool) -> bool:
    """Tell programs of a job, or anybody of one that is only begun; return whether that is all to tell."""
    if invocation.json:
        invocation.out.json(job.raw)
    elif no_wait:
        invocation.out.say(job.id)
    return invocation.json or no_wait


def _here(server: str, text: str, base: str = "") -> str:
    """Return a path of this server, which may be written with its name; raises `Stop` for another's."""
    if text.startswith(f"{server}:"):
        return RemotePath.parse(text).path
    other = RemotePath.read(text)
    if other is not None:
        raise Stop(f"{shown(text)} is of another server than the archive: copy it first", Exit.USAGE)
    start = RemotePath.parse(f"{server}:{base.removeprefix(f'{server}:')}").path
    return posixpath.normpath(posixpath.join("/", start, text)).lstrip("/")


def _below(path: str, base: str) -> str:
    if not base:
        return path or "."
    if path != base and not path.startswith(f"{base}/"):
        raise Stop(f"{shown(path)} is not in {shown(base)}", Exit.USAGE)
    return path[len(base) + 1 :] or "."


def _amount(job: "Job") -> str:
    """Return how much was carried; the result counts what was left out, too."""
    result = job.result or {}
    seen, left = result.get("entries", job.entries), result.get("skippedCount", 0)
    entries = seen - left if isinstance(seen, int) and isinstance(left, int) else job.entries
    told = f"{entries} files and folders" if entries != 1 else "1 file"
    return f"{told}, {size(job.bytes)}"


def _skipped(job: "Job") -> list[str]:
    result = job.result or {}
    listed, count = result.get("skipped"), result.get("skippedCount")
    lines = [
        f"left out: {shown(str(one.get('path')))}: {shown(str(one.get('reason')))}"
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict)
    ]
    if isinstance(count, int) and count > len(lines):
        lines.append(f"left out: {count - len(lines)} more")
    return lines
