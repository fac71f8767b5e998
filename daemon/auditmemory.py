"""What `audit.db` remembers of the log, for who follows its chain."""

from .auditstore import COLUMNS
from .database import open_to_read


class Memory:
    """What the database remembers; nothing without a path. Raises `sqlite3.Error`."""

    def __init__(self, path: str | None) -> None:
        self._database = open_to_read(path) if path is not None else None
        self.first, self.last = self._ask("SELECT min(seq), max(seq) FROM entries WHERE hash != ''") or (0, 0)

    @property
    def there(self) -> bool:
        """Whether there is a database."""
        return self._database is not None

    def hash_of(self, seq: int) -> str | None:
        """Return the hash of an entry, empty if the files did not take it; None if it is not known."""
        found = self._ask("SELECT hash FROM entries WHERE seq = ?", seq)
        return str(found[0]) if found else None

    def rows(self, after: int) -> list[tuple[object, ...]]:
        """Return the next rows, as they are; few at a time, so that the daemon can go on."""
        if self._database is None:
            return []
        query = f"SELECT {', '.join(COLUMNS)} FROM entries WHERE seq > ? ORDER BY seq LIMIT 200"  # noqa: S608
        return self._database.execute(query, (after,)).fetchall()

    def oldest(self) -> int:
        """Return the number of the oldest row, 0 if there is none."""
        found = self._ask("SELECT min(seq) FROM entries")
        return int(found[0]) if found else 0

    def has(self, first: int, last: int) -> int:
        """Return how many of these entries it has."""
        found = self._ask("SELECT count(*) FROM entries WHERE seq BETWEEN ? AND ?", first, last)
        return int(found[0]) if found else 0

    def folders(self) -> list[str]:
        """Return the folders in which the log has been."""
        if self._database is None:
            return []
        return [str(path) for (path,) in self._database.execute("SELECT path FROM folders")]

    def close(self) -> None:
        """Forget it."""
        if self._database is not None:
            self._database.close()

    def _ask(self, query: str, *values: int) -> tuple[int, int] | None:
        if self._database is None:
            return None
        found: tuple[int, int] | None = self._database.execute(query, values).fetchone()
        return None if found is None or found[0] is None else found
