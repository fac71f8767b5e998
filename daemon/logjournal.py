"""The systemd journal as one server's log: a record for each line, `journalctl HOLDFAST_SERVER=web`.

Rules:
- The journal is written in a thread, which waits for `PATIENCE` seconds at most: a journal that hangs or is
  gone costs lines, never the program.
- How far we have come stands in a small file. It is written behind the records, so that after a kill some
  lines may be there twice; none is missing that the supervisor still has.
- A line is a record when it has ended, or is longer than `LONGEST`.
- The time of a record is when the journal got it, as everywhere; when the line came is `HOLDFAST_TIME`, in
  microseconds since 1970.
"""

import os
import socket
import struct
import threading
import zlib
from collections.abc import Sequence

from supervisor import JOURNAL_SOCKET, journal_record, send_to_journal, socket_address

from .logfolder import LogFolder
from .sink import ANEW, Piece, Place, missing

PLACE = "journal.place"
_PLACE = struct.Struct("=QQI")  # stream, offset, checksum

LONGEST = 48 << 10
"""Bytes of a line in one record, as journald has it for the lines of a stream."""

PATIENCE = 2.0
BUFFER = 8 << 20
"""Bytes on their way to the journal, as its own library asks for; the kernel gives what it may."""

INFO, WARNING = "6", "4"


class JournalLog:
    """The log of one server in the journal; `path` is the folder of what we remember."""

    def __init__(self, path: str, server: str, address: str = JOURNAL_SOCKET) -> None:
        self._path = path
        self._address = address
        self._fields = {"SYSLOG_IDENTIFIER": server, "HOLDFAST_SERVER": server}
        self._lock = threading.Lock()
        self._journal: socket.socket | None = None
        self._fd = -1
        self._place: Place | None = None
        """Where the bytes end that were sent; those in `_rest` were not."""
        self._rest = b""
        self.missed = 0
        self.reason = ""

    def open(self) -> Place | None:
        """See `Sink.open`."""
        with self._lock:
            self._close()
            folder = LogFolder.open(self._path, make=True)
            try:
                self._fd = folder.make(PLACE)
            finally:
                folder.close()
            journal = self._journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            journal.settimeout(PATIENCE)
            journal.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
            with socket_address(self._address) as address:
                journal.connect(address)
            self._place = self._read()
            return self._place

    def write(self, pieces: Sequence[Piece]) -> bool:
        """See `Sink.write`."""
        with self._lock:
            journal = self._journal
            if journal is None:
                raise OSError("the journal is closed")
            for piece in pieces:
                self._add(journal, piece)
        return False

    def close(self) -> None:
        """See `Sink.close`."""
        with self._lock:
            self._close()

    def _add(self, journal: socket.socket, piece: Piece) -> None:
        data, place = piece.data, self._place
        expected = place.offset + len(self._rest) if place is not None else piece.offset
        if place is not None and (place.stream != piece.stream or piece.offset > expected):
            self._send(journal, self._rest, piece.time)
            if place.stream != piece.stream:
                self._send(journal, ANEW.encode(), piece.time, WARNING)
            else:
                count = piece.offset - expected
                self._send(journal, missing(count, self.reason).encode(), piece.time, WARNING)
                self.missed += count
            self._rest, place = b"", None
        elif piece.offset < expected:
            data = data[expected - piece.offset :]
        offset = piece.offset if place is None else place.offset
        *lines, rest = (self._rest + data).split(b"\n")
        while len(rest) > LONGEST:
            lines.append(rest[:LONGEST])
            offset -= 1  # there is no newline behind it
            rest = rest[LONGEST:]
        try:
            for line in lines:
                for start in range(0, len(line), LONGEST):
                    self._send(journal, line[start : start + LONGEST], piece.time)
                offset += len(line) + 1
            self._rest = rest
        finally:
            self._note(Place(piece.stream, offset))

    def _send(self, journal: socket.socket, line: bytes, moment: float, priority: str = INFO) -> None:
        text = line.rstrip(b"\r").decode("utf-8", "backslashreplace")
        if text:
            more = {"PRIORITY": priority, "HOLDFAST_TIME": str(int(moment * 1e6)), **self._fields}
            send_to_journal(journal, journal_record({"MESSAGE": text, **more}))

    def _note(self, place: Place) -> None:
        self._place = place
        numbers = int(place.stream, 16), place.offset
        os.pwrite(self._fd, _PLACE.pack(*numbers, _sum(*numbers)), 0)

    def _read(self) -> Place | None:
        data = os.pread(self._fd, _PLACE.size, 0)
        if len(data) == _PLACE.size:
            stream, offset, checksum = _PLACE.unpack(data)
            if checksum == _sum(stream, offset):
                return Place(f"{stream:016x}", offset)
        return None

    def _close(self) -> None:
        self._rest, self._place = b"", None
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _sum(stream: int, offset: int) -> int:
    return zlib.crc32(struct.pack("=QQ", stream, offset))
