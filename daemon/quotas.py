"""How much of us anybody may take at once: connections, WebSockets, and requests under way.

Rules:
- Connections over TCP are counted in all and for each address, those of proxies that we believe only in all;
  they stand for many.
- Requests and WebSockets are counted for each account.
- Who is on this machine, at the Unix socket, is not counted: it is the way in when all others are full.
"""

import logging
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

from .access import Identity
from .addresses import Proxies, subscriber_of
from .errors import ApiError
from .limitsettings import Limits

TOLD_EVERY = 60.0
"""Seconds between two lines in the log about connections that were refused: anybody could fill it."""

log = logging.getLogger("holdfast.listeners")


class Overcrowded(ApiError):
    """There is no place left."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(429, kind, message)


class Place:
    """What somebody takes, also for the time of a `with`; `leave` may be called again."""

    def __init__(self, *taken: tuple[Counter[str], str]) -> None:
        self._taken = taken
        for counter, key in taken:
            counter[key] += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """Give it back."""
        taken, self._taken = self._taken, ()
        for counter, key in taken:
            counter[key] -= 1
            if not counter[key]:
                del counter[key]


class Quotas:
    """Counts what is taken; `limits` may be set anew at any time, and drives nobody out who is in."""

    def __init__(self, proxies: Proxies, now: Callable[[], float]) -> None:
        self.limits = Limits()
        self._proxies = proxies
        self._now = now
        self._connections: Counter[str] = Counter()
        self._addresses: Counter[str] = Counter()
        self._requests: Counter[str] = Counter()
        self._sockets: Counter[str] = Counter()
        self._told: float | None = None

    @property
    def connections(self) -> int:
        """How many connections there are over TCP."""
        return self._connections[_ALL]

    def connect(self, address: str) -> Place:
        """Return the place of a new connection over TCP; raises `Overcrowded`."""
        limits, kind = self.limits, "too-many-connections"
        try:
            _check(self._connections[_ALL], limits.connections, kind, "connections in all", "connections")
            if address in self._proxies:
                return Place((self._connections, _ALL))
            subscriber = subscriber_of(address)
            most = limits.connections_per_address
            what = "connections from one address"
            _check(self._addresses[subscriber], most, kind, what, "connectionsPerAddress")
        except Overcrowded as exc:
            self._tell(address, exc)
            raise
        return Place((self._connections, _ALL), (self._addresses, subscriber))

    def admit(self, identity: Identity | None) -> None:
        """Refuse a request of an account that has too many under way; raises `Overcrowded`.

        One that is answered before anybody else has a turn takes no place; the others `take` theirs at once.
        """
        if identity is None or identity.peer is not None:
            return
        most = self.limits.requests_per_account
        what = "requests of one account at once"
        _check(self._requests.get(identity.user, 0), most, "too-many-requests", what, "requestsPerAccount")

    def take(self, identity: Identity | None) -> Place:
        """Return the place of a request that was admitted."""
        if identity is None or identity.peer is not None:
            return Place()
        return Place((self._requests, identity.user))

    def web_socket(self, identity: Identity | None) -> Place:
        """Return the place of a WebSocket of an account; raises `Overcrowded`."""
        if identity is None or identity.peer is not None:
            return Place()
        user, limits, kind = identity.user, self.limits, "too-many-websockets"
        _check(self._sockets.total(), limits.web_sockets, kind, "WebSockets in all", "webSockets")
        most = limits.web_sockets_per_account
        what = "WebSockets of one account"
        _check(self._sockets[user], most, kind, what, "webSocketsPerAccount")
        return Place((self._sockets, user))

    def _tell(self, address: str, refusal: Overcrowded) -> None:
        now = self._now()
        if self._told is None or now - self._told >= TOLD_EVERY:
            self._told = now
            log.warning("a connection from %s was refused: %s", address, refusal)


_ALL = "all"


def _check(taken: int, most: int, kind: str, what: str, key: str) -> None:
    if taken >= most:
        raise Overcrowded(kind, f"There may be {most} {what} (limits.{key}), and there are as many already!")
