"""Shares: a link that lets whoever has it read one console, or one file, for a while.

A share permits what who made it may do himself at that moment, and of that only the one thing. It ends with
his account, and stops working while he may not look himself.
"""

import secrets
from glob import escape

from filemgr import RelPath

from .ledgerfile import Row
from .permissions import Grant, Rights, rights_of
from .register import Entry, Register, hashed

PREFIX = "share_"

MOST = 1000
"""Shares of one owner."""

KINDS = {"console": "server.console.view", "file": "server.files.download"}
"""What can be shared, with the permission that it takes."""


class TooManyShares(Exception):
    """The owner has as many as anybody may have."""


class Share(Entry):
    """One share: of the console of a server, or of a file in its folder."""

    __slots__ = ("expires", "kind", "path", "server")

    def __init__(
        self, digest: bytes, key: str, kind: str, owner: str, server: str, path: str, created: float
    ) -> None:
        super().__init__(digest, key, owner, created)
        self.kind = kind
        self.server = server
        self.path = path
        self.expires = 0.0

    @property
    def user(self) -> str:
        """The name in the audit log."""
        return "@share"

    @property
    def marks(self) -> dict[str, str]:
        """The audit log says whose share it is, and which."""
        return {"share": self.id, "sharedBy": self.owner}

    def __repr__(self) -> str:
        return f"<Share of a {self.kind} of {self.server!r} by {self.owner!r}>"


class Shares(Register[Share]):
    """All shares."""

    table = "shares"

    def entry(self, row: Row) -> Share:
        """Return what a row of the table means."""
        digest, key, kind, owner, server, path, created, expires, used, address = row
        found = Share(digest, key, kind, owner, server, path, created)  # type: ignore[arg-type]
        found.expires, found.address = float(expires), str(address)
        found.used = found.noted = float(used)
        return found

    def row(self, entry: Share) -> Row:
        """Return what stands in the table."""
        what = entry.digest, entry.id, entry.kind, entry.owner, entry.server, entry.path
        return *what, entry.created, entry.expires, entry.used, entry.address

    def expires(self, entry: Share) -> float:
        """Return when it ends."""
        return entry.expires

    def rights(self, entry: Share, owner: Rights) -> Rights:
        """Return the right to look at the one thing, as far as its owner may."""
        # Files are fenced by folders; whether it is this very file is looked at in access.py.
        paths = (RelPath.parse(entry.path).parent,) if entry.kind == "file" else None
        permissions = (KINDS.get(entry.kind, ""),)
        return rights_of([Grant(permissions, servers=(escape(entry.server),), paths=paths)]).within(owner)

    async def create(
        self, kind: str, owner: str, server: str, path: str, lifetime: float
    ) -> tuple[str, Share]:
        """Share something for some seconds; return the token and what is kept.

        Raises `CannotKeep`, `TooManyShares`.
        """
        if len(self.of(owner)) >= MOST:
            raise TooManyShares(f"{owner} has {MOST} shares already!")
        token = PREFIX + secrets.token_urlsafe(32)
        share = Share(hashed(token), secrets.token_hex(8), kind, owner, server, path, self._clock())
        share.expires = share.created + lifetime
        await self._begin(share)
        return token, share
