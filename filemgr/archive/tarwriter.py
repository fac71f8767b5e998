"""Writes a tar stream: POSIX (pax) headers, of which most are plain ustar ones.

Rules:
- Owners are not told: numbers and names mean nothing on another machine, and tell of this one. All is 0/0
  without a name; who extracts as root uses --no-same-owner, or gets files of root's.
- Times are whole seconds: a fraction would cost another KiB for each member.
- A file gets exactly the bytes that its header promises: what becomes shorter meanwhile is filled up with
  zeros, what grows is cut.
- Hard links are stored as files: each name can be extracted alone.
"""

import os
import tarfile
from collections.abc import Iterable

from ..progress import Progress
from .blocks import Blocks
from .holes import ZEROS, is_hole
from .remarks import Remarks
from .sources import Source
from .tarheader import written

_END = 2 * tarfile.BLOCKSIZE


class TarWriter:
    """Takes sources, and writes them to a stream."""

    def __init__(self, stream: Blocks, progress: Progress, remarks: Remarks) -> None:
        self._stream = stream
        self._progress = progress
        self._remarks = remarks
        self._size = 0

    def write(self, sources: Iterable[Source]) -> int:
        """Write the whole archive; return the number of its members."""
        members = 0
        for source in sources:
            try:
                self._add(_header(source))
                if source.fd is not None:
                    self._content(source, source.fd)
            finally:
                if source.fd is not None:
                    os.close(source.fd)
            members += 1
            self._progress.add(entries=1)
        self._zeros(_END)
        self._zeros(-self._size % tarfile.RECORDSIZE)
        self._stream.finish()
        return members

    def _content(self, source: Source, fd: int) -> None:
        size = source.info.st_size
        done = 0
        while done < size:
            room = self._stream.room()[: size - done]
            # A look at holes is worth a call only where there may be large ones.
            if size - done >= len(ZEROS) and is_hole(fd, done, len(ZEROS)):
                self._zeros(len(ZEROS))
                got = len(ZEROS)
            else:
                got = os.preadv(fd, [room], done)
                self._filled(got)
            if not got:
                self._remarks.add(source.name, "became shorter while it was read: filled up with zeros")
                self._zeros(size - done, counted=True)
                break
            done += got
            self._progress.add(got)
        self._zeros(-size % tarfile.BLOCKSIZE)

    def _filled(self, size: int) -> None:
        if size:
            self._stream.filled(size)
            self._size += size

    def _add(self, data: bytes) -> None:
        self._stream.write(data)
        self._size += len(data)

    def _zeros(self, size: int, *, counted: bool = False) -> None:
        rest = memoryview(ZEROS)
        while size > 0:
            part = rest[:size]
            self._stream.write(part)
            self._size += len(part)
            size -= len(part)
            self._progress.add(len(part) if counted else 0)


def _header(source: Source) -> bytes:
    size, kind = 0, tarfile.SYMTYPE
    if source.fd is not None:
        size, kind = source.info.st_size, tarfile.REGTYPE
    elif source.is_folder:
        kind = tarfile.DIRTYPE
    plain = written(source.name, source.mode, size, source.mtime, kind, source.target)
    if plain is not None:
        return plain
    info = tarfile.TarInfo(source.name)
    info.mode, info.size, info.mtime = source.mode, size, source.mtime
    info.type, info.linkname = kind, source.target
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
