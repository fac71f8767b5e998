"""Second factors: which codes were used, and which factors wait for their first code.

Rules:
- A one-time code is good once, also if it is shown a hundred times at once, and after a restart (RFC 6238,
  section 5.2): of each account the step of the latest good code is kept, and only later ones are good. In
  memory that counts at once; on disk it goes with the login that it let in.
- A clock that was ahead locks nobody out: a latest step that lies in the future says nothing.
- A new secret counts for nothing until a code of it has come back, from the same caller and within ten
  minutes; with the fifth wrong code it is gone.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import anyio

from . import codes
from .account import SecondFactor
from .ledger import Ledger
from .ledgerfile import Row
from .standing import Holder

PENDING = 600.0
"""Seconds in which the first code must come."""

_MOST_WRONG = 5


class NoPendingFactor(Exception):
    """There is no new second factor that waits for its first code, or none any more."""


class WrongCode(Exception):
    """This is no good code of the new second factor."""


@dataclass(slots=True)
class _Pending:
    holder: Holder
    until: float
    secret: str = field(repr=False)
    wrong: int = 0


class Factors:
    """What is known of the codes of all accounts. `clock` gives Unix times."""

    def __init__(self, ledger: Ledger, clock: Callable[[], float] = time.time) -> None:
        self._ledger = ledger
        self._clock = clock
        self._latest: dict[str, int] = {}
        self._pending: dict[str, _Pending] = {}

    def load(self, rows: Iterable[Row]) -> None:
        """Take in what was kept."""
        self._latest = {str(account): int(float(step)) for account, step in rows}

    def accept(self, account: str, secret: str, code: str) -> bool:
        """Tell whether a one-time code is good, and let it be good no more; on disk with the next write."""
        now = self._clock()
        step = codes.step_of(secret, code, now)
        latest = self._latest.get(account)
        if step is None or (latest is not None and step <= latest <= codes.step_at(now) + codes.DRIFT):
            return False
        self._note(account, step)
        return True

    def propose(self, account: str, holder: Holder) -> str:
        """Return a new secret, of which the first code is awaited."""
        secret = codes.new_secret()
        self._pending[account] = _Pending(holder, anyio.current_time() + PENDING, secret)
        return secret

    def confirm(self, account: str, holder: Holder, code: str) -> SecondFactor:
        """Return the new factor, without recovery codes; raises `NoPendingFactor`, `WrongCode`."""
        pending = self._pending.get(account)
        if pending is None or pending.holder is not holder or pending.until <= anyio.current_time():
            raise NoPendingFactor("there is no second factor that waits for a code")
        step = codes.step_of(pending.secret, codes.plain(code), self._clock())
        if step is None:
            pending.wrong += 1
            if pending.wrong >= _MOST_WRONG:
                del self._pending[account]
            raise WrongCode("the code is wrong")
        del self._pending[account]
        self._note(account, step)  # whatever was used before, was of another secret
        return SecondFactor(pending.secret)

    def accounts(self) -> set[str]:
        """Return whose codes were used."""
        return set(self._latest)

    def rename(self, old: str, new: str) -> None:
        """Let what is known of an account go on under its new name; on disk with the next write."""
        self._pending.pop(old, None)
        if old in self._latest:
            self._latest[new] = self._latest.pop(old)
        self._ledger.owe(("UPDATE OR REPLACE factors SET account = ? WHERE account = ?", (new, old)))

    def forget(self, account: str) -> None:
        """Forget an account that is gone; on disk with the next write."""
        self._pending.pop(account, None)
        self._latest.pop(account, None)
        self._ledger.owe(("DELETE FROM factors WHERE account = ?", (account,)))

    def _note(self, account: str, step: int) -> None:
        self._latest[account] = step
        self._ledger.owe(("INSERT OR REPLACE INTO factors VALUES (?, ?)", (account, float(step))))
