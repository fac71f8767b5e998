"""Where a Holdfast of this machine keeps its state, and where its supervisor listens."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ..finding import PRIVATE, config_in
from ..records import Json
from .logfiles import folder_name

SOCKET = "supervisor.sock"

INSTALLED = ("/var/lib/holdfast", "/run/holdfast/supervisor")
"""State and runtime directories by our units."""

INSTALLED_LOGS = "/var/log/holdfast"


@dataclass(frozen=True)
class Place:
    """The directories of one Holdfast."""

    state: str
    runtime: str

    @property
    def socket(self) -> str:
        """The supervisor's private socket."""
        return os.path.join(self.runtime, SOCKET)

    @cached_property
    def known(self) -> Json:
        """What the daemon has left there about itself; nothing if it cannot be read."""
        try:
            with open(os.path.join(self.state, "api.json"), encoding="utf-8") as file:
                known = json.load(file)
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def log_folder(self, server: str) -> str | None:
        """Return the folder of a server's log files, if there is one that may be read."""
        logs = self.known.get("logs")
        told = logs.get(server) if isinstance(logs, dict) else None
        found = [os.path.join(one, folder_name(server)) for one in self._usual]
        for path in (told, *found):
            if isinstance(path, str) and os.access(path, os.R_OK | os.X_OK):
                return path
        return None

    @property
    def _usual(self) -> list[str]:
        """Where the folders may be, if nobody has said it."""
        found: list[str] = []
        config = self.known.get("config")
        if isinstance(config, str):
            found.append(os.path.join(os.path.dirname(config), "logs"))
        found.append(os.path.join(os.path.dirname(self.state), "logs"))
        if self.state == INSTALLED[0]:
            found.append(INSTALLED_LOGS)
        return [os.path.join(one, "servers") for one in dict.fromkeys(found)]


def place_of(config: str, state: str, socket: str) -> Place | None:
    """Return the place of the Holdfast that is meant: by its config, its state, or the API's socket.

    Without any of them, that of this folder, or of this machine. None if nobody can tell.
    """
    if config or state:
        state = os.path.abspath(state or os.path.join(os.path.dirname(os.path.abspath(config)), PRIVATE))
        installed = INSTALLED[1] if state == INSTALLED[0] else os.path.join(state, "run")
        return Place(state, installed)
    places = list(_places())
    if socket:
        wanted = os.path.realpath(socket)
        places = [one for one in places if _is(one.known.get("socket"), wanted)]
    return next(iter(places), None)


def _places() -> Iterator[Place]:
    if (config := config_in(".")) is not None:
        state = os.path.join(os.path.dirname(os.path.abspath(config)), PRIVATE)
        if os.path.isdir(state):
            yield Place(state, os.path.join(state, "run"))
    if os.path.isdir(INSTALLED[0]):
        yield Place(*INSTALLED)


def _is(socket: object, wanted: str) -> bool:
    return isinstance(socket, str) and os.path.realpath(socket) == wanted
