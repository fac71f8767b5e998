"""Accounts: the names and password hashes in `users.json`, which people also edit by hand.

Rules:
- The file is the truth. It is looked at before each use, and again just before it is replaced, so that an
  edit by hand is neither missed nor lost.
- What we do not understand we leave: an odd entry stays as it is and cannot log in; a file that is no JSON
  object, or that anybody may write, lets nobody in and is not replaced, but ends no sessions either.
- A write is whole or did not happen, and is on the disk when it returns. The file is always 0600.
- No password and no hash is ever in a message or a log.
"""

import contextlib
import json
import logging
import os
import secrets
import stat
import string
import time
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import TypeAlias, cast

import anyio
from anyio import to_thread

from .passwords import Passwords, TooManyLogins, UnusablePassword, is_hash

MAX_NAME = 255
MAX_FILE = 8 << 20

Entries: TypeAlias = "dict[str, object]"
OnChange: TypeAlias = Callable[[set[str]], None]
OnRename: TypeAlias = Callable[[str, str], None]
_Stamp: TypeAlias = "tuple[int, int, int, int] | None"  # None: there is no file

_log = logging.getLogger("holdfast.accounts")
# Without those that a person who copies them from a screen takes for each other.
_ALPHABET = "".join(sorted(set(string.ascii_letters + string.digits) - set("0O1lIo")))
_SETTLED_NS = 2_000_000_000


class AccountExists(Exception):
    """An account of this name exists."""


class NoSuchAccount(Exception):
    """No account has this name."""


class InvalidAccount(ValueError):
    """The name or password cannot be that of an account; the message says why."""


class AccountsUnreadable(Exception):
    """The file cannot be used as it is, and was left alone; the message says why."""


class AccountsNotSaved(Exception):
    """The change could not be written and has not happened; the message gives the disk's reason."""


class Accounts:
    """The accounts of one file.

    `on_change` is told the accounts that vanished or have a new password, by hand or through us;
    `on_rename` the old and the new name. Both are called on the event loop, when it is done.
    """

    def __init__(self, path: str, passwords: Passwords, on_change: OnChange, on_rename: OnRename) -> None:
        self._path = path
        self._passwords = passwords
        self._on_change = on_change
        self._on_rename = on_rename
        self._entries: Entries = {}  # the file as last understood
        self._hashes: dict[str, str] = {}  # those of them that can log in
        self._stamp: _Stamp = None
        self._settled = False
        self._fault: str | None = None  # why the file cannot be used now
        self._writing: Entries | None = None
        self._lock = anyio.Lock()
        self._limiter = anyio.CapacityLimiter(1)
        self.refresh()

    def names(self) -> list[str]:
        """Return the accounts that can log in, sorted. Raises `AccountsUnreadable`."""
        self._readable()
        return sorted(self._hashes)

    def refresh(self) -> None:
        """Notice an edit by hand. Costs one `stat` if there was none."""
        try:
            stamp = _stamp(self._path)
            if self._settled and stamp == self._stamp:
                return
            entries = _read(self._path, stamp)
        except (AccountsUnreadable, OSError) as exc:
            if str(exc) != self._fault:
                _log.error("nobody can log in: %s", exc)
            self._fault, self._settled = str(exc), False
            return
        if entries == self._writing:
            return  # ours: adopted when it is safe on disk, and reported by its caller; it may be a rename
        if self._fault is not None:
            _log.info("%s can be read again", self._path)
        self._fault = None
        if self._stamp and not stamp:
            _log.warning("%s is gone, and with it all accounts", self._path)
        before, odd = self._hashes, self._entries.keys() - self._hashes.keys()
        self._adopt(stamp, entries)
        for name in sorted(entries.keys() - self._hashes.keys() - odd):
            _log.warning("%s: %r is no account that can log in; the entry is left as it is", self._path, name)
        if changed := {name for name, stored in before.items() if self._hashes.get(name) != stored}:
            self._on_change(changed)

    async def check(self, name: str, password: str) -> str | None:
        """Return the name if the password is that of the account, else None. Raises `TooManyLogins`."""
        while True:
            stored = self._stored(name)
            verdict = await self._passwords.verify(stored, password)
            if self._stored(name) == stored:
                break  # else it was deleted, changed or rehashed meanwhile: ask again
        if not verdict.ok or stored is None:
            return None
        if verdict.stale:
            await self._rehash(name, stored, password)
        return name

    async def create(self, name: str, password: str) -> None:
        """Add an account. Raises what this module has but `NoSuchAccount`, and `TooManyLogins`."""
        stored = await self._hash(password)

        def add(entries: Entries) -> Entries:
            _check_free(entries, name)
            return {**entries, name: stored}

        await self._rewrite(add)

    async def update(self, name: str, new_name: str | None, password: str | None) -> None:
        """Rename an account, change its password, or both. Raises like `create`, and `NoSuchAccount`."""
        final = name if new_name is None else new_name
        stored = None if password is None else await self._hash(password)

        def alter(entries: Entries) -> Entries:
            self._check_known(name)
            if final != name:
                _check_free(entries, final)
            renamed = {final if key == name else key: value for key, value in entries.items()}
            return renamed if stored is None else {**renamed, final: stored}

        await self._rewrite(alter)
        if final != name:
            self._on_rename(name, final)
        if stored is not None:
            self._on_change({final})

    async def delete(self, name: str) -> None:
        """Remove an account. Raises `NoSuchAccount`, `AccountsUnreadable`, `AccountsNotSaved`."""

        def remove(entries: Entries) -> Entries:
            self._check_known(name)
            return {key: value for key, value in entries.items() if key != name}

        await self._rewrite(remove)
        self._on_change({name})

    async def ensure_admin(self) -> str | None:
        """If there is no file, create the account `admin`; return its password, which is kept nowhere."""
        self.refresh()
        if self._fault or self._stamp:
            return None
        password = "".join(secrets.choice(_ALPHABET) for _ in range(20))
        with contextlib.suppress(AccountExists):
            await self.create("admin", password)
            return password
        return None

    def _adopt(self, stamp: _Stamp, entries: Entries) -> None:
        self._stamp, self._entries = stamp, entries
        self._hashes = {
            name: stored
            for name, stored in entries.items()
            if isinstance(stored, str) and is_hash(stored) and not _fault_of(name)
        }
        # File times may tick only every 10 ms: a file touched just now is read again next time.
        self._settled = stamp is None or time.time_ns() - stamp[0] > _SETTLED_NS

    def _readable(self) -> Entries:
        self.refresh()
        if self._fault is not None:
            raise AccountsUnreadable(self._fault)
        return self._entries

    def _stored(self, name: str) -> str | None:
        self.refresh()
        return None if self._fault else self._hashes.get(name)

    def _check_known(self, name: str) -> None:
        if name not in self._hashes:
            raise NoSuchAccount(f"there is no account {name}")

    async def _hash(self, password: str) -> str:
        try:
            return await self._passwords.hash(password)
        except UnusablePassword as exc:
            raise InvalidAccount(str(exc)) from exc

    async def _rehash(self, name: str, old: str, password: str) -> None:
        def replace(entries: Entries) -> Entries:
            return {**entries, name: new} if entries.get(name) == old else entries

        try:
            new = await self._passwords.hash(password)
            await self._rewrite(replace)
        except (AccountsNotSaved, AccountsUnreadable, TooManyLogins) as exc:
            _log.warning("the old password hash of %r stays for now: %s", name, exc)

    async def _rewrite(self, change: Callable[[Entries], Entries]) -> None:
        async with self._lock:
            while (entries := change(self._readable())) is not self._entries:
                self._writing = entries
                work = partial(_replace, self._path, entries, self._stamp)
                try:
                    stamp = await to_thread.run_sync(work, limiter=self._limiter)
                except OSError as exc:
                    raise AccountsNotSaved(f"cannot write {self._path}: {exc.strerror}") from exc
                finally:
                    self._writing = None
                if stamp is not None:
                    self._adopt(stamp, entries)
                    return


