"""Accounts: the names, hashes and rights in `users.json`, which people also edit by hand.

Rules:
- The file is the truth. It is looked at before each use, and again just before it is replaced, so that an
  edit by hand is neither missed nor lost.
- What we do not understand we leave: an odd entry stays as it is and cannot log in. While the file is no JSON
  object, or anybody may write it, what it last said is in force, after a start too. That ends no sessions; if
  nothing is known, nobody can log in.
- Only when an account is changed is a damaged file replaced, and it is kept. One that was touched just now is
  not: an editor may be about to write the rest. Nor is one that anybody may write.
- A write is whole or did not happen, and is on the disk when it returns. The file is always 0600.
- No password and no hash is ever in a message or a log.
"""

import contextlib
import logging
import secrets
import string
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import TypeAlias

import anyio
from anyio import to_thread

from .account import Account, account_of, fault_of, has_ended, why_odd
from .passwords import Passwords, TooManyLogins, UnusablePassword, Verdict
from .privileges import EVERYTHING, Privileges
from .usersfile import AccountsDamaged, AccountsUnreadable, Entries, Stamp, UsersFile, rests

OnChange: TypeAlias = Callable[[set[str]], None]
OnRename: TypeAlias = Callable[[str, str], None]
Change: TypeAlias = Callable[[Account], Account]
Confirm: TypeAlias = Callable[[Account], Awaitable[bool]]

_log = logging.getLogger("holdfast.accounts")
# Without those that a person who copies them from a screen takes for each other.
_ALPHABET = "".join(sorted(set(string.ascii_letters + string.digits) - set("0O1lIo")))


class AccountExists(Exception):
    """An account of this name exists."""


class NoSuchAccount(Exception):
    """No account has this name."""


class InvalidAccount(ValueError):
    """The name or password cannot be that of an account; the message says why."""


class AccountsNotSaved(Exception):
    """The change could not be written and has not happened; the message gives the disk's reason."""


