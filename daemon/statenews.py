"""What a viewer of a console hears of the server itself: its state, whenever that changes, and each end."""

import time
from collections.abc import Iterator, Mapping

from supervisor import ServiceStatus, State, Terminal

from .happening import CODES


class StateNews:
    """Turns what is known of a server into messages: each once, the latest state surely."""

    def __init__(self) -> None:
        self._known: ServiceStatus | None = None
        self._told: Mapping[str, object] = {}

    def messages(self, status: ServiceStatus | None) -> Iterator[Mapping[str, object]]:
        """Yield what is new; nothing for a server that is gone."""
        if status is None:
            return
        before, self._known = self._known, status
        # An end that is older than the viewer is no news.
        if before is not None and status.exit is not None and status.exit != before.exit:
            ended = status.exit
            yield {"type": "exit", "code": ended.code, "signal": ended.signal, "ran": round(ended.ran, 3)}
        told = _state(status)
        if told != self._told:
            self._told = told
            now = time.monotonic()
            yield {
                **told,
                "uptime": None if status.started is None else round(max(0.0, now - status.started), 3),
                "restartIn": None
                if status.restart_at is None
                else round(max(0.0, status.restart_at - now), 3),
                "at": round(time.time(), 3),
            }


def size(terminal: Terminal | None) -> Mapping[str, int] | None:
    """Return how large a terminal is, as the clients are told."""
    return None if terminal is None else {"rows": terminal.rows, "columns": terminal.columns}


def _state(status: ServiceStatus) -> Mapping[str, object]:
    return {
        "type": "state",
        "state": str(status.state),
        "status": CODES[State.STARTING if status.waits_to_start else status.state],
        "wanted": str(status.wanted),
        "reason": status.reason,
        "pid": status.pid,
        "run": status.run,
        "restarts": status.restarts,
        "terminal": size(status.terminal),
    }
