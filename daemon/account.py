"""One account, as it stands in `users.json`.

The plain form is Octyne's: the name and a password hash, which means every right. The richer form is an
object: `{"hash": …, "roles": […], "grants": […], "disabled": true, "totp": {"secret": …, "recovery": […]}}`,
of which only the hash must be there. It has the rights that it names, and no others: a key that somebody has
mistyped must not make an administrator.
"""

import contextlib
import unicodedata
from dataclasses import dataclass, field, replace

from .codes import is_secret
from .passwords import is_hash
from .privileges import EVERYTHING, InvalidPrivileges, Privileges, read_privileges

MAX_NAME = 255

_KEYS = frozenset({"hash", "roles", "grants", "disabled", "totp"})


class InvalidEntry(ValueError):
    """This is no account that can log in; the message says why, without the hash."""


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """The secret of one-time codes (Base32), and the SHA-256 of the recovery codes that are left."""

    secret: str = field(repr=False)
    recovery: tuple[str, ...] = field(default=(), repr=False)

    def without(self, digest: str) -> "SecondFactor":
        """Return it when a recovery code is spent."""
        return replace(self, recovery=tuple(one for one in self.recovery if one != digest))


@dataclass(frozen=True, slots=True)
class Account:
    """A password hash, and what the account may do."""

    hash: str
    privileges: Privileges = EVERYTHING
    disabled: bool = False
    factor: SecondFactor | None = None

    def __repr__(self) -> str:
        return f"<Account, {self.privileges}>"  # the rest is secret

    def with_hash(self, stored: str) -> "Account":
        """Return it with another password."""
        return replace(self, hash=stored)

    def to_entry(self) -> object:
        """Return what stands in the file: the plain form, if that says it all."""
        if self == Account(self.hash):
            return self.hash
        entry: dict[str, object] = {"hash": self.hash, **self.privileges.to_dict()}
        if self.disabled:
            entry["disabled"] = True
        if self.factor is not None:
            entry["totp"] = {"secret": self.factor.secret, "recovery": [*self.factor.recovery]}
        return entry


def read_account(entry: object) -> Account:
    """Return the account of an entry; raises `InvalidEntry`."""
    if isinstance(entry, str):
        return Account(_hash(entry))
    if not isinstance(entry, dict):
        raise InvalidEntry("it is neither a hash nor an object")
    if unknown := [key for key in entry if key not in _KEYS]:
        raise InvalidEntry(f"{unknown[0]!r} is unknown; known are {', '.join(sorted(_KEYS))}")
    disabled = entry.get("disabled", False)
    if not isinstance(disabled, bool):
        raise InvalidEntry("disabled is true or false")
    roles, grants = entry.get("roles"), entry.get("grants")
    try:
        privileges = read_privileges(roles, grants)
    except InvalidPrivileges as exc:
        raise InvalidEntry(str(exc)) from exc
    return Account(_hash(entry.get("hash")), privileges, disabled, _factor(entry.get("totp")))


def account_of(name: str, entry: object) -> Account | None:
    """Return the account of an entry, or None if nobody can log in by it."""
    with contextlib.suppress(InvalidEntry):
        return None if fault_of(name) else read_account(entry)
    return None


def why_odd(name: str, entry: object) -> str:
    """Return why nobody can log in by an entry."""
    try:
        read_account(entry)
    except InvalidEntry as exc:
        return str(exc)
    return fault_of(name) or "nobody knows why"


def has_ended(old: Account, new: Account | None) -> bool:
    """Tell whether who was logged in is so no longer."""
    return new is None or new.hash != old.hash or (new.disabled and not old.disabled)


def fault_of(name: str) -> str | None:
    """Return why this can be no name of an account, or None."""
    if not 0 < len(name) <= MAX_NAME or name.startswith("@"):
        return f"a name has 1 to {MAX_NAME} characters and does not begin with @"
    # Z: blanks of all kinds. Cc, Cf, Cs: control, invisible and half characters.
    if any((kind := unicodedata.category(c))[0] == "Z" or kind in {"Cc", "Cf", "Cs"} for c in name):
        return "a name has no blanks and no invisible characters"
    return None


def _hash(stored: object) -> str:
    if not isinstance(stored, str) or not is_hash(stored):
        raise InvalidEntry("its hash is none")
    return stored


def _factor(found: object) -> SecondFactor | None:
    # An account that asked for a second factor must not go without one because somebody has mistyped it.
    if found is None:
        return None
    secret = found.get("secret") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(secret, str) or not is_secret(secret):
        raise InvalidEntry("its second factor has no secret in Base32 of at least 112 bits")
    recovery = found.get("recovery", [])
    if not isinstance(recovery, list) or not all(isinstance(code, str) for code in recovery):
        raise InvalidEntry("its recovery codes are no list of texts")
    return SecondFactor(secret, tuple(recovery))
