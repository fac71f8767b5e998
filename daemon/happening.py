"""One thing that happened to a server, as clients see it."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from supervisor import ServiceStatus, State, Transition

CODES = {
    State.STOPPED: 0,
    State.STARTING: 1,
    State.RUNNING: 1,
    State.STOPPING: 1,
    State.BACKOFF: 2,
    State.FAILED: 2,
}
"""What Octyne's clients know: off, on, crashed."""

STATE = "state"
"""The type of what the supervisor tells: a server has another state, wish or run."""


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened: numbered by us, over all servers, in the order in which we heard of it."""

    id: int
    at: float
    """Seconds since 1970."""
    server: str
    type: str
    body: Mapping[str, object]
    """JSON data, whatever the type has to say."""
    origin: str = ""
    """Whose number this is: that of the supervisor's history, empty if it does not come from there."""
    number: int = 0

    def describe(self, *, lines: bool) -> dict[str, object]:
        """Return it as JSON data; the last `lines` of output are for who may see the console."""
        body = {key: value for key, value in self.body.items() if lines or key != "lines"}
        return {"id": self.id, "at": self.at, "server": self.server, "type": self.type, **body}


class Past:
    """Happenings, as answers tell them: what many ask for becomes JSON once."""

    def __init__(self, happenings: Sequence[Happening]) -> None:
        self.happenings = happenings
        self._made: tuple[tuple[int, bool], str] | None = None

    def json(self, most: int, *, lines: bool) -> str:
        """Return at most so many as a JSON list; `lines` as for `Happening.describe`."""
        if self._made is None or self._made[0] != (most, lines):
            told = [one.describe(lines=lines) for one in self.happenings[:most]]
            text = json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            self._made = (most, lines), text
        return self._made[1]


def body_of(told: Transition) -> dict[str, object]:
    """Return what a change of state has to say; durations in seconds, moments in seconds since 1970."""
    waiting = told.next == "start"  # for others, by itself: as `/servers` has it, it is on
    return {
        "from": str(told.before),
        "to": str(told.after),
        "status": CODES[State.STARTING if waiting else told.after],
        "wanted": str(told.wanted),
        "reason": told.reason,
        "cause": told.cause.to_dict(),
        "run": told.run,
        "pid": told.pid,
        "exit": None if told.exit is None else told.exit.to_dict(),
        "restarts": told.restarts,
        "lines": list(told.lines),
        "next": following(told.next, told.next_in, told.at),
    }


def following(action: str, wait: float | None, now: float) -> dict[str, object] | None:
    """Return what happens by itself, and when, if anybody can tell: in so many seconds; None for nothing."""
    if not action:
        return None
    if wait is None:
        return {"action": action, "in": None, "at": None}
    return {"action": action, "in": round(wait, 3), "at": round(now + wait, 3)}


def next_of(status: ServiceStatus) -> dict[str, object] | None:
    """Return what happens to a server by itself, and when."""
    wait = None if status.next_at is None else max(0.0, status.next_at - time.monotonic())
    return following(status.next, wait, time.time())
