"""`sessions.db`: who may come in, as rows in SQLite, in transactions that a power cut leaves whole.

Rules:
- A damaged one is set aside (`database.py`), and an empty one begins: everybody logs in again, keys and
  shares are made anew. There is no copy to fall back to, since in an older one what has been ended would live
  again.

Nothing here is meant for two threads at once.
"""

import logging
import sqlite3
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from .database import Shape, open_sound

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
_SHAPE = Shape(VERSION, _SCHEMA, TABLES, {1: _FROM_1}, "FULL")


class LedgerFile:
    """The file, closed until `open`."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None

    def open(self) -> Rows:
        """Return what stands in each table, the oldest first; raises `OSError`, `FileError`."""
        effect = "all must log in again and keys be made anew"
        self._database, rows = open_sound(self._path, _SHAPE, _load_all, _log, effect)
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


def _load_all(database: sqlite3.Connection) -> Rows:
    return {table: _load(database, table) for table in TABLES}


def _load(database: sqlite3.Connection, table: str) -> list[Row]:
    # By rowid, not by `created`: the oldest makes room, and clocks jump.
    found = database.execute(f"SELECT {', '.join(TABLES[table])} FROM {table} ORDER BY rowid")  # noqa: S608
    kinds = [kind for kind, _ in TABLES[table].values()]
    # SQLite puts any type in any column, and gives what was put in.
    return [row for row in found if all(type(value) is kind for value, kind in zip(row, kinds, strict=True))]
