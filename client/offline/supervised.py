"""The supervisor, asked over its private socket: it knows how the programs are, and what they said last."""

import base64
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import cached_property

from ..failures import NotHoldfast
from ..history import History
from ..logs import Line
from ..place import Place
from ..records import Json, record
from ..servers import Server
from ..varlink import Declined, Varlink
from .logfiles import log_stretches
from .logfolders import log_folder
from .past import Past, Unreadable
from .source import no_such_server
from .stretches import Stretch, lines, timed

PATIENCE = 5.0

CODES = {"stopped": 0, "starting": 1, "running": 1, "stopping": 1, "backoff": 2, "failed": 2}

_SAME = ("state", "wanted", "reason", "cause", "run", "pid", "restarts", "terminal", "paused", "limits")


class Supervised:
    """Tells what the supervisor says."""

    sentence = "the API does not answer; this is what the supervisor says"

    def __init__(self, place: Place) -> None:
        self._place = place
        self._ask = Varlink(place.socket, PATIENCE)

    def servers(self) -> Mapping[str, Server]:
        """See `Source.servers`."""
        return {name: record(Server, described(one)) for name, one in sorted(self._services.items())}

    def history(self, name: str, limit: int, before: int | None) -> History:
        """See `Source.history`."""
        service = self._one(name)
        past = Past(self._place.state)
        try:
            (origin, number, last), known = past.end(), list(past.of(name, before, limit))
        except Unreadable:
            (origin, number, last), known = ("", 0, 0), []
        fresh = self._fresh(origin, number, last)
        found = [one for one in fresh if one["server"] == name and _before(one, before)]
        told = {
            "server": name,
            "state": service.get("state"),
            "reason": service.get("reason"),
            "next": next_of(service),
            "history": [*found[::-1], *known][:limit],
        }
        return record(History, told)

    def lines(self, name: str) -> Iterator[Line]:
        """See `Source.lines`."""
        self._one(name)
        return lines(self._stretches(name))

    def follow(self, name: str, after: str) -> Iterator[Line]:
        """See `Source.follow`."""
        stream, _, end = after.partition(":")
        return lines(self._attached(name, int(end or 0), stream or None, follow=True))

    @cached_property
    def _services(self) -> Mapping[str, Json]:
        services = self._ask.call("List").get("services")
        if not isinstance(services, list):
            raise NotHoldfast("the supervisor's answer is not understood")
        return {str(one["name"]): one for one in services if isinstance(one, dict) and "name" in one}

    def _one(self, name: str) -> Json:
        service = self._services.get(name)
        if service is None:
            raise no_such_server()
        return service

    def _fresh(self, origin: str, number: int, last: int) -> Sequence[dict[str, object]]:
        """Return what happened behind that of which the daemon has written."""
        with closing(self._ask.follow("History", since=number or None, origin=origin or None)) as answers:
            told = next(answers, {})
        known = number if told.get("origin") == origin else 0
        changes = told.get("transitions")
        found = [
            one
            for one in (changes if isinstance(changes, list) else [])
            if isinstance(one, dict) and int(one.get("number", 0)) > known
        ]
        return [happening(one, last + index) for index, one in enumerate(found, 1)]

    def _stretches(self, name: str) -> Iterator[Stretch]:
        folder = log_folder(self._place, name)
        stream, end = None, 0
        if folder is not None:
            for stretch in log_stretches(folder):
                stream, end = stretch.stream or None, stretch.end
                yield stretch
        yield from self._attached(name, end, stream, follow=False)

    def _attached(self, name: str, since: int, stream: str | None, *, follow: bool) -> Iterator[Stretch]:
        marks = self._marks(name)
        answers = self._ask.follow("Attach", forever=follow, name=name, since=since, stream=stream)
        with closing(answers):
            begin = next(answers, {})
            at, stop, named = _whole(begin, "offset"), _whole(begin, "end"), str(begin.get("stream") or "")
            known = stop
            while follow or at < stop:
                try:
                    answer = next(answers, None)
                except Declined:  # the service is gone
                    return
                if answer is None:
                    return
                at = _whole(answer, "offset")
                data = base64.b64decode(str(answer.get("data") or ""))
                if at < known:
                    yield from timed(named, at, data, marks)
                else:
                    yield Stretch(named, at, time.time(), data)
                at += len(data)

    def _marks(self, name: str) -> Sequence[tuple[int, float]]:
        marks = self._ask.call("Marks", name=name).get("marks")
        found = marks if isinstance(marks, list) else []
        return [(_whole(one, "offset"), float(one.get("time", 0))) for one in found if isinstance(one, dict)]


def described(service: Json) -> Json:
    """Return what the supervisor knows of a service as the API would say it."""
    now = time.monotonic()
    started, restart, state = service.get("started"), service.get("restart_at"), str(service.get("state"))
    told: dict[str, object] = {
        "status": CODES.get(state, 0),
        "uptime": max(0, int((now - started) * 1e9)) if isinstance(started, int | float) else 0,
        **{key: service[key] for key in _SAME if key in service},
        "waitsFor": service.get("waits_for") or [],
        "restartIn": round(max(0.0, restart - now), 3) if isinstance(restart, int | float) else None,
        "next": next_of(service),
        "restartToApply": service.get("outdated") is True,
        "survivors": service.get("survivors") or [],
        "lastExit": service.get("exit"),
        "ready": state == "running",
        "health": {"state": None, "checks": {}, "note": service.get("note") or None},
    }
    return {**told, "toDelete": True} if service.get("removed") is True else told


def next_of(service: Json) -> Json | None:
    """Return what happens to it by itself."""
    at = service.get("next_at")
    if not service.get("next"):
        return None
    wait = round(max(0.0, at - time.monotonic()), 3) if isinstance(at, int | float) else None
    return {
        "action": service["next"],
        "in": wait,
        "at": None if wait is None else round(time.time() + wait, 3),
    }


def happening(change: Json, number: int) -> dict[str, object]:
    """Return a change that the supervisor tells of as the API would say it."""
    at, wait = change.get("at"), change.get("next_in")
    then = round(at + wait, 3) if isinstance(at, int | float) and isinstance(wait, int | float) else None
    return {
        "id": number,
        "at": at,
        "server": change.get("service"),
        "type": "state",
        "from": change.get("before"),
        "to": change.get("after"),
        **{key: change.get(key) for key in ("wanted", "reason", "cause", "run", "pid", "exit", "restarts")},
        "lines": change.get("lines") or [],
        "next": {"action": change["next"], "in": wait, "at": then} if change.get("next") else None,
    }


def _before(one: Json, before: int | None) -> bool:
    number = one["id"]
    return before is None or (isinstance(number, int) and number < before)


def _whole(told: Json, key: str) -> int:
    value = told.get(key)
    return value if isinstance(value, int) else 0
