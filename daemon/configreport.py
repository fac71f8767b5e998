"""What there is to say of a config before it is used: `--check --json`, for the `holdfast` command."""

import heapq
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from supervisor import InvalidSpec, Plan

from .config import Config, ConfigError, ConfigFile, find_config
from .configdiff import changes
from .obstacles import obstacles_of
from .plan import compile_plan
from .planchanges import PlanChanges, Unreadable, compare, stored_config, stored_plan, stored_wishes


@dataclass(frozen=True, slots=True)
class ConfigReport:
    """Whether a config can be used, and what would come of it; never a secret."""

    config: str | None
    """The absolute path; None where there is none."""
    error: str | None = None
    """Why it cannot be used, with its place in the file."""
    warnings: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    """In the order in which they start."""
    changes: PlanChanges | None = None
    """What it would change; None if it is not known what is in force."""
    differences: tuple[str, ...] | None = None
    """What is different in the text, as the audit log says it; None if the text in force is not known."""

    @classmethod
    def of(cls, path: str | None, folder: str, state: str | None = None) -> Self:
        """Look at a config, or at the one in the folder; raises nothing for what stands in it.

        `state` is the state directory, by default the one beside the config.
        """
        try:
            path = os.path.abspath(find_config(path, folder))
        except ConfigError as exc:
            return cls(None, error=str(exc))
        file = ConfigFile(path)
        try:
            text = file.read()
            config = file.parse(text)
            plan = compile_plan(config)
        except (ConfigError, InvalidSpec) as exc:
            return cls(path, error=str(exc))
        state = os.path.abspath(state or os.path.join(os.path.dirname(path), "state"))
        warnings = [*config.warnings, *obstacles_of(config, state)]
        found, differences = None, None
        try:
            before = stored_config(state, _parser(file))
            wishes = stored_wishes(state)
            if (stored := stored_plan(state)) is not None:
                known = None if before is None else before[1]
                found = compare(stored, plan, wishes, known, config)
            if before is not None:
                differences = changes(before[0], text)
        except Unreadable as exc:
            warnings.append(f"what would change is not known: {exc}")
        return cls(path, None, tuple(warnings), start_order(plan), found, differences)

    def to_json(self) -> str:
        """Return it as one line of JSON, in ASCII: a path may hold bytes that are no text."""
        return json.dumps(
            {
                "valid": self.error is None,
                "config": self.config,
                "warnings": list(self.warnings),
                "error": self.error,
                "servers": list(self.servers),
                "changes": None if self.changes is None else self.changes.to_dict(),
                "differences": None if self.differences is None else list(self.differences),
            }
        )


def start_order(plan: Plan) -> tuple[str, ...]:
    """Return the names in the order in which they start: in that of the file, as far as none has to wait."""
    place = {spec.name: at for at, spec in enumerate(plan.services)}
    waits = {
        spec.name: {other for other in (*spec.requires, *spec.after) if other in place}
        for spec in plan.services
    }
    followers: dict[str, list[str]] = {}
    for name, others in waits.items():
        for other in others:
            followers.setdefault(other, []).append(name)
    free = [place[name] for name, others in waits.items() if not others]
    order: list[str] = []
    while free:
        name = plan.services[heapq.heappop(free)].name
        order.append(name)
        for follower in followers.get(name, ()):
            waits[follower].discard(name)
            if not waits[follower]:
                heapq.heappush(free, place[follower])
    return tuple(order)


def _parser(file: ConfigFile) -> Callable[[bytes], tuple[bytes, Config]]:
    def parse(text: bytes) -> tuple[bytes, Config]:
        try:
            return text, file.parse(text)
        except ConfigError as exc:
            # Its words are about another file than the one that is asked about.
            raise ValueError("it is no good config for this version") from exc

    return parse
