"""`holdfast init`: a first config, by asking, by options, or from an Octyne's folder."""

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from ..setup.configtext import config_text
from .exits import Exit, Stop
from .invocation import Invocation, pass_invocation
from .newconfig import CONFIG, may_write, next_steps, place, say_next
from .output import DIM, WARN
from .shape import Shaped

if TYPE_CHECKING:
    from ..setup.wishes import Wishes


@click.command("init", cls=Shaped)
@click.argument("folder", default=".", metavar="[DIR]", help="Where it shall stand; default: here.")
@click.option(
    "--server", "servers", multiple=True, metavar="NAME=COMMAND", help="Run this; several times for more."
)
@click.option("--directory", "directories", multiple=True, metavar="NAME=DIR", help="Where it runs.")
@click.option("--port", metavar="PORT", help="The TCP port of the API; default: 42069.")
@click.option("--listen", metavar="ADDRESS", help="loopback (the default), all, or an address.")
@click.option("--group", metavar="GROUP", help="Its members may use the socket, without a password.")
@click.option("--from-octyne", "octyne", metavar="DIR", help="Take over the Octyne that was started in DIR.")
@click.option("--yes", "-y", is_flag=True, help="Ask nothing, take the defaults.")
@click.option("--force", is_flag=True, help="Replace a config that is there; the old one is kept beside it.")
@pass_invocation
def init(
    invocation: Invocation,
    folder: str,
    servers: tuple[str, ...],
    directories: tuple[str, ...],
    port: str | None,
    listen: str | None,
    group: str | None,
    octyne: str | None,
    yes: bool,
    force: bool,
) -> None:
    """Make a config: by asking, by options, or from an Octyne.

    In a terminal it asks what to run, shows the config and asks before it writes. Without a terminal, with
    --yes, or with options that say what to run, it asks nothing, and replaces nothing without --force.
    """
    from ..setup.wishes import Unwanted  # noqa: PLC0415
    from .asking import Questions, asks  # noqa: PLC0415

    questions = Questions(invocation.out) if asks() and not invocation.json and not yes else None
    folder = os.path.abspath(os.path.expanduser(folder))
    given = bool(servers or directories or port or listen or group)
    if octyne is not None:
        if given:
            raise click.UsageError("--from-octyne takes all of it from there: change the config afterwards")
        from .succeeding import succeed  # noqa: PLC0415

        succeed(invocation, os.path.abspath(os.path.expanduser(octyne)), folder, questions, force=force)
        return
    may_write(folder, questions, force=force)
    try:
        if questions is None or given:
            _write(invocation, folder, _wished(servers, directories, port, listen, group))
            return
        path = os.path.join(folder, CONFIG)
        invocation.out.say(f"This makes {path}, which says what Holdfast runs.")
        wishes = questions.wishes()
        invocation.out.say()
        invocation.out.say(config_text(wishes), DIM)
        if not questions.yes(f"Write this to {path}", default=True):
            raise Stop("nothing was written")
        _write(invocation, folder, wishes)
    except Unwanted as exc:
        raise Stop(str(exc), Exit.USAGE) from None


def _wished(
    servers: Sequence[str],
    directories: Sequence[str],
    port: str | None,
    listen: str | None,
    group: str | None,
) -> "Wishes":
    from ..setup import wishes  # noqa: PLC0415

    commands = dict(_pairs(servers, "--server", "NAME=COMMAND"))
    folders = dict(_pairs(directories, "--directory", "NAME=DIR"))
    if unknown := next((name for name in folders if name not in commands), None):
        raise wishes.Unwanted(f"--directory names {unknown}, but there is no --server {unknown}=COMMAND")
    programs = [
        wishes.Program(
            wishes.name_of(name),
            wishes.command_of(command),
            wishes.folder_of(folders.get(name, f"servers/{name}")),
        )
        for name, command in commands.items()
    ]
    return wishes.Wishes(
        programs,
        wishes.PORT if port is None else wishes.port_of(port),
        wishes.LOOPBACK if listen is None else wishes.listen_of(listen),
        wishes.group_of(group or ""),
    )


def _pairs(given: Sequence[str], option: str, form: str) -> Iterator[tuple[str, str]]:
    from ..setup.wishes import Unwanted  # noqa: PLC0415

    seen = set()
    for one in given:
        name, sign, value = one.partition("=")
        if not sign or not name:
            raise Unwanted(f"{option} wants {form}, not {one!r}")
        if name in seen:
            raise Unwanted(f"{option} names {name} twice")
        seen.add(name)
        yield name, value


def _write(invocation: Invocation, folder: str, wishes: "Wishes") -> None:
    from ..setup.wishes import taken  # noqa: PLC0415
    from .programs import examined  # noqa: PLC0415

    path, out = os.path.join(folder, CONFIG), invocation.out
    for one in ("", *(program.directory for program in wishes.programs)):
        os.makedirs(os.path.join(folder, os.path.expanduser(one)), exist_ok=True)
    kept = place(path, config_text(wishes))
    notes = [f"the config that was there is kept as {kept}"] if kept else []
    if taken(wishes.port, wishes.listen):
        notes.append(f"port {wishes.port} is taken just now: Holdfast waits for it, or give it another one")
    seen = examined(path, os.path.join(folder, "state"))
    notes += seen.warnings if seen.error is None else [seen.error]
    if invocation.json:
        told = {"config": path, "servers": [one.name for one in wishes.programs], "port": wishes.port}
        out.json(
            {**told, "listen": wishes.listen or None, "kept": kept, "notes": notes, "next": next_steps(path)}
        )
        return
    out.say(f"{path} is written.")
    for note in notes:
        out.say(f"note: {note}", WARN)
    say_next(invocation, path)
