"""`holdfast upgrade`: what runs becomes what is installed now, and how that went."""

import subprocess
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from ..failures import Failure
from ..place import Place, found_place
from .exits import Exit, Stop
from .invocation import Invocation, pass_invocation
from .output import WARN
from .programs import PYTHON
from .shape import Shaped

if TYPE_CHECKING:
    from ..clients import Client

COMING = 20.0
"""Seconds in which the new API is to answer here."""

_PACE = 0.1


@click.command(cls=Shaped)
@click.option(
    "--runtime-dir", default="", metavar="DIR", help="Where the private socket is; default: run in the state."
)
@pass_invocation
def upgrade(invocation: Invocation, runtime_dir: str) -> int:
    """Have it become the version that is installed now.

    Programs run on, no output is lost. The new version is tried first; if it cannot take over, everything
    goes on as it is, and the reason is told.
    """
    config = "" if runtime_dir or invocation.state_dir else invocation.config_path
    place = found_place(config, invocation.state_dir, runtime_dir)
    path = place.socket
    done = subprocess.run(
        [*PYTHON, "supervisor.upgrade", path], capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        raise Stop(_reason(done.stderr), _code(path))
    told = _asked(path)
    answers = _answers(_client(invocation, place), path, told)
    if invocation.json:
        keys = ("version", "before", "pause", "programs", "handovers")
        api = {"renewed": told.get("daemon") is True, "version": answers[1], "at": answers[0]}
        invocation.out.json({**{key: told.get(key) for key in keys}, "api": api})
        return Exit.DONE
    invocation.out.say(done.stdout.rstrip("\n"))
    _say_api(invocation, answers, str(told.get("version")))
    return Exit.DONE


def _reason(said: str) -> str:
    """Return in a sentence why it was not done."""
    lines = said.strip().splitlines() or ["it was not upgraded, and nobody says why"]
    if said.startswith("Traceback"):
        return f"what is installed now cannot run, the running one goes on: {lines[-1]}"
    return lines[-1].removeprefix("holdfast: ")


def _code(path: str) -> int:
    from ..varlink import ask  # noqa: PLC0415

    try:
        ask(path, "Handover")
    except Failure:
        return Exit.UNREACHABLE
    return Exit.FAILED


def _asked(path: str) -> Mapping[str, object]:
    from ..varlink import ask  # noqa: PLC0415

    try:
        return ask(path, "Handover")
    except Failure:
        return {}


def _answers(client: "Client | None", path: str, told: Mapping[str, object]) -> tuple[str | None, str | None]:
    """Return where the API answers, and by which version; wait for the new one if it is renewed with us."""
    if client is None:
        return None, None
    given_up = time.monotonic() + (COMING if told.get("daemon") is True else 0)
    while True:
        try:
            version = client.system.version()
        except Failure:
            version = None
        # Who is stopped meanwhile does not come back.
        if version == told.get("version") or time.monotonic() >= given_up or not _asked(path):
            return client.target.where, version
        time.sleep(_PACE)


def _client(invocation: Invocation, place: Place) -> "Client | None":
    from ..finding import find  # noqa: PLC0415
    from ..quick import quick_client  # noqa: PLC0415
    from ..target import Target  # noqa: PLC0415

    try:
        if invocation.socket or invocation.url or invocation.context:
            return invocation.client
        target = Target(socket=place.api) if place.api else find()
    except Failure:
        return None
    return quick_client(target)


def _say_api(invocation: Invocation, answers: tuple[str | None, str | None], version: str) -> None:
    where, answering = answers
    if where is None:
        invocation.out.note("Where its API is, nobody has said: holdfast doctor looks for it.")
    elif answering == version:
        invocation.out.say(f"The API answers at {where}, as version {answering}")
    elif answering is None:
        invocation.out.say(f"Nobody answers at {where}: see its log", WARN)
    else:
        invocation.out.say(f"The API at {where} still is version {answering}: restart it", WARN)
