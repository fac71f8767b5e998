"""Where a Holdfast of this machine has its config, its state, and its supervisor's socket."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .records import Json

CONFIGS = ("config.hjson", "config.json")

PRIVATE = "state"
"""The folder of the state, beside the config."""

SOCKET = "supervisor.sock"

INSTALLED_CONFIGS, INSTALLED_STATE, INSTALLED_RUNTIME = (
    "/etc/holdfast/",
    "/var/lib/holdfast",
    "/run/holdfast/supervisor",
)
"""Where the units of systemd/ keep configs, the state and the private socket."""


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
    def known(self) -> "Json":
        """What the daemon has left there about itself; nothing if it cannot be read."""
        try:
            with open(os.path.join(self.state, "api.json"), encoding="utf-8") as file:
                known = json.load(file)
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    @property
    def api(self) -> str | None:
        """The Unix socket of the API that runs, or ran, here; None if nobody can tell.

        Nothing is returned if it has none, since the config says so.
        """
        if not self.known.get("config"):
            return None
        socket = self.known.get("socket")
        return socket if isinstance(socket, str) else ""


def started_place(config: str, state: str = "", runtime: str = "") -> Place:
    """Return the place of a Holdfast that is started by a config, and with directories that are named."""
    state = os.path.abspath(state or os.path.join(os.path.dirname(os.path.abspath(config)), PRIVATE))
    return Place(state, os.path.abspath(runtime or os.path.join(state, "run")))


def found_place(config: str, state: str = "", runtime: str = "") -> Place:
    """Return the same for who only looks at a Holdfast: one that our units run has other places."""
    found = started_place(config, state, runtime)
    if not state and os.path.abspath(config).startswith(INSTALLED_CONFIGS) and not os.path.isdir(found.state):
        found = started_place(config, INSTALLED_STATE, runtime)
    if not runtime and found.state == INSTALLED_STATE and os.path.isdir(INSTALLED_RUNTIME):
        return Place(found.state, INSTALLED_RUNTIME)
    return found


def meant_place(config: str, state: str, socket: str) -> Place | None:
    """Return the place of the Holdfast that is meant: by its config, its state, or the API's socket.

    Without any of them, that of this folder, or of this machine. None if nobody can tell.
    """
    if config or state:
        return found_place(config, state)
    places = list(_places())
    if socket:
        wanted = os.path.realpath(socket)
        places = [one for one in places if _is(one.known.get("socket"), wanted)]
    return next(iter(places), None)


def config_in(folder: str) -> str | None:
    """Return the config in a folder, if there is one."""
    return next((path for name in CONFIGS if os.path.exists(path := os.path.join(folder, name))), None)


def _places() -> Iterator[Place]:
    if (config := config_in(".")) is not None and os.path.isdir((place := started_place(config)).state):
        yield place
    if os.path.isdir(INSTALLED_STATE):
        yield found_place("", INSTALLED_STATE)


def _is(socket: object, wanted: str) -> bool:
    return isinstance(socket, str) and os.path.realpath(socket) == wanted
