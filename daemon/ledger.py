"""Who may come in, kept across restarts: writes to the file, one after the other, and those it refused.

Rules:
- What must be on the disk before it counts is committed; the caller hears if the disk refuses.
- What must count even if the disk refuses (an end, a change) is owed: it goes with the next write, in order.
"""

import logging
from collections.abc import Callable, Sequence

import anyio
from anyio import to_thread

from .ledgerfile import FileError, LedgerFile, Rows, Statement

_log = logging.getLogger("holdfast.sessions")


class CannotKeep(Exception):
    """This could not be kept, so it was not begun; the message gives the disk's reason."""


class Ledger:
    """The file, used in the event loop."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._file = LedgerFile(path)
        self._owed: list[Statement] = []
        self._lock = anyio.Lock()  # one write at a time, in the order they were asked for
        self._limiter = anyio.CapacityLimiter(1)
        self.on_commit: Callable[[], None] = lambda: None
        """Called when something was committed."""

    async def open(self) -> Rows:
        """Return the rows of each table; a damaged file is set aside. Raises `CannotKeep`."""
        try:
            return await to_thread.run_sync(self._file.open, limiter=self._limiter)
        except (OSError, FileError) as exc:
            raise CannotKeep(f"cannot open {self.path}: {exc}") from exc

    async def close(self) -> None:
        """Pay what is owed and close the file."""
        await self.settle("write what was left")
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(self._file.close, limiter=self._limiter)

    def owe(self, *statements: Statement) -> None:
        """Have these carried out with the next write."""
        self._owed += statements

    async def commit(
        self, prepare: Callable[[], Sequence[Statement]], undo: Callable[[], None] = lambda: None
    ) -> None:
        """Carry out what `prepare` returns when it is its turn; raises `CannotKeep`.

        If that fails, or is cancelled, `undo` is called before anybody else has a turn.
        """
        try:
            async with self._lock:
                owed, self._owed = self._owed, []
                try:
                    statements = prepare()
                    if statements:
                        await to_thread.run_sync(
                            self._file.write, [*owed, *statements], limiter=self._limiter
                        )
                        owed = []
                        self.on_commit()
                except BaseException:
                    undo()
                    raise
                finally:
                    self._owed = owed + self._owed
        except FileError as exc:
            raise CannotKeep(f"{self.path}: {exc}") from exc

    async def settle(self, purpose: str) -> None:
        """Write what is owed, also for a client that has hung up; if refused, log it and let it stay owed."""
        with anyio.CancelScope(shield=True):
            async with self._lock:
                owed, self._owed = self._owed, []
                if not owed:
                    return
                try:
                    await to_thread.run_sync(self._file.write, owed, limiter=self._limiter)
                except FileError as exc:
                    self._owed = owed + self._owed
                    _log.error("cannot %s in %s, will try again: %s", purpose, self.path, exc)
