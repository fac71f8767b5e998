"""Where Holdfast is, if nobody says so: what the environment names, what is here, the usual places."""

import json
import os
import stat
from collections.abc import Iterator, Mapping

from .failures import Failure
from .target import Target

CONFIGS = ("config.hjson", "config.json")

PRIVATE = "state"
"""The folder of the state, beside the config."""

USUAL = (
    "/run/holdfast/api.sock",
    "{XDG_RUNTIME_DIR}/holdfast/api.sock",
)

OCTYNE = "octyne.sock.42069"
"""In the folder for temporary files: where Octyne's clients look."""

TEMPORARY = "/tmp"  # noqa: S108  (is_ours says whom we trust there)


class NotFound(Failure):
    """There is no Holdfast where one could be; the message names the places."""


def find(environment: Mapping[str, str] = os.environ, folder: str = ".") -> Target:
    """Return the Holdfast that is meant here; raises `NotFound`.

    The first of these that there is: `HOLDFAST_SOCKET`, `HOLDFAST_URL` (with `HOLDFAST_TOKEN`), what runs by
    the config in this folder, the places where packages put the socket, and where Octyne's clients look.
    """
    if socket := environment.get("HOLDFAST_SOCKET"):
        return Target(socket=socket)
    if url := environment.get("HOLDFAST_URL"):
        return Target(url=url, token=environment.get("HOLDFAST_TOKEN", ""))
    seen = []
    for path in _places(environment, folder):
        if is_ours(path):
            return Target(socket=path)
        seen.append(path)
    raise NotFound(
        f"there is no Holdfast at {', nor at '.join(seen)}: start one, or name it with --socket or --url"
    )


def of_config(config: str, state: str | None = None) -> str | None:
    """Return the socket of the Holdfast that runs, or ran, by a config; None if nobody can tell.

    Nothing is returned if it has none, since the config says so.
    """
    folder = os.path.dirname(os.path.abspath(config))
    try:
        with open(os.path.join(state or os.path.join(folder, PRIVATE), "api.json"), encoding="utf-8") as file:
            known = json.load(file)
    except (OSError, ValueError):
        return None
    if not isinstance(known, dict) or not known.get("config"):
        return None
    socket = known.get("socket")
    return socket if isinstance(socket, str) else ""


def config_in(folder: str) -> str | None:
    """Return the config in a folder, if there is one."""
    return next((path for name in CONFIGS if os.path.exists(path := os.path.join(folder, name))), None)


def is_ours(path: str) -> bool:
    """Tell whether there is a socket that root or we ourselves have made: in /tmp, anybody could."""
    try:
        found = os.stat(path)
    except OSError:
        return False
    trusted = found.st_uid in (0, os.getuid()) or not _shared(os.path.dirname(path))
    return stat.S_ISSOCK(found.st_mode) and trusted


def _shared(folder: str) -> bool:
    """Tell whether anybody may make files in a folder."""
    try:
        return bool(os.stat(folder).st_mode & stat.S_IWOTH)
    except OSError:
        return True


def _places(environment: Mapping[str, str], folder: str) -> Iterator[str]:
    config = config_in(folder)
    if config is not None and (socket := of_config(config)):
        yield socket
    for place in USUAL:
        runtime = environment.get("XDG_RUNTIME_DIR", "")
        if "{" not in place or runtime:
            yield place.format(XDG_RUNTIME_DIR=runtime)
    yield os.path.join(environment.get("TMPDIR") or TEMPORARY, OCTYNE)