def _fault_of(name: str) -> str | None:
    if not 0 < len(name) <= MAX_NAME or name.startswith("@"):
        return f"a name has 1 to {MAX_NAME} characters and does not begin with @"
    # Z: blanks of all kinds. Cc, Cf, Cs: control, invisible and half characters.
    if any((kind := unicodedata.category(c))[0] == "Z" or kind in {"Cc", "Cf", "Cs"} for c in name):
        return "a name has no blanks and no invisible characters"
    return None


def _check_free(entries: Entries, name: str) -> None:
    if fault := _fault_of(name):
        raise InvalidAccount(fault)
    if name in entries:
        raise AccountExists(f"there is an account {name}")


def _stamp(path: str | int) -> _Stamp:
    with contextlib.suppress(FileNotFoundError):
        found = os.stat(path)
        return found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode
    return None


def _read(path: str, stamp: _Stamp) -> Entries:
    if stamp is None:
        return {}
    _, size, _, mode = stamp
    if not stat.S_ISREG(mode) or size > MAX_FILE:
        raise AccountsUnreadable(f"{path} is not a file of at most {MAX_FILE} bytes")
    if mode & stat.S_IWOTH:
        raise AccountsUnreadable(f"everybody may write {path}: chmod 600 {path}")
    try:
        with open(path, "rb") as file:
            data = json.loads(file.read(MAX_FILE).decode("utf-8-sig"))
    except (ValueError, RecursionError) as exc:
        raise AccountsUnreadable(f"{path} is not JSON: {exc}") from None  # the cause holds the text
    if not isinstance(data, dict):
        raise AccountsUnreadable(f"{path} is not a JSON object of names and hashes")
    return cast("Entries", data)


def _replace(path: str, entries: Entries, expected: _Stamp) -> _Stamp:
    """Write the file anew and return its stamp; None if it was edited meanwhile. Raises `OSError`."""
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name}.new")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)  # of a write that was killed
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(fd, "wb") as file:
            os.fchmod(fd, 0o600)
            file.write(json.dumps(entries, indent=2).encode() + b"\n")
            file.flush()
            os.fsync(fd)
            stamp = _stamp(fd)
        if _stamp(target) != expected:
            return None
        os.rename(temporary, target)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
    folder_fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder_fd)
    finally:
        os.close(folder_fd)
    return stamp
