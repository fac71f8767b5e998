"""One use of the command: what was said on the command line, and whom it is about."""

import os
from functools import cached_property
from typing import TYPE_CHECKING

import click

from ..failures import Failure
from ..finding import NotFound, config_in, find, of_config
from ..target import Target
from .exits import Exit, Stop
from .output import Output

if TYPE_CHECKING:
    from ..clients import AsyncClient, Client


class Invocation:
    """What the options say that every command has."""

    def __init__(self) -> None:
        self.socket = ""
        self.url = ""
        self.token = ""
        self.ca = ""
        self.context = ""
        self.config = ""
        self.state_dir = ""
        self.format = "table"
        self.colour = "auto"

    @property
    def json(self) -> bool:
        """Whether the result is for a program."""
        return self.format == "json"

    @cached_property
    def out(self) -> Output:
        """Where the result goes."""
        return Output(self.colour)

    @cached_property
    def target(self) -> Target:
        """The Holdfast that is meant; raises `NotFound`, `Stop`."""
        if self.socket:
            return Target(socket=self.socket)
        if self.url:
            return Target(url=self.url, token=self.token or os.environ.get("HOLDFAST_TOKEN", ""), ca=self.ca)
        if self.config:
            socket = of_config(self.config, self.state_dir or None)
            if socket is None:
                raise NotFound(f"no Holdfast has run by {self.config} yet: start it with holdfast run")
            return Target(socket=socket)
        return find()

    @cached_property
    def client(self) -> "Client":
        """Asks it, and waits."""
        from ..clients import PATIENCE, Client  # noqa: PLC0415  (help and completion of commands ask nobody)
        from ..quick import Quick  # noqa: PLC0415

        return Client(self.target, way=Quick(self.target, PATIENCE))

    def async_client(self) -> "AsyncClient":
        """Return a client for those who await; to be used in `async with`."""
        from ..clients import AsyncClient  # noqa: PLC0415

        return AsyncClient(self.target)

    def named(self, patterns: tuple[str, ...], *, every: bool = False, hint: str = "--all") -> list[str]:
        """Return the servers that are meant, by name: patterns may have `*`, `?` and `[…]`.

        Raises `Stop` for a name that there is not, `click.UsageError` if none was given.
        """
        if not patterns and not every:
            raise click.UsageError(f"name a server, or say {hint}")
        known = list(self.client.servers.list()) if every or any(map(_is_pattern, patterns)) else None
        if every:
            return known or []
        found: list[str] = []
        for pattern in patterns:
            found += self._matching(pattern, known)
        return list(dict.fromkeys(found))

    def _matching(self, pattern: str, known: list[str] | None) -> list[str]:
        import fnmatch  # noqa: PLC0415

        if known is None or pattern in known:
            return [pattern]
        matching = [name for name in known if fnmatch.fnmatchcase(name, pattern)]
        if not matching:
            raise Stop(f"no server fits {pattern}", Exit.NOT_THERE)
        return matching

    def suggestion(self, name: str) -> str:
        """Return what may have been meant by the name of a server that there is not."""
        import difflib  # noqa: PLC0415

        try:
            close = difflib.get_close_matches(name, list(self.client.servers.list()), n=3)
        except Failure:
            return ""
        return f"; did you mean {' or '.join(close)}?" if close else ""

    @property
    def config_path(self) -> str:
        """The config that is meant; raises `Stop` if there is none here."""
        path = self.config or config_in(".")
        if path is None:
            raise Stop("there is no config.hjson and no config.json here; name one with --config", Exit.USAGE)
        return path


def _is_pattern(name: str) -> bool:
    return any(one in name for one in "*?[")


pass_invocation = click.make_pass_decorator(Invocation, ensure=True)
"""Gives a command its invocation as the first argument."""
