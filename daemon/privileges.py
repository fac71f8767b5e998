"""What an account, a key or somebody on this machine was given: roles and grants, as people write them.

A grant is the name of a permission or a pattern (`"server.files.*"`), or an object that limits some:
`{"permissions": ["server.*"], "servers": ["mc-*"], "paths": ["/plugins"], "input": ["say *"]}`. Octyne's way
to name one, `server<NAME>.view`, is understood too.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from filemgr import InvalidPath, RelPath

from .permissions import PERMISSIONS, Grant, Rights, includes, rights_of

MOST = 1000
"""Entries of a list."""

LONGEST = 4096
"""Characters of a text."""

T = TypeVar("T")

Roles = Mapping[str, tuple[Grant, ...]]

_OCTYNE = re.compile(r"server<(?P<server>.+)>\.(?P<rest>[^<>]+)")
_GROUPS = {f"{name[:dot]}.*" for name in PERMISSIONS for dot, char in enumerate(name) if char == "."}
_KEYS = ("permissions", "servers", "paths", "input")


class InvalidPrivileges(ValueError):
    """This is not how roles or grants are written; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Privileges:
    """Roles by name, and grants of one's own."""

    roles: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()

    @property
    def is_full(self) -> bool:
        """Whether everything is granted, whatever the roles say."""
        return Grant(("*",)) in self.grants

    def rights(self, roles: Roles) -> Rights:
        """Return what they permit; a role that does not exist gives nothing."""
        given = [grant for name in self.roles for grant in roles.get(name, ())]
        return rights_of(dict.fromkeys((*given, *self.grants)))

    def to_dict(self) -> dict[str, object]:
        """Return them as JSON data."""
        return {"roles": [*self.roles], "grants": [grant_to_data(grant) for grant in self.grants]}


EVERYTHING = Privileges(grants=(Grant(("*",)),))
"""What an account has of which only the password is known, as in Octyne."""


def grant_to_data(grant: Grant) -> object:
    """Return a grant as people write it."""
    said = grant.to_dict()
    return grant.permissions[0] if len(said) == 1 and len(grant.permissions) == 1 else said


def read_privileges(roles: object, grants: object) -> Privileges:
    """Return privileges from JSON data, where None means an empty list; raises `InvalidPrivileges`."""
    names = () if roles is None else _texts(roles, "roles")
    return Privileges(names, () if grants is None else read_grants(grants))


def read_grants(data: object) -> tuple[Grant, ...]:
    """Return grants from JSON data; raises `InvalidPrivileges`."""
    return tuple(_grant(item) for item in _list(data, "grants"))


def _grant(item: object) -> Grant:
    if isinstance(item, str):
        octyne = _OCTYNE.fullmatch(item)
        if octyne:
            return Grant((_pattern(f"server.{octyne['rest']}"),), servers=(octyne["server"],))
        return Grant((_pattern(item),))
    if not isinstance(item, dict):
        raise InvalidPrivileges("a grant is a text or an object")
    if unknown := [key for key in item if key not in _KEYS]:
        raise InvalidPrivileges(f"a grant has no {unknown[0]!r}: it has {', '.join(_KEYS)}")
    return Grant(
        tuple(_pattern(text) for text in _texts(item.get("permissions"), "permissions")),
        _limits(item, "servers", str),
        _limits(item, "paths", _path),
        _limits(item, "input", _input),
    )


def _limits(item: Mapping[str, object], key: str, read: Callable[[str], T]) -> tuple[T, ...] | None:
    found = item.get(key)
    return None if found is None else tuple(read(text) for text in _texts(found, key))


def _pattern(text: str) -> str:
    """Return a permission or a pattern, if it includes any: a mistyped one would forbid without a word."""
    if any(includes(text, name) for name in PERMISSIONS):
        return text
    if f"{text}.*" in _GROUPS:
        raise InvalidPrivileges(f"there is no permission {text}; all of them are {text}.*")
    raise InvalidPrivileges(f"there is no permission {text}")


def _path(text: str) -> RelPath:
    try:
        return RelPath.parse(text)
    except InvalidPath as exc:
        raise InvalidPrivileges(f"{text} is no folder: {exc}") from exc


def _input(text: str) -> str:
    if not text or not text.isprintable():
        raise InvalidPrivileges("what may be typed is one line, such as: say *")
    return text


def _texts(data: object, what: str) -> tuple[str, ...]:
    return tuple(_text(item, what) for item in ([data] if isinstance(data, str) else _list(data, what)))


def _text(item: object, what: str) -> str:
    if not isinstance(item, str) or not item:
        raise InvalidPrivileges(f"{what} is a list of texts")
    if len(item) > LONGEST:
        raise InvalidPrivileges(f"a text in {what} is longer than {LONGEST} characters")
    try:
        item.encode()
    except UnicodeEncodeError as exc:
        raise InvalidPrivileges(f"a text in {what} is not valid") from exc
    return item


def _list(data: object, what: str) -> Sequence[object]:
    if not isinstance(data, list | tuple):
        raise InvalidPrivileges(f"{what} is a list")
    if len(data) > MOST:
        raise InvalidPrivileges(f"{what} has more than {MOST} entries")
    return data
