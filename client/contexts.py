"""Machines by name: where the Holdfast of each is, and by what right one comes.

They stand in `$XDG_CONFIG_HOME/holdfast/contexts.json` (`~/.config` without it), which may hold tokens: so
its mode is 0600, and one that others can read is not used.
"""

import contextlib
import fcntl
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from .failures import CannotConnect, Failure
from .target import Target, same_address

LOCAL = "local"
"""Not a context, but its absence: the Holdfast of this machine is looked for."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class ContextsUnusable(Failure):
    """The file with the contexts cannot be used; the message says why, and what to do."""


class NoSuchContext(Failure):
    """There is no context of this name."""

    def __init__(self, name: str, known: Mapping[str, "Context"]) -> None:
        there = f"there are {', '.join(known)}" if known else "add one with holdfast context add"
        super().__init__(f"there is no context {name}: {there}")


class ContextExists(Failure):
    """There is a context of this name already."""


@dataclass(frozen=True, slots=True)
class Context:
    """One machine: a Unix socket, or an address with a token."""

    socket: str = ""
    url: str = ""
    token: str = field(default="", repr=False)
    username: str = ""
    """Whose session the token is of; empty for an API key."""
    ca: str = ""
    allow_http: bool = False
    """Whether the token may go there unencrypted."""

    @property
    def where(self) -> str:
        """The place, for people."""
        return self.url or f"unix:{self.socket}"

    @property
    def target(self) -> Target:
        """The Holdfast that is meant."""
        return Target(self.socket, self.url, self.token, self.ca)


@dataclass(frozen=True, slots=True)
class Known:
    """All contexts by name, and which one is used if nothing else is said."""

    contexts: Mapping[str, Context]
    current: str = ""

    def named(self, name: str) -> Context:
        """Return a context; raises `NoSuchContext`."""
        try:
            return self.contexts[name]
        except KeyError:
            raise NoSuchContext(name, self.contexts) from None

    def at(self, url: str) -> str:
        """Return the name of the context with this address, or nothing."""
        found = (n for n, one in self.contexts.items() if one.url and same_address(one.url, url))
        return next(found, "")


class Contexts:
    """The file with all of them. Each change is whole or none, whoever else makes one at the same time."""

    def __init__(self, path: str) -> None:
        self.path = path

    @classmethod
    def usual(cls, environment: Mapping[str, str] = os.environ) -> "Contexts":
        """Return the file of this user."""
        folder = environment.get("XDG_CONFIG_HOME") or os.path.join(
            environment.get("HOME") or os.path.expanduser("~"), ".config"
        )
        return cls(os.path.join(folder, "holdfast", "contexts.json"))

    def read(self) -> Known:
        """Return what stands there; raises `ContextsUnusable`."""
        data, mode = self._load()
        known = _known(data, self.path)
        if mode & _OTHERS and any(one.token for one in known.contexts.values()):
            raise ContextsUnusable(
                f"{self.path} holds tokens, and others may read it: chmod 600 {self.path}, "
                "and log in anew if others are about"
            )
        return known

    def add(self, name: str, context: Context, *, instead: bool = False) -> None:
        """Keep a context; raises `ContextExists`, unless it shall stand `instead` of one of the same name."""
        check_name(name)
        with self._changing() as known:
            if name in known and not instead:
                raise ContextExists(
                    f"there is a context {name} already: remove it, or replace it with --replace"
                )
            known[name] = context

    def remove(self, name: str) -> Context:
        """Forget a context, and return it; raises `NoSuchContext`."""
        with self._changing() as known:
            if name not in known:
                raise NoSuchContext(name, known)
            return known.pop(name)

    def enter(self, name: str, token: str, username: str = "") -> None:
        """Keep another token of a context, or none; raises `NoSuchContext`."""
        with self._changing() as known:
            if name not in known:
                raise NoSuchContext(name, known)
            known[name] = replace(known[name], token=token, username=username)

    def use(self, name: str) -> None:
        """Use a context from now on if nothing else is said, or with `LOCAL` none; raises `NoSuchContext`."""
        with self._locked():
            known = self.read()
            if name != LOCAL:
                known.named(name)
            self._write(known.contexts, "" if name == LOCAL else name)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, Context]]:
        with self._locked():
            known = self.read()
            contexts = dict(known.contexts)
            yield contexts
            self._write(contexts, known.current if known.current in contexts else "")

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        folder = os.path.dirname(os.path.realpath(self.path))
        os.makedirs(folder, 0o700, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _load(self) -> tuple[Mapping[str, object], int]:
        try:
            with open(self.path, "rb") as file:
                found, text = os.fstat(file.fileno()), file.read()
        except FileNotFoundError:
            return {}, 0
        if found.st_uid not in (0, os.getuid()) and os.getuid() != 0:
            raise ContextsUnusable(f"{self.path} belongs to somebody else, who could send you anywhere")
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            raise ContextsUnusable(f"{self.path} holds no contexts (it is no JSON object): mend or remove it")
        return data, stat.S_IMODE(found.st_mode)

    def _write(self, contexts: Mapping[str, Context], current: str) -> None:
        """Replace the file; one that is a link stays one."""
        path = os.path.realpath(self.path)
        data = {"current": current or None, "contexts": {name: _told(one) for name, one in contexts.items()}}
        made = f"{path}.{os.getpid()}"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(made)
        try:
            with open(made, "x", encoding="utf-8", opener=_private) as file:
                file.write(json.dumps(data, indent=2) + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.rename(made, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(made)
            raise


def check_name(name: str) -> None:
    """Raise `ContextsUnusable` if no context can have this name."""
    if name == LOCAL:
        raise ContextsUnusable(f"{LOCAL} means this machine: give the context another name")
    if not NAME.fullmatch(name):
        raise ContextsUnusable("the name of a context has 1 to 64 letters, digits and . _ -")


_KEYS = {"allow_http": "allowHttp"}


def _told(context: Context) -> Mapping[str, object]:
    every = {_KEYS.get(one, one): getattr(context, one) for one in Context.__dataclass_fields__}
    return {key: value for key, value in every.items() if value}


def _known(data: Mapping[str, object], path: str) -> Known:
    given, current = data.get("contexts", {}), data.get("current") or ""
    if not isinstance(given, dict) or not isinstance(current, str):
        raise ContextsUnusable(f"{path} holds no contexts: mend or remove it")
    contexts = {name: _context(name, one, path) for name, one in given.items()}
    return Known(contexts, current if current in contexts else "")


def _context(name: str, data: object, path: str) -> Context:
    told = data if isinstance(data, dict) else {}
    texts = {key: told.get(key, "") for key in ("socket", "url", "token", "username", "ca")}
    if not all(isinstance(text, str) for text in texts.values()) or bool(texts["socket"]) == bool(
        texts["url"]
    ):
        raise ContextsUnusable(
            f"{path}: the context {name} has neither a url nor a socket: mend or remove it"
        )
    try:
        Target(texts["socket"], texts["url"])
    except CannotConnect as exc:
        raise ContextsUnusable(f"{path}: the context {name}: {exc}: mend or remove it") from exc
    return Context(**texts, allow_http=told.get("allowHttp") is True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)
