"""What a config would change of what is in force: two plans, and two configs, compared; nothing is touched.

Rules:
- What is in force is the plan that the supervisor has stored. What only the daemon knows of a server, such as
  its checks, schedules and logs, is not in a plan: there the last good config is what it is compared with.
- A restart is needed for what a program is started with; all else of a plan counts at once (`runs_as`).
- Whether a server runs is not known here. Who is not to start by itself, and whom nobody asked for, is taken
  to be down, and so is whom somebody has stopped last.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from supervisor import Boot, Plan, ServiceSpec, open_without_waiting

from .config import Config

LARGEST = 64 << 20
"""Bytes of a file that is read here."""

T = TypeVar("T")


class Unreadable(Exception):
    """What is stored cannot be read; the message says what, and why."""


@dataclass(frozen=True, slots=True)
class PlanChanges:
    """Servers by name: those of the new config in its order, and those that it has no more in the old one."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    restart_needed: tuple[str, ...] = ()
    """Which of the changed ones run by the old settings until they are restarted."""
    unchanged: int = 0

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON data."""
        return {
            "added": list(self.added),
            "changed": list(self.changed),
            "removed": list(self.removed),
            "restartNeeded": list(self.restart_needed),
            "unchanged": self.unchanged,
        }


def stored_plan(state: str) -> Plan | None:
    """Return the plan in a state directory, the one before if it is damaged; None if there never was one.

    Raises `Unreadable`.
    """
    return _stored(state, "plan.json", lambda data: Plan.from_dict(json.loads(data)))


def stored_wishes(state: str) -> Mapping[str, str]:
    """Return who was wanted `up` or `down` by a person last; raises `Unreadable`."""
    return _stored(state, "wanted.json", _wishes) or {}


def stored_config(state: str, parse: Callable[[bytes], tuple[bytes, Config]]) -> tuple[bytes, Config] | None:
    """Return text and config that were in force last, None if none is known; raises `Unreadable`.

    `parse` raises `ValueError` for a text that is none.
    """
    return _stored(state, "last-good-config", parse)


def compare(
    old: Plan, new: Plan, wishes: Mapping[str, str], before: Config | None, after: Config
) -> PlanChanges:
    """Return what is different; `before` is the config of the old plan, if that is known."""
    known = {spec.name: spec for spec in old.services}
    names = {spec.name for spec in new.services}
    added, changed, restart = [], [], []
    for spec in new.services:
        was = known.get(spec.name)
        if was is None:
            added.append(spec.name)
        elif spec != was or _differs(spec.name, before, after):
            changed.append(spec.name)
            if not spec.runs_as(was) and _is_up(was, wishes.get(spec.name)):
                restart.append(spec.name)
    removed = tuple(name for name in known if name not in names)
    unchanged = len(names) - len(added) - len(changed)
    return PlanChanges(tuple(added), tuple(changed), removed, tuple(restart), unchanged)


def _differs(name: str, before: Config | None, after: Config) -> bool:
    was = None if before is None else before.servers.get(name)
    return was is not None and was != after.servers.get(name)


def _is_up(spec: ServiceSpec, wish: str | None) -> bool:
    if wish is not None:
        return wish == "up"
    return spec.autostart or spec.boot is Boot.ALWAYS


def _wishes(data: bytes) -> Mapping[str, str]:
    found = json.loads(data)
    wanted = found.get("wanted") if isinstance(found, dict) else None
    if not isinstance(wanted, dict):
        raise ValueError("wanted: missing")  # noqa: TRY004  (what is on the disk is what is wrong)
    return {name: wish for name, wish in wanted.items() if isinstance(wish, str)}


def _stored(state: str, name: str, parse: Callable[[bytes], T]) -> T | None:
    """Return what a `StateFile` holds, as its `load` does, but without mending anything."""
    why = ""
    for path in (os.path.join(state, name), os.path.join(state, f"{name}.old")):
        try:
            with open(path, "rb", opener=open_without_waiting) as file:
                data = file.read(LARGEST)
            return parse(data or b"")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as exc:
            why = why or f"{path}: {exc.strerror}"
        except (ValueError, RecursionError) as exc:
            why = why or f"{path} is damaged: {exc}"
    if why:
        raise Unreadable(why)
    return None
