"""How arguments are completed: types for the arguments of commands, which ask Holdfast what there is.

Who is asked has a second; where nobody answers, or refuses, there is nothing to complete.
"""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import click
from click.types import StringParamType

from ..exchange import Request, at
from ..failures import Failure
from .exits import Stop
from .invocation import Invocation

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from ..quick import Quick

PATIENCE = 1.0
"""Seconds for an answer."""

OFF, ON, CRASHED = 0, 1, 2

Known = Iterable[tuple[str, str]]
"""Values, and what they are."""


class Asker:
    """Asks what there is."""

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation

    @cached_property
    def _way(self) -> "Quick":
        from ..quick import Quick  # noqa: PLC0415

        return Quick(self._invocation.target, PATIENCE)

    def __call__(self, path: str, /, **query: str) -> Mapping[str, object]:
        """Return the JSON object of an answer, `{"": …}` if it is none; raises `Failure`, `Stop`."""
        import json  # noqa: PLC0415

        answer = self._way.exchange(Request("GET", path, query))
        told = json.loads(answer.body) if answer.good else {}
        return told if isinstance(told, dict) else {"": told}


class Suggested(StringParamType):
    """A text that is completed by what Holdfast knows."""

    def __init__(self, known: Callable[[Asker, str], Known], *, opens: str = "") -> None:
        """`known` returns the values for what has been typed; those that end like `opens` go on."""
        self._known = known
        self._opens = opens

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "list[CompletionItem[str]]":
        """Return what the value can become, without what was given already."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415

        given = ctx.params.get(param.name or "")
        taken = set(given) if isinstance(given, tuple | list) else set()
        try:
            found = list(self._found(ctx, incomplete))
        except (Failure, Stop, OSError, ValueError, click.ClickException):
            return []
        return [
            CompletionItem(value, help=about, open=bool(self._opens) and value.endswith(tuple(self._opens)))
            for value, about in found
            if value.startswith(incomplete) and value not in taken
        ]

    def _found(self, ctx: click.Context, incomplete: str) -> Known:
        return self._known(Asker(ctx.ensure_object(Invocation)), incomplete)


def servers(ask: Asker, wanted: Iterable[int] = (OFF, ON, CRASHED)) -> Known:
    """Return the servers that are off, on or crashed."""
    words = {OFF: "off", ON: "on", CRASHED: "crashed"}
    found = ask("/servers").get("servers")
    for name, status in found.items() if isinstance(found, dict) else ():
        if status in wanted:
            yield name, words.get(status, "")


def accounts(ask: Asker, _: str) -> Known:
    """Return the accounts."""
    found = ask("/accounts").get("")
    return ((str(name), "") for name in found) if isinstance(found, list) else ()


def jobs(ask: Asker, _: str) -> Known:
    """Return the ids of the jobs, with what they do."""
    return _listed(ask("/jobs").get("jobs"), "id", ("kind", "server", "state"))


def keys(ask: Asker, _: str) -> Known:
    """Return the ids of the keys, with their names."""
    return _listed(ask("/keys").get("keys"), "id", ("name",))


def sessions(ask: Asker, _: str) -> Known:
    """Return the ids of the sessions, with what is known of them."""
    return _listed(ask("/sessions").get("sessions"), "id", ("user", "label"))


def remote(ask: Asker, prefix: str) -> Known:
    """Return `NAME:` of the servers, and below a `NAME:` what is there; folders end with a slash."""
    names = [name for name, _ in servers(ask)]
    # The longest name fits: one may have a colon itself.
    name = max((one for one in names if prefix.startswith(f"{one}:")), key=len, default=None)
    if name is None:
        yield from ((f"{one}:", "") for one in names)
        return
    folder, slash, begun = prefix.removeprefix(f"{name}:").rpartition("/")
    listed = ask(f"{at('server', name)}/files", path=f"/{folder.lstrip('/')}").get("contents")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and str(one.get("name")).startswith(".") <= begun.startswith("."):
            yield f"{name}:{folder}{slash}{one.get('name')}{'/' if one.get('folder') else ''}", ""


def local(prefix: str) -> Iterator[tuple[str, str]]:
    """Return what is in a folder of this machine; folders end with a slash."""
    folder, slash, begun = prefix.rpartition("/")
    with os.scandir(os.path.expanduser(folder + slash) or ".") as found:
        for one in sorted(found, key=lambda entry: entry.name):
            if one.name.startswith(".") <= begun.startswith("."):
                yield f"{folder}{slash}{one.name}{'/' if one.is_dir() else ''}", ""


def _either(ask: Asker, prefix: str) -> Known:
    with contextlib.suppress(Failure, Stop):  # what is here can be named all the same
        yield from remote(ask, prefix)
    if prefix.partition(":")[0] == prefix or "/" in prefix.partition(":")[0]:
        with contextlib.suppress(OSError):
            yield from local(prefix)


def _contexts(_: Asker, __: str) -> Known:
    from ..contexts import Contexts  # noqa: PLC0415

    return ((name, one.where) for name, one in Contexts.usual().read().contexts.items())


def _listed(found: object, value: str, about: Iterable[str]) -> Known:
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict) and isinstance(said := one.get(value), str):
            yield said, " ".join(str(one[key]) for key in about if one.get(key))


def _signals(_: Asker, __: str) -> Known:
    import signal  # noqa: PLC0415

    return ((one.name.removeprefix("SIG"), f"{one.value}") for one in signal.Signals)


SERVER = Suggested(lambda ask, _: servers(ask))
"""The name of a server."""
SERVER_OFF = Suggested(lambda ask, _: servers(ask, (OFF, CRASHED)))
"""The name of one that can be started."""
SERVER_ON = Suggested(lambda ask, _: servers(ask, (ON, CRASHED)))
"""The name of one that can be stopped: one that has crashed will be restarted."""
REMOTE = Suggested(remote, opens=":/")
"""A path of a server, `NAME:path`."""
PLACE = Suggested(_either, opens=":/")
"""A path of a server or of this machine."""
ACCOUNT = Suggested(accounts)
JOB = Suggested(jobs)
KEY = Suggested(keys)
SESSION = Suggested(sessions)
SIGNAL = Suggested(_signals)
CONTEXT = Suggested(_contexts)
