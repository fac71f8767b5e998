"""The programs of Holdfast that a command starts. They are programs to it, not modules."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .exits import Exit, Stop

# -P: the folder that we happen to be in may hold a `daemon.py` of its own.
PYTHON = (sys.executable, "-P", "-m")


def checked(config: str) -> int:
    """Have the daemon say on standard error what is wrong with a config; return its exit code."""
    return subprocess.run([*PYTHON, "daemon", "--check", "--config", config], check=False).returncode


def socket_in(config: str) -> str:
    """Return the Unix socket that a config names, nothing if it has none; raises `Stop`."""
    command = [*PYTHON, "daemon", "--socket", "--config", config]
    found = subprocess.run(command, capture_output=True, text=True, errors="surrogateescape", check=False)
    if found.returncode:
        raise Stop(found.stderr.strip().removeprefix("ERROR: "), Exit.CONFIG)
    return found.stdout.removesuffix("\n")


@dataclass(frozen=True, slots=True)
class Changes:
    """What a config changes in the plan that was stored last, by names of servers."""

    added: Sequence[str]
    changed: Sequence[str]
    removed: Sequence[str]
    restart_needed: Sequence[str]


@dataclass(frozen=True, slots=True)
class Examined:
    """What the daemon says of a config."""

    config: str
    error: str | None = None
    """What is wrong with it, and where; None if it is valid."""
    warnings: Sequence[str] = ()
    servers: Sequence[str] = ()
    """In the order in which they are started."""
    changes: Changes | None = None
    """None if there is nothing to compare it with."""
    told: Mapping[str, object] = field(default_factory=dict)
    """All of it, as it came."""


def examined(config: str, state: str) -> Examined:
    """Have the daemon read a config and compare it with the plan in a state directory; raises `Stop`."""
    command = [*PYTHON, "daemon", "--check", "--config", config, "--state-dir", state, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    try:
        told = json.loads(done.stdout)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        said = done.stderr.strip().splitlines()
        raise Stop(f"the daemon cannot be asked about {config}: {said[-1] if said else 'it says nothing'}")
    error, changes = told.get("error"), told.get("changes")
    return Examined(
        config=str(told.get("config") or config),
        error=None if told.get("valid") is True else str(error or "it is not valid"),
        warnings=_texts(told.get("warnings")),
        servers=_texts(told.get("servers")),
        changes=_changes(changes) if isinstance(changes, dict) else None,
        told=told,
    )


def exit_code(seen: Examined) -> int:
    """Return the exit code for what was said of a config."""
    return Exit.DONE if seen.error is None else Exit.CONFIG


def _changes(told: Mapping[str, object]) -> Changes:
    return Changes(*(_texts(told.get(key)) for key in ("added", "changed", "removed", "restartNeeded")))


def _texts(told: object) -> Sequence[str]:
    return [str(one) for one in told] if isinstance(told, list) else []
