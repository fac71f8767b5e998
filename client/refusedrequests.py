"""Refusals of a request for its form, and for how much there is of them."""

from .reactions import Invalid, NotThere, Unavailable, WentWrong


class InvalidJson(Invalid):
    """The body is no JSON that could be meant; `detail` says why."""


class WrongMethod(Invalid):
    """This cannot be done with that; `Allow` says what can."""


class NoSuchEndpoint(NotThere):
    """The API has nothing at this path: perhaps it is older than this client."""


class Disconnected(Unavailable):
    """The request was cut off before all of it was there."""


class TooSlow(Unavailable):
    """The request came too slowly."""


class TooManyConnections(Unavailable):
    """There are as many connections as there may be."""


class TooManyRequests(Unavailable):
    """The account has as many requests at once as it may have."""


class TooManyWebsockets(Unavailable):
    """There are as many WebSockets as there may be."""


class OsError(WentWrong):
    """The machine refuses; the message says why."""


class Internal(WentWrong):
    """Something nobody expected; Holdfast's log says more."""
