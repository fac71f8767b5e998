"""Reads the directory of a zip, one member at a time: APPNOTE.TXT 6.3.10.

`zipfile` reads it as a whole, and takes some 700 bytes of memory for each member and whatever a directory
says of itself; here neither the number of members nor its size matters.
"""

import os
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import BadArchive, UnsupportedArchive
from .streams import Range, cut_off

_END = struct.Struct("<IHHHHIIH")
_END_MAGIC = 0x06054B50
_LOCATOR = struct.Struct("<IIQI")
_END64 = struct.Struct("<IQHHIIQQQQ")
_CENTRAL = struct.Struct("<IBBHHHHHIIIHHHHHII")
_LOCAL = struct.Struct("<IHHHHHIIIHH")
_LOCAL_MAGIC = 0x04034B50
_LONGEST_COMMENT = 0xFFFF
_MOST = 0xFFFFFFFF
_UTF8 = 0x800
_ENCRYPTED = 0x2041
"""Encrypted, strongly encrypted, or with a directory that hides what it says."""


@dataclass(frozen=True, slots=True)
class ZipMember:
    """What the directory says about a member."""

    name: str
    system: int
    attributes: int
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    """Of its local header, from the beginning of the file."""
    mtime: int | None

    @property
    def is_encrypted(self) -> bool:
        """Whether a password is needed."""
        return bool(self.flags & _ENCRYPTED)

    @property
    def mode(self) -> int:
        """As stat(2) has it; 0 if no Unix has written the member."""
        return self.attributes >> 16 if self.system in (3, 19) else 0


class Directory:
    """Where the members are, and what they are."""

    def __init__(self, fd: int) -> None:
        """Find it; raises `BadArchive` if there is none, `UnsupportedArchive` if it is in another file."""
        self._fd = fd
        self._length = os.fstat(fd).st_size
        self._start, self._size, self._shift, self.count = self._find()

    def members(self) -> Iterator[ZipMember]:
        """Yield the members; raises `BadArchive`, also if they share their content."""
        source = _Buffered(Range(self._fd, self._start, self._size))
        packed = 0
        # To the end, not by the number that is said: that has 16 bits, and old programs let it overflow.
        while not source.ended():
            member = self._member(source)
            packed += member.packed + _LOCAL.size
            if packed > self._length:
                raise BadArchive("the members of the archive overlap")
            yield member

    def content(self, member: ZipMember) -> Range:
        """Return the packed content of a member; raises `BadArchive`."""
        head = os.pread(self._fd, _LOCAL.size, member.offset)
        if len(head) < _LOCAL.size:
            raise cut_off()
        fields = _LOCAL.unpack(head)
        if fields[0] != _LOCAL_MAGIC:
            raise BadArchive("a member is not where the directory of the archive says")
        start = member.offset + _LOCAL.size + fields[9] + fields[10]
        if start + member.packed > self._length:
            raise cut_off()
        return Range(self._fd, start, member.packed)

    def _find(self) -> tuple[int, int, int, int]:
        """Return the directory's offset and size, what to add to offsets in it, and how many it says."""
        tail = min(self._length, _LONGEST_COMMENT + _END.size)
        data = os.pread(self._fd, tail, self._length - tail)
        at = _end_in(data)
        _, disk, first, here, count, size, start, _ = _END.unpack_from(data, at)
        place = self._length - tail + at
        if 0xFFFF in (disk, count) or _MOST in (size, start):
            wide = self._find_wide(place)
            if wide is not None:
                place, disk, first, here, count, size, start = wide
        if disk or first or here != count:
            raise UnsupportedArchive("the archive has more than one part")
        shift = place - size - start  # what stands before the archive, like a program that unpacks it
        if shift < 0:
            raise BadArchive("the directory of the archive is damaged")
        return start + shift, size, shift, count

    def _find_wide(self, place: int) -> tuple[int, int, int, int, int, int, int] | None:
        if place < _LOCATOR.size:
            return None
        locator = os.pread(self._fd, _LOCATOR.size, place - _LOCATOR.size)
        if not locator.startswith(b"PK\x06\x07"):
            return None
        at = place - _LOCATOR.size - _END64.size
        data = os.pread(self._fd, _END64.size, at) if at >= 0 else b""
        if len(data) < _END64.size or not data.startswith(b"PK\x06\x06"):
            raise BadArchive("the directory of the archive is damaged")
        _, _, _, _, disk, first, here, count, size, start = _END64.unpack(data)
        return at, disk, first, here, count, size, start

    def _member(self, source: "_Buffered") -> ZipMember:
        fields = _CENTRAL.unpack(source.exactly(_CENTRAL.size))
        magic, _, system, _, flags, method, clock, day, crc, packed, size, named, extended, noted = fields[
            :14
        ]
        if magic != 0x02014B50:
            raise BadArchive("the directory of the archive is damaged")
        attributes, offset = fields[16:]
        raw = source.exactly(named)
        extra = source.exactly(extended)
        source.exactly(noted)
        name = _decode(raw, utf8=bool(flags & _UTF8), extra=extra)
        wide, mtime = _fields(extra)
        if size == _MOST:
            size, wide = _wide(wide)
        if packed == _MOST:
            packed, wide = _wide(wide)
        if offset == _MOST:
            offset, wide = _wide(wide)
        if system == 0 and "/" not in name:
            name = name.replace("\\", "/")  # written by a program that does not know the standard
        if mtime is None:
            mtime = _dos(day, clock)
        where = offset + self._shift
        return ZipMember(name, system, attributes, flags, method, crc, packed, size, where, mtime)


