"""`history.db`: what happened to the servers, as rows in SQLite. For one thread at a time."""

import contextlib
import json
import logging
import sqlite3
from collections.abc import Mapping, Sequence

from .database import Shape, open_sound
from .happening import Happening

KEEP = 500
"""Happenings that are kept of each server."""

KEEP_IN_ALL = 200_000

FileError = sqlite3.Error

_log = logging.getLogger("holdfast.history")
_COLUMNS = ("id", "at", "server", "type", "body", "origin", "number")
_SCHEMA = (
    (
        "CREATE TABLE IF NOT EXISTS happenings(id INTEGER PRIMARY KEY, at REAL NOT NULL,"
        " server TEXT NOT NULL,"
        " type TEXT NOT NULL, body TEXT NOT NULL, origin TEXT NOT NULL, number INTEGER NOT NULL)"
    ),
    "CREATE INDEX IF NOT EXISTS by_server ON happenings(server, id)",
)
_SHAPE = Shape(1, _SCHEMA, {"happenings": _COLUMNS})
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM happenings"  # noqa: S608  (names of ours)


class HistoryFile:
    """The file, closed until `open`; without one, nothing is kept and reading raises `sqlite3.Error`."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None

    def open(self) -> tuple[int, str, int]:
        """Open or make it; return the latest id, and the latest (origin, number) of a supervisor.

        Raises `OSError`, `sqlite3.Error`.
        """
        effect = "what happened to the servers begins anew"
        self._database, found = open_sound(self._path, _SHAPE, _latest, _log, effect)
        return found

    def add(self, happenings: Sequence[Happening]) -> None:
        """Keep them, all or none, and let go of the oldest; raises `sqlite3.Error`."""
        if self._database is None:
            return
        rows = [(h.id, h.at, h.server, h.type, json.dumps(h.body), h.origin, h.number) for h in happenings]
        marks = ", ".join("?" * len(_COLUMNS))
        with self._database as database:
            database.executemany(f"INSERT OR REPLACE INTO happenings VALUES ({marks})", rows)  # noqa: S608
            for server in {h.server for h in happenings}:
                database.execute(
                    "DELETE FROM happenings WHERE server = ? AND id <= (SELECT id FROM happenings"
                    " WHERE server = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
                    (server, server, KEEP),
                )
            database.execute("DELETE FROM happenings WHERE id <= ?", (rows[-1][0] - KEEP_IN_ALL,))

    def of(self, server: str, before: int, most: int) -> list[Happening]:
        """Return the latest of a server before an id, the latest first; raises `sqlite3.Error`."""
        return self._read("WHERE server = ? AND id < ? ORDER BY id DESC LIMIT ?", server, before, most)

    def first(self, moment: float) -> int | None:
        """Return the id of the first that happened at a moment or later; raises `sqlite3.Error`."""
        if self._database is None:
            raise sqlite3.OperationalError("it is closed")
        select = "SELECT min(id) FROM happenings WHERE at >= ?"
        (found,) = self._database.execute(select, (moment,)).fetchone()
        return None if found is None else int(found)

    def after(self, since: int, most: int) -> list[Happening]:
        """Return what came after an id, in order; raises `sqlite3.Error`."""
        return self._read("WHERE id > ? ORDER BY id LIMIT ?", since, most)

    def close(self) -> None:
        """Close it."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _read(self, condition: str, *values: str | int) -> list[Happening]:
        if self._database is None:
            raise sqlite3.OperationalError("it is closed")
        found = self._database.execute(f"{_SELECT} {condition}", values)
        return [
            Happening(id_, at, server, type_, _body(body), origin, number)
            for id_, at, server, type_, body, origin, number in found
        ]


def _body(text: str) -> Mapping[str, object]:
    """Return what a row tells; of one that is damaged, that it is."""
    with contextlib.suppress(ValueError, RecursionError):
        if isinstance(told := json.loads(text), dict):
            return told
    return {"type": "damaged", "reason": "what stood here cannot be read"}


def _latest(database: sqlite3.Connection) -> tuple[int, str, int]:
    (latest,) = database.execute("SELECT coalesce(max(id), 0) FROM happenings").fetchone()
    row = database.execute(
        "SELECT origin, number FROM happenings WHERE origin != '' ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return (int(latest), "", 0) if row is None else (int(latest), str(row[0]), int(row[1]))
