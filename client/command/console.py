"""`holdfast console`: what a server says, and what it is told; for a person, or for a script."""

import os
import sys

import click

from .completing import SERVER
from .detaching import USUAL, keys
from .exits import Exit, Stop
from .invocation import Invocation, pass_invocation
from .shape import Shaped

LINGER = 1.0
"""Seconds of silence after which a script's console ends."""


@click.command("console", cls=Shaped)
@click.argument("server", type=SERVER)
@click.option("--send", "-s", "sent", multiple=True, metavar="LINE", help="Send this line, and end.")
@click.option("--tail", "-n", type=click.IntRange(0), metavar="N", help="Begin with the latest N lines.")
@click.option("--no-history", is_flag=True, help="Show only what is new; the same as --tail 0.")
@click.option("--no-interactive", is_flag=True, help="As in a pipe: lines from standard input, no editing.")
@click.option("--lines", is_flag=True, help="Show and type lines, even if the server has a terminal.")
@click.option(
    "--detach-keys",
    metavar="KEYS",
    help=f"Leave a terminal by these keys, such as ctrl-p,ctrl-q [{USUAL}, or HOLDFAST_DETACH_KEYS].",
)
@click.option("--follow", "-f", is_flag=True, help="In a pipe: go on when the input has ended.")
@click.option(
    "--linger",
    type=click.FloatRange(0, 3600),
    default=LINGER,
    metavar="SECONDS",
    help="In a pipe: end after so long a silence, when all was sent [1].",
)
@click.option("--until", default="", metavar="TEXT", help="In a pipe: end when the server says this.")
@click.option(
    "--timeout",
    type=click.FloatRange(0),
    default=60.0,
    metavar="SECONDS",
    help="How long --until waits; then the exit code is 7 [60].",
)
@pass_invocation
def console(
    invocation: Invocation,
    server: str,
    sent: tuple[str, ...],
    tail: int | None,
    no_history: bool,
    no_interactive: bool,
    lines: bool,
    detach_keys: str | None,
    follow: bool,
    linger: float,
    until: str,
    timeout: float,
) -> int:
    """Show the console of a server, and type into it.

    In a terminal, the line that you edit stands below the output; Ctrl-D, or Ctrl-C twice, leaves, and the
    server runs on. A server with a terminal gets every key but those that leave.

    In a pipe, lines from standard input are sent, and output is what comes out:

        echo list | holdfast console mc

    With --send, or with input from a file or a pipe, it begins with what is new, unless --tail is given; it
    ends when the server was silent for --linger seconds (at most ten times as long), or said --until.
    """
    (name, *others) = invocation.named((server,))
    if others:
        raise Stop(f"{server} fits several servers: {', '.join((name, *others))}", Exit.USAGE)
    leaving = keys(detach_keys or os.environ.get("HOLDFAST_DETACH_KEYS") or USUAL)
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    if interactive and not (no_interactive or sent or until or follow or invocation.format != "table"):
        from .consoletalk import talk  # noqa: PLC0415  (a script needs none of that)

        return talk(invocation, name, tail=0 if no_history else tail, leaving=leaving, lines_only=lines)
    from .consolepipe import Script, run_script  # noqa: PLC0415

    if no_history or (tail is None and (sent or not sys.stdin.isatty())):
        tail = 0
    return run_script(invocation, name, Script(sent or None, tail, linger, follow, until, timeout))
