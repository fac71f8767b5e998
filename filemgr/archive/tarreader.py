"""Unpacks a tar, plain or compressed, in one pass.

Rules:
- Plain headers are parsed by `tarheader`, since there are so many; all others by `tarfile`, which is given
  no more than a bounded number of bytes for each member: it reads names and attributes of any length.
- `tarfile` takes a damaged header in the middle for the end; here it is damage.
- Sparse members get their holes: nothing is written there, and all of it counts.
- Names that are not UTF-8 are escaped (`%E9`), so that clients can name the files.
"""

import os
import tarfile
from functools import partial
from typing import IO, cast

from ..errors import BadArchive, UnsupportedArchive
from .holes import Content
from .limits import Meter
from .remarks import Remarks
from .streams import PIECE, Stream, cut_off
from .tarheader import Plain, plain
from .tree import Look, Tree, Unwanted, clean

_BLOCK = tarfile.BLOCKSIZE
_MOST_HEADER = 1 << 20
"""Bytes of headers for one member: names, attributes, the map of a sparse file."""

_MOST_GLOBAL = 1000
"""Attributes that hold for all members that follow."""


class _Source:
    """The stream, for `tarfile`: it can be read and skipped forwards, and remembers where it is."""

    def __init__(self, stream: Stream, meter: Meter) -> None:
        self._stream = stream
        self._meter = meter
        self._held = memoryview(b"")
        self._next = memoryview(b"")
        """What follows, if what is held was put together of two pieces."""
        self._position = 0
        self._allowed = 0

    def allow_header(self) -> None:
        """Let one member's headers be read from now on."""
        self._allowed = _MOST_HEADER

    def peek(self) -> bytes:
        """Return the next block, or less at the end; what is taken next has it as a whole."""
        while (lacking := _BLOCK - len(self._held)) > 0 and (more := self._more()):
            # Only a block is put together, not the piece: that would copy all there is.
            self._held = memoryview(self._held.tobytes() + more[:lacking]) if self._held else more
            self._next = more[lacking:] if self._held is not more else self._next
        return self._held[:_BLOCK].tobytes()

    def take(self, size: int) -> memoryview:
        """Return the next bytes, at most `size`; raises `BadArchive` if there are none."""
        if not self._held:
            self._held = self._more()
            if not self._held:
                raise cut_off()
        data, self._held = self._held[:size], self._held[size:]
        self._position += len(data)
        return data

    def _more(self) -> memoryview:
        more, self._next = self._next, memoryview(b"")
        return more or memoryview(self._stream.read(PIECE))

    def skip_to(self, position: int) -> None:
        """Go forwards; raises `BadArchive` if that is backwards, or after the end."""
        if position < self._position:
            raise BadArchive("a member of the archive has a size that cannot be")
        while self._position < position:
            self._meter.read(len(self.take(min(PIECE, position - self._position))))

    def drain(self) -> None:
        """Read what follows the archive, so that the checksums at the end of the stream are checked."""
        self._held = self._next = memoryview(b"")
        while data := self._stream.read(PIECE):
            self._meter.read(len(data))

    def read(self, size: int) -> bytes:
        self._allowed -= size
        if self._allowed < 0 or size < 0:
            raise BadArchive("a member of the archive has too much of a header")
        parts: list[memoryview] = []
        while size and self.peek():
            parts.append(self.take(size))
            size -= len(parts[-1])
        data = b"".join(parts)
        self._meter.read(len(data))
        return data

    def tell(self) -> int:
        return self._position

    def seek(self, position: int) -> None:
        self.skip_to(position)


