"""One exception for each kind of error that the API knows; above them, what one can do about it.

A kind is a class whose name is the API's word: `no-such-server` is `NoSuchServer`.
"""

import re

from .failures import Refused


class Invalid(Refused):
    """What was sent cannot be meant: asked again like that, it is refused again."""


class NotKnown(Refused):
    """It must be known who asks: log in, or show a token."""


class NotAllowedTo(Refused):
    """Whoever asks may not do that."""


class NotThere(Refused):
    """What was named does not exist (any more)."""


class Conflict(Refused):
    """It does not fit how things are just now; look, and ask anew."""


class Unavailable(Refused):
    """It cannot be done just now; the same may be asked again later."""


class NotAuthenticated(NotKnown):
    """Nobody, or nobody who is known, asks."""


class NotPermitted(NotAllowedTo):
    """The rights of who asks do not reach that far."""


class NoSuchServer(NotThere):
    """There is no server of this name, or none that the caller may see."""


class NotAllowed(Conflict):
    """The server is in no state for that."""


class CannotStart(Conflict):
    """The program could not be started; the message says why."""


class NoSuchFile(NotThere):
    """There is nothing at this path."""


class Modified(Conflict):
    """Somebody else has changed it meanwhile; what is there was left as it is."""


class FileExists(Conflict):
    """There is something at this path already."""


class WrongCode(NotAllowedTo):
    """The code of a second factor is wrong."""


class SupervisorUnreachable(Unavailable):
    """The supervisor does not answer the API."""


def _all(of: type[Refused]) -> list[type[Refused]]:
    return [one for below in of.__subclasses__() for one in (below, *_all(below))]


GROUPS = (Invalid, NotKnown, NotAllowedTo, NotThere, Conflict, Unavailable)

KINDS = {
    re.sub(r"(?<!^)([A-Z])", r"-\1", one.__name__).lower(): one for one in _all(Refused) if one not in GROUPS
}
"""The exception of each kind."""
