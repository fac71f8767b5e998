"""Who asks, and whether they may: the one check in front of every route.

Rules:
- What came through the Unix listener is `@local`, with the uid and pid that the kernel names. The listener
  puts them there; nothing that a client sends can. (That a connection has no client address proves nothing:
  a TCP client that resets early has none either.)
- Anybody else shows a token: of a session or a key in the `Authorization` header (bare or `Bearer`) or in
  `X-API-Key`, or, without one, of a session in the cookie; where the route takes tickets, a ticket or the
  token of a share, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from filemgr import InvalidPath, RelPath

from .errors import NotAuthenticated, NotPermitted
from .head import Head
from .origins import Origins
from .people import People
from .permissions import SCOPED, Rights
from .query import path_in
from .register import digest_of
from .shares import Share
from .standing import Holder, Standing

COOKIE = "X-Authentication"


@dataclass(frozen=True, slots=True)
class Peer:
    """The process at the other end of a Unix socket."""

    uid: int
    pid: int
    gids: frozenset[int] = frozenset()
    process: str = ""
    """What it calls itself; not its command line, which may hold secrets."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and what he may do for as long as nothing about him changes."""

    address: str
    holder: Holder
    standing: Standing
    peer: Peer | None = None

    @property
    def user(self) -> str:
        """The name in the audit log."""
        return self.holder.user

    @property
    def ip(self) -> str:
        """The address in the audit log; Octyne writes `@` for this machine."""
        return "@" if self.peer else self.address

    @property
    def marks(self) -> Mapping[str, str | int]:
        """What the audit log says besides: the process that `@local` is, or which key or share it is."""
        if self.peer is None:
            return self.holder.marks
        name = {"process": self.peer.process} if self.peer.process else {}
        return {"uid": self.peer.uid, "pid": self.peer.pid, **name}

    def may(self, permission: str, server: str | None = None) -> bool:
        """Tell whether this is permitted, on a server; without one, on all of them and beyond."""
        return self.standing.rights.may(permission, server)

    def may_enter(self, rule: "Rule", server: str | None) -> bool:
        """Tell whether a route may be used; where that depends on what it is used for, the endpoint looks."""
        if rule.needs is None or rule.needs == LOGGED_IN.needs:
            return True
        if server is None and rule.needs in SCOPED:
            return self.standing.rights.may_somewhere(rule.needs)
        return self.may(rule.needs, server)

    def covers(self, rights: Rights) -> bool:
        """Tell whether these are at most his rights."""
        return self.standing.rights.cover(rights)

    def fences(self, permission: str, server: str) -> Sequence[RelPath] | None:
        """Return the folders below which this is permitted with files of the server; None means all of it."""
        return self.standing.rights.fences(permission, server)

    def may_type(self, server: str, line: str) -> bool:
        """Tell whether a line may be typed into the console of a server."""
        return self.standing.rights.may_type(server, line)

    def typing_list(self, server: str) -> Sequence[str] | None:
        """Return what may be typed there, as far as a list limits it; None means anything."""
        return self.standing.rights.typing_list(server)

    @property
    def over(self) -> bool:
        """Whether this identity is no longer good."""
        return self.standing.over.is_set()

    async def ended(self) -> None:
        """Wait until this identity is no longer good."""
        await self.standing.over.wait()


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

    def __init__(self, people: People, origins: Origins | None = None) -> None:
        self._people = people
        self._origins = origins or Origins()

    def identify(self, head: Head, *, ticket: bool) -> Identity | None:
        """Return who asks, or None if that is nobody we know. A ticket is spent by this."""
        address = head.address
        peer = head.state.get("peer")
        if isinstance(peer, Peer):
            user = self._people.local.find(peer.uid, peer.gids)
            return _identity(head, address, user, peer)
        holder = self._by_link(head, address) if ticket else None
        holder = holder or self._by_token(head, address)
        return None if holder is None else _identity(head, address, holder)

    def check(self, rule: Rule, head: Head, server: str | None) -> Identity | None:
        """Return who asks; raises `NotAuthenticated`, `NotPermitted`."""
        identity = self.identify(head, ticket=rule.ticket)
        if rule.needs is None:
            return identity
        if identity is None:
            raise NotAuthenticated
        if not identity.may_enter(rule, server):
            raise Refused(identity)
        return identity

    def _by_link(self, head: Head, address: str) -> Holder | None:
        """Return who has a ticket, or the token of a share, in the query."""
        people = self._people
        if shown := head.query("ticket"):
            return people.tickets.redeem(shown, address)
        share = people.shares.find(head.query("share") or "")
        if share is None or not _is_about(share, head):
            return None
        people.shares.use(share, address)
        return share

    def _by_token(self, head: Head, address: str) -> Holder | None:
        """Return whose session or key it is."""
        people, digest = self._people, head.digest
        if digest is None:
            token = token_of(head, self._origins)
            digest = head.digest = b"" if token is None else digest_of(token) or b""
        if (session := people.sessions.find_by(digest)) is not None:
            people.sessions.use(session, address)
            return session
        if (key := people.keys.find_by(digest)) is not None:
            people.keys.use(key, address)
        return key


def _identity(head: Head, address: str, holder: Holder, peer: Peer | None = None) -> Identity:
    """Return it; who has sent the same before, and may still do the same, is the same."""
    last = head.identity
    if isinstance(last, Identity) and last.holder is holder and last.standing is holder.standing:
        return last
    head.identity = now = Identity(address, holder, holder.standing, peer)
    return now


def _is_about(share: Share, head: Head) -> bool:
    """Tell whether a share is of the very file that is asked for."""
    if share.kind != "file":
        return True
    try:
        return path_in(head.scope["query_string"], "path") == RelPath.parse(share.path)
    except InvalidPath:
        return False


def token_of(head: Head, origins: Origins) -> str | None:
    """Return a request's token: the header's, else the cookie's if no foreign page sends it."""
    header = (head.text(b"authorization") or "").strip()
    if header:
        scheme, _, rest = header.partition(" ")
        return rest.strip() if scheme.lower() == "bearer" else header
    if key := (head.text(b"x-api-key") or "").strip():
        return key
    # A page of another site can make a browser send our cookie, but it cannot hide where it comes from.
    cookie = head.cookie(COOKIE)
    return None if cookie is None or origins.foreign(head) else cookie
