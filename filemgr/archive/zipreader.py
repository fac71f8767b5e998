"""Unpacks a zip: members are made in order, and filled in threads.

Rules:
- A member has exactly the size and the checksum that the directory says: anything else is damaged.
- A small member is decompressed by the batch, so that a thread is worth the while.
"""

import os
import stat
from collections.abc import Callable

from isal import isal_zlib

from ..errors import BadArchive, Cancelled
from .coders import deflate64_unpacker, lzma1
from .formats import Codec
from .holes import Content
from .limits import Meter
from .remarks import Remarks
from .streams import (
    PIECE,
    Bounded,
    Range,
    Stream,
    Unpacked,
    Unpacker,
    bzip2_unpacker,
    decompressed,
    deflate_unpacker,
    exactly,
    zstd_unpacker,
)
from .threads import Ordered, processors
from .tree import Look, Tree, Unwanted, clean
from .zipdirectory import Directory, ZipMember

_BATCH = 32
_BATCH_SIZE = 1 << 20
_LONGEST_LINK = 4095

_UNPACKERS: dict[int, Callable[[], Unpacker]] = {
    8: deflate_unpacker,
    9: deflate64_unpacker,
    12: bzip2_unpacker,
    20: zstd_unpacker,
    93: zstd_unpacker,
}
_STORED, _LZMA, _XZ = 0, 14, 95

_Job = tuple[ZipMember, int]
"""A member, and the file that it goes into."""


class ZipReader:
    """Puts the members of a zip into a tree."""

    def __init__(self, fd: int, tree: Tree, meter: Meter, remarks: Remarks) -> None:
        self._directory = Directory(fd)
        self._tree = tree
        self._meter = meter
        self._remarks = remarks
        self._open: set[int] = set()
        self._batch: list[_Job] = []
        self._batched = 0

    def unpack(self) -> None:
        """Unpack all; raises `BadArchive`, `TooLarge`, `Cancelled`, `OSError`."""
        try:
            self._meter.expect(self._directory.count)
            with Ordered(processors()) as threads:
                for member in self._directory.members():
                    self._meter.entry()
                    try:
                        self._member(member, threads)
                    except Unwanted as exc:
                        self._remarks.add(member.name, str(exc))
                self._give(threads)
                threads.finish()
        finally:
            for fd in self._open:
                os.close(fd)

    def _member(self, member: ZipMember, threads: Ordered) -> None:
        kind = stat.S_IFMT(member.mode)
        names = clean(member.name)
        look = Look(stat.S_IMODE(member.mode) if member.mode else None, member.mtime)
        if member.name.endswith("/") or kind == stat.S_IFDIR:
            self._tree.folder(names, look)
            return
        if kind not in (0, stat.S_IFREG, stat.S_IFLNK):
            raise Unwanted("is no file, folder or link")
        if member.is_encrypted:
            raise Unwanted("is encrypted")
        if member.method not in (_STORED, _LZMA, _XZ, *_UNPACKERS):
            raise Unwanted(f"is compressed in a way that is not known (number {member.method})")
        if kind == stat.S_IFLNK:
            self._tree.link(names, self._target(member))
            return
        fd = self._tree.file(names)
        self._open.add(fd)
        self._batch.append((member, fd))
        self._batched += member.size
        if len(self._batch) >= _BATCH or self._batched >= _BATCH_SIZE:
            self._give(threads)

    def _target(self, member: ZipMember) -> str:
        if member.size > _LONGEST_LINK:
            raise Unwanted("is a link to nowhere")
        pieces: list[bytes] = []
        _copy(member, self._directory.content(member), pieces.append)
        return b"".join(pieces).decode("utf-8", "surrogateescape")

    def _give(self, threads: Ordered) -> None:
        batch, self._batch, self._batched = self._batch, [], 0

        def work() -> None:
            for member, fd in batch:
                self._fill(member, fd, threads)

        if batch:
            threads.put(work, lambda _: None)

    def _fill(self, member: ZipMember, fd: int, threads: Ordered) -> None:
        """Fill a file; called in a thread, so it says it to `Meter` alone."""
        content = Content(fd)

        def put(data: bytes) -> None:
            if threads.given_up:  # another member is damaged, say: nobody waits for this one
                raise Cancelled
            self._meter.content(len(data), content.write(data))

        _copy(member, self._directory.content(member), put)
        content.finish()
        self._open.discard(fd)
        self._tree.dress(fd, Look(stat.S_IMODE(member.mode) if member.mode else None, member.mtime))


def _copy(member: ZipMember, content: Range, put: Callable[[bytes], object]) -> None:
    """Give away what is in a member, piece by piece, and check it."""
    crc = size = 0
    stream = _stream(member, content)
    # One byte more than there should be is asked for: what does not end there is not what it says.
    while data := stream.read(min(PIECE, member.size - size + 1)):
        size += len(data)
        if size > member.size:
            break
        crc = isal_zlib.crc32(data, crc)
        put(data)
    if size != member.size or crc != member.crc:
        raise BadArchive(f"{member.name[:200]}: is damaged")


def _stream(member: ZipMember, content: Range) -> Stream:
    if member.method == _STORED:
        return content
    if member.method == _XZ:
        return decompressed(content, Codec.XZ)
    if member.method == _LZMA:
        # APPNOTE 5.8.8: version of the SDK, then how many bytes say how, then these.
        head = exactly(content, 4)
        properties = exactly(content, int.from_bytes(head[2:], "little"))
        unpacked = Unpacked(content, lzma1(properties))
        return unpacked if member.flags & 2 else Bounded(unpacked, member.size)
    return Unpacked(content, _UNPACKERS[member.method])
