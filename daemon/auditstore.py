"""`audit.db`: what was recorded, so that it can be searched, and so that the end of the log is known.

Rules:
- It is bounded: the newest rows are kept, as many as the config says and as fit into 1 KiB for each of them
  (or 16 MiB). What is too many goes a few thousand at a time, with what is added; what is too large at once.
- A damaged one is set aside, and an empty one begins; what the newest log file still has is added again.
- It remembers the folders in which the log has been, since the chain goes on from one to the next.

It is written by one thread, and read by others through connections of their own (`auditsearch.py`).
"""

import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from .auditlines import GENESIS, Row
from .database import Shape, open_sound

COLUMNS = ("seq", "ts", "action", "user", "address", "server", "result", "cause", "hash", "line")
SHAPE = Shape(
    1,
    (
        (
            "CREATE TABLE entries(seq INTEGER PRIMARY KEY, ts REAL, action TEXT, user TEXT, address TEXT,"
            " server TEXT, result TEXT, cause TEXT, hash TEXT, line TEXT)"
        ),
        "CREATE TABLE folders(path TEXT PRIMARY KEY)",
    ),
    {"entries": COLUMNS, "folders": ("path",)},
)

AT_ONCE = 5000
"""Rows that are removed at once."""

FEW = 1000
"""Rows that there may be too many, so that they are not removed one by one."""

SOME = 100
"""Rows that are removed at a time until it is not too large any more."""

ROW_BYTES = 1 << 10
SMALLEST = 16 << 20
"""Bytes that it may have, however few rows are to be kept."""

_ADD = f"INSERT OR IGNORE INTO entries VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608
_log = logging.getLogger("holdfast.audit")


@dataclass(frozen=True, slots=True)
class Head:
    """How far the log has come: the latest number, and the latest line that the file took, with its hash."""

    seq: int = 0
    written: int = 0
    digest: str = GENESIS


class AuditStore:
    """The database, closed until `open`; whoever gets an exception from it closes it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None
        self._oldest = 0

    @property
    def is_open(self) -> bool:
        """Whether rows can be added."""
        return self._database is not None

    def open(self) -> Head:
        """Open it; return what it knows; raises `OSError`, `sqlite3.Error`."""
        self._database, (self._oldest, head) = open_sound(self._path, SHAPE, _ends, _log, "a new one begins")
        return head

    def add(self, rows: Sequence[Row], folder: str, keep: int) -> None:
        """Add rows, and forget the oldest beyond `keep`; raises `sqlite3.Error`, having added none."""
        database = self._database
        if database is None:
            raise sqlite3.OperationalError("it is closed")
        with database:
            database.execute("INSERT OR IGNORE INTO folders VALUES (?)", (folder,))
            database.executemany(_ADD, rows)
            self._forget(database, rows[-1][0] if rows else 0, keep)

    def close(self) -> None:
        """Close it, if it is open."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _forget(self, database: sqlite3.Connection, newest: int, keep: int) -> None:
        # By number, not by count: a hole in the numbers only makes it fewer.
        until = newest - keep
        if until - self._oldest >= min(FEW, keep // 10):
            self._drop(database, min(until, self._oldest + AT_ONCE))
        while self._oldest < newest and self._is_large(database, keep):
            self._drop(database, min(self._oldest + SOME, newest - 1))

    def _drop(self, database: sqlite3.Connection, until: int) -> None:
        database.execute("DELETE FROM entries WHERE seq <= ?", (until,))
        (oldest,) = database.execute("SELECT min(seq) FROM entries").fetchone()
        self._oldest = oldest or until + 1

    def _is_large(self, database: sqlite3.Connection, keep: int) -> bool:
        (pages,) = database.execute("PRAGMA page_count").fetchone()
        (free,) = database.execute("PRAGMA freelist_count").fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
        return bool((pages - free) * size > max(keep * ROW_BYTES, SMALLEST))


def _ends(database: sqlite3.Connection) -> tuple[int, Head]:
    """Return the number of the oldest row, or of the first that will come; and how far the log has come."""
    oldest, newest = database.execute("SELECT min(seq), max(seq) FROM entries").fetchone()
    found = database.execute(
        "SELECT seq, hash FROM entries WHERE hash != '' ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    written, digest = found or (0, GENESIS)
    return oldest or 1, Head(newest or 0, written, digest)
