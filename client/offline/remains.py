"""What a Holdfast that does not run has left in its state directory, and in its logs."""

import json
import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from hashlib import sha256

from ..history import History
from ..logs import Line
from ..place import Place
from ..records import Json, record
from ..servers import Server
from .logfiles import log_stretches
from .logfolders import log_folder
from .past import Past, Unreadable
from .source import no_such_server
from .stretches import Stretch, lines, timed

UNKNOWN = "unknown"


class Remains:
    """Tells what was written last."""

    sentence = "Holdfast does not run here; this is what was written last"

    def __init__(self, place: Place) -> None:
        self._place = place

    def servers(self) -> Mapping[str, Server]:
        """See `Source.servers`."""
        latest = self._latest
        return {name: record(Server, self._described(name, latest.get(name))) for name in sorted(self._plan)}

    def history(self, name: str, limit: int, before: int | None) -> History:
        """See `Source.history`."""
        self._known(name)
        latest = self._described(name, self._latest.get(name))
        told = {
            "server": name,
            "state": latest["state"],
            "reason": latest["reason"],
            "next": None,
            "history": list(Past(self._place.state).of(name, before, limit)),
        }
        return record(History, told)

    def lines(self, name: str) -> Iterator[Line]:
        """See `Source.lines`."""
        self._known(name)
        return lines(self._stretches(name))

    def follow(self, name: str, after: str) -> None:
        """See `Source.follow`."""

    @cached_property
    def _latest(self) -> Mapping[str, Json]:
        return Past(self._place.state).latest()

    @cached_property
    def _wishes(self) -> Json:
        wishes = (self._file("wanted.json") or {}).get("wanted")
        return wishes if isinstance(wishes, dict) else {}

    @cached_property
    def _plan(self) -> Mapping[str, Json]:
        plan = self._file("plan.json")
        if plan is None:
            raise Unreadable(f"{self._place.state} tells of no servers")
        services = plan.get("services")
        found = services if isinstance(services, list) else []
        return {str(one["name"]): one for one in found if isinstance(one, dict) and "name" in one}

    def _known(self, name: str) -> None:
        if name not in self._plan:
            raise no_such_server()

    def _described(self, name: str, event: Json | None) -> Json:
        wish = self._wishes.get(name)
        usual = "up" if self._plan[name].get("autostart") else "down"
        if event is None:
            reason = "nobody has written how it was"
        else:
            why = "" if event.get("reason") in (None, "", event.get("to")) else f": {event.get('reason')}"
            reason = f"{event.get('to')} when it was written last{why}"
        told: dict[str, object] = {"status": 0, "state": UNKNOWN, "wanted": wish or usual, "reason": reason}
        if event is not None:
            told |= {key: event[key] for key in ("cause", "run", "restarts") if key in event}
            told["lastExit"] = event.get("exit")
        return told

    def _stretches(self, name: str) -> Iterator[Stretch]:
        stream, end = "", 0
        folder = log_folder(self._place, name)
        if folder is not None:
            for stretch in log_stretches(folder):
                stream, end = stretch.stream, stretch.end
                yield stretch
        for stretch in self._ring(name):
            if stretch.stream != stream or stretch.offset >= end:
                yield stretch
            elif stretch.end > end:
                cut = stretch.data[end - stretch.offset :]
                yield Stretch(stretch.stream, end, stretch.time, cut)

    def _ring(self, name: str) -> Iterator[Stretch]:
        """Yield the output that an orderly end has left (supervisor/legacy.py)."""
        plain = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        try:
            with open(os.path.join(self._place.state, "scrollback", plain), "rb") as file:
                about = json.loads(file.readline(1 << 20))
                data = file.read(int(about["size"]))
            marks = about["marks"]
            times = [one / 1000 for one in marks["times"]]
            known = list(zip(marks["offsets"], times, strict=True))
            stream, begin = str(about["stream"]), int(about["begin"])
        except (OSError, ValueError, KeyError, TypeError):
            return
        yield from timed(stream, begin, data, known)

    def _file(self, name: str) -> Json | None:
        path = os.path.join(self._place.state, name)
        try:
            with open(path, encoding="utf-8") as file:
                told = json.load(file)
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise Unreadable(f"{path} cannot be read: {exc.strerror}") from exc
        except ValueError as exc:
            raise Unreadable(f"{path} is damaged") from exc
        return told if isinstance(told, dict) else None
