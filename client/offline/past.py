"""`history.db`, read without leaving a trace: what happened to the servers, as the daemon has written it."""

import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from urllib.parse import quote

from ..failures import Failure
from ..records import Json

FILE = "history.db"

LARGEST = 512 << 20
"""Bytes of a database of which a copy is made."""


class Unreadable(Failure):
    """What was written cannot be read; the message says why."""


class Past:
    """What happened, by the file in a state directory; nothing if there is none."""

    def __init__(self, state: str) -> None:
        self._path = os.path.join(state, FILE)

    def of(self, server: str, before: int | None, limit: int) -> Sequence[Json]:
        """Return the latest events of a server before an id, the latest first; raises `Unreadable`."""
        return self._events(
            "WHERE server = ? AND id < ? ORDER BY id DESC LIMIT ?", server, before or (1 << 62), limit
        )

    def latest(self) -> dict[str, Json]:
        """Return the latest change of state of each server; raises `Unreadable`."""
        last = "SELECT max(id) FROM happenings WHERE type = 'state' GROUP BY server"
        return {str(one["server"]): one for one in self._events(f"WHERE id IN ({last})")}

    def end(self) -> tuple[str, int, int]:
        """Return how far the supervisor's own history was heard: its origin and number; and the latest id."""
        latest = self._rows("SELECT coalesce(max(id), 0), '', 0 FROM happenings")
        heard = self._rows(
            "SELECT id, origin, number FROM happenings WHERE origin != '' ORDER BY id DESC LIMIT 1"
        )
        _, origin, number = heard[0] if heard else (0, "", 0)
        return str(origin), int(str(number)), int(str(latest[0][0])) if latest else 0

    def _events(self, condition: str, *values: str | int) -> Sequence[Json]:
        select = f"SELECT id, at, server, type, body FROM happenings {condition}"  # noqa: S608  (ours)
        return [
            {"id": id_, "at": at, "server": server, "type": type_, **_body(str(body))}
            for id_, at, server, type_, body in self._rows(select, *values)
        ]

    def _rows(self, select: str, *values: str | int) -> Sequence[tuple[object, ...]]:
        if not os.path.exists(self._path):
            return ()
        try:
            with _opened(self._path) as database:
                return database.execute(select, values).fetchall()
        except sqlite3.Error as exc:
            raise Unreadable(f"{self._path} cannot be read: {exc}") from exc
        except OSError as exc:
            raise Unreadable(f"{self._path} cannot be read: {exc.strerror}") from exc


@contextmanager
def _opened(path: str) -> Iterator[sqlite3.Connection]:
    """Open it to read. SQLite would make files beside it to read what is in a -wal: then a copy is read."""
    if not (os.path.exists(f"{path}-wal") and os.stat(f"{path}-wal").st_size):
        with open(path, "rb"), closing(_connection(path, "immutable=1")) as database:
            yield database
        return
    if os.stat(path).st_size > LARGEST:
        raise sqlite3.OperationalError("it is too large to be read while the daemon is away")
    with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
        copy = os.path.join(folder, FILE)
        for end in ("", "-wal"):
            shutil.copyfile(path + end, copy + end)
        with closing(_connection(copy, "mode=rw")) as database:
            yield database


def _connection(path: str, options: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(os.path.abspath(path))}?{options}", uri=True)


def _body(text: str) -> dict[str, object]:
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    return told if isinstance(told, dict) else {"reason": "what stood here cannot be read"}
