"""What stands where in a log file: the stream, the offset and the time of its bytes, in a file beside it.

Rules:
- An entry is written before the text that it tells of. So where the text ends is known from the size of its
  file alone, whenever we are killed: the bytes behind the last entry are the stream's, one after the other.
- An entry says: at this place of the text stand so many bytes of ours (a notice), and then the stream's, from
  this offset on, which came at this time. Where they are stamped, each line begins with a stamp of `STAMP`
  bytes; a line begins at the very beginning of the file, and behind a newline.
- There is an entry whenever something is different from the one before, and for a new second.
- Entries have one size, so a torn one at the end is known by that; one that is about a place behind the end
  of the text was never used.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite

_ENTRY = struct.Struct("=QdQQII")  # place, time, offset, stream, bytes of ours, flags
SIZE = _ENTRY.size

HEAD = b"Holdfast log index, version 1\n".ljust(SIZE, b"\0")

STAMP = len("2026-01-31T12:00:00.000Z ")
"""Bytes of a stamp."""

_STAMPED = 1
_LATEST = 253402300799.0
"""The last second that a stamp can show."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry: `at` is a place in the text, `ours` the bytes there that are not the stream's."""

    at: int
    time: float
    offset: int
    stream: int
    ours: int = 0
    stamped: bool = False

    def pack(self) -> bytes:
        """Return it as it stands in the file."""
        flags = _STAMPED if self.stamped else 0
        return _ENTRY.pack(self.at, self.time, self.offset, self.stream, self.ours, flags)


def entries(data: bytes) -> Iterator[Entry]:
    """Yield the entries of an index, up to a torn one; raises `ValueError` for what is no index."""
    if data[:SIZE] != HEAD:
        raise ValueError("it is no index of a log")
    whole = (len(data) - SIZE) // SIZE * SIZE
    for at, time, offset, stream, ours, flags in _ENTRY.iter_unpack(data[SIZE : SIZE + whole]):
        # Damage may have made the time one that neither a date nor JSON can show.
        yield Entry(at, time if isfinite(time) else 0.0, offset, stream, ours, bool(flags & _STAMPED))


def stamp(moment: float) -> bytes:
    """Return what stands before a line that came at a moment: UTC, to the millisecond."""
    shown = datetime.fromtimestamp(min(max(moment, 0.0), _LATEST), UTC)
    return f"{shown:%Y-%m-%dT%H:%M:%S}.{shown.microsecond // 1000:03d}Z ".encode()


def stamped(data: bytes, moment: float, *, begins: bool) -> bytes:
    """Return text with a stamp before each line; `begins` says whether it begins with one."""
    mark = stamp(moment)
    text = data.replace(b"\n", b"\n" + mark)
    if data.endswith(b"\n"):
        text = text[: -len(mark)]
    return mark + text if begins and data else text
