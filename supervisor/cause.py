"""Why something happened to a service: what brought it about, and who."""

from dataclasses import dataclass
from enum import StrEnum

from .record import InvalidRecord, Record


class CauseKind(StrEnum):
    """What brings about that a service changes."""

    PERSON = "person"
    """Somebody asked for it: `who` names the account or the local user."""
    SCHEDULE = "schedule"
    """Its time had come; `who` names the schedule."""
    CHECK = "check"
    """A health check failed, or was passed for the first time; `who` names it."""
    WATCHDOG = "watchdog"
    """It kept silent towards its watchdog."""
    BOOT = "boot"
    """The supervisor has started."""
    CONFIG = "config"
    """The config brings it, or has it no more."""
    DEPENDENCY = "dependency"
    """Another service, which `who` names, is up, or goes down."""
    EXIT = "exit"
    """Its program has ended, or could not be started."""
    TIMER = "timer"
    """A wait was over: for it to settle, to start again, to stop, or to become ready."""
    READY = "ready"
    """It has said itself that it is ready."""
    LEFTOVER = "leftover"
    """A supervisor before us had left it behind."""
    SHUTDOWN = "shutdown"
    """The supervisor ends."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What brought about a change, who, and what more is known of it. Holds no secret."""

    kind: CauseKind = CauseKind.PERSON
    who: str = ""
    detail: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON data."""
        return {"kind": str(self.kind), "who": self.who, "detail": self.detail}

    @classmethod
    def from_record(cls, record: Record) -> "Cause":
        """Read it; raises `InvalidRecord`. One that is missing is a person of whom nothing is known."""
        word = record.take("kind", str, str(CauseKind.PERSON))
        try:
            kind = CauseKind(word)
        except ValueError as exc:
            raise InvalidRecord(f"{record.where('kind')}: {exc}") from exc
        return cls(kind, record.take("who", str, ""), record.take("detail", str, ""))


SOMEBODY = Cause()
"""A person of whom nothing is known."""
