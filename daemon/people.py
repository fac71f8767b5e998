"""Who may come in, and what he may do: accounts, their sessions, keys and shares, users of this machine.

Rules:
- What somebody may do follows from the accounts and the config. When either changes, everybody is judged anew
  at once: who has other rights now keeps his login, but what those before had let in is over.
- What belongs to an account ends with it. A new password ends its sessions; a disabled account keeps its keys
  and shares, which can do nothing meanwhile.
"""

import logging
import os
from collections.abc import Callable
from typing import Any, TypeAlias

import anyio
import anyio.abc

from .accounts import Accounts
from .backoff import Backoff
from .config import Config
from .factors import Factors
from .keys import Keys
from .ledger import Ledger
from .localusers import LOCAL, LocalUsers
from .logins import Logins
from .passwords import Passwords
from .permissions import FULL, NOTHING, Rights
from .privileges import Privileges, Roles
from .register import Register
from .sessions import Sessions
from .shares import Shares
from .tickets import Tickets
from .usersfile import AccountsUnreadable

SWEEP = 60.0
"""Seconds between looks for what has expired."""

Watcher: TypeAlias = Callable[[], None]

log = logging.getLogger("holdfast.people")


class People:
    """All of them. `users` is the path of `users.json`, `copy` of what it last said, `state` of the rest.

    What has to be written because of a change is done in `tasks`.
    """

    def __init__(self, users: str, state: str, tasks: anyio.abc.TaskGroup, copy: str | None = None) -> None:
        self.roles: Roles = {}
        self.opened = False
        """Whether what was kept of sessions and keys is known; without it nobody can log in."""
        self._watchers: list[Watcher] = []
        self._missing: set[tuple[str, str]] = set()
        self._news = anyio.Event()
        self._tasks = tasks
        self._ledger = Ledger(os.path.join(state, "sessions.db"))
        self._ledger.on_commit = self._begun
        self.local = LocalUsers()
        self.sessions = Sessions(self._ledger, self.account_rights)
        self.keys = Keys(self._ledger, self.owner_rights, self._all_roles)
        self.shares = Shares(self._ledger, self.owner_rights)
        self.tickets = Tickets(anyio.current_time)
        self._passwords = Passwords()
        self.accounts = Accounts(
            users, self._passwords, self._ended, self._renamed, copy=copy, on_rights=self._judge
        )
        self.watch(self._tell_missing_roles)
        self.factors = Factors(self._ledger)
        self.backoff = Backoff(lambda name: [session.address for session in self.sessions.of(name)])
        self.logins = Logins(self.accounts, self.sessions, self.factors, self.backoff)

    def watch(self, watcher: Watcher) -> None:
        """Have something called when accounts are new, gone, or have other rights."""
        self._watchers.append(watcher)

    @property
    def can_come(self) -> bool:
        """Whether there is an account by which somebody could log in."""
        return any(not account.disabled for _, account in self.accounts.items())

    async def open(self) -> None:
        """Load what was kept; raises `CannotKeep`: then nobody is in and nobody can log in."""
        rows = await self._ledger.open()
        for register in self._registers:
            register.load(rows[register.table])
        self.factors.load(rows["factors"])
        await self._ledger.settle("forget what has expired")
        self.opened = True

    async def close(self) -> None:
        """Write what is left. Nobody is thrown out by this."""
        for register in self._registers:
            register.note_uses(0.001)
        await self._ledger.close()

    async def configure(self, config: Config) -> None:
        """Take roles, lifetimes and the users of this machine from a config."""
        self.roles = config.roles
        self.sessions.idle = config.login.idle_days * 86_400.0
        self.backoff.delay = config.login.delay
        socket = config.unix_socket
        self.local.configure(socket.people, socket.group, config.roles)
        self._judge()

    def reach(self, privileges: Privileges) -> Rights:
        """Return what somebody with these privileges may do, or may do soon.

        A role that is not in the config now may come back, and with it any right.
        """
        if any(role not in self.roles for role in privileges.roles):
            return FULL
        return privileges.rights(self.roles)

    def account_rights(self, name: str) -> Rights:
        """Return what an account may do: nothing if there is none, or it is disabled."""
        account = self.accounts.get(name)
        return NOTHING if account is None or account.disabled else account.privileges.rights(self.roles)

    def owner_rights(self, owner: str) -> Rights:
        """Return what the owner of a key or a share may do: an account, or `@local:UID`."""
        if owner.startswith(LOCAL):
            return self.local.owner_rights(owner)
        return self.account_rights(owner)

    async def run(self) -> None:
        """Throw out who belongs to accounts that were removed while we were away, and what has expired."""
        try:
            known = set(self.accounts.names())
        except AccountsUnreadable:
            log.debug("the accounts cannot be read: that throws nobody out")
        else:
            for register in self._registers:
                for owner in register.owners() - known:
                    if not owner.startswith(LOCAL):
                        register.end_owner(owner)
            for owner in self.factors.accounts() - known:
                self.factors.forget(owner)
        while True:
            self._news = anyio.Event()
            for register in self._registers:
                register.expire()
                register.note_uses()
            await self._ledger.settle("note who came")
            soonest = min((register.next_end() for register in self._registers), default=SWEEP)
            with anyio.move_on_after(max(0.0, min(SWEEP, soonest))):
                await self._news.wait()

    def _begun(self) -> None:
        """Something new may end before we look again."""
        self._news.set()

    def _ended(self, names: set[str]) -> None:
        for name in names:
            self.sessions.end_owner(name)
            if self.accounts.get(name) is None:
                self.keys.end_owner(name)
                self.shares.end_owner(name)
                self.factors.forget(name)
        self._tasks.start_soon(self._ledger.settle, "end the sessions of an account")

    def _renamed(self, old: str, new: str) -> None:
        for register in self._registers:
            register.rename(old, new)
        self.factors.rename(old, new)
        self._tasks.start_soon(self._ledger.settle, "rename an account")

    def _tell_missing_roles(self) -> None:
        """Say once of each account that a role which it has does not exist: that takes rights silently."""
        missing = {
            (name, role)
            for name, account in self.accounts.items()
            for role in account.privileges.roles
            if role not in self.roles
        }
        for name, role in sorted(missing - self._missing):
            log.warning(
                "the account %r has the role %r, which is not in the config: it gives nothing", name, role
            )
        self._missing = missing

    def _judge(self) -> None:
        for register in self._registers:
            register.review()
        for watcher in self._watchers:
            watcher()

    def _all_roles(self) -> Roles:
        return self.roles

    @property
    def _registers(self) -> tuple[Register[Any], ...]:
        return self.sessions, self.keys, self.shares
