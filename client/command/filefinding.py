"""`holdfast files find` and `du`: what is where, and how much."""

import fnmatch
from collections.abc import Sequence

import click

from .amounts import size
from .completing import REMOTE
from .exits import Exit, Stop
from .invocation import Invocation, pass_invocation
from .output import BOLD, shown
from .remotepath import RemotePath, about, expand, look
from .shape import Shaped

USUAL, MOST = 1000, 10_000
"""How many are shown, and how many the API tells."""


@click.command(cls=Shaped)
@click.argument("path", metavar="NAME:path", type=REMOTE)
@click.option("--name", metavar="GLOB", help="Only what has such a name, as '*.log'.")
@click.option("--grep", metavar="REGEX", help="Lines that fit a regular expression.")
@click.option("-i", "--ignore-case", is_flag=True, help="Capitals do not matter.")
@click.option("--type", "kind", type=click.Choice(("f", "d")), help="Only files, or only folders.")
@click.option("--max", "most", type=click.IntRange(1, MOST), help="At most so many (1000).")
@pass_invocation
def find(
    invocation: Invocation,
    path: str,
    name: str | None,
    grep: str | None,
    ignore_case: bool,
    kind: str | None,
    most: int | None,
) -> int:
    """Find files by name, or by what stands in them.

    With --grep, each line that fits is shown as NAME:path:line:text; exit code 1 if nothing was found.
    """
    where, out = RemotePath.parse(path), invocation.out
    wanted = (name or "").lower() if ignore_case else name or ""
    count, most = 0, most or USUAL
    # What is left out here counts over there; and one more is asked for, to know whether there are more.
    left_out = kind is not None or (name is not None and grep is not None)
    search = invocation.client.files.search(
        where.server,
        grep if grep is not None else _whole_name(name or "*"),
        where.path,
        content=grep is not None,
        regex=grep is not None,
        case=not ignore_case,
        limit=MOST if left_out else min(most + 1, MOST),
    )
    with about(where), search as found:
        for one in found:
            if one.done:
                if not one.complete:
                    out.note(_incomplete(count, one.unread))
                break
            last = one.path.rpartition("/")[2]
            if name and not fnmatch.fnmatchcase(last.lower() if ignore_case else last, wanted):
                continue
            if kind is not None and one.folder != (kind == "d"):
                continue
            if count == most:
                out.note(_incomplete(count, 0))
                break
            count += 1
            if invocation.json:
                out.json_line(one.raw)
                continue
            shown_path = str(RemotePath(where.server, one.path.lstrip("/")))
            if one.line is None:
                out.say(f"{shown_path}/" if one.folder else shown_path)
            else:
                out.say(f"{out.styled(shown_path, BOLD)}:{one.line}:{shown(one.text or '')}")
    return Exit.DONE if count else Exit.FAILED


def _whole_name(name: str) -> str:
    """Return a pattern that fits just this name: a text without any sign would be looked for within names."""
    if any(sign in name for sign in "*?["):
        return name
    place = next((place for place, one in enumerate(name) if one not in "!]^"), None)
    return name if place is None else f"{name[:place]}[{name[place]}]{name[place + 1 :]}"


def _incomplete(count: int, unread: int) -> str:
    if unread:
        return f"not everything was looked into: {unread} folders may not be read, or files are too large"
    return f"there is more than these {count}: see --max"


@click.command(cls=Shaped)
@click.argument("paths", nargs=-1, required=True, metavar="NAME:path...", type=REMOTE)
@click.option("-h", "--human", is_flag=True, help="Sizes with units, as in a terminal.")
@click.option("-b", "--bytes", "in_bytes", is_flag=True, help="Sizes in bytes, as in a pipe.")
@pass_invocation
def du(invocation: Invocation, paths: Sequence[str], human: bool, in_bytes: bool) -> None:
    """Tell how much is in folders: what the files say, what they take on the disk, how many they are."""
    out, files = invocation.out, invocation.client.files
    told: dict[str, object] = {}
    rows = []
    readable = (human or out.terminal) and not in_bytes
    for path in expand(invocation.client, paths):
        entry = look(invocation.client, path)
        if entry is not None and not entry.folder:
            told[str(path)] = entry.raw
            amounts: tuple[int, int | None, int] = (entry.size, None, 1)
        else:
            with about(path):
                found = files.measure(path.server, path.path)
            told[str(path)] = found.raw
            amounts = (found.size, found.on_disk, found.files)
            if found.unread:
                out.note(f"{path}: {found.unread} folders in it may not be read")
        sizes = ["" if one is None else size(one) if readable else str(one) for one in amounts[:2]]
        rows.append((*sizes, str(amounts[2]), str(path)))
    if invocation.json:
        out.json(told)
    elif invocation.format == "csv":
        out.csv(("size", "onDisk", "files", "path"), rows)
    elif rows:
        out.table(("SIZE", "ON DISK", "FILES", "PATH"), rows, right=("SIZE", "ON DISK", "FILES"))
    else:
        raise Stop("there is nothing", Exit.NOT_THERE)
