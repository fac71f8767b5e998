"""What there is to say of a config before it is used: `--check --json`, for the `holdfast` command."""

import heapq
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from supervisor import InvalidSpec, Plan

from .config import Config, ConfigError, ConfigFile, find_config
from .configdiff import changes
from .obstacles import obstacles_of
from .plan import compile_plan
from .planchanges import PlanChanges, Unreadable, compare, stored_config, stored_plan, stored_wishes

_EXPECTED = re.compile(r"(?:missing, )?expected (.+?)(?:, got .*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ConfigReport:
    """Whether a config can be used, and what would come of it; never a secret."""

    config: str | None
    """The absolute path; None where there is none."""
    error: str | None = None
    """Why it cannot be used, with its place in the file."""
    detail: Mapping[str, object] | None = None
    """The same in parts, for an editor."""
    warnings: tuple[str, ...] = ()
    remarks: tuple[Mapping[str, object], ...] = ()
    """The same in parts."""
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
        state = os.path.abspath(state or os.path.join(os.path.dirname(path), "state"))
        try:
            text = file.read()
        except ConfigError as exc:
            return cls(path, error=str(exc), detail=_parts(exc))
        return cls.of_text(text, file, state, lambda: stored_config(state, _parser(file)))

    @classmethod
    def of_text(
        cls, text: bytes, file: ConfigFile, state: str, in_force: Callable[[], tuple[bytes, Config] | None]
    ) -> Self:
        """Look at what the file would be with this text.

        `in_force` returns the text and config that count now, None if there are none; may raise `Unreadable`.
        """
        path = file.path
        try:
            config = file.parse(text)
            plan = compile_plan(config)
        except ConfigError as exc:
            return cls(path, error=str(exc), detail=_parts(exc))
        except InvalidSpec as exc:
            return cls(path, error=str(exc), detail=_parts(ConfigError(path, 0, 0, "", str(exc))))
        warnings = [*config.warnings, *obstacles_of(config, state)]
        remarks = [_parts(one) for one in config.remarks]
        remarks += [_parts(ConfigError(path, 0, 0, "", one)) for one in warnings[len(remarks) :]]
        found, differences = None, None
        try:
            before = in_force()
            wishes = stored_wishes(state)
            if (stored := stored_plan(state)) is not None:
                known = None if before is None else before[1]
                found = compare(stored, plan, wishes, known, config)
            if before is not None:
                differences = changes(before[0], text)
        except Unreadable as exc:
            warnings.append(f"what would change is not known: {exc}")
            remarks.append(_parts(ConfigError(path, 0, 0, "", warnings[-1])))
        order = start_order(plan)
        return cls(path, None, None, tuple(warnings), tuple(remarks), order, found, differences)

    def to_json(self) -> str:
        """Return it as one line of JSON, in ASCII: a path may hold bytes that are no text."""
        return json.dumps(
            {
                "valid": self.error is None,
                "config": self.config,
                "warnings": list(self.warnings),
                "remarks": list(self.remarks),
                "error": self.error,
                "detail": self.detail,
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


def _parts(told: ConfigError) -> Mapping[str, object]:
    """Return where, what was expected, and what is said of it; line 0 is the file as a whole."""
    expected = _EXPECTED.fullmatch(told.reason)
    return {
        "file": told.file,
        "line": told.line,
        "column": told.column,
        "key": told.key,
        "expected": None if expected is None else expected[1],
        "message": told.reason,
    }


def _parser(file: ConfigFile) -> Callable[[bytes], tuple[bytes, Config]]:
    def parse(text: bytes) -> tuple[bytes, Config]:
        try:
            return text, file.parse(text)
        except ConfigError as exc:
            # Its words are about another file than the one that is asked about.
            raise ValueError("it is no good config for this version") from exc

    return parse
