"""`holdfast help`: what `--help` says, asked for in other words."""

from typing import TYPE_CHECKING

import click

from .exits import Exit, Stop
from .shape import Shaped

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def _below(context: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    """Return the commands that may come next."""
    assert context.parent is not None  # noqa: S101  (it is below `holdfast`)
    about, command = context.parent, context.parent.command
    for name in context.params.get(param.name or "") or ():
        if not isinstance(command, click.Group) or (found := command.get_command(about, name)) is None:
            return []
        about, command = click.Context(found, about, found.name), found
    return command.shell_complete(about, incomplete) if isinstance(command, click.Group) else []


@click.command("help", cls=Shaped)
@click.argument("names", nargs=-1, metavar="[COMMAND]...", shell_complete=_below)
@click.pass_context
def manual(context: click.Context, names: tuple[str, ...]) -> None:
    """Show the help of a command."""
    assert context.parent is not None  # noqa: S101  (it is below `holdfast`)
    about, command = context.parent, context.parent.command
    for name in names:
        found = command.get_command(about, name) if isinstance(command, click.Group) else None
        if found is None:
            raise Stop(f"there is no command {' '.join(names)}", Exit.USAGE)
        about, command = click.Context(found, about, found.name), found
    click.echo(command.get_help(about))
