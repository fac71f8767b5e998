"""What is looked at: a config, its folders, and the Holdfast that runs by it, if one does."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..exchange import Request
from ..failures import Failure
from ..place import Place
from ..quick import Quick
from ..records import told
from ..target import Target
from ..varlink import ask
from .settings import Settings, read_settings

PATIENCE = 10.0
"""Seconds that the API and the supervisor have for an answer."""


@dataclass(frozen=True, slots=True)
class Api:
    """What the API answers, or why it does not."""

    where: str = ""
    version: str | None = None
    why: str = ""
    drift: float | None = None
    """Seconds by which its clock is before ours."""
    servers: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known before anything is looked at."""

    config: str | None
    state: str | None
    settings: Settings | None
    target: Target | None
    api: Api
    handover: Mapping[str, object] | None
    """What the supervisor answers; None if it does not."""
    supervisor_why: str
    """Why it does not."""
    pid: int | None
    """The supervisor's."""

    @property
    def runs(self) -> bool:
        """Whether anything of Holdfast runs here."""
        return self.handover is not None or self.api.version is not None or self.pid is not None

    @property
    def hidden(self) -> bool:
        """Whether it runs, or may run, and the supervisor's process cannot be seen."""
        if self.pid is not None:
            return False
        if self.state is not None and os.path.isdir(self.state) and not os.access(self.state, os.X_OK):
            return True
        return self.api.version is not None and self.target is not None and bool(self.target.socket)

    @property
    def owner(self) -> int:
        """The user as whom it runs, or will if we start it."""
        for path in (f"/proc/{self.pid}" if self.pid else None, self.state):
            if path is not None and os.path.isdir(path):
                return os.stat(path).st_uid
        return os.geteuid()


def find_subject(config: str | None, place: Place | None, target: Target | None) -> Subject:
    """Find out what there is; raises nothing for what is not there."""
    settings = None
    if config is not None:
        try:
            settings = read_settings(config)
        except (OSError, ValueError):
            settings = None  # the config's own probe says why
    handover, why = None, "there is no config, so nobody knows where it is"
    if place is not None:
        try:
            handover, why = ask(place.socket, "Handover", PATIENCE), ""
        except Failure as exc:
            why = str(exc)
    if target is None and settings is not None and settings.socket is not None:
        target = Target(socket=settings.socket)
    api = Api(why="nobody knows where it is") if target is None else _api(target)
    state = place.state if place is not None else None
    pid = _supervisor(state)
    return Subject(config, state, settings, target, api, handover, why, pid)


def _api(target: Target) -> Api:
    way = Quick(target, PATIENCE)
    try:
        answer = way.exchange(Request("GET", "/"))
        version = told(answer).get("version") if answer.good else None
        if not isinstance(version, str):
            return Api(target.where, why=f"what answers at {target.where} is not Holdfast")
        servers = way.exchange(Request("GET", "/servers", {"details": True}))
        listed = told(servers).get("servers") if servers.good else None
    except Failure as exc:
        return Api(target.where, why=str(exc))
    finally:
        way.close()
    date = answer.moment("date")
    drift = None if date is None else date - time.time()
    known = listed if isinstance(listed, dict) else {}
    return Api(target.where, version, "", drift, known)


def _supervisor(state: str | None) -> int | None:
    """Return the pid of who holds the lock of a state directory, if he lives and that can be seen.

    The kernel's list is read: who tried the lock could be in the way of a supervisor that starts just now.
    """
    try:
        found = os.stat(os.path.join(state or "", "lock"))
        with open("/proc/locks", encoding="ascii") as file:
            lines = [line.split() for line in file]
    except OSError:
        return None
    for fields in lines:
        # 1: FLOCK  ADVISORY  WRITE 708 08:01:262237 0 EOF (proc(5)); before the kind of who waits is an arrow
        if fields[1] == "FLOCK" and fields[5].rpartition(":")[2] == str(found.st_ino):
            pid = int(fields[4])
            if "supervisor" in _command(pid):
                return pid
    return None


def _command(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