class TarReader:
    """Puts the members of a tar into a tree."""

    def __init__(self, stream: Stream, tree: Tree, meter: Meter, remarks: Remarks) -> None:
        self._source = _Source(stream, meter)
        self._tree = tree
        self._meter = meter
        self._remarks = remarks
        self._archive: tarfile.TarFile | None = None
        """Made for the first member that is not plain."""

    def confirm(self) -> None:
        """Raise `UnsupportedArchive` if this is no tar."""
        first = self._source.peek()
        if first.strip(b"\0"):
            try:
                tarfile.TarInfo.frombuf(first, "utf-8", "surrogateescape")
            except tarfile.HeaderError as exc:
                raise UnsupportedArchive("there is no tar in it") from exc
        elif not first:
            raise UnsupportedArchive("there is nothing in it")

    def unpack(self) -> None:
        """Unpack all; raises `BadArchive`, `TooLarge`, `Cancelled`, `OSError`."""
        while (block := self._source.peek()).strip(b"\0"):
            # Attributes that hold for all members that follow are `tarfile`'s business.
            found = plain(block) if self._archive is None or not self._archive.pax_headers else None
            if found is None:
                member, end = self._next()
                name, put = member.name, partial(self._member, member, end)
            else:
                self._source.skip_to(self._source.tell() + _BLOCK)
                end = self._source.tell() + found.size + -found.size % _BLOCK
                name, put = found.name, partial(self._plain, found)
            self._meter.entry()
            try:
                put()
            except Unwanted as exc:
                self._remarks.add(name, str(exc))
            self._source.skip_to(end)
        self._source.drain()

    def _next(self) -> tuple[tarfile.TarInfo, int]:
        """Return the next member as `tarfile` reads it, and where its content ends."""
        self._source.allow_header()
        try:
            if self._archive is None:
                source = cast("IO[bytes]", self._source)
                self._archive = tarfile.TarFile(fileobj=source, encoding="utf-8")
                member = self._archive.next()
            else:
                member = tarfile.TarInfo.fromtarfile(self._archive)
        except (tarfile.TarError, ValueError, RecursionError, OverflowError) as exc:
            raise BadArchive(f"the archive is damaged: {exc}") from exc
        if member is None or len(self._archive.pax_headers) > _MOST_GLOBAL:
            raise BadArchive("the archive has a header that cannot be")
        return member, self._archive.offset

    def _plain(self, member: Plain) -> None:
        names = clean(member.name)
        look = Look(member.mode, member.mtime)
        if member.is_folder:
            self._tree.folder(names, look)
            return
        fd = self._tree.file(names)
        try:
            content = Content(fd)
            self._copy(content, member.size)
            content.finish()
        except BaseException:
            os.close(fd)
            raise
        self._tree.dress(fd, look)

    def _member(self, member: tarfile.TarInfo, end: int) -> None:
        names = clean(member.name)
        look = Look(member.mode & 0o7777, member.mtime)
        if member.isdir():
            self._tree.folder(names, look)
        elif member.issym():
            self._tree.link(names, member.linkname)
        elif member.islnk():
            self._tree.hard_link(names, clean(member.linkname))
        elif member.isreg():
            if member.sparse is None and not 0 <= member.size <= end - self._source.tell():
                raise BadArchive("a member of the archive has a size that cannot be")
            self._file(member, end, self._tree.file(names), look)
        else:
            raise Unwanted("is no file, folder or link")

    def _file(self, member: tarfile.TarInfo, end: int, fd: int, look: Look) -> None:
        try:
            content = Content(fd)
            if member.sparse is None:
                self._copy(content, member.size)
            else:
                self._sparse(content, member, end)
            content.finish()
        except BaseException:
            os.close(fd)
            raise
        self._tree.dress(fd, look)

    def _sparse(self, content: Content, member: tarfile.TarInfo, end: int) -> None:
        holes = cast("list[tuple[int, int]]", member.sparse)  # what is no hole, in fact
        for offset, size in (*(part for part in holes if part[1]), (member.size, 0)):
            if offset < content.size or size < 0 or self._source.tell() + size > end:
                raise BadArchive("a sparse member of the archive has holes that cannot be")
            self._meter.content(offset - content.size, 0)
            content.skip(offset - content.size)
            self._copy(content, size)
        if content.size != member.size:
            raise BadArchive("a sparse member of the archive has holes that cannot be")

    def _copy(self, content: Content, size: int) -> None:
        while size:
            data = self._source.take(min(PIECE, size))
            self._meter.content(len(data), content.write(data))
            size -= len(data)
