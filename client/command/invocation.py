"""One use of the command: what was said on the command line, and whom it is about."""

from functools import cached_property
from typing import TYPE_CHECKING

import click

from ..failures import Failure
from ..finding import Found, Said
from ..finding import found as find
from ..place import config_in, found_place
from ..target import Target
from .exits import Exit, Stop
from .output import Output

if TYPE_CHECKING:
    from ..clients import AsyncClient, Client
    from ..quick import Quick


class Invocation:
    """What the options say that every command has."""

    def __init__(self) -> None:
        self.socket = ""
        self.url = ""
        self.token = ""
        self.token_file = ""
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

    def succeeded(self) -> None:
        """Say so to a program; a person sees that nothing went wrong."""
        if self.json:
            self.out.json({"success": True})

    @cached_property
    def found(self) -> Found:
        """The Holdfast that is meant, and what has named it; see `finding.py`."""
        said = Said(self.socket, self.url, self.token, self.token_file, self.ca, self.context)
        if self.config and not said.whom:
            return Found(Target(socket=self._socket_of(self.config)), "--config")
        found = find(said, read=_named_in)
        if found.target.socket and (self.token or self.token_file):
            raise click.UsageError(
                f"a token is for an address, and this goes to {found.target.where}: name one with --url"
            )
        return found

    @property
    def target(self) -> Target:
        """The Holdfast that is meant; raises `NotFound` and its like."""
        return self.found.target

    def _socket_of(self, config: str) -> str:
        """Return the socket that a config names; raises `Stop`."""
        socket = found_place(config, self.state_dir).api
        if socket is None:
            # It has not run yet, or its state is not for our eyes.
            from .programs import socket_in  # noqa: PLC0415

            socket = socket_in(config)
        if not socket:
            raise Stop("the Unix socket is switched off in the config", Exit.UNREACHABLE)
        return socket

    @cached_property
    def way(self) -> "Quick":
        """The way to it."""
        from ..clients import PATIENCE  # noqa: PLC0415  (help and completion of commands ask nobody)
        from ..quick import Quick  # noqa: PLC0415

        return Quick(self.target, PATIENCE)

    @cached_property
    def client(self) -> "Client":
        """Asks it, and waits."""
        from ..clients import Client  # noqa: PLC0415

        return Client(self.target, way=self.way)

    def async_client(self) -> "AsyncClient":
        """Return a client for those who await; to be used in `async with`."""
        from ..clients import AsyncClient  # noqa: PLC0415

        return AsyncClient(self.target)

    def named(self, patterns: tuple[str, ...], *, every: bool = False, hint: str = "--all") -> list[str]:
        """Return the servers that are meant, by name: patterns may have `*`, `?` and `[…]`.

        A name without such is returned as it is, whether there is such a server or not. Raises `Stop` for a
        pattern that fits none, `click.UsageError` if nothing was given.
        """
        if not patterns and not every:
            raise click.UsageError(f"name a server, or say {hint}")
        if every:
            return list(self.client.servers.list())
        if not any(map(_is_pattern, patterns)):
            return list(dict.fromkeys(patterns))
        known = list(self.client.servers.list())
        found = [self.among(known, (one,)) if _is_pattern(one) else [one] for one in patterns]
        return list(dict.fromkeys(name for names in found for name in names))

    def among(self, known: list[str], patterns: tuple[str, ...]) -> list[str]:
        """Return which of the known names are meant; raises `Stop` if one of the patterns fits none."""
        import fnmatch  # noqa: PLC0415

        found: list[str] = []
        for pattern in patterns:
            fitting = [pattern] if pattern in known else [n for n in known if fnmatch.fnmatchcase(n, pattern)]
            if not fitting:
                what = (
                    f"no server fits {pattern}" if _is_pattern(pattern) else f"there is no server {pattern}"
                )
                raise Stop(f"{what}{_close(pattern, known)}", Exit.NOT_THERE)
            found += fitting
        return list(dict.fromkeys(found))

    def suggestion(self, name: str) -> str:
        """Return what may have been meant by the name of a server that there is not."""
        try:
            return _close(name, list(self.client.servers.list()))
        except Failure:
            return ""

    @property
    def config_path(self) -> str:
        """The config that is meant; raises `Stop` if there is none here."""
        path = self.config or config_in(".")
        if path is None:
            raise Stop(
                "there is no config.hjson and no config.json here; name one with --config, or make one with"
                " holdfast init",
                Exit.USAGE,
            )
        return path


def _named_in(config: str) -> str | None:
    """Return the socket that a config names: it may run by one whose state is not for our eyes."""
    from .programs import socket_in  # noqa: PLC0415  (which asks another program)

    try:
        return socket_in(config)
    except (Stop, OSError):
        return None


def _close(name: str, known: list[str]) -> str:
    import difflib  # noqa: PLC0415

    close = difflib.get_close_matches(name, known, n=3)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def _is_pattern(name: str) -> bool:
    return any(one in name for one in "*?[")


pass_invocation = click.make_pass_decorator(Invocation, ensure=True)
"""Gives a command its invocation as the first argument."""