class Accounts:
    """The accounts of one file.

    `on_change` is told the accounts that vanished, were disabled or have a new password, by hand or through
    us; `on_rename` the old and the new name; `on_rights` that some are new, gone, or have other rights. All
    are called on the event loop, when it is done. `copy` is where what the file last said is kept, for a
    start with a damaged one.
    """

    def __init__(
        self,
        path: str,
        passwords: Passwords,
        on_change: OnChange,
        on_rename: OnRename,
        copy: str | None = None,
        on_rights: Callable[[], None] = lambda: None,
    ) -> None:
        self._path = path
        self._passwords = passwords
        self._on_change = on_change
        self._on_rename = on_rename
        self._on_rights = on_rights
        self._file = UsersFile(path, copy)
        self._entries: Entries = {}  # the file as last understood
        self._accounts: dict[str, Account] = {}  # those of them that we understand
        self._known = False  # whether it ever was understood, and has not gone since
        self._stamp: Stamp = None
        self._settled = False
        self._fault: str | None = None  # why the file cannot be used now
        self._damaged: Stamp = None  # the file that may be set aside
        self._writing: Entries | None = None
        self._lock = anyio.Lock()
        self._limiter = anyio.CapacityLimiter(1)
        self._last_good = self._file.last_good()  # counts only if the very first look finds a fault
        self.refresh()
        self._last_good = None

    @property
    def readable(self) -> bool:
        """Whether anything is known of the accounts."""
        return self._fault is None or bool(self._known)

    def names(self) -> list[str]:
        """Return the accounts, sorted. Raises `AccountsUnreadable` if nothing is known."""
        self.refresh()
        if self._fault is not None and not self._known:
            raise AccountsUnreadable(self._fault)
        return sorted(self._accounts)

    def items(self) -> Collection[tuple[str, Account]]:
        """Return all accounts with their names, as last read."""
        return self._accounts.items()

    def get(self, name: str) -> Account | None:
        """Return an account, as last read."""
        return self._accounts.get(name)

    def refresh(self) -> None:
        """Notice an edit by hand. Costs one `stat` if there was none."""
        stamp: Stamp = None
        try:
            stamp = self._file.stamp()
            if self._settled and stamp == self._stamp:
                return
            entries = self._file.read(stamp)
        except (AccountsUnreadable, OSError) as exc:
            self._note_fault(stamp, exc)
            return
        if entries == self._writing:
            return  # ours: adopted when it is safe on disk, and reported by its caller; it may be a rename
        if self._fault is not None:
            _log.info("%s can be read again", self._path)
        if self._known and not stamp:
            _log.warning("%s is gone, and with it all accounts", self._path)
        before, odd = self._accounts, self._entries.keys() - self._accounts.keys()
        self._adopt(stamp, entries)
        for name in sorted(entries.keys() - self._accounts.keys() - odd):
            why = why_odd(name, entries[name])
            _log.warning(
                "%s: %r is no account that can log in: %s; it is left as it is", self._path, name, why
            )
        if before != self._accounts:
            self._tell({name for name, old in before.items() if has_ended(old, self._accounts.get(name))})

    async def keep_good(self) -> None:
        """Keep what the file says for a start with a damaged one; a disk that refuses is only told of."""
        if self._fault is None and self._file.lacks(self._to_keep()):
            async with self._lock:
                if self._fault is None:
                    await to_thread.run_sync(self._file.keep, self._to_keep(), limiter=self._limiter)

    async def check(self, name: str, password: str, confirm: Confirm | None = None) -> str | None:
        """Return the name if the password is that of the account, else None. Raises `TooManyLogins`.

        `confirm` is asked once the password is right, and before anything shows that it is.
        """
        stored, verdict = await self._verify(name, password)
        await self.keep_good()
        account = self._accounts.get(name)
        if not verdict.ok or stored is None or account is None:
            return None
        if confirm is not None and not await confirm(account):
            return None
        if verdict.stale and self._fault is None:  # for this alone no damaged file is replaced
            await self._rehash(name, stored, password)
        if self._stored(name) != stored:
            # Somebody may have changed the password, not only its hash, while we waited for the disk.
            _, verdict = await self._verify(name, password)
        return name if verdict.ok else None

    async def create(
        self,
        name: str,
        password: str,
        privileges: Privileges = EVERYTHING,
        *,
        disabled: bool = False,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Add an account; at that moment, `check` may raise something to keep it from that.

        Raises what this module has but `NoSuchAccount`, and `TooManyLogins`.
        """
        account = Account(await self._hash(password), privileges, disabled)

        def add(entries: Entries) -> Entries:
            check()
            _check_free(entries, name)
            return {**entries, name: account.to_entry()}

        await self._rewrite(add)
        self._on_rights()

    async def update(
        self,
        name: str,
        new_name: str | None = None,
        password: str | None = None,
        change: Change | None = None,
    ) -> None:
        """Rename an account, change its password, what else `change` says, or all of it.

        Raises like `create`, `NoSuchAccount`, and what `change` raises.
        """
        final = name if new_name is None else new_name
        stored = None if password is None else await self._hash(password)

        def alter(entries: Entries) -> Entries:
            account = self._known_account(name)
            if final != name:
                _check_free(entries, final)
            account = account if stored is None else account.with_hash(stored)
            account = account if change is None else change(account)
            entry = account.to_entry()
            return {
                final if key == name else key: entry if key == name else value
                for key, value in entries.items()
            }

        before = self._accounts.get(name)
        await self._rewrite(alter)
        if final != name:
            self._on_rename(name, final)
        ended = stored is not None or (before is not None and has_ended(before, self._accounts.get(final)))
        self._tell({final} if ended else set())

    async def delete(self, name: str, check: Callable[[Account], None] = lambda _: None) -> None:
        """Remove an account; at that moment, `check` may raise something to keep it from that.

        Raises `NoSuchAccount`, `AccountsUnreadable`, `AccountsNotSaved`.
        """

        def remove(entries: Entries) -> Entries:
            check(self._known_account(name))
            return {key: value for key, value in entries.items() if key != name}

        await self._rewrite(remove)
        self._tell({name})

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

    def _tell(self, ended: set[str]) -> None:
        if ended:
            self._on_change(ended)
        self._on_rights()

    def _adopt(self, stamp: Stamp, entries: Entries) -> None:
        self._stamp, self._entries = stamp, entries
        self._known, self._fault, self._damaged = stamp is not None, None, None
        self._accounts = {
            name: account
            for name, entry in entries.items()
            if (account := account_of(name, entry)) is not None
        }
        # A file touched just now is read again next time.
        self._settled = rests(stamp)

    def _note_fault(self, stamp: Stamp, exc: Exception) -> None:
        if not self._known and self._last_good is not None:
            self._adopt(None, self._last_good)
            self._known = True
        if str(exc) != self._fault:
            effect = "what it said before is in force" if self._known else "nobody can log in"
            _log.error("%s until it is mended: %s", effect, exc)
        self._fault, self._settled = str(exc), False
        self._damaged = stamp if isinstance(exc, AccountsDamaged) else None

    def _to_keep(self) -> Entries | None:
        return self._entries if self._known else None

    def _changeable(self) -> Entries:
        """Return what is in force, if it may be written. Raises `AccountsUnreadable`."""
        self.refresh()
        replaceable = self._known and self._damaged is not None and rests(self._damaged)
        if self._fault is not None and not replaceable:
            raise AccountsUnreadable(self._fault)
        return self._entries

    def _stored(self, name: str) -> str | None:
        self.refresh()
        account = self._accounts.get(name)
        return None if account is None or account.disabled else account.hash

    def _known_account(self, name: str) -> Account:
        try:
            return self._accounts[name]
        except KeyError:
            raise NoSuchAccount(f"there is no account {name}") from None

    async def _hash(self, password: str) -> str:
        try:
            return await self._passwords.hash(password)
        except UnusablePassword as exc:
            raise InvalidAccount(str(exc)) from exc

    async def _verify(self, name: str, password: str) -> tuple[str | None, Verdict]:
        """Return the hash that counts when this returns, and whether the password is right."""
        while True:
            stored = self._stored(name)
            verdict = await self._passwords.verify(stored, password)
            if self._stored(name) == stored:
                return stored, verdict
            # else it was deleted, changed or rehashed meanwhile: ask again

    async def _rehash(self, name: str, old: str, password: str) -> None:
        def replace(entries: Entries) -> Entries:
            account = self._accounts.get(name)
            if account is None or account.hash != old:
                return entries
            return {**entries, name: account.with_hash(new).to_entry()}

        try:
            new = await self._passwords.hash(password)
            await self._rewrite(replace)
        except (AccountsNotSaved, AccountsUnreadable, TooManyLogins) as exc:
            _log.warning("the old password hash of %r stays for now: %s", name, exc)

    async def _rewrite(self, change: Callable[[Entries], Entries]) -> None:
        async with self._lock:
            while (entries := change(self._changeable())) is not self._entries:
                damaged = self._damaged is not None
                expected = self._damaged if damaged else self._stamp
                self._writing = entries
                work = partial(self._file.replace, entries, expected, damaged=damaged)
                try:
                    stamp = await to_thread.run_sync(work, limiter=self._limiter)
                except OSError as exc:
                    raise AccountsNotSaved(f"cannot write {self._path}: {exc.strerror}") from exc
                finally:
                    self._writing = None
                if stamp is not None:
                    self._adopt(stamp, entries)
                    return


def _check_free(entries: Entries, name: str) -> None:
    if fault := fault_of(name):
        raise InvalidAccount(fault)
    if name in entries:
        raise AccountExists(f"there is an account {name}")
