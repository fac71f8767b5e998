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


class WrongCredentials(NotKnown):
    """The name or the password is wrong; nobody is told which."""


class SecondFactorNeeded(NotKnown):
    """Name and password are right, and a code of the second factor is missing."""


class TooManyLogins(Unavailable):
    """Too many logins have failed; `retry_after` says for how long none is heard."""


class NoSession(Conflict):
    """What was shown is no session's token, but an API key's."""


class NoSuchAccount(NotThere):
    """There is no account of this name."""


class NoSuchEntry(NotThere):
    """There is no session, key or share with this id."""


class NoSuchRole(Invalid):
    """The config has no role of this name."""


class NoSuchSchedule(NotThere):
    """The server has no schedule of this name."""


class NoSuchTarget(NotThere):
    """There is no target of notifications of this name."""


class AccountExists(Conflict):
    """There is an account of this name already."""


class InvalidAccount(Invalid):
    """No account can be called so, or have such a password."""


class WeakPassword(Invalid):
    """The password is too short."""


class InvalidGrants(Invalid):
    """This is not how grants are written; the message says what is wrong."""


class KeyExists(Conflict):
    """One has a key of this name already."""


class TooManyKeys(Conflict):
    """One has as many keys as one may have."""


class TooManyShares(Conflict):
    """One has as many shares as one may have."""


class NotAFile(Invalid):
    """What is at this path is no file."""


class InvalidSearch(Invalid):
    """This cannot be searched for; the message says why."""


class NoAuditLog(Unavailable):
    """There is no audit log that could be searched."""


class EditedMeanwhile(Conflict):
    """Somebody else has changed the config meanwhile; it was left as it is."""


class InvalidConfig(Invalid):
    """The config is wrong: `detail` names file, line, column and key. Nothing has changed."""


class SupervisorUnreachable(Unavailable):
    """The supervisor does not answer the API."""


def _all(of: type[Refused]) -> list[type[Refused]]:
    return [one for below in of.__subclasses__() for one in (below, *_all(below))]


GROUPS = (Invalid, NotKnown, NotAllowedTo, NotThere, Conflict, Unavailable)

KINDS = {
    re.sub(r"(?<!^)([A-Z])", r"-\1", one.__name__).lower(): one for one in _all(Refused) if one not in GROUPS
}
"""The exception of each kind."""
