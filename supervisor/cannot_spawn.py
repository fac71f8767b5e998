"""Why a program could not be started, in words that help."""

import errno
import os
from typing import cast

from . import descriptors
from .spec import ServiceSpec

_PASSING = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE})


class CannotSpawn(Exception):
    """The program could not be started; `passing` if trying again may help."""

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.passing = passing

    @classmethod
    def because(cls, spec: ServiceSpec, exc: OSError) -> "CannotSpawn":
        """Say which of the things that the program needs is missing."""
        return cls(_why(spec, exc), passing=exc.errno in _PASSING)


def _why(spec: ServiceSpec, exc: OSError) -> str:
    """Say which of the things that a program needs is missing."""
    program = spec.command[0]
    reason = exc.strerror or str(exc)
    match exc.errno:
        case errno.ENOENT if not os.path.lexists(spec.directory):
            return f"its directory {spec.directory} does not exist"
        case errno.ENOENT | errno.ENOTDIR if not os.path.isdir(spec.directory):
            return f"its directory {spec.directory} is no directory"
        case errno.EACCES if cast("str | None", exc.filename) == spec.directory:
            return f"its directory {spec.directory} may not be entered"
        case errno.ENOENT if os.path.exists(os.path.join(spec.directory, program)) and "/" in program:
            return f"the interpreter named in the first line of {program} does not exist"
        case errno.ENOENT:
            return f"there is no program {program}"
        case errno.EACCES:
            return f"{program} is not executable, or may not be"
        case errno.EMFILE:
            return f"no descriptor is left to hold it by, the limit is {descriptors.limit()} (ulimit -n)"
        case errno.ENOEXEC:
            return f"{program} is no program: it has no #! line and is no binary of this machine"
    return f"{program}: {reason}"
