"""Sessions: who is logged in, by token."""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable

from .ledger import Ledger
from .ledgerfile import Row
from .permissions import FULL, Rights
from .register import Entry, Register, hashed, storable

IDLE = 90 * 86_400.0
"""Seconds without use after which a session ends, unless the config says otherwise."""

_TOKEN_BYTES = 96


class Session(Entry):
    """One login of an account; `ended` is set when it is over, for whatever reason."""

    __slots__ = ("agent",)

    def __init__(
        self, digest: bytes, account: str, created: float, used: float, address: str, agent: str
    ) -> None:
        super().__init__(digest, hashlib.sha256(digest).hexdigest()[:16], account, created, used, address)
        self.agent = agent

    @property
    def account(self) -> str:
        """Whose session it is; that changes when the account is renamed."""
        return self.owner

    def __repr__(self) -> str:
        return f"<Session of {self.owner!r} from {self.address}>"


class Sessions(Register[Session]):
    """All live sessions. At most `per_account` of one account: a further login ends its oldest."""

    table, owner_column = "sessions", "account"

    def __init__(
        self,
        ledger: Ledger,
        account_rights: Callable[[str], Rights] = lambda _: FULL,
        clock: Callable[[], float] = time.time,
        *,
        per_account: int = 1_000,
    ) -> None:
        super().__init__(ledger, account_rights, clock)
        self.idle = IDLE
        self._per_account = per_account

    def entry(self, row: Row) -> Session:
        """Return what a row of the table means."""
        return Session(*row)  # type: ignore[arg-type]

    def row(self, entry: Session) -> Row:
        """Return what stands in the table."""
        return entry.digest, entry.owner, entry.created, entry.used, entry.address, entry.agent

    def expires(self, entry: Session) -> float:
        """Return when it ends if it is not used before."""
        return entry.used + self.idle

    async def create(self, account: str, address: str, agent: str) -> tuple[str, Session]:
        """Begin a session; return its token (128 characters) and itself. Raises `CannotKeep`."""
        self.expire()
        token = base64.b64encode(secrets.token_bytes(_TOKEN_BYTES)).decode()
        now = self._clock()
        session = Session(hashed(token), account, now, now, storable(address), storable(agent))

        def surplus() -> list[Session]:
            return [other for other in self.of(account)[: -self._per_account] if other is not session]

        await self._begin(session, surplus)
        return token, session
