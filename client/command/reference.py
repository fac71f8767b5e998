"""All that is told of the commands, read from themselves: for the man page and docs/commands.md."""

import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from . import exits
from .shape import Shaped, general
from .shell import HELP, shell

if TYPE_CHECKING:
    from .table import Entry

ENVIRONMENT = (
    ("HOLDFAST_SOCKET", "The Unix socket of the Holdfast that is meant."),
    ("HOLDFAST_URL", "Its address, if there is no HOLDFAST_SOCKET."),
    ("HOLDFAST_CONTEXT", "The name of a context, if none of these is there."),
    ("HOLDFAST_TOKEN", "The token of a session, or an API key, for HOLDFAST_URL and --url."),
    ("NO_COLOR", "If it is not empty, there are no colours, unless --color=always is said."),
    (
        "FORCE_COLOR, CLICOLOR_FORCE",
        "If one is neither empty nor 0, there are colours in a pipe too; NO_COLOR is stronger.",
    ),
    ("TERM", "In a terminal that is called dumb, there are no colours."),
    ("VISUAL, EDITOR", "What files edit and config edit open."),
    ("PAGER, NOPAGER", "What logs are shown with in a terminal; nothing, if NOPAGER is true."),
    ("HOLDFAST_DETACH_KEYS", "The keys that leave a console, as --detach-keys of console."),
    ("XDG_CONFIG_HOME", "The folder with holdfast/contexts.json in it; ~/.config without it."),
)

FILES = (
    ("config.hjson, config.json", "The config in the current folder: names the Holdfast that runs by it."),
    ("state/api.json", "Beside the config: where its socket is."),
    ("/run/holdfast/api.sock", "The socket of a Holdfast that systemd runs."),
    ("$XDG_RUNTIME_DIR/holdfast/api.sock", "That of one's own."),
    ("octyne.sock.42069", "In the folder for temporary files: where Octyne's clients look."),
)

FINDING = """\
Which Holdfast is meant, the first of these says: --socket; --url with --token or HOLDFAST_TOKEN; --context;
--config; HOLDFAST_SOCKET; HOLDFAST_URL; HOLDFAST_CONTEXT; the current context; the config in the current
folder; the usual places of the socket.
"""

Rows = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Told:
    """What is told of one command."""

    path: str
    """Its name, with those of the groups it is in."""
    section: str
    usage: str
    help: Sequence[str]
    """Paragraphs; one that begins with `\\b` keeps its lines."""
    options: Rows
    aliases: Sequence[str]


def summary() -> str:
    """Return what Holdfast is, in a line."""
    return HELP.partition("\n")[0].rstrip(".")


def told() -> Iterator[Told]:
    """Yield all commands, in their order; those below others after them."""
    root = shell()
    context = click.Context(root, info_name="holdfast", **root.context_settings)
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        assert command is not None  # noqa: S101  (it is in the list)
        yield from _below(command, name, name, context, root.entries[name])


def general_options() -> Rows:
    """Return the options that every command has."""
    context = click.Context(Shaped("holdfast"))
    return [record for one in general() if (record := one.get_help_record(context)) is not None]


def exit_codes() -> Rows:
    """Return the exit codes and what each means."""
    return re.findall(r"^\| (\d+) \| (.*) \|$", exits.__doc__ or "", re.MULTILINE)


def _below(
    command: click.Command, name: str, path: str, parent: click.Context, entry: "Entry", *, top: bool = True
) -> Iterator[Told]:
    context = click.Context(command, parent, name)
    usage = " ".join(("holdfast", path, *command.collect_usage_pieces(context)))
    paragraphs = re.split(r"\n\s*\n", inspect.cleandoc(command.help or "").split("\f")[0].strip())
    common = set(command.general) if isinstance(command, Shaped) else set()
    options = [
        record
        for one in command.params
        if one not in common and (record := one.get_help_record(context)) is not None
        if record[1] or not isinstance(one, click.Argument)  # what says nothing stands in the usage
    ]
    aliases = _aliases(parent, name)
    yield Told(path, entry.section if top else "", usage, paragraphs, options, aliases)
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None and not found.hidden:
                yield from _below(found, below, f"{path} {below}", context, entry, top=False)


def _aliases(parent: click.Context, name: str) -> Sequence[str]:
    known = getattr(parent.command, "aliases", {})
    return [alias for alias, of in known.items() if of == name]
