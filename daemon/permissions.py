"""What somebody may do: permissions by name, granted by patterns, on some servers and below some folders.

Rules:
- Everything is forbidden that no grant permits. There is no grant that forbids.
- A grant that names servers says nothing about what is not of a server; one that names folders limits what
  may be done with files there, and nothing else.
- Nobody can give away what he does not have (`Rights.cover`). That errs on the safe side: what only several
  grants together would permit does not count.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TypeVar

from filemgr import RelPath

PERMISSIONS = {
    "server.view": "see a server, how it is and why",
    "server.control": "start, stop, kill and pause it, run its schedules",
    "server.console.view": "read its console",
    "server.console.write": "type into its console",
    "server.files.view": "see its files, search by name",
    "server.files.download": "read its files, search in them",
    "server.files.upload": "write its files",
    "server.files.modify": "move, copy and delete its files, change their mode, use the trash",
    "server.files.createFolder": "make folders",
    "server.files.compress": "make archives of its files",
    "server.files.decompress": "take archives apart",
    "accounts.view": "see the accounts and what they may do",
    "accounts.create": "make accounts, with at most one's own rights",
    "accounts.update": "change accounts that have at most one's own rights",
    "accounts.delete": "delete accounts that have at most one's own rights",
    "keys.create": "make API keys, with at most one's own rights",
    "keys.view": "see the API keys of others",
    "keys.delete": "end the API keys of others",
    "sessions.view": "see the sessions of others",
    "sessions.end": "end the sessions of others",
    "shares.create": "share consoles and files that one may see oneself",
    "shares.view": "see the shares of others",
    "shares.delete": "end the shares of others",
    "config.view": "read the config, secrets and all",
    "config.edit": "change the config, and so run any program",
    "config.reload": "have the config read again",
    "notifications.view": "see who is told of crashes, and how that went",
    "notifications.test": "have a target told of nothing, to see whether it works",
    "audit.view": "read who did what; by servers, if it is limited to some",
    "host.view": "see how busy the machine is, and how full its disks are",
    "metrics.view": "read the numbers for Prometheus; those of servers need `server.view` as well",
}
"""All permissions there are."""

SCOPED = frozenset(name for name in PERMISSIONS if name.startswith(("server.", "shares."))) | {"audit.view"}
"""Those that can be had for some servers only."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Grant:
    """Permissions, by name or by pattern (`server.files.*`, `*`); None means that nothing limits them.

    `servers` are names, or patterns with `*`, `?` and `[…]`; `paths` are folders in their folders; `input` is
    what may be typed into a console, where `*` stands for anything.
    """

    permissions: tuple[str, ...]
    servers: tuple[str, ...] | None = None
    paths: tuple[RelPath, ...] | None = None
    input: tuple[str, ...] | None = None

    def gives(self, permission: str, server: str | None) -> bool:
        """Tell whether this permits it on a server; None asks for what is not of a server, or of all."""
        return self.is_about(permission) and (
            self.servers is None or (server is not None and any(_names(one, server) for one in self.servers))
        )

    def is_about(self, permission: str) -> bool:
        """Tell whether this permits it anywhere."""
        for pattern in self.permissions:  # noqa: SIM110
            if includes(pattern, permission):
                return True
        return False

    def covers(self, other: "Grant") -> bool:
        """Tell whether this permits all that the other does."""
        return (
            _cover(self.permissions, other.permissions, includes)
            and _cover(self.servers, other.servers, _includes_servers)
            and _cover(self.paths, other.paths, lambda mine, theirs: theirs.is_within(mine))
            and _cover(self.input, other.input, lambda mine, theirs: mine in ("*", theirs))
        )

    def lets_type(self, line: str) -> bool:
        """Tell whether a line is among those that may be typed."""
        return self.input is None or any(_typed(pattern).fullmatch(line) for pattern in self.input)

    def to_dict(self) -> dict[str, list[str]]:
        """Return it as JSON data, without what does not limit it."""
        said: dict[str, list[str]] = {"permissions": [*self.permissions]}
        for key, values in (("servers", self.servers), ("paths", self.paths), ("input", self.input)):
            if values is not None:
                said[key] = [str(value) for value in values]
        return said


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do: what *each* of some sets of grants permits.

    There is more than one set where somebody acts for another: a key for an account, a share for a key.
    """

    layers: tuple[tuple[Grant, ...], ...]

    def may(self, permission: str, server: str | None = None) -> bool:
        """Tell whether this is permitted, on a server; without one, on all of them and beyond."""
        # Loops, here and below: this is asked for every request, and generators cost thrice as much.
        for layer in self.layers:
            for grant in layer:
                if grant.gives(permission, server):
                    break
            else:
                return False
        return True

    def may_somewhere(self, permission: str) -> bool:
        """Tell whether this may be permitted on some server."""
        for layer in self.layers:
            for grant in layer:
                if grant.is_about(permission):
                    break
            else:
                return False
        return True

    @property
    def names_servers(self) -> bool:
        """Whether what is permitted on one server is not what is permitted on another."""
        return any(grant.servers is not None for layer in self.layers for grant in layer)

    def fences(self, permission: str, server: str) -> Sequence[RelPath] | None:
        """Return the folders below which this is permitted with files of the server; None means all of it."""
        fences: tuple[RelPath, ...] | None = None
        for layer in self.layers:
            grants = [grant for grant in layer if grant.gives(permission, server)]
            if any(grant.paths is None for grant in grants):
                continue
            mine = tuple(dict.fromkeys(path for grant in grants for path in grant.paths or ()))
            fences = mine if fences is None else _common(fences, mine)
        return fences

    def may_type(self, server: str, line: str) -> bool:
        """Tell whether a line may be typed into the console of a server."""
        return all(any(grant.lets_type(line) for grant in grants) for grants in self._typing(server))

    def typing_list(self, server: str) -> Sequence[str] | None:
        """Return what may be typed there, as far as a list limits it; None means anything."""
        for grants in self._typing(server):
            if all(grant.input is not None for grant in grants):
                return [pattern for grant in grants for pattern in grant.input or ()]
        return None

    def cover(self, other: "Rights") -> bool:
        """Tell whether these are at least the rights of somebody else."""
        # What several layers permit together is less than each of them, so one that is covered is enough.
        return all(
            any(
                all(any(mine.covers(theirs) for mine in layer) for theirs in other_layer)
                for other_layer in other.layers
            )
            for layer in self.layers
        )

    def within(self, other: "Rights") -> "Rights":
        """Return what both permit."""
        return Rights(tuple(dict.fromkeys((*self.layers, *other.layers))))

    def _typing(self, server: str) -> list[list[Grant]]:
        write = "server.console.write"
        return [[grant for grant in layer if grant.gives(write, server)] for layer in self.layers]


FULL = Rights(((Grant(("*",)),),))
"""May everything."""

NOTHING = Rights(((),))
"""May nothing."""


def rights_of(grants: Iterable[Grant]) -> Rights:
    """Return what grants permit together."""
    return Rights((tuple(grants),))


def _names(pattern: str, server: str) -> bool:
    return pattern == server or fnmatchcase(server, pattern)


def _includes_servers(mine: str, theirs: str) -> bool:
    """Tell whether a pattern includes a name; or another pattern, as far as the text alone can tell."""
    return mine in ("*", theirs) or (not set(theirs) & set("*?[") and fnmatchcase(theirs, mine))


@lru_cache(4096)
def includes(pattern: str, permission: str) -> bool:
    """Tell whether a pattern includes a permission, or a narrower pattern."""
    return pattern in ("*", permission) or (pattern.endswith(".*") and permission.startswith(pattern[:-1]))


@lru_cache(1024)
def _typed(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))))  # no DOTALL: a line is one line


def _cover(
    mine: tuple[T, ...] | None, theirs: tuple[T, ...] | None, includes: Callable[[T, T], bool]
) -> bool:
    if mine is None:
        return True
    return theirs is not None and all(any(includes(one, other) for one in mine) for other in theirs)


def _common(some: tuple[RelPath, ...], others: tuple[RelPath, ...]) -> tuple[RelPath, ...]:
    """Return the folders that lie in both."""
    pairs = [(one, other) for one in some for other in others]
    inner = [one if one.is_within(other) else other for one, other in pairs if _nested(one, other)]
    return tuple(dict.fromkeys(inner))


def _nested(one: RelPath, other: RelPath) -> bool:
    return one.is_within(other) or other.is_within(one)
