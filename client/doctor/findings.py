"""What was looked at, and what was found there."""

import pwd
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .subject import Subject


class NotSeen(Exception):
    """It cannot be looked at; the message says why."""


class Level(StrEnum):
    """How good or bad it is."""

    OK = "ok"
    WARN = "warn"
    """Something is lost by it, or will be; Holdfast works."""
    BAD = "bad"
    """Something does not work."""
    UNKNOWN = "unknown"
    """It cannot be seen from here, or not by this user."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `cost`: what is lost by it; `remedy`: what to do about it."""

    check: str
    level: Level
    found: str
    cost: str = ""
    remedy: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return it as JSON data."""
        told = {"check": self.check, "level": str(self.level), "found": self.found}
        return {**told, "cost": self.cost, "remedy": self.remedy}


Probe = Callable[["Subject"], Iterator[Finding]]
"""Looks at one thing. May raise `OSError` and `NotSeen` for what it may not see."""


def person(uid: int) -> str:
    """Return the name of a user."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def or_root(uid: int) -> str:
    """Return who may see what belongs to a user."""
    return f"{person(uid)} or root" if uid else "root"
