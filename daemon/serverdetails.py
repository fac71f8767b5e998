"""All that is told about one server: how it is, why, and what comes next."""

import time
from collections.abc import Mapping, Sequence

from supervisor import ServiceStatus, State

from .config import Config
from .happening import CODES, next_of
from .health import Health
from .hints import Hints
from .serversettings import Server
from .statenews import size
from .usage import Usage, total_memory


def code(status: ServiceStatus) -> int:
    """Return what Octyne's clients know of a server.

    One that waits for others is on: it starts by itself, and what they offer for it is to stop it.
    """
    return CODES[State.STARTING] if status.waits_to_start else CODES[status.state]


class Details:
    """Describes servers by what the supervisor, the checks, the hints and the config say of them."""

    def __init__(self, health: Health, hints: Hints) -> None:
        self._health = health
        self._hints = hints
        self._servers: Mapping[str, Server] = {}

    def configure(self, config: Config) -> Sequence[str]:
        """Go by this config; return of whom something else is told by it."""
        before, self._servers = self._servers, config.servers
        names = before.keys() | config.servers.keys()
        return [name for name in names if _terms(before.get(name)) != _terms(config.servers.get(name))]

    def of(self, status: ServiceStatus, usage: Usage) -> dict[str, object]:
        """Return all about one server as JSON data."""
        told = {
            **_describe(status, usage),
            **_terms(self._servers.get(status.name)),
            **self._health.describe(status),
        }
        hint = self._hints.of(status)
        return told if hint is None else {**told, "hint": hint}

    def besides(self, status: ServiceStatus) -> tuple[object, ...]:
        """Return what may change in it although the status is the same."""
        return self._health.describe(status), self._hints.of(status), _terms(self._servers.get(status.name))


def _terms(server: Server | None) -> Mapping[str, object]:
    """Return what whoever is about to stop it, or wonders about its memory, should know.

    Of one that is no longer in the config nobody can tell.
    """
    if server is None:
        return {"stopWithin": None, "memoryLimit": None}
    return {"stopWithin": server.stop.grace, "memoryLimit": server.limits.memory}


def _describe(status: ServiceStatus, usage: Usage) -> dict[str, object]:
    """Octyne's keys first; ours say why it is so and what comes next. Durations are in seconds."""
    now, wall = time.monotonic(), time.time()
    body: dict[str, object] = {
        "status": code(status),
        "cpuUsage": usage.cpu,
        "memoryUsage": usage.memory,
        "totalMemory": total_memory(),
        "uptime": 0 if status.started is None else max(0, int((now - status.started) * 1e9)),
    }
    if status.removed:
        body["toDelete"] = True
    body |= {
        "state": str(status.state),
        "wanted": str(status.wanted),
        "reason": status.reason,
        "cause": status.cause.to_dict(),
        "run": status.run,
        "startedAt": None if status.started is None else round(wall - (now - status.started), 3),
        "waitsFor": list(status.waits_for),
        "pid": status.pid,
        "restarts": status.restarts,
        "restartIn": None if status.restart_at is None else round(max(0.0, status.restart_at - now), 3),
        "next": next_of(status),
        "restartToApply": status.outdated,
        "terminal": size(status.terminal),
        "paused": status.paused,
        "limits": dict(status.limits),
        "survivors": [survivor.to_dict() for survivor in status.survivors],
        "lastExit": None if status.exit is None else status.exit.to_dict(),
    }
    return body