def _end_in(data: bytes) -> int:
    """Return where the end record begins: the last one whose comment reaches to the end of the file.

    Where none does, the last one: something may have been appended. Raises `BadArchive`.
    """
    magic = _END_MAGIC.to_bytes(4, "little")
    last = at = data.rfind(magic, 0, max(0, len(data) - _END.size) + len(magic))
    if last < 0:
        raise BadArchive("the archive has no directory: it is cut off")
    while at >= 0:
        if at + _END.size + _END.unpack_from(data, at)[-1] == len(data):
            return at
        at = data.rfind(magic, 0, at)
    return last


class _Buffered:
    def __init__(self, source: Range) -> None:
        self._source = source
        self._data = b""
        self._at = 0

    def ended(self) -> bool:
        if self._at == len(self._data):
            self._data, self._at = self._source.read(1 << 17), 0
        return not self._data

    def exactly(self, size: int) -> bytes:
        while len(self._data) - self._at < size:
            more = self._source.read(1 << 17)
            if not more:
                raise cut_off()
            self._data = self._data[self._at :] + more
            self._at = 0
        self._at += size
        return self._data[self._at - size : self._at]


def _decode(raw: bytes, *, utf8: bool, extra: bytes) -> str:
    """Return a name: UTF-8 if that is said (4.4.4, bit 11, and 4.6.9), else what DOS had."""
    if utf8:
        return raw.decode("utf-8", "surrogateescape")
    for kind, data in _each(extra):
        if kind == 0x7075 and len(data) > 5:
            return data[5:].decode("utf-8", "surrogateescape")
    try:
        return raw.decode()  # many write it and do not say so, and DOS names are hardly ever valid UTF-8
    except UnicodeDecodeError:
        return raw.decode("cp437")


def _fields(extra: bytes) -> tuple[bytes, int | None]:
    """Return the sizes that need 64 bits, and the time of the last change."""
    wide, mtime = b"", None
    for kind, data in _each(extra):
        if kind == 1:
            wide = data
        elif kind == 0x5455 and len(data) >= 5 and data[0] & 1:
            mtime = int.from_bytes(data[1:5], "little", signed=True)
    return wide, mtime


def _dos(day: int, clock: int) -> int | None:
    """Return the time that DOS fields tell, which is local."""
    date = (1980 + (day >> 9), day >> 5 & 15, day & 31)
    try:
        return int(time.mktime((*date, clock >> 11, clock >> 5 & 63, (clock & 31) * 2, 0, 0, -1)))
    except (OverflowError, ValueError):
        return None


def _each(extra: bytes) -> Iterator[tuple[int, bytes]]:
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        yield kind, extra[4 : 4 + size]
        extra = extra[4 + size :]


def _wide(data: bytes) -> tuple[int, bytes]:
    if len(data) < 8:
        raise BadArchive("the directory of the archive is damaged")
    return int.from_bytes(data[:8], "little"), data[8:]
