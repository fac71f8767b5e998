"""Exit codes, and errors in one sentence that says what to do.

| code | meaning |
|---|---|
| 0 | done |
| 1 | it failed, or was refused for a reason that has no number of its own |
| 2 | the command line is wrong |
| 3 | what was named does not exist |
| 4 | not allowed: nobody is logged in, or the rights do not reach that far |
| 5 | Holdfast cannot be reached |
| 6 | it does not fit how things are: changed meanwhile, exists already, in no state for that |
| 7 | not in time |
| 78 | the config is wrong |
| 130 | interrupted by Ctrl-C |
| 141 | nobody reads its output any more |
"""

import os
import sys
from enum import IntEnum

from ..contexts import ContextExists, NoSuchContext
from ..failures import NOBODY, CannotConnect, ConnectionLost, Refused, TimedOut
from ..finding import NotFound
from .output import shown


class Exit(IntEnum):
    """What a script can tell the end of a command by."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_THERE = 3
    NOT_ALLOWED = 4
    UNREACHABLE = 5
    CONFLICT = 6
    LATE = 7
    CONFIG = 78
    INTERRUPTED = 130
    UNREAD = 141
    """128 and SIGPIPE, as a shell tells it."""


class Stop(Exception):
    """The command ends here, with this sentence and this code."""

    def __init__(self, sentence: str, code: int = Exit.FAILED) -> None:
        super().__init__(sentence)
        self.code = code


class Unread(Exception):
    """Nobody reads our output any more."""


_STATUS = {
    400: Exit.FAILED,
    401: Exit.NOT_ALLOWED,
    403: Exit.NOT_ALLOWED,
    404: Exit.NOT_THERE,
    409: Exit.CONFLICT,
    412: Exit.CONFLICT,
    423: Exit.CONFLICT,
}


def code_of(failure: Exception) -> int:
    """Return the exit code for what went wrong."""
    match failure:
        case Stop():
            return failure.code
        case Refused():
            return _STATUS.get(failure.status, Exit.FAILED)
        case CannotConnect() | NotFound():
            return Exit.UNREACHABLE
        case ConnectionLost():
            return Exit.UNREACHABLE
        case NoSuchContext():
            return Exit.NOT_THERE
        case ContextExists():
            return Exit.CONFLICT
        case TimedOut():
            return Exit.LATE
    return Exit.FAILED


def sentence_of(failure: Exception) -> str:
    """Return what went wrong, and what to do about it."""
    match failure:
        case CannotConnect():
            return f"{failure}{_advice(failure)}"
        case Refused(detail=str(detail)) if detail:
            return f"{failure} {detail}"
        case Refused(status=401):
            return f"{failure} Give a token with --token, or log in: holdfast login"
        case OSError():
            said = failure.strerror or str(failure)
            return f"{failure.filename}: {said}" if failure.filename is not None else said
    return str(failure)


def complain(sentence: str) -> None:
    """Say on standard error what went wrong; whoever has worded it, it does not steer the terminal."""
    lines = [shown(line) for line in sentence.split("\n")]
    sys.stderr.write("\n".join([f"holdfast: {lines[0]}", *lines[1:], ""]))


def _advice(failure: CannotConnect) -> str:
    """Return what hinders the connection, as far as it can be seen from here."""
    if "://" in failure.where:
        return ""
    if failure.why == "permission denied":
        return _who_may(failure.where)
    if failure.why in NOBODY:
        return "; Holdfast is not running, or it listens elsewhere (holdfast doctor looks for it)"
    return ""


def _who_may(socket: str) -> str:
    import grp  # noqa: PLC0415  (only who is refused needs it)

    try:
        found = os.stat(socket)
        group = grp.getgrgid(found.st_gid).gr_name
    except PermissionError:
        return f"; you may not even look into {os.path.dirname(socket)}"
    except (OSError, KeyError):
        return ""
    if found.st_gid in (*os.getgroups(), os.getegid()):
        return "; only its owner may use it" if not found.st_mode & 0o020 else ""
    return f"; you are not in group {group}"
