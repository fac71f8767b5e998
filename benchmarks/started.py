"""Targets that the suite starts: Holdfast, of any checkout, and Octyne, each in a folder of its own."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count

from .case import NotMeasured
from .target import PATIENCE, SPEAKER, Moment, Target

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Kind:
    """A program that can be started as a target."""

    name: str
    command: Sequence[str]
    config: str
    """The name of its config, in the folder where it is started."""
    environment: Mapping[str, str]


def kind_of(text: str) -> Kind:
    """Return the kind of `[NAME=]holdfast[:CHECKOUT]` or `[NAME=]octyne:PROGRAM`; raises `ValueError`."""
    name, equals, rest = text.partition("=")
    program, _, path = (rest if equals else text).partition(":")
    if program == "octyne" and path:
        return Kind(name if equals else "octyne", [os.path.abspath(path)], "config.json", {})
    if program != "holdfast":
        raise ValueError(f"{text}: holdfast, holdfast:CHECKOUT or octyne:PROGRAM")
    checkout = os.path.abspath(path) if path else ROOT
    if not os.path.isdir(os.path.join(checkout, "supervisor")):
        raise ValueError(f"{checkout} is no checkout of Holdfast")
    python = os.path.join(checkout, ".venv", "bin", "python")
    command = [python if os.path.exists(python) else sys.executable, "-m", "client"]
    return Kind(name if equals else "holdfast", [*command, "run"], "config.hjson", {"PYTHONPATH": checkout})


def config_of(speaker: str, folder: str, port: int, sleeping: int | None = None) -> dict[str, object]:
    """Return a config, as Octyne and Holdfast read it: the speaker, or so many servers that sleep."""
    servers: dict[str, object] = {
        SPEAKER: {
            "enabled": True,
            "directory": os.path.join(folder, SPEAKER),
            "command": shlex.quote(speaker),
        }
    }
    sleeper = {"enabled": True, "directory": folder, "command": "/bin/sleep 100000"}
    if sleeping is not None:
        servers = {f"s{number:04}": sleeper for number in range(sleeping)}
    return {
        "port": port,
        "listen": "127.0.0.1",
        "unixSocket": {"enabled": True, "location": os.path.join(folder, "api.sock")},
        "webUI": {"enabled": False},
        "servers": servers,
    }


@contextmanager
def started(
    kind: Kind, folder: str, speaker: str, sleeping: int | None = None, moment: Moment = "runs"
) -> Iterator[Target]:
    """Start a target, and end it with the block; raises `NotMeasured` if it does not come up.

    It is waited for until that moment; one that was only begun has no account for TCP.
    """
    place = os.path.join(folder, f"{kind.name}-{next(_numbers)}")
    os.makedirs(os.path.join(place, SPEAKER))
    port = _free_port()
    with open(os.path.join(place, kind.config), "w", encoding="utf-8") as file:
        json.dump(config_of(speaker, place, port, sleeping), file)
    environment = {"PATH": os.environ["PATH"], "HOME": place, "LANG": "C.UTF-8", **kind.environment}
    begun = time.monotonic()
    with open(os.path.join(place, "output"), "wb") as output:
        process = subprocess.Popen(
            kind.command,
            cwd=place,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    target = Target(
        kind.name,
        os.path.join(place, "api.sock"),
        ("127.0.0.1", port),
        folders=place,
        again=lambda servers, moment: started(kind, folder, speaker, servers, moment),
        root=process.pid,
        command=kind.command,
        environment=environment,
        begun=begun,
    )
    try:
        if moment == "begun":
            yield target
            return
        until(lambda: _up(target, ready=False), process)
        target.answered = time.monotonic()
        if moment == "runs":
            until(lambda: _up(target, ready=True), process)
        with target.account():
            yield target
    finally:
        _end(process)


def until(holds: Callable[[], bool], process: subprocess.Popen[bytes] | None = None) -> None:
    """Wait until something holds; raises `NotMeasured` after a minute, or if the process ends."""
    patience = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > patience:
            raise NotMeasured("it took more than a minute")
        if process is not None and process.poll() is not None:
            raise NotMeasured(f"it ended with {process.returncode}: {process.args!r}")
        time.sleep(0.002)


def _up(target: Target, *, ready: bool) -> bool:
    try:
        servers = target.ask("GET", "/servers", way="unix").json.get("servers")
    except (OSError, NotMeasured):
        return False
    return isinstance(servers, dict) and (not ready or all(code == 1 for code in servers.values()))


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
