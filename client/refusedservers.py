"""Refusals of servers and their consoles, the config, the schedules, notifications and the audit log."""

from .reactions import Conflict, Invalid, NotThere, Unavailable, WentWrong


class NoSuchServer(NotThere):
    """There is no server of this name, or none that the caller may see."""


class NotAllowed(Conflict):
    """The server is in no state for that."""


class CannotStart(Conflict):
    """The program could not be started; the message says why."""


class InputRefused(Conflict):
    """The program takes no input just now."""


class SupervisorUnreachable(Unavailable):
    """The supervisor does not answer the API."""


class NotReady(Unavailable):
    """Not all can be done just now; `told["reasons"]` says why."""


class InvalidPlan(WentWrong):
    """The supervisor does not take the servers of the config."""


class InvalidConfig(Invalid):
    """The config is wrong; `detail` names file, line, key and what was expected."""


class EditedMeanwhile(Conflict):
    """Somebody else has written the config meanwhile."""


class UnreadableConfig(WentWrong):
    """The config cannot be read."""


class CannotStore(WentWrong):
    """It could not be written to the disk, so it was not done."""


class NoSuchSchedule(NotThere):
    """The server has no schedule of this name."""


class NoSuchTarget(NotThere):
    """There is no target of notifications of this name."""


class NoAuditLog(Unavailable):
    """There is no audit log, or it cannot be read just now."""


class InvalidQuery(Invalid):
    """A number of the query is none, or too large."""


class InvalidTime(Invalid):
    """A time is none."""


class InvalidSince(Invalid):
    """This is no position in a console."""


class TooManyViewers(Unavailable):
    """The console has as many viewers as it may have."""


class UpgradeNeeded(Invalid):
    """This is a WebSocket, and was asked for by plain HTTP."""
