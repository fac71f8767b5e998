"""What would keep a good config from working at a start: files, users and programs that are not there.

A config is right or wrong by itself; this looks at the machine, now and as who asks. So these are warnings:
Holdfast may run as somebody else, with another environment, or later.
"""

import grp
import os
import pwd
import stat
from collections.abc import Iterator, Sequence

from supervisor import Execution, base_environment, open_without_waiting

from .certificates import Pair
from .config import Config, Server
from .exposure import warnings_of
from .sockets import CannotListen

_FIRST_LINE = 256  # bytes of a script that the kernel looks at: execve(2)
_ANYBODY = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


def obstacles_of(config: Config, state: str) -> Iterator[str]:
    """Yield a sentence for each obstacle: first of the way in, then of each server in the order of the file.

    `state` is the state directory, which is made at the start.
    """
    yield from warnings_of(config)
    if config.https.enabled:
        try:
            Pair.load(config.https)
        except CannotListen as exc:
            yield f"https: {exc}"
    yield from _socket(config, state)
    for name, server in config.servers.items():
        for what in _server(server):
            yield f"servers.{name}: {what}"


def _socket(config: Config, state: str) -> Iterator[str]:
    way_in = config.unix_socket
    if not way_in.enabled:
        return
    if way_in.group is not None and not _is_group(way_in.group, numbers=False):
        yield f"unixSocket.group: there is no group {way_in.group}"
    folder = os.path.dirname(way_in.location)
    if not os.path.isdir(folder) and folder != state:
        yield f"unixSocket.location: there is no folder {folder}"
    try:
        mode = os.lstat(way_in.location).st_mode
    except OSError:
        return
    if not stat.S_ISSOCK(mode):
        yield f"unixSocket.location: something that is not a socket stands at {way_in.location}"


def _server(server: Server) -> Iterator[str]:
    yield from _people(server.execution)
    folder = server.directory
    if not os.path.lexists(folder):
        yield f"its directory {folder} does not exist"
    elif not os.path.isdir(folder):
        yield f"its directory {folder} is no directory"
    elif not server.execution.user and not os.access(folder, os.X_OK):
        yield f"its directory {folder} may not be entered"
    else:
        yield from _program(server)


def _people(execution: Execution) -> Iterator[str]:
    if execution.user and not _is_user(execution.user):
        yield f"there is no user {execution.user}"
    for group in dict.fromkeys((execution.group, *(execution.groups or ()))):
        if group and not _is_group(group):
            yield f"there is no group {group}"


def _program(server: Server) -> Iterator[str]:
    """Yield why the program cannot be started, if so: it is looked for as execvpe(3) does."""
    program = server.command[0]
    environment = {**base_environment(os.environ), **server.environment}
    searched: Sequence[str] = ("",) if "/" in program else os.get_exec_path(environment)
    found = [os.path.join(server.directory, folder, program) for folder in searched]
    files = [path for path in found if os.path.isfile(path)]
    others = bool(server.execution.user)
    runnable = [path for path in files if _may_run(path, others=others)]
    if runnable:
        yield from _interpreter(runnable[0], program, server.directory)
    elif files:
        yield f"{program} is not executable, or may not be"
    elif "/" in program:
        yield f"there is no program {program}"
    else:
        yield f"there is no program {program} in its PATH ({os.pathsep.join(searched)})"


def _may_run(path: str, *, others: bool) -> bool:
    """Tell whether it is executable: by us, or where it is for others, by anybody at all."""
    try:
        return bool(os.stat(path).st_mode & _ANYBODY) if others else os.access(path, os.X_OK)
    except OSError:
        return False


def _interpreter(path: str, program: str, directory: str) -> Iterator[str]:
    try:
        with open(path, "rb", opener=open_without_waiting) as file:
            line = file.read(_FIRST_LINE).partition(b"\n")[0]
    except OSError:
        return  # it may be executed without being readable
    words = line[2:].split() if line.startswith(b"#!") else []
    if words and not os.path.exists(os.path.join(os.fsencode(directory), words[0])):
        yield f"the interpreter in the first line of {program} does not exist: {os.fsdecode(words[0])}"


def _is_user(name: str) -> bool:
    try:
        return pwd.getpwuid(int(name)) is not None if name.isdecimal() else pwd.getpwnam(name) is not None
    except (KeyError, OverflowError, ValueError):
        return False


def _is_group(name: str, *, numbers: bool = True) -> bool:
    try:
        if numbers and name.isdecimal():
            return grp.getgrgid(int(name)) is not None
        return grp.getgrnam(name) is not None
    except (KeyError, OverflowError, ValueError):
        return False
