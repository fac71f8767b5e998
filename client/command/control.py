"""`holdfast start`, `stop`, `restart`, `kill`, `pause`, `resume`, `signal`: what shall become of servers.

An order is carried out for each server that was named, also if it fails for another one. Then the command
waits until all of them are where they shall be, unless it is told not to.
"""

from collections.abc import Callable
from typing import TypeVar

import click

from .arrival import Arrival, Arrivals
from .completing import SERVER_OFF, SERVER_ON, SIGNAL, Suggested
from .invocation import Invocation, pass_invocation
from .shape import Shaped
from .waiting import TIMEOUT

_PATIENCE = f"How long to wait; {TIMEOUT:.0f} without it."

F = TypeVar("F", bound=Callable[..., object])

UP = Arrival(frozenset({"running"}), frozenset({"backoff", "failed", "stopped"}))
DOWN = Arrival(frozenset({"stopped", "failed"}), frozenset())


def _about_servers(known: Suggested) -> Callable[[F], F]:
    """Return what adds what all of these have: names, `--all`, and how long to wait."""

    def add_all(function: F) -> F:
        for add in (
            click.option(
                "--timeout", type=click.FloatRange(0), default=TIMEOUT, metavar="SECONDS", help=_PATIENCE
            ),
            click.option("--no-wait", is_flag=True, help="Ask for it, and end at once."),
            click.option("--all", "-a", "every", is_flag=True, help="All servers."),
            click.argument("names", nargs=-1, metavar="NAME...", type=known),
        ):
            function = add(function)
        return function

    return add_all


@click.command(cls=Shaped)
@_about_servers(SERVER_OFF)
@pass_invocation
def start(invocation: Invocation, names: tuple[str, ...], every: bool, no_wait: bool, timeout: float) -> int:
    """Start servers, and wait until they are up.

    One that is up already is left alone. One that requires others waits for them.
    """
    servers = invocation.client.servers
    arrivals = Arrivals(invocation, UP, "up")
    return arrivals.order(
        invocation.named(names, every=every), servers.start, wait=not no_wait, timeout=timeout
    )


@click.command(cls=Shaped)
@_about_servers(SERVER_ON)
@pass_invocation
def stop(invocation: Invocation, names: tuple[str, ...], every: bool, no_wait: bool, timeout: float) -> int:
    """Stop servers, each in its own way, and wait until they have ended.

    What does not end within its grace is killed. Servers that require one of them are stopped before it.
    """
    servers = invocation.client.servers
    arrivals = Arrivals(invocation, DOWN, "stopped")
    return arrivals.order(
        invocation.named(names, every=every), servers.stop, wait=not no_wait, timeout=timeout
    )


@click.command(cls=Shaped)
@_about_servers(SERVER_ON)
@pass_invocation
def kill(invocation: Invocation, names: tuple[str, ...], every: bool, no_wait: bool, timeout: float) -> int:
    """Kill servers: all their processes, without asking."""
    servers = invocation.client.servers
    arrivals = Arrivals(invocation, DOWN, "stopped")
    return arrivals.order(
        invocation.named(names, every=every), servers.kill, wait=not no_wait, timeout=timeout
    )


@click.command(cls=Shaped)
@click.option("--kill", "-k", "hard", is_flag=True, help="Kill them instead of asking.")
@_about_servers(SERVER_ON)
@pass_invocation
def restart(
    invocation: Invocation,
    names: tuple[str, ...],
    every: bool,
    no_wait: bool,
    timeout: float,
    hard: bool,
) -> int:
    """Restart servers, and wait until they are up again."""
    servers = invocation.client.servers

    def again(name: str) -> str:
        if not hard:
            return servers.restart(name)
        servers.kill(name)
        return servers.start(name)

    arrivals = Arrivals(invocation, UP, "up again", anew=True)
    return arrivals.order(invocation.named(names, every=every), again, wait=not no_wait, timeout=timeout)


@click.command(cls=Shaped)
@click.option("--all", "-a", "every", is_flag=True, help="All servers.")
@click.argument("names", nargs=-1, metavar="NAME...", type=SERVER_ON)
@pass_invocation
def pause(invocation: Invocation, names: tuple[str, ...], every: bool) -> int:
    """Let nothing of servers run, until they are resumed or stopped."""
    order = invocation.client.servers.pause
    return Arrivals(invocation, None, "paused").order(invocation.named(names, every=every), order)


@click.command(cls=Shaped)
@click.option("--all", "-a", "every", is_flag=True, help="All servers.")
@click.argument("names", nargs=-1, metavar="NAME...", type=SERVER_ON)
@pass_invocation
def resume(invocation: Invocation, names: tuple[str, ...], every: bool) -> int:
    """Let servers go on that were paused."""
    order = invocation.client.servers.resume
    return Arrivals(invocation, None, "resumed").order(invocation.named(names, every=every), order)


@click.command(cls=Shaped)
@click.option("--all", "-a", "every", is_flag=True, help="All servers.")
@click.argument("signal", type=SIGNAL)
@click.argument("names", nargs=-1, metavar="NAME...", type=SERVER_ON)
@pass_invocation
def signal(invocation: Invocation, signal: str, names: tuple[str, ...], every: bool) -> int:
    """Send a signal to all processes of servers.

    SIGNAL is a name with or without SIG, or a number: `holdfast signal HUP web`.
    """
    servers = invocation.client.servers

    def send(name: str) -> None:
        servers.signal(name, signal)

    arrivals = Arrivals(invocation, None, f"was sent {signal}")
    return arrivals.order(invocation.named(names, every=every), send)
