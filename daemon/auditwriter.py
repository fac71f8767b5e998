"""The thread that writes the audit log: it alone knows what stands in the file, so it makes the chain.

Rules:
- Each line goes to the file first, then to the database. What waits goes there in one transaction.
- File and database fail apart: one that refuses costs what it would have held, and is told of once.
- The chain goes on from whichever of the two knows more. What only the file knows, since we were killed
  before the transaction was done, is added to the database; what only the database knows, since somebody has
  cut the file, is missed by the next line of the file.
"""

import json
import logging
import os
import pwd
import queue
import sqlite3
import threading
import time
from functools import lru_cache
from typing import TypeAlias

from . import auditlines
from .auditfile import NAME, AuditFile, lines_of, names
from .auditlines import GENESIS, Row
from .auditstore import AuditStore, Head

AT_ONCE = 500
"""Lines in one transaction."""

MOST_AT_ONCE = 1 << 20
"""Characters of lines in one transaction, about: that much the database may be too large for a moment."""

RETRY = 5.0
"""Seconds until a database that has failed is tried again."""

_log = logging.getLogger("holdfast.audit")

# Folder, how many rows to keep, number within this run, JSON object; or tell me; or stop.
Item: TypeAlias = "tuple[str, int, int, str] | threading.Event | None"


class AuditWriter(threading.Thread):
    """Takes what is recorded from `items` and writes it; `taken` counts its characters."""

    def __init__(self, database: str | None) -> None:
        # A daemon, so that who stops it can give up on a disk that hangs.
        super().__init__(name="audit", daemon=True)
        self.items: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self.taken = 0
        self._file: AuditFile | None = None
        self._store = AuditStore(database) if database is not None else None
        self._database = database
        self._offset = 0  # from the number within this run to that in the chain
        self._seq = 0
        self._prev = GENESIS
        self._begun = False
        self._rows: list[Row] = []
        self._held = 0  # characters of their lines
        self._folder, self._keep = "", 0
        self._failed: float | None = None  # when the database failed

    def run(self) -> None:
        """Write until told to stop; nothing the disk does ends this."""
        while (item := self.items.get()) is not None:
            if isinstance(item, threading.Event):
                self._settle()
                item.set()
                continue
            self._write(*item)
            if len(self._rows) >= AT_ONCE or self._held >= MOST_AT_ONCE or self.items.empty():
                self._settle()
        self._settle()
        if self._file is not None:
            self._file.close()
        if self._store is not None:
            self._store.close()

    def _write(self, folder: str, keep: int, number: int, head: str) -> None:
        if self._file is None or folder != self._folder:
            self._change_folder(folder)
        self._keep = keep
        if not self._begun:
            self._begin(number)
        size = len(head)
        seq = self._seq = self._offset + number
        said = auditlines.fields_of(head) or {}
        uid = said.get("uid")
        if isinstance(uid, int) and (name := _name_of(uid)):
            head = f'{head[:-1]},"uidName":{json.dumps(name)}}}'
        line = auditlines.sealed(head, seq, self._prev)
        digest = ""
        if self._file is not None and self._file.write(line.encode("ascii")):
            digest = self._prev = auditlines.hash_of(line.encode("ascii"))
        if self._store is not None:
            self._rows.append(auditlines.row_of(said, seq, digest, line))
            self._held += len(line)
        self.taken += size

    def _change_folder(self, folder: str) -> None:
        self._settle()
        if self._file is not None:
            self._file.close()
        self._folder, self._file = folder, AuditFile(os.path.abspath(os.path.join(folder, NAME)))

    def _begin(self, number: int) -> None:
        """Find the end of the chain."""
        self._begun = True
        found = _head_of(self._folder)
        self._seq, self._prev = found.written, found.digest
        self._open()
        self._offset = self._seq - number + 1

    def _open(self) -> None:
        """Open the database, and bring both to the same knowledge."""
        if self._store is None:
            return
        try:
            head = self._store.open()
            self._catch_up(self._store, head)
        except (OSError, sqlite3.Error) as exc:
            self._complain(exc)
            return
        # Also if they are equal: the line in the file may have been changed.
        if head.written and head.written >= self._seq:
            self._prev = head.digest
        if head.seq > self._seq:
            self._offset += head.seq - self._seq
            self._seq = head.seq
        if self._failed is not None:
            _log.warning("%s can be written again, with what the newest file has", self._database)
            self._failed = None

    def _catch_up(self, store: AuditStore, head: Head) -> None:
        """Add to the database what the newest file knows and it does not."""
        rows: list[Row] = []
        for line in lines_of(os.path.join(self._folder, NAME)):
            seal = auditlines.seal_of(line)
            if seal is None or not head.seq < seal.seq <= self._seq:
                continue
            said = auditlines.fields_of(line)
            if said is not None:
                text = line.decode("ascii", "replace")
                rows.append(auditlines.row_of(said, seal.seq, auditlines.hash_of(line), text))
        for start in range(0, len(rows), AT_ONCE):
            store.add(rows[start : start + AT_ONCE], self._folder, self._keep)

    def _settle(self) -> None:
        """Carry out the transaction."""
        rows, self._rows, self._held = self._rows, [], 0
        if self._store is None or not rows:
            return
        if not self._store.is_open:
            if self._failed is None or time.monotonic() - self._failed >= RETRY:
                self._open()
            if not self._store.is_open:
                return
        try:
            self._store.add(rows, self._folder, self._keep)
        except (OSError, sqlite3.Error) as exc:
            self._complain(exc)

    def _complain(self, exc: Exception) -> None:
        if self._store is not None:
            self._store.close()
        if self._failed is None:
            _log.error("cannot write %s, the file goes on without it: %s", self._database, exc)
        self._failed = time.monotonic()


def _head_of(folder: str) -> Head:
    """Return the end of the chain in the files; where there is none, it begins behind the last line."""
    last = GENESIS
    for name in names():
        lines = lines_of(os.path.join(folder, name))
        for line in reversed(lines):
            if (seal := auditlines.seal_of(line)) is not None:
                return Head(seal.seq, seal.seq, auditlines.hash_of(line))
            if last == GENESIS and auditlines.fields_of(line) is not None:
                last = auditlines.hash_of(line)
    return Head(digest=last)


def _name_of(uid: int) -> str:
    """Return the name of a user. Here, and not where it is recorded: it may have to be asked of a network."""
    try:
        return _known_name(uid)
    except (KeyError, OverflowError):
        return ""


@lru_cache(256)
def _known_name(uid: int) -> str:
    return pwd.getpwuid(uid).pw_name
