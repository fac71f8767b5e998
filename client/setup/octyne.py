"""What an Octyne has in its folder, and what becomes of it with Holdfast.

Rules:
- Holdfast reads Octyne's config as it is. Only relative paths have another beginning: for Octyne they start
  where it was started, for Holdfast at the config's folder. So, in another folder, they are made absolute,
  and nothing else of the text is touched.
- Accounts are taken over as they are: their hashes go on working.
- Nothing in Octyne's folder is changed, unless Holdfast is to live in it; then only the mode of `users.json`.
"""

import json
import os
import re
import shlex
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath

from ..doctor.findings import person
from .hujson import NotHujson, Spot, parse, replaced
from .wishes import PORT

CONFIG = "config.json"
USERS = "users.json"
NEW_CONFIG = "config.hjson"

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


class CannotTake(Exception):
    """That folder has no Octyne that can be taken over; the message says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """What was done, or is to be known: `config`, `path`, `users` or `note`."""

    kind: str
    text: str


@dataclass(slots=True)
class Takeover:
    """What is to be written, and what is to be said."""

    folder: str
    text: str
    """The config."""
    users: bytes | None = field(default=None, repr=False)
    """The accounts, if there are any that can be taken over."""
    lines: list[Line] = field(default_factory=list)
    servers: dict[str, str] = field(default_factory=dict)
    """Their folders."""
    port: int = PORT
    socket: str = ""

    def say(self, kind: str, text: str) -> None:
        """Remember a line."""
        self.lines.append(Line(kind, text))


def take_over(folder: str, target: str) -> Takeover:
    """Read the Octyne in a folder, for a Holdfast in the folder `target`; raises `CannotTake`, `OSError`."""
    folder, target = os.path.abspath(folder), os.path.abspath(target)
    path = os.path.join(folder, CONFIG)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            text = file.read()
        root = parse(text)
    except FileNotFoundError:
        raise CannotTake(
            f"there is no {CONFIG} in {folder}: name the folder in which Octyne was started"
        ) from None
    except UnicodeDecodeError:
        raise CannotTake(f"{path} is not UTF-8") from None
    except NotHujson as exc:
        raise CannotTake(f"{path}: {exc}") from None
    stays = os.path.realpath(folder) == os.path.realpath(target)
    taken = Takeover(folder, text)
    new = os.path.join(target, NEW_CONFIG)
    taken.say(
        "config",
        f"{path} stays as it is: Holdfast reads it" if stays else f"{path} → {new}, comments and all",
    )
    _paths(taken, root, stays=stays)
    _socket(taken, root)
    taken.users = _users(taken, target, stays=stays)
    for note in _notes(root, path, stays=stays):
        taken.say("note", note)
    return taken


def _paths(taken: Takeover, root: Spot, *, stays: bool) -> None:
    """Make absolute what starts at Octyne's folder."""
    changed: dict[Spot, str] = {}
    servers = root.get("servers")
    spots = [("https.cert", root.get("https", "cert")), ("https.key", root.get("https", "key"))]
    spots.append(("unixSocket.location", root.get("unixSocket", "location")))
    for name, server in (servers.items if servers is not None else {}).items():
        spot = server.get("directory")
        spots.append((f"servers.{name}.directory", spot))
        if spot is not None and isinstance(spot.value, str):
            taken.servers[name] = _absolute(taken.folder, spot.value)
    for name, spot in spots:
        if spot is None or not isinstance(spot.value, str) or not spot.value:
            continue
        absolute = _absolute(taken.folder, spot.value)
        if absolute != spot.value and not stays:
            changed[spot] = absolute
            taken.say("path", f"{name}: {spot.value} → {absolute}")
    taken.text = replaced(taken.text, changed)


def _socket(taken: Takeover, root: Spot) -> None:
    port, location = root.get("port"), root.get("unixSocket", "location")
    enabled = root.get("unixSocket", "enabled")
    if port is not None and isinstance(port.value, int):
        taken.port = port.value
    if enabled is not None and enabled.value is False:
        taken.say("note", "unixSocket is off, so commands on this machine need --url and a token")
        return
    if location is not None and isinstance(location.value, str) and location.value:
        taken.socket = _absolute(taken.folder, location.value)
        return
    taken.socket = os.path.join(os.environ.get("TMPDIR") or "/tmp", f"octyne.sock.{taken.port}")  # noqa: S108
    taken.say("socket", f"{taken.socket}, where Octyne's clients look for it")


def _users(taken: Takeover, target: str, *, stays: bool) -> bytes | None:
    path = os.path.join(taken.folder, USERS)
    try:
        with open(path, "rb") as file:
            data = file.read()
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
    except FileNotFoundError:
        taken.say("note", f"there is no {USERS}: at its first start Holdfast makes the account admin")
        return None
    try:
        users = json.loads(data.decode("utf-8-sig"))
    except ValueError:
        users = None
    if not isinstance(users, dict):
        taken.say("note", f"{path} was not taken over: it is no JSON object of names and hashes")
        return None
    count = f"{len(users)} account{'' if len(users) == 1 else 's'}"
    if stays:
        done = (
            f"its mode is 0600 instead of {mode:04o}" if mode != 0o600 else "its mode is 0600 as it should be"
        )
        taken.say("users", f"{path} stays, with {count}; {done}")
    else:
        taken.say("users", f"{path} → {os.path.join(target, USERS)}, {count}, mode 0600")
    if old := [name for name, known in users.items() if isinstance(known, str) and _SHA256.fullmatch(known)]:
        taken.say(
            "note", f"{_listed(old)} still has a SHA-256 hash: it works, and is replaced at the next login"
        )
    return data


def _notes(root: Spot, path: str, *, stays: bool) -> Iterator[str]:
    redis = root.get("redis", "enabled")
    if redis is not None and redis.value is True:
        yield "redis has no effect: who logs in here is not logged in on other nodes"
    servers = root.get("servers")
    for name, server in (servers.items if servers is not None else {}).items():
        yield from _about(name, server.get("command"))
    logs = root.get("logging", "path")
    if not stays and (logs is None or (isinstance(logs.value, str) and not os.path.isabs(logs.value))):
        yield "the audit log begins anew beside the config; the old one stays where it is"
    owner = os.stat(path).st_uid
    if owner != os.geteuid():
        yield f"these files belong to {person(owner)}: run Holdfast as that user, and give it the new ones"


def _about(name: str, command: Spot | None) -> Iterator[str]:
    if command is None or not isinstance(command.value, str):
        return
    try:
        same = shlex.split(command.value) == command.value.split()
    except ValueError:
        return  # the daemon says so
    if not same:
        yield f"{name}: quotes and backslashes in its command count as in a shell, for Octyne they did not"


def _absolute(folder: str, path: str) -> str:
    # Not normpath: behind a symbolic link, `..` is not the folder that it seems to be.
    return str(PurePath(folder, path))


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
