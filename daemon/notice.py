"""A notice: what happened to a server or a disk, as a value that is told, kept and sent."""

import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from supervisor import Exit

MOST_LINES = 200
LONGEST_LINE = 1000
MOST_TEXT = 16 << 10
"""Characters of all lines together; the last ones are kept."""

_LONGEST_REASON = 1000

_ESCAPES = re.compile(
    r"\x1b(?:"
    r"\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|\Z)"  # OSC, DCS and the like: titles, links
    r"|[ -/]*[0-~]"  # all others
    r")"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
# Controls, and what turns the direction of text around or hides it.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


class Kind(StrEnum):
    """What happened."""

    CRASHED = "crashed"
    PARKED = "parked"
    UNHEALTHY = "unhealthy"
    RECOVERED = "recovered"
    DISK_LOW = "diskLow"
    HELD_BACK = "heldBack"
    TEST = "test"


EVENTS = tuple(kind for kind in Kind if kind not in (Kind.HELD_BACK, Kind.TEST))
"""What a target may want to be told of."""


def new_id() -> str:
    """Return what names a notice, and no other."""
    return f"msg_{secrets.token_hex(12)}"


@dataclass(frozen=True, slots=True)
class Notice:
    """What happened, when, and how it was. Durations are in seconds."""

    kind: Kind
    server: str = ""
    """Its name; empty for what is not about one server."""
    at: float = field(default_factory=time.time)
    """Seconds since 1970."""
    run: int = 0
    """Which run it is about, counted from 1; 0 where it is about none."""
    reason: str = ""
    exit: Exit | None = None
    lines: tuple[str, ...] = ()
    """The last lines of its output. If a target wants more, they are asked for."""
    restarts: int = 0
    next: float | None = None
    """When it is started again."""
    id: str = field(default_factory=new_id)
    folder: str = ""
    """Where a disk is low."""
    about: tuple[str, ...] = ()
    """The servers that it is about, if that is not the one above."""
    repeated: Mapping[str, int] = field(default_factory=dict)
    """How many that were not told it stands for, by kind."""

    @property
    def subject(self) -> str:
        """What it is about: a server, or a folder."""
        return self.server or self.folder

    @property
    def servers(self) -> Sequence[str]:
        """The servers that it is about."""
        return (self.server,) if self.server else self.about

    def with_lines(self, lines: Sequence[str]) -> "Notice":
        """Return the same with these last lines, cut to what is kept."""
        return replace(self, lines=bounded(lines))

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON data."""
        return {
            "kind": str(self.kind),
            "server": self.server,
            "at": self.at,
            "run": self.run,
            "reason": self.reason,
            "exit": None if self.exit is None else self.exit.to_dict(),
            "lines": [*self.lines],
            "restarts": self.restarts,
            "next": self.next,
            "id": self.id,
            "folder": self.folder,
            "about": [*self.about],
            "repeated": dict(self.repeated),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "Notice":
        """Read what `to_dict` made; raises `ValueError`."""
        repeated = data.get("repeated")
        try:
            return cls(
                kind=Kind(str(data["kind"])),
                server=str(data["server"]),
                at=_number(data["at"]) or 0.0,
                run=int(_number(data["run"]) or 0),
                reason=str(data["reason"]),
                exit=_exit(data["exit"]),
                lines=_texts(data["lines"]),
                restarts=int(_number(data["restarts"]) or 0),
                next=_number(data["next"]),
                id=str(data["id"]),
                folder=str(data["folder"]),
                about=_texts(data["about"]),
                repeated={
                    str(kind): int(_number(count) or 0)
                    for kind, count in (repeated.items() if isinstance(repeated, dict) else ())
                },
            )
        except (KeyError, OverflowError) as exc:  # JSON may hold 1e999
            raise ValueError("no notice") from exc


def cleaned(text: str) -> str:
    """Return a text without escape sequences and control characters, tabs and newlines aside."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


def bounded(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the last lines, clean, none too long, and not too many in all."""
    kept: list[str] = []
    left = MOST_TEXT
    for line in reversed(lines[-MOST_LINES:]):
        # What a progress bar has written over is not seen on a terminal either.
        shown = cleaned(line.rstrip("\r\n").rpartition("\r")[2]).replace("\n", " ")
        if len(shown) > LONGEST_LINE:
            shown = f"{shown[:LONGEST_LINE]}…"
        left -= len(shown) + 1
        if left < 0:
            break
        kept.append(shown)
    return tuple(reversed(kept))


def clean(notice: Notice) -> Notice:
    """Return a notice in which nothing is too long or moves a terminal."""
    reason = " ".join(cleaned(notice.reason).split())[:_LONGEST_REASON]
    return replace(notice, reason=reason, lines=bounded(notice.lines))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _exit(value: object) -> Exit | None:
    if not isinstance(value, dict):
        return None
    code, number = _number(value.get("code")), _number(value.get("signal"))
    return Exit(
        None if code is None else int(code),
        None if number is None else int(number),
        _number(value.get("ran")) or 0.0,
        str(value.get("note", "")),
    )
