"""`schedules.db`: what has passed of each schedule, what became of it, and the archives that are its own.

Rules:
- Each change is durable before the caller goes on: what is to be run once is written down before it begins.
- A row that nobody can read, and a database that is damaged, is as if it had never been: the schedules begin
  now, so nothing is run twice, but what was missed before is not found any more. That is logged.
- What is no longer in the config is kept for a month: it may come back, and the clock may be set back.

For one thread at a time.
"""

import json
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .database import Shape, open_sound
from .schedule import Interval, Memory
from .scheduleresult import Result

Key: TypeAlias = tuple[str, str]
"""The names of a server and of a schedule of it."""

StoreError = sqlite3.Error

KEPT = 30 * 86_400.0
"""Seconds."""

_COLUMNS = ("server", "name", "spec", "through", "done", "missed", "warned", "results")
_ARCHIVE = ("server", "name", "directory", "path")
SHAPE = Shape(
    1,
    (
        (
            "CREATE TABLE schedules(server TEXT, name TEXT, spec TEXT, through REAL, done TEXT,"
            " missed INTEGER, warned TEXT, results TEXT, PRIMARY KEY (server, name))"
        ),
        (
            "CREATE TABLE archives(server TEXT, name TEXT, directory TEXT, path TEXT,"
            " PRIMARY KEY (server, name, directory, path))"
        ),
    ),
    {"schedules": _COLUMNS, "archives": _ARCHIVE},
    synchronous="FULL",
)

_log = logging.getLogger("holdfast.schedules")


@dataclass(frozen=True, slots=True)
class Kept:
    """What is stored of a schedule: its past, and what became of the latest runs, the latest first."""

    memory: Memory
    results: Sequence[Result] = ()


class ScheduleStore:
    """The database, closed until `open`."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._database: sqlite3.Connection | None = None

    def open(self) -> Mapping[Key, Kept]:
        """Open it, or make it; return what stands in it. Raises `OSError`, `StoreError`."""
        self._database, kept = open_sound(self.path, SHAPE, _load, _log, "the schedules begin anew")
        return kept

    def save(self, rows: Mapping[Key, Kept]) -> None:
        """Store what is new, all of it or nothing; raises `StoreError`."""
        values = [
            (
                *key,
                kept.memory.spec,
                kept.memory.through,
                json.dumps(kept.memory.done),
                kept.memory.missed,
                json.dumps(kept.memory.warned),
                json.dumps([result.to_dict() for result in kept.results]),
            )
            for key, kept in rows.items()
        ]
        with self._open as database:
            database.executemany("INSERT OR REPLACE INTO schedules VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def forget(self, keys: Sequence[Key]) -> None:
        """Remove what is gone for long; the archives stay where they are. Raises `StoreError`."""
        with self._open as database:
            for table in ("schedules", "archives"):
                database.executemany(f"DELETE FROM {table} WHERE server = ? AND name = ?", keys)  # noqa: S608

    def archives(self, key: Key, directory: str) -> list[str]:
        """Return the paths of its own archives in a folder, the oldest first; raises `StoreError`."""
        statement = "SELECT path FROM archives WHERE server = ? AND name = ? AND directory = ? ORDER BY rowid"
        return [path for (path,) in self._open.execute(statement, (*key, directory))]

    def all_archives(self, directory: str) -> list[str]:
        """Return the paths of the archives that any schedule has made in a folder; raises `StoreError`."""
        found = self._open.execute("SELECT path FROM archives WHERE directory = ?", (directory,))
        return [path for (path,) in found]

    def add_archive(self, key: Key, directory: str, path: str) -> None:
        """Note that an archive is a schedule's own; raises `StoreError`."""
        with self._open as database:
            database.execute("INSERT OR REPLACE INTO archives VALUES (?, ?, ?, ?)", (*key, directory, path))

    def drop_archive(self, key: Key, directory: str, path: str) -> None:
        """Note that an archive is no more; raises `StoreError`."""
        where = "server = ? AND name = ? AND directory = ? AND path = ?"
        with self._open as database:
            database.execute(f"DELETE FROM archives WHERE {where}", (*key, directory, path))  # noqa: S608

    def close(self) -> None:
        """Close it, if it is open."""
        if self._database is not None:
            self._database.close()
            self._database = None

    @property
    def _open(self) -> sqlite3.Connection:
        if self._database is None:
            raise sqlite3.OperationalError("it is closed")
        return self._database


def _load(database: sqlite3.Connection) -> Mapping[Key, Kept]:
    found: dict[Key, Kept] = {}
    for row in database.execute(f"SELECT {', '.join(_COLUMNS)} FROM schedules"):  # noqa: S608
        try:
            kept = _kept(*row[2:])
        except (ValueError, TypeError, OverflowError, RecursionError) as exc:
            _log.warning("what was known of the schedule %s of %s cannot be read: %s", row[1], row[0], exc)
        else:
            found[row[0], row[1]] = kept
    return found


def _kept(spec: object, through: object, done: str, missed: object, warned: str, results: str) -> Kept:
    if not isinstance(spec, str) or not isinstance(through, float) or not isinstance(missed, int):
        raise TypeError("a column is of another type")
    intervals = sorted(_pair(one) for one in json.loads(done))
    told = json.loads(warned)
    pair = None if told is None else _pair(told)
    return Kept(
        Memory(spec, through, tuple(intervals), missed, pair),
        tuple(Result.from_dict(one) for one in json.loads(results)),
    )


def _pair(told: object) -> Interval:
    match told:
        case [int() | float() as first, int() | float() as last]:
            return float(first), float(last)
    raise ValueError("expected two numbers")
