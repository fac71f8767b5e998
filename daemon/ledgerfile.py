"""`sessions.db`: who may come in, as rows in SQLite, in transactions that a power cut leaves whole.

Rules:
- Damage is found when the file is opened. Then it is set aside whole, under a name that says so, and an empty
  one begins: everybody logs in again, keys and shares are made anew. There is no copy to fall back to, since
  in an older one what has been ended would live again.
- A torn end of the -wal was never committed: SQLite leaves it out, and nothing is lost.

Nothing here is meant for two threads at once.
"""

import contextlib
import logging
import os
import sqlite3
import stat
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from supervisor import damaged_name, sync_folder

VERSION = 2

Row: TypeAlias = tuple[bytes | str | float, ...]
Rows: TypeAlias = Mapping[str, Sequence[Row]]
Statement: TypeAlias = tuple[str, tuple[bytes | str | float, ...]]
FileError = sqlite3.Error

_log = logging.getLogger("holdfast.sessions")
_B, _T, _R = (bytes, "BLOB"), (str, "TEXT"), (float, "REAL")
TABLES = {
    "sessions": {"token_hash": _B, "account": _T, "created": _R, "used": _R, "address": _T, "agent": _T},
    "keys": {
        "token_hash": _B,
        "id": _T,
        "name": _T,
        "owner": _T,
        "privileges": _T,
        "created": _R,
        "expires": _R,
        "used": _R,
        "address": _T,
    },
    "shares": {
        "token_hash": _B,
        "id": _T,
        "kind": _T,
        "owner": _T,
        "server": _T,
        "path": _T,
        "created": _R,
        "expires": _R,
        "used": _R,
        "address": _T,
    },
    "factors": {"account": _T, "step": _R},
}
"""Each table's columns with their types; the first is the primary key."""

_SCHEMA = [
    f"CREATE TABLE IF NOT EXISTS {table}("
    + ", ".join(
        f"{name} {kind}{'' if place else ' PRIMARY KEY'}"
        for place, (name, (_, kind)) in enumerate(columns.items())
    )
    + ")"
    for table, columns in TABLES.items()
]
# Version 1 said when a session would run out, 93 days after it began.
_FROM_1 = (
    "ALTER TABLE sessions RENAME COLUMN expires TO used",
    "UPDATE sessions SET used = created",
)
# From sqlite.org/fileformat2.html.
_SMALLEST_PAGE = 512
_WAL_HEADER, _WAL_MAGIC = 32, (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")


class _Damaged(Exception):
    """The file is no database of this version."""


class LedgerFile:
    """The file, closed until `open`."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None

    def open(self) -> Rows:
        """Return what stands in each table, the oldest first; raises `OSError`, `FileError`."""
        try:
            self._database, rows = self._connect()
        except (sqlite3.DatabaseError, _Damaged) as exc:
            if isinstance(exc, sqlite3.Error) and not _is_corrupt(exc):
                raise
            kept = self._set_aside()
            _log.error(
                "%s is damaged (%s); kept as %s, all must log in again and keys be made anew",
                self._path,
                exc,
                kept,
            )
            self._database, rows = self._connect()
        return rows

    def write(self, statements: Sequence[Statement]) -> None:
        """Carry out all of it in one transaction, durably, or nothing; raises `FileError`."""
        if not statements:
            return
        if self._database is None:
            raise sqlite3.OperationalError("the file is closed")
        with self._database:
            for text, values in statements:
                self._database.execute(text, values)

    def close(self) -> None:
        """Close the file, if it is open."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _connect(self) -> tuple[sqlite3.Connection, Rows]:
        fresh = not os.path.lexists(self._path)
        _check(self._path)
        # Made by us, since SQLite would go by the umask; it gives -wal and -shm the mode of this file.
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(fd, 0o600)
        finally:
            os.close(fd)
        database = sqlite3.connect(self._path, check_same_thread=False)
        database.text_factory = _text  # SQLite checks no text: a damaged one would stop us at each start
        try:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            _prepare(database)
            rows = {table: _load(database, table) for table in TABLES}
        except BaseException:
            database.close()
            if fresh:  # an empty one would look damaged
                with contextlib.suppress(OSError):
                    os.unlink(self._path)
            raise
        if fresh:
            sync_folder(os.path.dirname(os.path.abspath(self._path)))
        return database, rows

    def _set_aside(self) -> str:
        kept = damaged_name(self._path)
        # The database first: if we are cut off then, SQLite removes the rest. A database without its -wal it
        # would believe, and sessions would live again.
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.rename(self._path + suffix, kept + suffix)
        sync_folder(os.path.dirname(os.path.abspath(self._path)))
        return kept


def _check(path: str) -> None:
    """Raise `_Damaged` for what SQLite takes for a file to which nothing was written yet."""
    with contextlib.suppress(FileNotFoundError):
        found = os.stat(path)
        if stat.S_ISREG(found.st_mode) and (found.st_size == 0 or found.st_size % _SMALLEST_PAGE):
            raise _Damaged("it is empty" if found.st_size == 0 else "it is cut short")
    with contextlib.suppress(FileNotFoundError), open(f"{path}-wal", "rb") as wal:
        head = wal.read(_WAL_HEADER)
        if len(head) == _WAL_HEADER and head[:4] not in _WAL_MAGIC:
            raise _Damaged("its -wal is none")


def _prepare(database: sqlite3.Connection) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version in (0, 1):
        with database:
            for statement in (*(_FROM_1 if version else ()), *_SCHEMA):
                database.execute(statement)
            database.execute(f"PRAGMA user_version={VERSION}")
    elif version != VERSION:
        raise _Damaged(f"its version is {version}, this program knows {VERSION}")
    (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise _Damaged(verdict)
    for table, columns in TABLES.items():
        if [name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")] != list(columns):
            raise _Damaged(f"its table {table} is of another shape")


def _load(database: sqlite3.Connection, table: str) -> list[Row]:
    # By rowid, not by `created`: the oldest makes room, and clocks jump.
    found = database.execute(f"SELECT {', '.join(TABLES[table])} FROM {table} ORDER BY rowid")  # noqa: S608
    kinds = [kind for kind, _ in TABLES[table].values()]
    # SQLite puts any type in any column, and gives what was put in.
    return [row for row in found if all(type(value) is kind for value, kind in zip(row, kinds, strict=True))]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _is_corrupt(exc: sqlite3.Error) -> bool:
    code = getattr(exc, "sqlite_errorcode", 0) & 0xFF  # absent if the module itself raised it
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
