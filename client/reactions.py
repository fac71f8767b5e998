"""What one can do about a refusal: the groups into which refusals.py sorts the kinds of errors."""

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
    """It cannot be done just now; the same may be asked again later (`retry_after` may say when)."""


class WentWrong(Refused):
    """It went wrong over there, and the machine wants to be looked at: its disk, its log."""


GROUPS = (Invalid, NotKnown, NotAllowedTo, NotThere, Conflict, Unavailable, WentWrong)

_STATUS: dict[int, type[Refused]] = {
    401: NotKnown,
    403: NotAllowedTo,
    404: NotThere,
    408: Unavailable,
    409: Conflict,
    410: NotThere,
    412: Conflict,
    423: Conflict,
    429: Unavailable,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def group_of(status: int) -> type[Refused]:
    """Return the group of a refusal whose kind is not known, by its status."""
    if 500 <= status < 600:
        return _STATUS.get(status, WentWrong)
    return _STATUS.get(status, Invalid if 400 <= status < 500 else Refused)
