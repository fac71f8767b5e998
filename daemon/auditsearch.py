"""Searching the audit log: what is asked for, and the rows that answer it, a block at a time.

A search has a connection of its own, which only reads, and no transaction lasts longer than a block: so it
neither waits for the writer nor keeps it from tidying up. It is meant for threads, one at a time.
"""

import math
import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from .database import open_to_read
from .query import whole_number

if TYPE_CHECKING:
    import sqlite3

BLOCK = 500
"""Rows that are read at once."""

BLOCK_TEXT = 256 << 10
"""Characters of their lines, but for the last one: older lines may be long."""

USUAL, MOST = 1000, 100_000
_LARGEST = (1 << 63) - 1


class InvalidSearch(ValueError):
    """A parameter that means nothing; the message says which, and what it should be."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked for: the newest entries that fit, at most `limit` of them; None fits anything."""

    user: str | None = None
    server: str | None = None
    action: str | None = None
    address: str | None = None
    result: str | None = None
    since: float | None = None
    until: float | None = None
    before: int = _LARGEST
    limit: int = USUAL

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Self:
        """Return what the parameters of a request ask for; raises `InvalidSearch`."""
        result = given.get("result") or None
        if result not in (None, "success", "failed", "denied"):
            raise InvalidSearch("result is success, failed or denied")
        return cls(
            user=given.get("user") or None,
            server=given.get("server") or None,
            action=given.get("action") or None,
            address=given.get("address") or None,
            result=result,
            since=_moment(given, "since"),
            until=_moment(given, "until"),
            before=_whole(given, "before", _LARGEST, _LARGEST),
            limit=_whole(given, "limit", USUAL, MOST),
        )

    def condition(self, before: int) -> tuple[str, list[str | int | float]]:
        """Return the condition in SQL, and its values."""
        parts = ["seq < ?"]
        wanted: list[str | int | float] = [before]
        for column in ("user", "server", "address", "result"):
            if (value := getattr(self, column)) is not None:
                parts.append(f"{column} = ?")
                wanted.append(value)
        if self.action is not None:
            # The action, or all of a group: what begins with `group.`; "/" comes after "." in ASCII.
            parts.append("(action = ? OR (action >= ? AND action < ?))")
            wanted += [self.action, f"{self.action}.", f"{self.action}/"]
        if self.since is not None:
            parts.append("ts >= ?")
            wanted.append(self.since)
        if self.until is not None:
            parts.append("ts < ?")
            wanted.append(self.until)
        return " AND ".join(parts), wanted


@dataclass(frozen=True, slots=True)
class Found:
    """An entry: its number, its server if it has one, and its line."""

    seq: int
    server: str | None
    line: str


class AuditSearch:
    """One search under way, newest first."""

    def __init__(self, path: str, search: Search) -> None:
        self._path = path
        self._search = search
        self._before = search.before
        self._database: sqlite3.Connection | None = None

    def next(self) -> Sequence[Found]:
        """Return the next entries, none at the end; raises `sqlite3.Error`."""
        if self._database is None:
            if not os.path.exists(self._path):
                return []  # nothing was recorded yet
            self._database = open_to_read(self._path)
            if self._database.execute("PRAGMA user_version").fetchone() == (0,):
                return []  # it is being made just now
        where, values = self._search.condition(self._before)
        query = f"SELECT seq, server, line FROM entries WHERE {where} ORDER BY seq DESC LIMIT ?"  # noqa: S608
        found: list[Found] = []
        text = 0
        # Closed: one that is left in the midst would keep its transaction open.
        with closing(self._database.execute(query, (*values, BLOCK))) as rows:
            for row in rows:
                found.append(Found(*row))
                text += len(found[-1].line)
                if text >= BLOCK_TEXT:
                    break
        if found:
            self._before = found[-1].seq
        return found

    def close(self) -> None:
        """End the search."""
        if self._database is not None:
            self._database.close()
            self._database = None


def _whole(given: Mapping[str, str], key: str, usual: int, most: int) -> int:
    text = given.get(key) or ""
    if not text:
        return usual
    if (number := whole_number(text, 1, most)) is None:
        raise InvalidSearch(f"{key} is a whole number from 1 to {most}")
    return number


def _moment(given: Mapping[str, str], key: str) -> float | None:
    """Return a moment in Unix seconds; without a zone, it is in UTC."""
    text = given.get(key) or ""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            seconds = math.nan
    if not math.isfinite(seconds):
        raise InvalidSearch(f"{key} is a moment: Unix seconds, or ISO 8601 such as 2026-01-31T12:00:00Z")
    return seconds
