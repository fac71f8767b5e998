"""Sessions: who is logged in, by token. Looked up in memory, kept in SQLite across restarts.

Rules:
- Only the SHA-256 of a token is kept, in memory and on disk: a stolen file opens no door.
- A session ends in memory first, at once, and nothing can fail there; then on disk. What the disk refuses
  stays owed and goes with the next write, in order, in one transaction.
- A session is on disk before its token is given out.
- Lifetimes are wall time, since they outlast the machine's uptime. A clock that jumps ends sessions early or
  late. Nothing is cut to fit the clock at start: machines without a battery boot in 1970.
"""

import base64
import hashlib
import logging
import secrets
import time
from collections.abc import Callable, Iterable

import anyio
from anyio import to_thread

from .sessionfile import FileError, SessionFile, Statement

LIFETIME = 8_035_200.0  # seconds; Octyne's cookie says the same

_log = logging.getLogger("holdfast.sessions")
_TOKEN_BYTES, _TOKEN_LENGTH = 96, 128
_LONGEST_TEXT = 256
_INSERT = "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)"
_DELETE = "DELETE FROM sessions WHERE token_hash = ?"
_PURGE = "DELETE FROM sessions WHERE expires <= ?"


class SessionStoreError(Exception):
    """The session could not be kept, so it was not begun; the message gives the disk's reason."""


class Session:
    """One login of an account; `ended` is set when it is over, for whatever reason.

    The account changes when it is renamed. `created` and `expires` are Unix times.
    """

    __slots__ = ("account", "address", "agent", "created", "ended", "expires", "key")

    def __init__(
        self, key: bytes, account: str, created: float, expires: float, address: str, agent: str
    ) -> None:
        self.key = key
        self.account = account
        self.created = created
        self.expires = expires
        self.address = address
        self.agent = agent
        self.ended = anyio.Event()

    def __repr__(self) -> str:
        return f"<Session of {self.account!r} from {self.address}>"


class Sessions:
    """All live sessions. At most `per_account` of one account: a further login ends its oldest."""

    def __init__(
        self, path: str, *, clock: Callable[[], float] = time.time, per_account: int = 1_000
    ) -> None:
        self._path = path
        self._file = SessionFile(path)
        self._clock = clock
        self._per_account = per_account
        self._live: dict[bytes, Session] = {}  # oldest first
        self._owed: list[Statement] = []
        self._lock = anyio.Lock()  # one write at a time, in the order they were asked for
        self._limiter = anyio.CapacityLimiter(1)

    async def open(self) -> None:
        """Load what is still valid; a damaged file is set aside.

        Raises `SessionStoreError`: then nobody is logged in and nobody can, until it is called again.
        """
        try:
            rows = await to_thread.run_sync(self._file.open, limiter=self._limiter)
        except (OSError, FileError) as exc:
            raise SessionStoreError(f"cannot open {self._path}: {exc}") from exc
        now = self._clock()
        for session in (Session(*row) for row in rows):
            if session.expires > now:
                self._live[session.key] = session
        self._owed.append((_PURGE, (now,)))  # not while opening: a full disk must not stop the start
        await self._settle("forget old sessions")

    async def close(self) -> None:
        """Pay what is owed and close the file. Sessions in memory are left as they are."""
        await self._settle("end sessions")
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(self._file.close, limiter=self._limiter)

    def accounts(self) -> set[str]:
        """Return the accounts that have sessions, to be compared with those that exist."""
        return {session.account for session in self._live.values()}

    def find(self, token: str) -> Session | None:
        """Return the live session of a token. Any string may be asked for."""
        if len(token) != _TOKEN_LENGTH or not token.isascii():
            return None
        session = self._live.get(hashlib.sha256(token.encode()).digest())
        if session is None or session.expires <= self._clock():
            return None
        return session

    async def create(self, account: str, address: str, agent: str) -> tuple[str, Session]:
        """Begin a session; return its token (128 characters) and itself. Raises `SessionStoreError`."""
        self.expire()
        token = base64.b64encode(secrets.token_bytes(_TOKEN_BYTES)).decode()
        key, now = hashlib.sha256(token.encode()).digest(), self._clock()
        session = Session(key, account, now, now + LIFETIME, _storable(address), _storable(agent))
        # In memory before the commit: nobody has the token yet, and if the account ends in this moment,
        # this session is among those that end with it.
        self._live[key] = session
        try:
            surplus = await self._insert(session)
        except FileError as exc:
            raise SessionStoreError(f"the session could not be saved: {exc}") from exc
        except BaseException:  # cancelled while it waited for its turn: the token reaches nobody
            self._drop([session])
            raise
        self._drop(surplus)
        return token, session

    async def end(self, session: Session) -> None:
        """End one session (logout)."""
        self._drop([session])
        self._owed.append((_DELETE, (session.key,)))
        await self._settle("end a session")

    async def end_account(self, name: str) -> None:
        """End all sessions of an account: it was deleted, disabled, or has a new password."""
        self._drop([session for session in self._live.values() if session.account == name])
        self._owed.append(("DELETE FROM sessions WHERE account = ?", (name,)))
        await self._settle("end the sessions of an account")

    async def rename(self, old: str, new: str) -> None:
        """Let the sessions of an account go on under its new name."""
        for session in self._live.values():
            if session.account == old:
                session.account = new
        self._owed.append(("UPDATE sessions SET account = ? WHERE account = ?", (new, old)))
        await self._settle("rename an account")

    def expire(self) -> None:
        """End what has run out, so that its consoles close; the rows go with the next write."""
        now = self._clock()
        over = [session for session in self._live.values() if session.expires <= now]
        self._drop(over)
        self._owed += [(_DELETE, (session.key,)) for session in over]

    def _drop(self, sessions: Iterable[Session]) -> None:
        for session in sessions:
            self._live.pop(session.key, None)
            session.ended.set()

    async def _insert(self, session: Session) -> list[Session]:
        """Commit a session and the end of those it crowds out; return these."""
        async with self._lock:
            if session.ended.is_set():
                return []
            own = [other for other in self._live.values() if other.account == session.account]
            surplus = [other for other in own[: -self._per_account] if other is not session]
            values = (session.created, session.expires, session.address, session.agent)
            owed, self._owed = self._owed, []
            statements = [*owed, (_INSERT, (session.key, session.account, *values))]
            statements += [(_DELETE, (other.key,)) for other in surplus]
            try:
                await to_thread.run_sync(self._file.write, statements, limiter=self._limiter)
            except BaseException:
                # Before the next in line gets the lock, or it would count a session that never was.
                self._owed = owed + self._owed
                self._drop([session])
                raise
            return surplus

    async def _settle(self, purpose: str) -> None:
        """Write what is owed, also for a client that has hung up; if refused, log it and let it stay owed."""
        with anyio.CancelScope(shield=True):
            async with self._lock:
                owed, self._owed = self._owed, []
                try:
                    await to_thread.run_sync(self._file.write, owed, limiter=self._limiter)
                except FileError as exc:
                    self._owed = owed + self._owed
                    _log.error("cannot %s in %s, will try again: %s", purpose, self._path, exc)


def _storable(text: str) -> str:
    """Return text from a request's head as SQLite takes it: short, and without half characters."""
    return text[:_LONGEST_TEXT].encode("utf-8", "replace").decode()
