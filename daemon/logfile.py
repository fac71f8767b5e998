"""The text of one server's log: bytes are added, parts begin, and after a kill it goes on at the exact byte.

Rules:
- Nothing is noted of how far we have come: it follows from the sizes of the files (see `logindex.py`). What
  was written when we were killed, or when the disk refused the rest, counts; a stamp or a notice that was cut
  is taken back.
- So every failure is mended in one way: `open` again, and go on from the place that it returns.
- What is missing in between is counted, and told by a line of ours, as soon as there is room for it.
- A part ends at the end of a line, unless a line is longer than `LONGEST`.
- One writer at a time: the folder is locked.
"""

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Callable, Sequence

from . import logindex
from .logfolder import NEW, LogFolder, Part
from .logindex import STAMP, Entry
from .logsettings import LogSettings
from .sink import ANEW, Piece, Place, missing

LONGEST = 1 << 20
"""Bytes by which a part may be too large for the end of a line."""

MOST_ENTRIES = 1 << 16
"""Entries of an index, after which the next part begins: an index is read as a whole."""

BLOCK = 1 << 18
DAY = 86_400.0


class LogFile:
    """The log of one server, as files in a folder of its own."""

    def __init__(self, path: str, settings: LogSettings, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._folder: LogFolder | None = None
        self._text = self._index = -1
        self._number = 0
        self._size = 0
        self._entries = 0
        self._began = 0.0
        self._latest: Entry | None = None
        self._place: Place | None = None
        self._begins = True
        """Whether the next byte begins a line."""
        self.missed = 0
        self.reason = ""

    def open(self) -> Place | None:
        """See `Sink.open`."""
        with self._lock:
            self._close()
            self._folder = LogFolder.open(self._path, make=True)
            fcntl.flock(self._folder.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # freed when it is closed
            for name in self._folder.names():
                if name.endswith(NEW):
                    with contextlib.suppress(OSError):
                        self._folder.remove(name)
            parts = self._folder.parts()
            self._number = parts[-1].number if parts else 0
            self._place = self._recover(self._folder, parts[-1]) if parts else None
            return self._place

    def write(self, pieces: Sequence[Piece]) -> bool:
        """See `Sink.write`."""
        with self._lock:
            if self._folder is None:
                raise OSError("the log is closed")
            if self._text >= 0 and not os.fstat(self._text).st_nlink:
                self._end_part()  # somebody has removed it
            before = self._number
            for piece in pieces:
                self._add(self._folder, piece)
            return self._number != before

    def close(self) -> None:
        """See `Sink.close`."""
        with self._lock:
            self._close()

    def _recover(self, folder: LogFolder, part: Part) -> Place | None:
        """Go on with the latest part; return where it ends."""
        self._index = folder.make(part.index, os.O_APPEND)
        self._text = folder.make(part.text, os.O_APPEND)
        size = os.fstat(self._text).st_size
        try:
            known = [*logindex.entries(_everything(self._index))]
        except ValueError:
            known = []
        if not known or (not size and known[-1].at):
            # Compressed or damaged or removed by hand: it is left as it is, and the next one begins.
            self._end_part()
            return Place(f"{known[-1].stream:016x}", known[-1].offset) if known else None
        while known and (known[-1].at > size or (known[-1].ours and known[-1].at + known[-1].ours > size)):
            entry = known.pop()
            if entry.at < size:  # a notice that was cut
                os.ftruncate(self._text, entry.at)
                size = entry.at
        if not known:
            self._end_part()
            return None
        self._entries = len(known)
        os.ftruncate(self._index, (1 + len(known)) * logindex.SIZE)
        self._latest, self._began = known[-1], known[0].time
        raw, self._size = self._counted(known[-1], size)
        if self._size < size:
            os.ftruncate(self._text, self._size)
        self._begins = not self._size or os.pread(self._text, 1, self._size - 1) == b"\n"
        return Place(f"{self._latest.stream:016x}", self._latest.offset + raw)

    def _counted(self, entry: Entry, size: int) -> tuple[int, int]:
        """Return (bytes of the stream behind an entry, the size without a stamp that was cut)."""
        base = entry.at + entry.ours
        if not entry.stamped or base == size:
            return size - base, size
        begins = not base or os.pread(self._text, 1, base - 1) == b"\n"
        lines, last = int(begins), base if begins else -1
        place = base
        while place < size:
            block = os.pread(self._text, min(BLOCK, size - place), place)
            if not block:
                break
            lines += block.count(b"\n")
            if (found := block.rfind(b"\n")) >= 0:
                last = place + found + 1
            place += len(block)
        if last == size:
            lines -= 1  # nothing of that line is there
        elif last >= 0 and size - last <= STAMP:  # a stamp alone would be one of no line
            lines, size = lines - 1, last
        return size - base - lines * STAMP, size

    def _add(self, folder: LogFolder, piece: Piece) -> None:
        data = piece.data
        if self._place is not None:
            if piece.stream != self._place.stream:
                self._notice(folder, piece, ANEW)
            elif piece.offset > self._place.offset:
                count = piece.offset - self._place.offset
                self._notice(folder, piece, missing(count, self.reason))
                self.missed += count
            elif piece.offset < self._place.offset:
                data = data[self._place.offset - piece.offset :]
        if self._place is None or self._place.stream != piece.stream:
            self._place = Place(piece.stream, piece.offset)
        while data:
            if self._full(piece.time):
                self._end_part()
            room = self._settings.size - self._size
            part = data if len(data) <= room else self._cut(data, room)
            if not part:
                self._end_part()
                continue
            self._note(folder, self._place, piece.time)
            stamps = self._settings.timestamps
            text = logindex.stamped(part, piece.time, begins=self._begins) if stamps else part
            _write(self._text, text)
            self._size += len(text)
            self._begins = part.endswith(b"\n")
            self._place = Place(piece.stream, self._place.offset + len(part))
            data = data[len(part) :]

    def _cut(self, data: bytes, room: int) -> bytes:
        """Return what still goes into this part; nothing if the next one is to begin."""
        end = data.rfind(b"\n", 0, max(room, 0)) + 1
        if end or (self._size and self._begins):
            return data[:end]
        end = data.find(b"\n") + 1
        return data[: end or len(data)]

    def _full(self, moment: float) -> bool:
        """Tell whether the next part is to begin."""
        if self._text < 0 or not self._size:
            return False
        days, over = self._settings.days, self._size - self._settings.size
        old = bool(days) and moment - self._began >= days * DAY
        at_end = over >= 0 or old or self._entries >= MOST_ENTRIES
        return (self._begins and at_end) or over >= LONGEST or self._entries >= 2 * MOST_ENTRIES

    def _notice(self, folder: LogFolder, piece: Piece, text: str) -> None:
        """Write a line of ours, behind which the log goes on with a piece."""
        if self._begins and self._full(piece.time):
            self._end_part()
        place = self._place = Place(piece.stream, piece.offset)
        if self._text < 0:
            self._begin_part(folder, place, piece.time)
        head = b"" if self._begins else b"\n"
        mark = logindex.stamp(piece.time) if self._settings.timestamps else b""
        line = head + mark + text.encode() + b"\n"
        self._append(
            Entry(self._size, piece.time, place.offset, int(place.stream, 16), len(line), bool(mark))
        )
        _write(self._text, line)
        self._size += len(line)
        self._begins = True

    def _note(self, folder: LogFolder, place: Place, moment: float) -> None:
        """Write an entry for the bytes that come next, if it says more than the latest."""
        if self._text < 0:
            self._begin_part(folder, place, moment)
            return
        latest, stamps = self._latest, self._settings.timestamps
        if latest is None or latest.stamped != stamps or not 0 <= moment - latest.time < 1:
            self._append(Entry(self._size, moment, place.offset, int(place.stream, 16), 0, stamps))

    def _append(self, entry: Entry) -> None:
        _write(self._index, entry.pack())
        self._latest = entry
        self._entries += 1

    def _begin_part(self, folder: LogFolder, place: Place, moment: float) -> None:
        began = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._clock()))
        part = Part(self._number + 1, began)
        first = Entry(0, moment, place.offset, int(place.stream, 16), 0, self._settings.timestamps)
        fd = folder.make(part.index + NEW, os.O_TRUNC | os.O_APPEND)
        try:
            _write(fd, logindex.HEAD + first.pack())
            folder.rename(part.index + NEW, part.index)
        except BaseException:
            os.close(fd)
            raise
        # From here on it is there, and says where the log goes on.
        self._number, self._index = part.number, fd
        self._text = folder.make(part.text, os.O_APPEND)
        self._size, self._entries, self._latest, self._began = 0, 1, first, moment
        self._begins = True
        folder.point(part.text)

    def _end_part(self) -> None:
        for fd in (self._text, self._index):
            if fd >= 0:
                os.close(fd)
        self._text = self._index = -1
        self._size = self._entries = 0
        self._begins, self._latest = True, None

    def _close(self) -> None:
        self._end_part()
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.close()


def _write(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _everything(fd: int) -> bytes:
    return os.pread(fd, os.fstat(fd).st_size, 0)
