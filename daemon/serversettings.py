"""One server of the config, typed, with every default filled in."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from supervisor import Boot, Execution, LeftBehind, Limits, RestartPolicy, StopPolicy, Terminal

from .checksettings import HealthSettings, read_health
from .commandline import read_command
from .environmentsettings import read_environment
from .executionsettings import read_execution, read_tree_limits
from .logsettings import LogSettings, read_log_settings
from .ordersettings import OrderSettings, read_order
from .policysettings import read_restart, read_stop
from .schedulesettings import Schedule, read_schedules
from .terminalsettings import read_terminal
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
    stop: StopPolicy = field(default_factory=StopPolicy)
    restart: RestartPolicy = field(default_factory=RestartPolicy)
    execution: Execution = field(default_factory=Execution)
    limits: Limits = field(default_factory=Limits)
    terminal: Terminal | None = None
    scrollback_lines: int = 2500
    scrollback_bytes: int = 1 << 20
    boot: Boot = Boot.ENABLED
    leftovers: LeftBehind = LeftBehind.STOP
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    order: OrderSettings = field(default_factory=OrderSettings)
    logs: LogSettings = field(default_factory=LogSettings)
    health: HealthSettings = field(default_factory=HealthSettings)


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
        command=_program(section),
        environment=read_environment(section, path),
        enabled=section.flag("enabled", True),
        stop=read_stop(section, read_command),
        restart=read_restart(section),
        execution=read_execution(section),
        limits=read_tree_limits(section.section("limits")),
        terminal=read_terminal(section),
        scrollback_lines=section.whole("scrollbackLines", 2500, 0, _MAX_LINES),
        scrollback_bytes=section.whole("scrollbackBytes", 1 << 20, 0, MAX_SCROLLBACK),
        boot=Boot(section.choice("boot", Boot.ENABLED, Boot.WANTED, Boot.ALWAYS, Boot.NEVER)),
        leftovers=LeftBehind(section.choice("leftovers", LeftBehind.STOP, *LeftBehind)),
        schedules=read_schedules(section.section("schedules"), read_command),
        order=read_order(section),
        logs=read_log_settings(section.section("logs"), path),
        health=read_health(section),
    )
    section.warn_unknown()
    return server


def _program(section: Section) -> tuple[str, ...]:
    """Return the command; with `shell`, its text is for a shell: /bin/sh, or the one that is named."""
    value, shell = section.require("command", "a command"), section.get("shell")
    if shell is None or shell.data is False:
        return read_command(value)
    program = "/bin/sh" if shell.data is True else shell.text()
    if not program.startswith("/"):
        raise shell.error("expected true, false, or the path of a shell")
    if not isinstance(value.data, str) or not value.data.strip():
        raise value.expected("a string, as it is for a shell")
    return program, "-c", value.data
