"""One server of the config, typed, with every default filled in."""

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from supervisor import Boot, LeftBehind

from .values import Section, Value

MAX_NAME = 255
MAX_SCROLLBACK = 64 << 20
_MAX_LINES = 10_000_000


@dataclass(frozen=True, slots=True)
class Server:
    """One program of the user; `enabled` means that it starts together with us, unless `boot` says more."""

    directory: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    enabled: bool = True
    stop_grace: float = 30.0
    scrollback_lines: int = 2500
    scrollback_bytes: int = 1 << 20
    boot: Boot = Boot.ENABLED
    leftovers: LeftBehind = LeftBehind.STOP


def read_server(name: str, value: Value, path: Callable[[str], str]) -> Server:
    """Return one server; `path` makes a path absolute. Raises `ConfigError`."""
    if not 1 <= len(name) <= MAX_NAME or name in {".", ".."} or re.search(r"[/\x00-\x1f\x7f-\x9f]", name):
        what = f"a name of 1 to {MAX_NAME} characters, not . or .., no / or control character in it"
        raise value.error(f"expected {what}")
    section = Section(value)
    directory = section.require("directory", "the path of a folder")
    if not directory.text():
        raise directory.expected("the path of a folder")
    server = Server(
        directory=path(directory.text()),
        command=_command(section.require("command", "a command")),
        environment=_environment(section.section("environment")),
        enabled=section.flag("enabled", True),
        stop_grace=section.seconds("stopGrace", 30.0),
        scrollback_lines=section.whole("scrollbackLines", 2500, 0, _MAX_LINES),
        scrollback_bytes=section.whole("scrollbackBytes", 1 << 20, 0, MAX_SCROLLBACK),
        boot=Boot(section.choice("boot", Boot.ENABLED, Boot.WANTED, Boot.ALWAYS, Boot.NEVER)),
        leftovers=LeftBehind(section.choice("leftovers", LeftBehind.STOP, *LeftBehind)),
    )
    section.warn_unknown()
    return server


def _command(value: Value) -> tuple[str, ...]:
    if isinstance(value.data, tuple):
        words = tuple(word.text() for word in value.data)
    elif isinstance(value.data, str):
        try:
            words = tuple(shlex.split(value.data))
        except ValueError as exc:  # "No closing quotation", "No escaped character"
            raise value.error(f"cannot be split into words: {str(exc).lower()}") from exc
    else:
        raise value.expected("a string or a list of strings")
    if not words or not words[0]:
        raise value.error("expected a command, got nothing to run")
    return words


def _environment(section: Section) -> dict[str, str]:
    environment: dict[str, str] = {}
    for name, value in section.entries():
        if not name or "=" in name:
            raise value.error("expected the name of a variable, not empty and without =")
        if isinstance(value.data, bool | int | float):
            raise value.error("expected a string (put it in quotes)")  # it may be a secret
        environment[name] = value.text()
    return environment
