"""API keys: how a program comes in without a password, for as long as it shall.

A key may do what it was given, and never more than who made it may do at that moment: it ends with his
account, and shrinks with his rights. A new password changes nothing, since the program never knew it.
"""

import json
import secrets
import time
from collections.abc import Callable

from .ledger import Ledger
from .ledgerfile import Row
from .permissions import FULL, Rights
from .privileges import InvalidPrivileges, Privileges, Roles, read_privileges
from .register import Entry, Register, hashed

PREFIX = "hf_"
"""How keys begin, so that people, and scanners of repositories, recognise one."""

MOST = 1000
"""Keys of one owner."""


class TooManyKeys(Exception):
    """The owner has as many as anybody may have."""


class Key(Entry):
    """One key; `expires` is a Unix time, or None for never."""

    __slots__ = ("expires", "name", "privileges")

    def __init__(
        self, digest: bytes, key: str, name: str, owner: str, privileges: Privileges, created: float
    ) -> None:
        super().__init__(digest, key, owner, created)
        self.name = name
        self.privileges = privileges
        self.expires: float | None = None

    @property
    def marks(self) -> dict[str, str]:
        """The audit log names the key."""
        return {"key": self.name}

    def __repr__(self) -> str:
        return f"<Key {self.name!r} of {self.owner!r}>"


class Keys(Register[Key]):
    """All keys. `roles` tells the roles that there are."""

    table = "keys"

    def __init__(
        self,
        ledger: Ledger,
        owner_rights: Callable[[str], Rights] = lambda _: FULL,
        roles: Callable[[], Roles] = dict,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(ledger, owner_rights, clock)
        self._roles = roles

    def entry(self, row: Row) -> Key:
        """Return what a row of the table means; a key whose rights cannot be read has none."""
        digest, key, name, owner, privileges, created, expires, used, address = row
        found = Key(digest, key, name, owner, _privileges(str(privileges)), created)  # type: ignore[arg-type]
        found.expires = float(expires) or None
        found.used = found.noted = float(used)
        found.address = str(address)
        return found

    def row(self, entry: Key) -> Row:
        """Return what stands in the table."""
        privileges = json.dumps(entry.privileges.to_dict())
        named = entry.digest, entry.id, entry.name, entry.owner, privileges
        return *named, entry.created, entry.expires or 0.0, entry.used, entry.address

    def expires(self, entry: Key) -> float | None:
        """Return when it ends; None for never."""
        return entry.expires

    def rights(self, entry: Key, owner: Rights) -> Rights:
        """Return what it was given, as far as its owner may do that."""
        return entry.privileges.rights(self._roles()).within(owner)

    async def create(
        self, name: str, owner: str, privileges: Privileges, lifetime: float | None
    ) -> tuple[str, Key]:
        """Make a key that is good for some seconds, or for ever; return it (46 characters) and what is kept.

        Raises `CannotKeep`, `TooManyKeys`.
        """
        if len(self.of(owner)) >= MOST:
            raise TooManyKeys(f"{owner} has {MOST} keys already!")
        token = PREFIX + secrets.token_urlsafe(32)
        key = Key(hashed(token), secrets.token_hex(8), name, owner, privileges, self._clock())
        key.expires = None if lifetime is None else key.created + lifetime
        await self._begin(key)
        return token, key


def _privileges(text: str) -> Privileges:
    try:
        said = json.loads(text)
        return read_privileges(said["roles"], said["grants"])
    except (ValueError, KeyError, TypeError, InvalidPrivileges):
        return Privileges()
