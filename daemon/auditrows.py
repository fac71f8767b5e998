"""Checks the rows of `audit.db`: that they are what was recorded, and that none is missing in between.

Rules:
- A row is its line: the hash is that of the line, and what can be searched says what the line says. Each row
  names the hash of the row before, as the lines do.
- Between the oldest row and the newest, none may be missing; what is older was forgotten by right. A number
  that is left out by a row which names the right hash was lost when it was recorded: the files tell that.
- Whether a row is the line of a file is seen when the files are followed (`auditchain.py`).
- Rows that only the files have, at the end, are added when the daemon starts; so that is a remark.
"""

from collections.abc import Iterator

from .audit import DATABASE
from .auditchain import Chain, Finding, named
from .auditlines import fields_of, hash_of, row_of, seal_of
from .auditmemory import Memory


def check_rows(memory: Memory, chain: Chain) -> Iterator[Finding]:
    """Yield what is wrong with the rows, after the files were followed. Raises `sqlite3.Error`."""
    if not memory.there:
        return
    last, written = 0, ""
    changed = _Changed()
    while rows := memory.rows(last):
        for row in rows:
            seq, digest = int(str(row[0])), str(row[8])
            sound, follows = _is_sound(row), not written or _follows(row, written)
            hole = last > 0 and seq > last + 1
            if hole and not (sound and written and follows) and memory.oldest() <= last:
                yield from changed.told()
                yield Finding(DATABASE, f"{named(last + 1, seq - 1)} missing")
            if not sound:
                yield from changed.add(seq)
            elif not (follows or hole):
                yield from changed.told()
                yield Finding(DATABASE, f"entry {seq} does not follow the one before it")
            # Behind one that was changed, nothing is known of what should be named.
            last, written = seq, (digest or written) if sound else ""
    yield from changed.told()
    end, _ = chain.head
    if chain.entries and not last:
        yield Finding(DATABASE, "it is empty")
    elif end > last:
        yield Finding(DATABASE, f"{named(last + 1, end)} in the files alone so far", harmless=True)


class _Changed:
    """Rows next to each other that were changed, so that they are told of together."""

    def __init__(self) -> None:
        self._first = self._last = 0

    def add(self, seq: int) -> Iterator[Finding]:
        """Add one; yield what it does not belong to."""
        if self._last and seq != self._last + 1:
            yield from self.told()
        self._first, self._last = self._first or seq, seq

    def told(self) -> Iterator[Finding]:
        """Yield what was added, and forget it."""
        if self._last:
            yield Finding(DATABASE, f"{named(self._first, self._last)} not as recorded")
        self._first = self._last = 0


def _follows(row: tuple[object, ...], written: str) -> bool:
    seal = seal_of(str(row[9]).encode("utf-8", "replace"))
    return seal is not None and seal.prev == written


def _is_sound(row: tuple[object, ...]) -> bool:
    """Tell whether a row fits to its line."""
    seq, digest, line = row[0], row[8], row[9]
    if not isinstance(digest, str) or not isinstance(line, str):
        return False
    raw = line.encode("utf-8", "replace")
    seal, said = seal_of(raw), fields_of(raw)
    if seal is None or said is None or seal.seq != seq:
        return False
    return digest in ("", hash_of(raw)) and row == row_of(said, seq, digest, line)
