"""People of this machine, who come by the Unix socket: who they are is the kernel's word.

The daemon's own user and root may do everything, whatever the config says: they could anyway. Everybody else
has what the config gives to his user, or else to his groups; or else everything, if he is in the group that
the socket was opened to, and nothing if not.
"""

import grp
import os
import pwd
from collections import OrderedDict
from collections.abc import Collection, Iterable

from .accesssettings import LocalSettings
from .permissions import FULL, NOTHING, Rights
from .privileges import Privileges, Roles
from .standing import Holder

LOCAL = "@local"
"""How the API calls everybody who comes by the Unix socket."""

_MOST = 1000


class LocalUser(Holder):
    """A user of this machine, with his groups."""

    __slots__ = ("gids", "uid")

    def __init__(self, uid: int, gids: frozenset[int]) -> None:
        super().__init__(f"{LOCAL}:{uid}")
        self.uid = uid
        self.gids = gids

    @property
    def user(self) -> str:
        """The name in the audit log."""
        return LOCAL


class LocalUsers:
    """Everybody who came by the Unix socket."""

    def __init__(self) -> None:
        self._settings = LocalSettings()
        self._group: int | None = None
        self._roles: Roles = {}
        self._known: OrderedDict[tuple[int, frozenset[int]], LocalUser] = OrderedDict()

    def configure(self, settings: LocalSettings, group: str | None, roles: Roles) -> None:
        """Take from a config what they may do."""
        self._settings, self._roles = settings, roles
        try:
            self._group = None if group is None else grp.getgrnam(group).gr_gid
        except KeyError:
            self._group = None  # then the socket cannot be opened to it either, and that is told
        for user in self._known.values():
            user.review(self.rights(user.uid, user.gids))

    def find(self, uid: int, gids: Iterable[int]) -> LocalUser:
        """Return the user who has just come."""
        key = uid, frozenset(gids)
        user = self._known.get(key)
        if user is None:
            user = self._known[key] = LocalUser(*key)
            user.review(self.rights(*key))
            if len(self._known) > _MOST:
                self._known.popitem(last=False)[1].end()
        return user

    def owner_rights(self, owner: str) -> Rights:
        """Return what the owner `@local:UID` of a key may do."""
        _, _, digits = owner.partition(":")
        if not digits.isdigit():
            return NOTHING
        uid = int(digits)
        try:
            entry = pwd.getpwuid(uid)
            gids = frozenset(os.getgrouplist(entry.pw_name, entry.pw_gid))
        except KeyError:
            gids = frozenset()
        return self.rights(uid, gids)

    def rights(self, uid: int, gids: Collection[int]) -> Rights:
        """Return what a user may do."""
        if uid in (0, os.geteuid()):
            return FULL
        if uid in self._settings.users:
            return self._settings.users[uid].rights(self._roles)
        mine = [self._settings.groups[gid] for gid in sorted(gids) if gid in self._settings.groups]
        if mine:
            roles = tuple(role for privileges in mine for role in privileges.roles)
            grants = tuple(grant for privileges in mine for grant in privileges.grants)
            return Privileges(roles, grants).rights(self._roles)
        is_in = self._group is not None and self._group in gids
        return FULL if is_in and not self._settings.closed else NOTHING
