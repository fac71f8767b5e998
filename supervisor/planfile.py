"""The last plan that was applied, on disk: what the supervisor boots from without asking anybody."""

import json
import os

from .durable import StateFile
from .spec import InvalidSpec, Plan


class CannotStore(Exception):
    """The state directory does not take the plan; the message says why. The old one is intact."""


class PlanFile:
    """`plan.json` in the state directory, and the plan before it."""

    def __init__(self, directory: str) -> None:
        self._file = StateFile(
            os.path.join(directory, "plan.json"), lambda data: Plan.from_dict(json.loads(data))
        )
        self.path = self._file.path

    def save(self, plan: Plan) -> None:
        """Store the plan durably; raises `CannotStore`."""
        try:
            # On one line, since json is written in C then: a thousand services in a fifth of the time.
            self._file.save(json.dumps(plan.to_dict()).encode())
        except OSError as exc:
            raise CannotStore(f"{self.path}: {exc.strerror}") from exc

    def load(self) -> Plan | None:
        """Return the stored plan, or, if it is damaged, the one before; None if none is known.

        Raises `InvalidSpec` if it cannot be read at all.
        """
        try:
            return self._file.load()
        except OSError as exc:
            raise InvalidSpec(f"{self.path}: {exc.strerror}") from exc
