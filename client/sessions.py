"""`/sessions`: who is logged in, and how that ends."""

from collections.abc import Sequence
from dataclasses import dataclass

from .exchange import Request, Steps, Value
from .operation import D, Operation, Resource
from .records import Record, records, told


@dataclass(frozen=True, kw_only=True)
class Session(Record):
    """A login, without its token. Times are in seconds since 1970."""

    id: str
    account: str
    device: str = ""
    """Such as `Firefox on Linux`."""
    agent: str = ""
    address: str = ""
    created: float
    last_use: float
    expires: float
    """When it ends if nobody uses it."""
    current: bool = False
    """Whether it is the one that asks."""


class Sessions(Resource[D]):
    """One's own sessions, and those of others for who may see them."""

    @Operation
    def list(self, user: str | None = None, *, all: bool = False) -> Steps[Sequence[Session]]:  # noqa: A002
        """Return one's own sessions, those of an account, or all; the one that was used last first.

        Over the Unix socket, where one has none, all are returned. Raises `NotPermitted`.

        >>> [session.account for session in remote.sessions.list() if session.current]
        ['admin']
        """
        answer = yield Request("GET", "/sessions", {"user": user, "all": all or None})
        return records(Session, told(answer).get("sessions"))

    @Operation
    def end(self, session: str) -> Steps[int]:
        """End one, by its id, and return how many have ended; raises `NoSuchEntry`.

        >>> for session in holdfast.sessions.list("eve"):
        ...     holdfast.sessions.end(session.id)
        """
        return (yield from _end({"id": session}))

    @Operation
    def end_of(self, user: str) -> Steps[int]:
        """End all of an account, and return how many that were.

        >>> holdfast.sessions.end_of("eve")
        0
        """
        return (yield from _end({"user": user}))

    @Operation
    def end_own(self, *, others: bool = False) -> Steps[int]:
        """End all one's own, or with `others` all but the one that asks; return how many that were.

        >>> holdfast.sessions.end_own(others=True)
        0
        """
        return (yield from _end({"others" if others else "own": True}))

    @Operation
    def end_all(self) -> Steps[int]:
        """End everybody's, and return how many that were; raises `NotPermitted`.

        >>> holdfast.sessions.end_all()
        0
        """
        return (yield from _end({"all": True}))


def _end(which: dict[str, Value]) -> Steps[int]:
    ended = told((yield Request("DELETE", "/sessions", which))).get("ended")
    return ended if isinstance(ended, int) else 0
