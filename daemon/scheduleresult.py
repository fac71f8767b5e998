"""What became of a run, or why there was none: a value that is stored, shown and told to the audit log."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How it went."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    """The server was not as `onlyIf` wants it, or the run before was not over."""
    MISSED = "missed"
    """Nobody was there when it was due, or the clock jumped over it."""
    INTERRUPTED = "interrupted"
    """The daemon ended in the middle of it; it is not done again."""
    CANCELLED = "cancelled"
    """The schedule was removed from the config meanwhile."""


@dataclass(frozen=True, slots=True)
class Result:
    """One run, or some that were missed. Moments are in seconds since 1970."""

    at: float
    """When it began, or when it was found out."""
    due: float | None
    """The instant of the schedule; None for a run that somebody asked for."""
    outcome: Outcome
    detail: str = ""
    ended: float | None = None
    by: str = ""
    """Who asked for it, if the schedule did not."""
    output: str = ""
    """The end of what a command has said."""

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON data."""
        return {
            "at": round(self.at, 3),
            "due": self.due,
            "outcome": str(self.outcome),
            "detail": self.detail,
            "ended": None if self.ended is None else round(self.ended, 3),
            "by": self.by,
            "output": self.output,
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, object]) -> "Result":
        """Read it; raises `ValueError`."""
        match told:
            case {
                "at": int() | float() as at,
                "due": None | int() | float() as due,
                "outcome": str(outcome),
                "detail": str(detail),
                "ended": None | int() | float() as ended,
                "by": str(by),
                "output": str(output),
            }:
                return cls(at, due, Outcome(outcome), detail, ended, by, output)
        raise ValueError("no result of a schedule")
