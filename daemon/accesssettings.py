"""Who may do what, as far as the config says it: `roles`, `login`, and the people of this machine."""

import grp
import pwd
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .passwords import MAX_BYTES
from .permissions import Grant
from .privileges import InvalidPrivileges, Privileges, read_grants, read_privileges
from .values import Section, Value

_MOST_DAYS = 36_500
_MOST_FREE = 1_000_000


@dataclass(frozen=True, slots=True)
class LoginDelay:
    """Failed logins that cost nothing, of one account and from one address; then the seconds to wait."""

    account: int = 5
    address: int = 20
    first: float = 1.0
    """After the first one that costs; each further one doubles it."""
    cap: float = 900.0


@dataclass(frozen=True, slots=True)
class LoginSettings:
    """Days without use until a session ends; characters of a new password; what becomes of jobs."""

    idle_days: int = 90
    password_length: int = 8
    end_jobs: bool = False
    """Whether the jobs of a session end with it."""
    delay: LoginDelay = field(default_factory=LoginDelay)


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """What users and groups of this machine may do, by uid and gid; who is in neither has every right.

    If it is `closed`, he has none: something about it could not be understood.
    """

    users: Mapping[int, Privileges] = field(default_factory=dict)
    groups: Mapping[int, Privileges] = field(default_factory=dict)
    closed: bool = False


def read_login_settings(section: Section) -> LoginSettings:
    """Return the settings; raises `ConfigError`."""
    usual = LoginSettings()
    settings = LoginSettings(
        idle_days=section.whole("idleDays", usual.idle_days, 1, _MOST_DAYS),
        password_length=section.whole("passwordLength", usual.password_length, 1, MAX_BYTES),
        end_jobs=section.flag("endJobs", usual.end_jobs),
        delay=_delay(section.section("delay")),
    )
    section.warn_unknown()
    return settings


def _delay(section: Section) -> LoginDelay:
    usual = LoginDelay()
    delay = LoginDelay(
        account=section.whole("account", usual.account, 1, _MOST_FREE),
        address=section.whole("address", usual.address, 1, _MOST_FREE),
        first=section.seconds("first", usual.first),
        cap=section.seconds("cap", usual.cap),
    )
    section.warn_unknown()
    return delay


def read_roles(section: Section) -> dict[str, tuple[Grant, ...]]:
    """Return the grants of each role; raises `ConfigError`."""
    roles: dict[str, tuple[Grant, ...]] = {}
    for name, value in section.entries():
        try:
            roles[name] = read_grants(value.plain())
        except InvalidPrivileges as exc:
            raise value.error(str(exc)) from exc
    return roles


def read_local_settings(section: Section, roles: Mapping[str, object]) -> LocalSettings:
    """Return what `users` and `groups` of `unixSocket` say; raises `ConfigError`.

    All other keys must have been asked for. One that is unknown may be one of these, mistyped: then nobody
    has the rights of the whole group.
    """
    users = _people(section.section("users"), roles, "user", lambda name: pwd.getpwnam(name).pw_uid)
    groups = _people(section.section("groups"), roles, "group", lambda name: grp.getgrnam(name).gr_gid)
    unknown = section.unknown()
    for value in unknown:
        value.warn("is unknown; until it is mended, nobody has every right because of the socket's group")
    return LocalSettings(users, groups, closed=bool(unknown))


def _people(
    section: Section, roles: Mapping[str, object], what: str, number_of: Callable[[str], int]
) -> dict[int, Privileges]:
    people: dict[int, Privileges] = {}
    for name, value in section.entries():
        privileges = _privileges(value)
        for role in privileges.roles:
            if role not in roles:
                value.warn(f"there is no role {role}")
        try:
            people[int(name) if name.isascii() and name.isdigit() else number_of(name)] = privileges
        except KeyError:
            # Not an error: users come and go, and the programs must run.
            value.warn(f"there is no {what} {name} on this machine")
    return people


def _privileges(value: Value) -> Privileges:
    """Return privileges: a list of roles, or an object with roles and grants."""
    data = value.plain()
    try:
        if not isinstance(data, dict):
            return read_privileges(data, None)
        Section(value).warn_unknown("roles", "grants")
        return read_privileges(data.get("roles"), data.get("grants"))
    except InvalidPrivileges as exc:
        raise value.error(str(exc)) from exc
