"""Who asks, and whether they may: the one check in front of every route.

Rules:
- What came through the Unix listener is `@local`, with the uid and pid that the kernel names. The listener
  puts them there; nothing that a client sends can. (That a connection has no client address proves nothing:
  a TCP client that resets early has none either.)
- Anybody else shows a token, in the `Authorization` header (bare or `Bearer`) or, without one, in the cookie;
  or a ticket, where the route takes tickets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import anyio
from starlette.requests import HTTPConnection

from filemgr import RelPath

from .errors import NotAuthenticated, NotPermitted
from .sessions import Session, Sessions
from .tickets import Tickets

COOKIE = "X-Authentication"
LOCAL = "@local"


@dataclass(frozen=True, slots=True)
class Peer:
    """The process at the other end of a Unix socket."""

    uid: int
    pid: int
    process: str = ""
    """What it calls itself; not its command line, which may hold secrets."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks: an account by a session of it, or somebody on this machine."""

    address: str
    session: Session | None = None
    peer: Peer | None = None

    @property
    def user(self) -> str:
        """The name in the audit log."""
        return self.session.account if self.session else LOCAL

    @property
    def ip(self) -> str:
        """The address in the audit log; Octyne writes `@` for this machine."""
        return "@" if self.peer else self.address

    @property
    def process(self) -> Mapping[str, int | str]:
        """For `@local`, the uid, the pid and the process of who asks."""
        if self.peer is None:
            return {}
        name = {"process": self.peer.process} if self.peer.process else {}
        return {"uid": self.peer.uid, "pid": self.peer.pid, **name}

    def may(self, permission: str, server: str | None = None) -> bool:
        """Tell whether this is permitted. Whoever has an account has every right, as in Octyne."""
        del permission, server
        return True

    def fences(self, permission: str, server: str) -> Sequence[RelPath] | None:
        """Return the folders below which this is permitted with files of the server; None means all of it."""
        del permission, server
        return None

    @property
    def over(self) -> bool:
        """Whether this identity is no longer good."""
        return self.session is not None and self.session.ended.is_set()

    async def ended(self) -> None:
        """Wait until this identity is no longer good; for `@local` that is never."""
        if self.session is None:
            await anyio.sleep_forever()
        else:
            await self.session.ended.wait()


class Refused(NotPermitted):
    """A route's rule does not let somebody in whom we know."""

    def __init__(self, who: Identity) -> None:
        super().__init__()
        self.who = who


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may use a route: anybody (`needs` None), or who has a permission; by a ticket if it takes one."""

    needs: str | None
    ticket: bool = False


OPEN = Rule(None)


def needs(permission: str, *, ticket: bool = False) -> Rule:
    """Return the rule that a permission is needed."""
    return Rule(permission, ticket)


LOGGED_IN = needs("session")


class Access:
    """Finds out who asks, and refuses who may not."""

    def __init__(self, sessions: Sessions, tickets: Tickets) -> None:
        self._sessions = sessions
        self._tickets = tickets

    def identify(self, connection: HTTPConnection, *, ticket: bool) -> Identity | None:
        """Return who asks, or None if that is nobody we know. A ticket is spent by this."""
        address = address_of(connection)
        peer = connection.scope.get("state", {}).get("peer")
        if isinstance(peer, Peer):
            return Identity(address, peer=peer)
        shown = connection.query_params.get("ticket")
        if ticket and shown:
            session = self._tickets.redeem(shown, address)
            if session is not None:
                return Identity(address, session)
        token = token_of(connection)
        session = self._sessions.find(token) if token else None
        return Identity(address, session) if session else None

    def check(self, rule: Rule, connection: HTTPConnection, server: str | None) -> Identity | None:
        """Return who asks; raises `NotAuthenticated`, `NotPermitted`."""
        identity = self.identify(connection, ticket=rule.ticket)
        if rule.needs is None:
            return identity
        if identity is None:
            raise NotAuthenticated
        if not identity.may(rule.needs, server):
            raise Refused(identity)
        return identity


def address_of(connection: HTTPConnection) -> str:
    """Return the address of the other end; of one that has gone already, `?`."""
    return connection.client.host if connection.client else "?"


def token_of(connection: HTTPConnection) -> str | None:
    """Return the token that a request carries: the header's, else the cookie's."""
    header = connection.headers.get("authorization", "").strip()
    if header:
        scheme, _, rest = header.partition(" ")
        return rest.strip() if scheme.lower() == "bearer" else header
    # A page of another site can make a browser send our cookie, but it cannot hide where it comes from.
    origin = connection.headers.get("origin")
    foreign = connection.headers.get("sec-fetch-site") == "cross-site"
    if foreign or (origin and not _same_host(origin, connection)):
        return None
    return connection.cookies.get(COOKIE)


def _same_host(origin: str, connection: HTTPConnection) -> bool:
    try:
        theirs = urlsplit(origin).hostname
        ours = urlsplit(f"//{connection.headers.get('host', '')}").hostname
    except ValueError:
        return False
    return theirs is not None and theirs == ours
