"""The records of a zip file, as bytes: APPNOTE.TXT 6.3.10, with Info-ZIP's extended time stamps.

Sizes and offsets that do not fit into 32 bits stand in an extra field (ZIP64), and only then is there one.
"""

import struct
import time
from dataclasses import dataclass
from functools import lru_cache

STORED = 0
DEFLATED = 8

MOST = 0xFFFFFFFF
"""What 32 bits hold; in a field it means: look into the ZIP64 field."""

SAFE = MOST - (64 << 20)
"""Bytes of content that are surely no more than MOST when they are deflated, whatever they are."""

_LONGEST_NAME = 0xFFFF

_UNIX = 3
_UTF8 = 0x800
_DESCRIPTOR = 0x08


class NameTooLong(Exception):
    """The format has no room for the name."""


@dataclass(slots=True)
class Record:
    """A member: what its local header and the directory say about it."""

    name: str
    mode: int
    """As stat(2) has it, with the type."""
    mtime: int
    method: int = STORED
    crc: int = 0
    stored: int = 0
    size: int = 0
    offset: int = 0
    large: bool = False
    """The local header has ZIP64 sizes: must be known before the content."""
    described: bool = False
    """Sizes and CRC come after the content."""

    def local(self) -> bytes:
        """Return the header that stands before the content."""
        name, flags = self._name()
        extra = _stamp(self.mtime)
        stored, size = self.stored, self.size
        if self.large:
            extra += struct.pack("<HHQQ", 1, 16, size, stored)
            stored = size = MOST
        if self.described:
            flags |= _DESCRIPTOR
        fixed = (0x04034B50, 45 if self.large else 20, flags, self.method, *_dos(self.mtime), self.crc)
        return struct.pack("<IHHHHHIIIHH", *fixed, stored, size, len(name), len(extra)) + name + extra

    def descriptor(self) -> bytes:
        """Return what stands after the content, if `described`."""
        form = "<IIQQ" if self.large else "<IIII"
        return struct.pack(form, 0x08074B50, self.crc, self.stored, self.size)

    def central(self) -> bytes:
        """Return what the directory says."""
        name, flags = self._name()
        if self.described:
            flags |= _DESCRIPTOR
        stored, size, offset = self.stored, self.size, self.offset
        wide = b""
        if self.large or size >= MOST or stored >= MOST:
            wide += struct.pack("<QQ", size, stored)
            stored = size = MOST
        if offset >= MOST:
            wide += struct.pack("<Q", offset)
            offset = MOST
        extra = _stamp(self.mtime)
        if wide:
            extra += struct.pack("<HH", 1, len(wide)) + wide
        need = 45 if wide else 20
        folder = 0x10 if name.endswith(b"/") else 0
        fixed = (0x02014B50, need, _UNIX, need, flags, self.method, *_dos(self.mtime), self.crc, stored, size)
        rest = (len(name), len(extra), 0, 0, 0, self.mode << 16 | folder, offset)
        return struct.pack("<IBBHHHHHIIIHHHHHII", *fixed, *rest) + name + extra

    def _name(self) -> tuple[bytes, int]:
        try:
            name, flags = self.name.encode(), 0 if self.name.isascii() else _UTF8
        except UnicodeEncodeError:  # bytes that are no text stay what they are, and nothing is claimed
            name, flags = self.name.encode("utf-8", "surrogateescape"), 0
        if len(name) > _LONGEST_NAME:
            raise NameTooLong
        return name, flags


def end(entries: int, start: int, size: int) -> bytes:
    """Return the records after a directory that begins at `start`, of so many bytes and entries."""
    tail = b""
    if entries >= 0xFFFF or start >= MOST or size >= MOST:
        fixed = (0x06064B50, 44, 45, 45, 0, 0, entries, entries, size, start)
        tail = struct.pack("<IQHHIIQQQQ", *fixed) + struct.pack("<IIQI", 0x07064B50, 0, start + size, 1)
        entries, start, size = min(entries, 0xFFFF), min(start, MOST), min(size, MOST)
    return tail + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, entries, entries, size, start, 0)


@lru_cache(256)
def _stamp(mtime: int) -> bytes:
    """The time in UTC and to the second; a program that does not know the field sees the local one."""
    return struct.pack("<HHBi", 0x5455, 5, 1, mtime) if -(1 << 31) <= mtime < 1 << 31 else b""


@lru_cache(256)  # each time is asked for twice, and files of one package have the same
def _dos(mtime: int) -> tuple[int, int]:
    """Return (time, date) as DOS has it: local, by two seconds, from 1980 to 2107."""
    try:
        year, month, day, hour, minute, second = time.localtime(mtime)[:6]
    except (OverflowError, OSError, ValueError):
        year, month, day, hour, minute, second = 1980, 1, 1, 0, 0, 0
    if year < 1980:
        return 0, 1 << 5 | 1
    if year > 2107:
        return 23 << 11 | 59 << 5 | 29, 127 << 9 | 12 << 5 | 31
    return hour << 11 | minute << 5 | min(second, 59) // 2, (year - 1980) << 9 | month << 5 | day
