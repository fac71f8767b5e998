"""How somebody shows that he is the owner of an account: delay, password, second factor, session.

Rules:
- How many argon2 a wrong login costs follows from what was sent alone: not from whether the account exists,
  has a second factor, or which part was wrong. So the answer's time tells nothing of it either.
- Only who knows the password learns that a code is needed. That is neither a failure nor a success.
- A code comes beside the password, or, from clients that know nothing of codes, right behind it: a password
  that ends with six digits is tried as it is and without them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from . import codes
from .account import Account
from .accounts import Accounts, NoSuchAccount
from .backoff import Backoff
from .factors import Factors
from .sessions import Session, Sessions


class WrongCredentials(Exception):
    """Name or password is wrong; nobody is told which. `why` is for the audit log."""

    def __init__(self, why: str = "wrong-password") -> None:
        super().__init__()
        self.why = why


class WrongSecondFactor(WrongCredentials):
    """The password is right, and the code is wrong, or was used already."""


class SecondFactorNeeded(Exception):
    """The password is right, and a code is missing."""


class _Spent(Exception):
    """Somebody else was faster with this recovery code."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A new session and its token; how many recovery codes are left, if one was spent on it."""

    token: str = field(repr=False)
    session: Session
    codes_left: int | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A name and a password as one may read what was sent."""

    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A password and a code; `behind` tells that the code stood behind the password."""

    name: str
    password: str = field(repr=False)
    code: str | None = field(repr=False)
    behind: bool = False


class Logins:
    """Lets people in."""

    def __init__(self, accounts: Accounts, sessions: Sessions, factors: Factors, backoff: Backoff) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._factors = factors
        self._backoff = backoff

    async def login(self, shown: Sequence[Shown], code: str | None, address: str, agent: str) -> Entered:
        """Begin a session.

        Raises `WrongCredentials`, `WrongSecondFactor`, `SecondFactorNeeded`, `TooSoon`, `TooManyLogins`,
        `CannotKeep`, and what a recovery code raises that cannot be crossed out.
        """
        with self._backoff.attempt([one.name for one in shown], address) as attempt:
            reached: list[str] = []
            for reading in _readings(shown, code):
                if await self._is_right(reading, reached):
                    break
            else:
                attempt.failed()
                raise WrongSecondFactor("wrong-code") if reached else WrongCredentials(self._why(shown))
            name = reading.name
            token, session = await self._sessions.create(name, address, agent)
            attempt.succeeded(name)
        spent = reading.code is not None and not codes.is_one_time(reading.code)
        account = self._accounts.get(name)
        left = len(account.factor.recovery) if spent and account and account.factor else None
        return Entered(token, session, left)

    async def check(self, name: str, password: str, address: str) -> None:
        """Check a password alone, of somebody who is logged in; raises like `login`."""
        with self._backoff.attempt([name], address) as attempt:
            if await self._accounts.check(name, password) is None:
                attempt.failed()
                raise WrongCredentials
            account = self._accounts.get(name)
            if account is None or account.factor is None:  # else it must not make up for wrong codes
                attempt.succeeded(name)

    async def check_both(self, name: str, password: str, code: str, address: str) -> None:
        """Check a password and a code, of somebody who is logged in; raises like `login`."""
        with self._backoff.attempt([name], address) as attempt:
            if not await self._is_right(_Reading(name, password, codes.plain(code)), []):
                attempt.failed()
                raise WrongCredentials
            attempt.succeeded(name)

    def _why(self, shown: Sequence[Shown]) -> str:
        known = [account for one in shown if (account := self._accounts.get(one.name)) is not None]
        if not known:
            return "unknown-account"
        return "disabled" if all(account.disabled for account in known) else "wrong-password"

    async def _is_right(self, reading: _Reading, reached: list[str]) -> bool:
        """Tell whether this lets somebody in; `reached` has the name if only the code was wrong."""

        async def confirm(account: Account) -> bool:
            right = await self._confirm(reading, account)
            if not right and account.factor is not None:
                reached.append(reading.name)
            return right

        return await self._accounts.check(reading.name, reading.password, confirm) is not None

    async def _confirm(self, reading: _Reading, account: Account) -> bool:
        """Tell whether the second factor is right, if there is one."""
        factor, code = account.factor, reading.code
        if factor is None:
            return not reading.behind
        if code is None:
            raise SecondFactorNeeded
        if codes.is_one_time(code):
            return self._factors.accept(reading.name, factor.secret, code)
        return await self._spend(reading.name, account, codes.digest_of(code))

    async def _spend(self, name: str, account: Account, digest: str) -> bool:
        """Cross out a recovery code; tell whether it was there. Of many at once, one does it."""

        def cross_out(account: Account) -> Account:
            if account.factor is None or digest not in account.factor.recovery:
                raise _Spent
            return replace(account, factor=account.factor.without(digest))

        if account.factor is None or digest not in account.factor.recovery:
            return False
        try:
            await self._accounts.update(name, change=cross_out)
        except (_Spent, NoSuchAccount):
            return False
        return True


def _readings(shown: Sequence[Shown], code: str | None) -> list[_Reading]:
    readings: list[_Reading] = []
    for one in shown:
        if code:
            readings.append(_Reading(one.name, one.password, codes.plain(code)))
            continue
        readings.append(_Reading(one.name, one.password, None))
        front, back = one.password[: -codes.DIGITS], one.password[-codes.DIGITS :]
        if front and codes.is_one_time(back):
            readings.append(_Reading(one.name, front, back, behind=True))
    return readings
