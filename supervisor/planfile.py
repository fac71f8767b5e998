"""The last plan that was applied, on disk: what the supervisor boots from without asking anybody."""

import contextlib
import json
import os

from .spec import InvalidSpec, Plan


class CannotStore(Exception):
    """The state directory does not take the plan; the message says why. The old one is intact."""


class PlanFile:
    """`plan.json` in the state directory, replaced as a whole or not at all."""

    def __init__(self, directory: str) -> None:
        self.path = os.path.join(directory, "plan.json")

    def save(self, plan: Plan) -> None:
        """Store the plan durably; raises `CannotStore`."""
        data = json.dumps(plan.to_dict(), indent=1).encode()
        temporary = f"{self.path}.new"
        try:
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(fd)
            os.replace(temporary, self.path)
            _sync_directory(os.path.dirname(self.path))
        except OSError as exc:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise CannotStore(f"{self.path}: {exc.strerror}") from exc

    def load(self) -> Plan | None:
        """Return the stored plan, or None if there is none; raises `InvalidSpec` for a damaged one."""
        try:
            with open(self.path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise InvalidSpec(f"{self.path}: {exc.strerror}") from exc
        try:
            return Plan.from_dict(json.loads(data))
        except (ValueError, RecursionError) as exc:
            raise InvalidSpec(f"{self.path}: {exc}") from exc


def _sync_directory(path: str) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
