"""How commands look: the options that every one of them has, other names, sections in the help."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

import click

from .completing import CONTEXT
from .exits import Unread
from .invocation import Invocation
from .table import Entry

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

FORMATS = ("table", "json", "csv")

FILE, FOLDER = click.Path(readable=False), click.Path(file_okay=False, readable=False)
"""They need not exist here; shells complete them."""

LONGEST = 200
"""Characters of a sentence in a list of commands."""


def _remember(name: str) -> Callable[[click.Context, click.Parameter, object], None]:
    def callback(context: click.Context, _: click.Parameter, value: object) -> None:
        if value is not None:
            setattr(context.ensure_object(Invocation), name, value)

    return callback


def _option(*names: str, to: str, help: str, **more: object) -> click.Option:  # noqa: A002
    return click.Option(
        names,
        expose_value=False,
        callback=_remember(to),
        help=help,
        default=None,
        **more,  # type: ignore[arg-type]
    )


def general() -> list[click.Parameter]:
    """Return the options that every command has."""
    return [
        _option("--socket", to="socket", type=FILE, metavar="PATH", help="Holdfast's Unix socket."),
        _option("--url", to="url", metavar="URL", help="Its address, such as https://host:42069."),
        _option(
            "--token",
            to="token",
            metavar="TOKEN",
            help="A token or an API key; ps shows it to others.",
        ),
        _option(
            "--token-file",
            to="token_file",
            type=FILE,
            metavar="FILE",
            help="A file that holds the token, of mode 0600.",
        ),
        _option(
            "--ca", to="ca", type=FILE, metavar="FILE", help="A file of certificates to trust, in PEM format."
        ),
        _option(
            "--context",
            "-C",
            to="context",
            type=CONTEXT,
            metavar="NAME",
            help="The machine of this name; see holdfast context.",
        ),
        _option(
            "--config", to="config", type=FILE, metavar="FILE", help="Its config, if it is on this machine."
        ),
        _option(
            "--state-dir",
            to="state_dir",
            type=FOLDER,
            metavar="DIR",
            help="Its state, if that is not beside the config.",
        ),
        _option(
            "--json",
            to="format",
            flag_value="json",
            is_flag=True,
            help="The same as --format json.",
        ),
        _option(
            "--format",
            to="format",
            type=click.Choice(FORMATS),
            help="As a table, in JSON, or in CSV if it is a list.",
        ),
        _option(
            "--color",
            to="colour",
            type=click.Choice(("auto", "always", "never")),
            help="Whether in colour; auto: if in a terminal.",
        ),
    ]


class Shaped(click.Command):
    """A command with the options that all have, shown apart from its own."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.general = general()
        taken = {name for param in self.params for name in param.opts}
        self.general = [param for param in self.general if not taken & set(param.opts)]
        self.params += self.general

    def invoke(self, ctx: click.Context) -> object:
        """Carry it out; who asked for CSV is told if there is none of it."""
        result: object = super().invoke(ctx)
        invocation = ctx.ensure_object(Invocation)
        if invocation.format == "csv" and not isinstance(self, click.Group) and not invocation.out.listed:
            invocation.out.note("There is no CSV of this: ask for --json")
        return result

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write its own options, then the general ones."""
        own: list[tuple[str, str]] = []
        general: list[tuple[str, str]] = []
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and not isinstance(param, click.Argument):
                (general if param in self.general else own).append(record)
        for title, rows in (("Options", own), ("General options", general)):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)


class ShapedGroup(Shaped, click.Group):
    """A command with commands below it, which may have several names."""

    command_class = Shaped

    def __init__(self, *args: object, aliases: Mapping[str, str] | None = None, **kwargs: object) -> None:
        """`aliases`: other name → name."""
        super().__init__(*args, **kwargs)
        self.aliases = dict(aliases or {})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by any of its names."""
        return super().get_command(ctx, self.aliases.get(cmd_name, cmd_name))

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order in which they were written."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, each with the whole first sentence of its help: click would cut it off."""
        found = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        rows = [
            (name, one.get_short_help_str(limit=LONGEST))
            for name, one in found.items()
            if one is not None and not one.hidden
        ]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, by what it is really called."""
        try:
            _, command, rest = super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand:
            names = [*self.list_commands(ctx), *self.aliases]
            raise click.exceptions.NoSuchCommand(args[0], possibilities=names, ctx=ctx) from None
        return (command.name if command is not None else None), command, rest


class Lazy(ShapedGroup):
    """The commands of a table, each imported when it is used."""

    def __init__(self, entries: Sequence[Entry], name: str, help: str) -> None:  # noqa: A002
        aliases = {alias: entry.name for entry in entries for alias in entry.aliases}
        super().__init__(name=name, help=help, aliases=aliases)
        self.entries = {entry.name: entry for entry in entries}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return all names, without the other ones."""
        return list(self.entries)

    def invoke(self, ctx: click.Context) -> object:
        """Carry out the command that is named; raises `Unread`, as click would end with 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as exc:
            raise Unread from exc

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        entry = self.entries.get(self.aliases.get(cmd_name, cmd_name))
        if entry is None:
            return None
        module, _, attribute = entry.where.partition(":")
        return cast("click.Command", getattr(importlib.import_module(f"client.command.{module}"), attribute))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem[str]]":
        """Return the commands, without importing any; names of other tools if nothing else fits."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415

        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        names = [name for name in (*self.entries, *self.aliases) if name.startswith(incomplete)]
        fitting = [name for name in names if name in self.entries] or names
        helps = {name: self.entries[self.aliases.get(name, name)].help for name in fitting}
        return [CompletionItem(name, help=said) for name, said in helps.items()]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the commands by sections, without importing any of them."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for entry in self.entries.values():
            sections.setdefault(entry.section, []).append((entry.name, entry.help))
        for title, rows in sections.items():
            with formatter.section(title):
                formatter.write_dl(rows)
