"""`holdfast status`: all that is known of servers, why they are so, and what comes next."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from ..failures import Failure
from .amounts import duration, percent, size
from .completing import SERVER
from .exits import Exit
from .invocation import Invocation, pass_invocation
from .listing import word_of
from .moments import when
from .output import BAD, DIM, GOOD, WARN, Cell
from .shape import Shaped
from .standby import about, named, raw, standby
from .telling import COLOURS, cause_of, exit_of, next_of

if TYPE_CHECKING:
    from ..checks import Check, Checkup
    from ..servers import Server


@click.command(cls=Shaped)
@click.argument("names", nargs=-1, metavar="NAME...", type=SERVER)
@click.option("-a", "--all", "every", is_flag=True, help="All servers.")
@click.option("-c", "--check", is_flag=True, help="End with 1 unless all of them run and are ready.")
@click.option("-q", "--quiet", is_flag=True, help="As --check, and say nothing.")
@pass_invocation
def status(invocation: Invocation, names: tuple[str, ...], every: bool, check: bool, quiet: bool) -> int:
    """Tell all about servers: how, why, what is next.

    It ends with 0 if it could tell; with --check or --quiet, with 1 unless all run and are ready.
    """
    source = standby(invocation)
    known = None if source is None else source.servers()
    found: dict[str, Server] = {}
    for name in named(invocation, known, names, every=every):
        with about(invocation, name):
            found[name] = invocation.client.servers.get(name) if known is None else known[name]
    out = invocation.out
    good = all(one.state == "running" and one.ready and not one.paused for one in found.values())
    if quiet:
        return Exit.DONE if good else Exit.FAILED
    if invocation.json:
        out.json(raw(found, names, every=every))
    else:
        for number, (name, one) in enumerate(found.items()):
            if number:
                out.say()
            checkup = _checkup(invocation, name, one) if source is None else None
            out.pairs({key: value for key, value in pairs(name, one, checkup).items() if value})
    return Exit.FAILED if check and not good else Exit.DONE


def pairs(name: str, one: "Server", checkup: "Checkup | None") -> Mapping[str, str]:
    """Return what is known of a server, by what it is; empty texts are not worth a line."""
    share = f" of {size(one.total_memory)}" if one.total_memory else ""
    running = one.pid is not None
    return {
        "Server": name,
        "State": Cell(f"{word_of(one)}{_up(one)}", WARN if one.paused else COLOURS.get(one.state, "")),
        "Why": "" if one.reason == one.state else one.reason,
        "Cause": cause_of(one.cause),
        "Next": next_of(one.next) if one.next is not None else "",
        "Waits for": ", ".join(one.waits_for),
        "Hint": Cell(one.hint or "", WARN),
        "Wanted": one.wanted,
        "Ready": _ready(one),
        "Health": _health(checkup),
        "Says": _note(one),
        "Run": f"{one.run}, pid {one.pid}" if running else str(one.run or ""),
        "CPU": percent(one.cpu_usage) if running and one.total_memory else "",
        "Memory": f"{size(one.memory_usage)}{share}" if running and one.total_memory else "",
        "Restarts": f"{one.restarts} that count" if one.restarts else "",
        "Last exit": exit_of(one.last_exit) if one.last_exit is not None else "",
        "Terminal": f"{one.terminal.rows} rows, {one.terminal.columns} columns" if one.terminal else "",
        "Limits": Cell("\n".join(f"{key}: {why}" for key, why in one.limits.items()), WARN),
        "Survivors": "\n".join(f"{left.pid}  {left.command}  {left.reason}" for left in one.survivors),
        "Config": Cell("changed since then; a restart applies it" if one.restart_to_apply else "", WARN),
    }


def _checkup(invocation: Invocation, name: str, one: "Server") -> "Checkup | None":
    health = one.raw.get("health")
    if not (isinstance(health, dict) and health.get("checks")):
        return None
    try:
        return invocation.client.checks.get(name)
    except Failure:  # it may be gone by now; all else is told
        return None


def _up(one: "Server") -> str:
    if not one.uptime:
        return ""
    seconds = one.uptime / 1e9
    return f", up {duration(seconds)} since {when(time.time() - seconds)}"


def _ready(one: "Server") -> str:
    if one.pid is None:
        return ""
    return Cell("yes", GOOD) if one.ready else Cell("no", WARN)


def _note(one: "Server") -> str:
    health = one.raw.get("health")
    note = health.get("note") if isinstance(health, dict) else None
    return note if isinstance(note, str) else ""


def _health(checkup: "Checkup | None") -> str:
    if checkup is None:
        return ""
    state = checkup.health.state or ""
    lines = [state, *(_check(one) for one in checkup.checks)]
    return Cell("\n".join(lines), {"healthy": GOOD, "unhealthy": BAD}.get(state, DIM))


def _check(one: "Check") -> str:
    why = f": {one.error}" if one.error else ""
    next_ = f"; next look in {duration(one.next_in)}" if one.next_in is not None else ""
    return f"{one.name} ({one.type}) is {one.state}{why}{next_}"
