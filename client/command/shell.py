"""`holdfast` itself: what stands before the name of a command."""

import click

from .shape import Lazy
from .table import COMMANDS

HELP = """Keeps long-running programs running.

Servers are named by their names in the config, or by patterns such as 'mc-*'.
`holdfast COMMAND --help` tells more.
"""


def shell() -> Lazy:
    """Return the command with all commands below it."""
    made = Lazy(COMMANDS, "holdfast", HELP)
    made.context_settings = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
    show = click.Option(
        ["--version", "-v"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_version,
        help="Show the version.",
    )
    made.params.append(show)
    return made


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from .version import ours  # noqa: PLC0415

        click.echo(f"holdfast {ours()}")
        context.exit()
