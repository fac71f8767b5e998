"""One thing that happened to a server, as clients see it."""

from collections.abc import Mapping
from dataclasses import dataclass

from supervisor import State, Transition

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


def body_of(told: Transition) -> dict[str, object]:
    """Return what a change of state has to say; durations in seconds, moments in seconds since 1970."""
    waiting = told.next == "start"  # for others, by itself: as `/servers` has it, it is on
    following: dict[str, object] | None = None
    if told.next and told.next_in is not None:
        due = round(told.at + told.next_in, 3)
        following = {"action": told.next, "in": round(told.next_in, 3), "at": due}
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
        "next": following,
    }
