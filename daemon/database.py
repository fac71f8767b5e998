"""A SQLite file of ours: 0600, whole after a power cut, and set aside when it is damaged.

Rules:
- Damage is found when the file is opened: not a database, a page that contradicts another, tables of another
  shape, or a -wal that is none. What is damaged is kept under a name that says so, with its -wal.
- A torn end of the -wal was never committed: SQLite leaves it out.
"""

import contextlib
import logging
import os
import sqlite3
import stat
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import quote

from supervisor import damaged_name, sync_folder

T = TypeVar("T")

# From sqlite.org/fileformat2.html.
_SMALLEST_PAGE = 512
_WAL_HEADER, _WAL_MAGIC = 32, (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
_MOST_WAL = 8 << 20


class _Damaged(Exception):
    """The file is no database of this version; the message says why."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a database of ours looks like: its version, how it is made, and the columns of its tables.

    `upgrades` has, by its version, what makes the present one of an older one, before `schema` adds what it
    lacks. `synchronous` says what a power cut may take: with NORMAL the latest transactions, with FULL none.
    """

    version: int
    schema: Sequence[str]
    tables: Mapping[str, Collection[str]]
    upgrades: Mapping[int, Sequence[str]] = field(default_factory=dict)
    synchronous: str = "NORMAL"


def open_sound(
    path: str, shape: Shape, read: Callable[[sqlite3.Connection], T], log: logging.Logger, effect: str
) -> tuple[sqlite3.Connection, T]:
    """Open a database, or make it; return it and what `read` has read of it.

    A damaged one is set aside, which is logged with its `effect`, and an empty one begins. Raises `OSError`,
    `sqlite3.Error`. It is for one thread at a time, which need not be the same.
    """
    try:
        return _open(path, shape, read)
    except _Damaged as exc:
        kept = _set_aside(path)
        log.error("%s is damaged (%s); kept as %s, %s", path, exc, kept, effect)
        try:
            return _open(path, shape, read)
        except _Damaged as again:
            raise OSError(f"the new one is damaged too: {again}") from again


def open_to_read(path: str) -> sqlite3.Connection:
    """Return a connection that only reads, for one thread at a time; raises `sqlite3.Error`."""
    uri = f"file:{quote(os.path.abspath(path))}?mode=ro"
    database = sqlite3.connect(uri, uri=True, check_same_thread=False)
    database.text_factory = _text
    return database


def _open(path: str, shape: Shape, read: Callable[[sqlite3.Connection], T]) -> tuple[sqlite3.Connection, T]:
    fresh = not os.path.lexists(path)
    _check_files(path)
    # Made by us, since SQLite would go by the umask; it gives -wal and -shm the mode of this file.
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(fd, 0o600)
    finally:
        os.close(fd)
    try:
        database = sqlite3.connect(path, check_same_thread=False)
        try:
            database.text_factory = _text  # SQLite checks no text: a damaged one would stop us at each start
            database.execute("PRAGMA journal_mode=WAL")
            database.execute(f"PRAGMA synchronous={shape.synchronous}")
            database.execute(f"PRAGMA journal_size_limit={_MOST_WAL}")
            _check_shape(database, shape)
            found = read(database)
        except BaseException:
            database.close()
            raise
    except BaseException as exc:
        if fresh:  # an empty one would look damaged
            with contextlib.suppress(OSError):
                os.unlink(path)
        if isinstance(exc, sqlite3.DatabaseError) and _is_corrupt(exc):
            raise _Damaged(str(exc)) from exc
        raise
    if fresh:
        sync_folder(os.path.dirname(os.path.abspath(path)))
    return database, found


def _set_aside(path: str) -> str:
    """Keep a damaged database under another name; return that."""
    kept = damaged_name(path)
    # The database first: if we are cut off then, SQLite removes the rest. A database without its -wal it
    # would believe, and what was ended would live again.
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.rename(path + suffix, kept + suffix)
    sync_folder(os.path.dirname(os.path.abspath(path)))
    return kept


def _check_files(path: str) -> None:
    """Raise `_Damaged` for what SQLite takes for a file to which nothing was written yet."""
    with contextlib.suppress(FileNotFoundError):
        found = os.stat(path)
        if stat.S_ISREG(found.st_mode) and (found.st_size == 0 or found.st_size % _SMALLEST_PAGE):
            raise _Damaged("it is empty" if found.st_size == 0 else "it is cut short")
    with contextlib.suppress(FileNotFoundError), open(f"{path}-wal", "rb") as wal:
        head = wal.read(_WAL_HEADER)
        if len(head) == _WAL_HEADER and head[:4] not in _WAL_MAGIC:
            raise _Damaged("its -wal is none")


def _check_shape(database: sqlite3.Connection, shape: Shape) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version == 0 or version in shape.upgrades:
        with database:
            database.execute("BEGIN")  # all of it or nothing: Python begins no transaction for a schema
            for statement in (*shape.upgrades.get(version, ()), *shape.schema):
                database.execute(statement)
            database.execute(f"PRAGMA user_version={shape.version}")
    elif version != shape.version:
        raise _Damaged(f"its version is {version}, this program knows {shape.version}")
    (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise _Damaged(str(verdict))
    for table, columns in shape.tables.items():
        if [name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")] != list(columns):
            raise _Damaged(f"its table {table} is of another shape")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _is_corrupt(exc: sqlite3.Error) -> bool:
    code = getattr(exc, "sqlite_errorcode", 0) & 0xFF  # absent if the module itself raised it
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
