"""Refusals of who asks: accounts, sessions, second factors, keys and shares."""

from .reactions import Conflict, Invalid, NotAllowedTo, NotKnown, NotThere, Unavailable, WentWrong


class NotAuthenticated(NotKnown):
    """Nobody, or nobody who is known, asks."""


class WrongCredentials(NotKnown):
    """The name or the password is wrong."""


class SecondFactorNeeded(NotKnown):
    """A code of the second factor is needed as well."""


class WrongCode(NotAllowedTo):
    """The code of a second factor is wrong."""


class NotPermitted(NotAllowedTo):
    """The rights of who asks do not reach that far."""


class ForeignOrigin(NotAllowedTo):
    """Pages of this origin may not call the API."""


class TooManyLogins(Unavailable):
    """Too many passwords were shown; `retry_after` says how long to wait."""


class Local(Invalid):
    """That has no meaning over the Unix socket, where nobody logs in."""


class LocalOnly(Invalid):
    """That can be done for others only over the Unix socket."""


class NoSession(Invalid):
    """Only who has logged in has a session; a key has none."""


class NoCredentials(Invalid):
    """A name or a password is missing."""


class NoUsername(Invalid):
    """The name of the account is missing."""


class InvalidAccount(Invalid):
    """An account cannot have this name or this password."""


class WeakPassword(Invalid):
    """The password is too short."""


class InvalidGrants(Invalid):
    """These rights cannot be meant."""


class NoGrants(Invalid):
    """It must be said which grants the account shall have."""


class NoSuchRole(Invalid):
    """There is no role of this name."""


class NoSuchAccount(NotThere):
    """There is no account of this name."""


class AccountExists(Conflict):
    """There is an account of this name already."""


class OwnFactor(Invalid):
    """Everybody turns on his second factor himself."""


class NoFactor(NotThere):
    """There is no second factor."""


class NoPendingFactor(NotThere):
    """There is no second factor that waits for a code."""


class FactorExists(Conflict):
    """There is a second factor already."""


class FactorChanged(Conflict):
    """The second factor was changed meanwhile."""


class NoId(Invalid):
    """It is not said which one is meant."""


class NoName(Invalid):
    """A key needs a name."""


class InvalidKind(Invalid):
    """What can be shared is a console or a file."""


class NoSuchEntry(NotThere):
    """There is no session, key, share or thing in the trash of this id."""


class KeyExists(Conflict):
    """There is a key of this name already."""


class TooManyKeys(Conflict):
    """The account has as many keys as it may have."""


class TooManyShares(Conflict):
    """The account has as many shares as it may have."""


class AccountsUnreadable(WentWrong):
    """The file of the accounts cannot be read."""
