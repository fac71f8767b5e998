"""`holdfast top`: begins the dashboard."""

import os
import sys

import click

from ..exits import Exit, Stop
from ..invocation import Invocation, pass_invocation
from ..shape import Shaped


@click.command(cls=Shaped)
@click.option(
    "--interval",
    type=click.FloatRange(min=0.2, max=3600),
    default=1.0,
    metavar="SECONDS",
    help="How often it looks; less often where that takes long.",
)
@pass_invocation
def top(invocation: Invocation, interval: float) -> int:
    """Show the servers live, full screen.

    Keys: Enter or c for the console, l for the logs, s, t, r, k and p to start, stop, restart, kill and
    pause, i for all about a server, / to find some by name, n, C, m and u to sort by name, CPU, memory and
    uptime, O to turn that round, q to leave.
    """
    if invocation.format != "table":
        raise click.UsageError("top is for people; for programs there is holdfast list --json")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Stop("top needs a terminal; without one there is holdfast list", Exit.USAGE)
    target = invocation.target
    if not invocation.out.coloured:
        os.environ["NO_COLOR"] = "1"  # textual reads it
    from .dashboard import Dashboard  # noqa: PLC0415  (takes a while)

    dashboard = Dashboard(invocation.async_client, target, interval)
    dashboard.run()
    return dashboard.return_code or 0
