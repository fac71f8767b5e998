"""What sessions, keys and shares have in common: a token lets its bearer in, for somebody, for a while.

Rules:
- Only the SHA-256 of a token is kept, in memory and on disk: a stolen file opens no door.
- What ends does so in memory first, at once, and nothing can fail there; then on disk. What the disk refuses
  stays owed and goes with the next write, in order, in one transaction.
- What is given out is on the disk before. Its last use is written now and then: a power cut may make it look
  idle for longer than it was, by some minutes.
- Times are wall time, since they outlast the machine's uptime. A clock that jumps ends something early or
  late. Nothing is cut to fit the clock at start: machines without a battery boot in 1970.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from .ledger import Ledger
from .ledgerfile import Row, Statement
from .permissions import NOTHING, Rights
from .standing import Holder

NOTED_EVERY = 300.0
"""Seconds of use that a power cut may lose."""

_LONGEST_TOKEN = 128
_LONGEST_TEXT = 256


class NoSuchEntry(Exception):
    """There is none of this name, or none any more."""


class Entry(Holder):
    """Who has shown a token. Times are Unix times; `used` is 0 for never, `address` says from where last."""

    __slots__ = ("address", "created", "digest", "id", "noted", "used")

    def __init__(
        self, digest: bytes, key: str, owner: str, created: float, used: float = 0.0, address: str = ""
    ) -> None:
        super().__init__(owner)
        self.digest = digest
        self.id = key
        """What names it to people; it opens nothing."""
        self.created = created
        self.used = self.noted = used
        self.address = address

    @property
    def user(self) -> str:
        """The name in the audit log: of whom it belongs to."""
        return self.owner


E = TypeVar("E", bound=Entry)


class Register(Generic[E]):
    """All entries of one kind, by the digest of their tokens, the oldest first.

    `owner_rights` tells what an owner may do.
    """

    table = ""
    """The table of the ledger, and what its owners are called there."""
    owner_column = "owner"

    def __init__(
        self,
        ledger: Ledger,
        owner_rights: Callable[[str], Rights],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._owner_rights = owner_rights
        self._clock = clock
        self._live: dict[bytes, E] = {}

    def entry(self, row: Row) -> E:
        """Return what a row of the table means."""
        raise NotImplementedError

    def row(self, entry: E) -> Row:
        """Return what stands in the table."""
        raise NotImplementedError

    def expires(self, entry: E) -> float | None:
        """Return when it ends, if nothing happens; None for never."""
        raise NotImplementedError

    def rights(self, entry: E, owner: Rights) -> Rights:
        """Return what it permits, for an owner who has some rights."""
        del entry
        return owner

    def load(self, rows: Iterable[Row]) -> None:
        """Take in what was kept and is still good."""
        for row in rows:
            entry = self.entry(row)
            self._live[entry.digest] = entry
        self.expire()
        self.review()

    def all(self) -> list[E]:
        """Return all that are good, the oldest first."""
        return [entry for entry in self._live.values() if not self._is_over(entry)]

    def of(self, owner: str) -> list[E]:
        """Return those that are good and belong to somebody."""
        return [entry for entry in self.all() if entry.owner == owner]

    def owners(self) -> set[str]:
        """Return whom they belong to."""
        return {entry.owner for entry in self._live.values()}

    def find(self, token: str) -> E | None:
        """Return whose token this is. Any string may be asked for."""
        return None if (digest := digest_of(token)) is None else self.find_by(digest)

    def find_by(self, digest: bytes) -> E | None:
        """Return whose token has this digest."""
        entry = self._live.get(digest)
        return None if entry is None or self._is_over(entry) else entry

    def get(self, key: str) -> E:
        """Return one by what names it to people; raises `NoSuchEntry`."""
        for entry in self.all():
            if entry.id == key:
                return entry
        raise NoSuchEntry(f"there is none of the name {key[:40]!r}")

    def use(self, entry: E, address: str) -> None:
        """Note that it was used just now, and from where."""
        entry.used, entry.address = self._clock(), address

    async def end(self, entries: Sequence[E], purpose: str = "end something") -> None:
        """End some."""
        self._drop(entries)
        self._ledger.owe(*map(self._deletion, entries))
        await self._ledger.settle(purpose)

    def end_owner(self, owner: str) -> None:
        """End all that belong to somebody; on disk with the next write."""
        self._drop([entry for entry in self._live.values() if entry.owner == owner])
        self._ledger.owe((f"DELETE FROM {self.table} WHERE {self.owner_column} = ?", (owner,)))  # noqa: S608

    def rename(self, old: str, new: str) -> None:
        """Let what belongs to an account go on under its new name; on disk with the next write."""
        for entry in self._live.values():
            if entry.owner == old:
                entry.owner = new
        column = self.owner_column
        self._ledger.owe((f"UPDATE {self.table} SET {column} = ? WHERE {column} = ?", (new, old)))  # noqa: S608

    def review(self) -> None:
        """Give each what it permits now."""
        for entry in self._live.values():
            self._review(entry)

    def expire(self) -> None:
        """End what has run out, so that its connections close; the rows go with the next write."""
        over = [entry for entry in self._live.values() if self._is_over(entry)]
        self._drop(over)
        self._ledger.owe(*map(self._deletion, over))

    def next_end(self) -> float:
        """Return in how many seconds the next one ends, if nothing happens; infinity for never."""
        ends = [end for entry in self._live.values() if (end := self.expires(entry)) is not None]
        return min(ends, default=float("inf")) - self._clock()

    def note_uses(self, every: float = NOTED_EVERY) -> None:
        """Have the next write tell what was used since."""
        for entry in self._live.values():
            if entry.used - entry.noted >= every:
                entry.noted = entry.used
                text = f"UPDATE {self.table} SET used = ?, address = ? WHERE token_hash = ?"  # noqa: S608
                self._ledger.owe((text, (entry.used, storable(entry.address), entry.digest)))

    async def _begin(self, entry: E, surplus: Callable[[], Sequence[E]] = tuple) -> None:
        """Have an entry kept, and those ended that it crowds out; raises `CannotKeep`."""
        self._review(entry)
        # In memory before the commit: nobody has the token yet, and if the owner ends in this moment, this is
        # among what ends with him.
        self._live[entry.digest] = entry
        over = list[E]()

        def prepare() -> list[Statement]:
            if entry.ended.is_set():
                return []
            over.extend(surplus())
            row = self.row(entry)  # not before: the owner may have another name by now
            marks = ", ".join("?" * len(row))
            insertion = f"INSERT INTO {self.table} VALUES ({marks})", row  # noqa: S608
            return [insertion, *map(self._deletion, over)]

        try:
            await self._ledger.commit(prepare, lambda: self._drop([entry]))
        except BaseException:  # cancelled while it waited for its turn: the token reaches nobody
            self._drop([entry])
            raise
        self._drop(over)

    def _review(self, entry: E) -> None:
        owner = self._owner_rights(entry.owner)
        entry.review(NOTHING if owner == NOTHING else self.rights(entry, owner))

    def _is_over(self, entry: E) -> bool:
        expires = self.expires(entry)
        return expires is not None and expires <= self._clock()

    def _deletion(self, entry: E) -> Statement:
        return f"DELETE FROM {self.table} WHERE token_hash = ?", (entry.digest,)  # noqa: S608

    def _drop(self, entries: Iterable[E]) -> None:
        for entry in entries:
            self._live.pop(entry.digest, None)
            entry.end()


def digest_of(token: str) -> bytes | None:
    """Return what is kept of a token; None for what cannot be one. Any string may be asked for."""
    return None if len(token) > _LONGEST_TOKEN or not token.isascii() else hashed(token)


def hashed(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def storable(text: str) -> str:
    """Return text from a request's head as SQLite takes it: short, and without half characters."""
    return text[:_LONGEST_TEXT].encode("utf-8", "replace").decode()
