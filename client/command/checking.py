"""`holdfast check`: what is wrong with a config, and what it would change."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from ..failures import Failure
from ..place import Place, found_place
from ..quick import quick_client
from ..target import Target
from .exits import complain
from .invocation import Invocation, pass_invocation
from .output import BAD, DIM, GOOD, WARN, Cell
from .programs import Changes, Examined, examined, exit_code
from .shape import Shaped

if TYPE_CHECKING:
    from ..servers import Server

HEADER = ("SERVER", "CHANGE", "NOW", "WHAT FOLLOWS")
_NOWHERE = "not running"
_UP = ("starting", "running", "stopping", "backoff")


@click.command(cls=Shaped)
@pass_invocation
def check(invocation: Invocation) -> int:
    """Say what is wrong with a config, and what it would change.

    Tells the servers in the order in which they are started, and what becomes of those that run. Changes
    nothing. Exits with 78 if there is a mistake in the config.
    """
    config = invocation.config_path
    place = found_place(config, invocation.state_dir)
    seen = examined(config, place.state)
    servers = None if seen.error is not None else _running(invocation, place)
    if invocation.json:
        now = None if servers is None else {name: one.raw for name, one in servers.items()}
        invocation.out.json({**seen.told, "running": now})
        return exit_code(seen)
    if seen.error is not None:
        complain(seen.error)
        return exit_code(seen)
    for warning in seen.warnings:
        invocation.out.note(f"warning: {warning}")
    _tell(invocation, seen, servers)
    return exit_code(seen)


def _tell(invocation: Invocation, seen: Examined, servers: "Mapping[str, Server] | None") -> None:
    out = invocation.out
    count = f"{len(seen.servers)} server{'' if len(seen.servers) == 1 else 's'}"
    header = HEADER if servers is not None else (HEADER[0], HEADER[1], HEADER[3])
    rows = _rows(seen, servers)
    if servers is None:
        rows = [(name, change, follows) for name, change, _, follows in rows]
    if invocation.format == "csv":
        out.csv(header, rows)
        return
    out.say(f"{seen.config} is valid: {count}")
    if rows:
        out.say()
        out.table(header, rows)
    if seen.changes is None:
        out.note("Nothing to compare it with: Holdfast has not run by it yet.")
    elif servers is None:
        out.note("Holdfast does not run: compared with the plan that it has stored.")


def _rows(seen: Examined, servers: "Mapping[str, Server] | None") -> list[Sequence[str]]:
    """Return a row for each server, in the order in which they are started; those that go stand last."""
    changes = _in_all(seen.changes or Changes(seen.servers, (), (), ()), servers or {})
    rows: list[Sequence[str]] = []
    for name in dict.fromkeys((*seen.servers, *changes.removed)):
        now = "" if servers is None else servers[name].state if name in servers else _NOWHERE
        change = _change(name, changes)
        rows.append((name, change, now, _follows(name, change, now, changes)))
    return rows


def _in_all(changes: Changes, servers: "Mapping[str, Server]") -> Changes:
    """Add what has changed since the programs were started, of which the plan has taken note already."""
    outdated = [name for name, one in servers.items() if one.restart_to_apply and name not in changes.removed]
    leaving = [name for name, one in servers.items() if one.to_delete and name not in changes.added]
    return Changes(
        changes.added,
        [*changes.changed, *(name for name in outdated if name not in changes.changed)],
        [*changes.removed, *(name for name in leaving if name not in changes.removed)],
        [*changes.restart_needed, *outdated],
    )


def _change(name: str, changes: Changes) -> str:
    if name in changes.removed:
        return Cell("removed", BAD)
    if name in changes.added:
        return Cell("added", GOOD)
    changed = name in changes.changed or name in changes.restart_needed
    return Cell("changed", WARN) if changed else Cell("unchanged", DIM)


def _follows(name: str, change: str, now: str, changes: Changes) -> str:
    """Return what the change does; `now` is empty if nobody knows."""
    up = now in _UP
    match str(change):
        case "added":
            return "is new, and is started unless it says otherwise"
        case "removed":
            return "runs on until it is stopped, and is gone then" if up or not now else "is gone"
        case "changed" if now and not up:
            return "takes effect when it is started"
        case "changed" if name in changes.restart_needed:
            return f"restart to apply: holdfast restart {name}"
        case "changed":
            return "takes effect without a restart"
    return ""


def _running(invocation: Invocation, place: Place) -> "Mapping[str, Server] | None":
    """Return how the servers are of the Holdfast that runs by this config; None if there is none."""
    try:
        if invocation.socket or invocation.url or invocation.context:
            return invocation.client.servers.list()
        # Not the one at the usual places: what runs there may run by another config.
        socket = place.api or os.environ.get("HOLDFAST_SOCKET")
        if not socket:
            return None
        target = Target(socket=socket)
        return quick_client(target).servers.list()
    except Failure:
        return None
