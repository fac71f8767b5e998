"""`holdfast init --from-octyne`: what an Octyne had, Holdfast has from now on."""

import os
from typing import TYPE_CHECKING

from .exits import Exit, Stop
from .invocation import Invocation
from .newconfig import CONFIG, may_write, next_steps, place, say_next
from .output import WARN, shown

if TYPE_CHECKING:
    from ..setup.octyne import Takeover
    from .asking import Questions


def succeed(
    invocation: Invocation, source: str, folder: str, questions: "Questions | None", *, force: bool
) -> None:
    """Take over the Octyne that was started in one folder, for a Holdfast in another one, or the same."""
    from ..setup import octyne  # noqa: PLC0415

    taken = _read(source, folder)
    stays = os.path.realpath(source) == os.path.realpath(folder)
    path = os.path.join(folder, octyne.CONFIG if stays else CONFIG)
    if not stays:
        may_write(folder, questions, force=force)
    if questions is not None:
        _say(invocation, taken)
        if not questions.yes("Do it", default=True):
            raise Stop("nothing was written")
    before = len(taken.lines)
    _write(taken, folder, path, stays=stays)
    if invocation.json:
        lines = [{"kind": line.kind, "text": line.text} for line in taken.lines]
        told = {"config": path, "servers": list(taken.servers), "lines": lines, "next": next_steps(path)}
        invocation.out.json(told)
        return
    _say(invocation, taken, since=before if questions is not None else 0)
    say_next(invocation, path)


def _read(source: str, folder: str) -> "Takeover":
    from ..setup import octyne  # noqa: PLC0415
    from .programs import examined  # noqa: PLC0415

    config = os.path.join(source, octyne.CONFIG)
    if not os.path.exists(config):
        raise Stop(
            f"there is no {octyne.CONFIG} in {source}: name the folder in which Octyne was started",
            Exit.NOT_THERE,
        )
    try:
        taken = octyne.take_over(source, folder)
    except octyne.CannotTake as exc:
        raise Stop(str(exc), Exit.CONFIG) from None
    seen = examined(config, os.path.join(folder, "state"))
    if seen.error is not None:
        raise Stop(seen.error, Exit.CONFIG)
    for warning in seen.warnings:
        if ": redis: " not in warning:
            taken.say("note", warning)
    if taken.socket and _answers(taken.socket):
        taken.say("note", f"Octyne still answers at {taken.socket}: stop it before you start Holdfast")
    return taken


def _write(taken: "Takeover", folder: str, path: str, *, stays: bool) -> None:
    from ..setup import octyne, placing  # noqa: PLC0415

    users = os.path.join(folder, octyne.USERS)
    if stays:
        if taken.users is not None:
            os.chmod(users, placing.PRIVATE)
        return
    os.makedirs(folder, exist_ok=True)
    if kept := place(path, taken.text):
        taken.say("note", f"the config that was there is kept as {kept}")
    if taken.users is not None:
        if kept := placing.keep_old(users):
            taken.say("note", f"the accounts that were there are kept as {kept}")
        placing.put(users, taken.users)


def _say(invocation: Invocation, taken: "Takeover", since: int = 0) -> None:
    for line in taken.lines[since:]:
        invocation.out.say(f"{line.kind:>6}  {shown(line.text)}", WARN if line.kind == "note" else "")


def _answers(path: str) -> bool:
    import socket  # noqa: PLC0415  (only here)

    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(path)
        except OSError:
            return False
    return True
