"""`holdfast config`: the config of a running Holdfast, seen, changed and read anew."""

import contextlib
import re
import sys

import click

from ..failures import Failure
from ..refusals import EditedMeanwhile, InvalidConfig
from .exits import Exit, Stop, complain
from .invocation import Invocation, pass_invocation
from .output import shown
from .passwords import agreed
from .shape import Shaped, ShapedGroup

NAME = "config.hjson"

_PLACE = re.compile(r"^.+?:(\d+):(\d+)(?=: )")


@click.group(cls=ShapedGroup, aliases={"show": "view", "modify": "edit"})
def config() -> None:
    """See and change the config of a running Holdfast."""


@config.command(cls=Shaped)
@pass_invocation
def view(invocation: Invocation) -> None:
    """Show the config, as it stands in the file."""
    found = invocation.client.config.read()
    if invocation.json:
        invocation.out.json({"config": found.text.decode(errors="replace"), "etag": found.etag})
    elif invocation.out.terminal:
        for line in found.text.decode(errors="replace").splitlines():
            invocation.out.say(shown(line))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(found.text)


@config.command(cls=Shaped)
@click.argument("file", required=False)
@pass_invocation
def edit(invocation: Invocation, file: str | None) -> None:
    """Change the config in your editor, or make FILE the config.

    The editor is $VISUAL, $EDITOR, nano or vi. The text is saved if it is good in every respect, and if
    nobody else has changed the config meanwhile; otherwise it is kept for you. FILE may be - for standard
    input; it replaces whatever is there.
    """
    asked = invocation.client.config
    if file is None:
        changed = _edited(invocation)
    else:
        text, changed = _read(file), True
        try:
            asked.replace(text)
        except InvalidConfig as exc:
            raise Stop(_why(exc, text, "standard input" if file == "-" else file), Exit.CONFIG) from exc
    if invocation.json:
        invocation.out.json({"success": True, "changed": changed})
    elif changed:
        invocation.out.say("saved: the new config is in force")
    else:
        invocation.out.say("nothing was changed")
    if changed:
        _tell_what_waits(invocation)


@config.command(cls=Shaped)
@pass_invocation
def reload(invocation: Invocation) -> None:
    """Have the file read anew."""
    try:
        invocation.client.config.reload()
    except InvalidConfig as exc:
        raise Stop(f"{exc.detail or exc}; the old config stays in force", Exit.CONFIG) from exc
    if invocation.json:
        invocation.out.json({"success": True})
    else:
        invocation.out.say("reloaded: the config is in force as it stands in the file")
    _tell_what_waits(invocation)


def _edited(invocation: Invocation) -> bool:
    """Have a person change the config; return whether he did."""
    from .drafts import Draft  # noqa: PLC0415

    asked = invocation.client.config
    seen = asked.read()
    with Draft(seen.text, NAME) as draft:
        while True:
            text = draft.edited()
            if text is None or text.strip() == seen.text.strip():
                return False
            try:
                asked.replace(text, seen.etag)
            except InvalidConfig as exc:
                _again(_why(exc, text, NAME), exc)
            except EditedMeanwhile as exc:
                raise Stop(
                    "somebody else has changed the config since you began, so nothing was saved: put "
                    "your changes into theirs with another holdfast config edit",
                    Exit.CONFLICT,
                ) from exc
            else:
                return True


def _again(why: str, exc: InvalidConfig) -> None:
    """Let a person decide whether he mends the text; raises `Stop` if he does not, or nobody is there."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Stop(f"{why}; nothing was saved", Exit.CONFIG) from exc
    complain(why)
    if not agreed("Edit it again?"):
        raise Stop("nothing was saved", Exit.CONFIG) from exc


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    with open(file, "rb") as opened:
        return opened.read()


def _why(exc: InvalidConfig, text: bytes, name: str) -> str:
    """Return what is wrong with a text, and where in the file from which it came."""
    before = text[: len(text) - len(text.lstrip())].count(b"\n")  # Holdfast leaves blank lines out there
    detail = exc.detail or str(exc)
    return _PLACE.sub(lambda place: f"{name}:{int(place[1]) + before}:{place[2]}", detail)


def _tell_what_waits(invocation: Invocation) -> None:
    """Say which servers go on by the old config until they are restarted, if we may know that."""
    with contextlib.suppress(Failure):
        servers = invocation.client.servers.list()
        if waiting := [name for name, one in servers.items() if one.restart_to_apply]:
            invocation.out.note(f"until a restart, by what it said before: {', '.join(waiting)}")
