"""Deflate in blocks that know nothing of each other, so that threads can make them: RFC 1951.

A block ends with a sync flush, at a byte, and blocks put together are one stream. pigz(1) does it like this.
Without the 32 KiB before it, a block of 1 MiB is 0.2 % larger, which is not worth handing them over.
"""

import functools
import os
import threading
from dataclasses import dataclass

from isal import igzip_lib, isal_zlib

from .holes import ZEROS, is_hole

BLOCK = 1 << 20

LEVEL = 3
"""Of isal's 0 to 3. Sizes are then those of zlib at 4 to 5, at several times its speed."""

_SMALL = 3
"""The memory level, less than isal's own choice: codes are made anew more often and fit better, by 0.7 %."""

_buffers = threading.local()


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of content, and what became of it."""

    data: bytes
    crc: int
    size: int
    """Bytes of content."""


def deflated(data: bytes | memoryview, *, last: bool) -> bytes:
    """Return a block of a raw deflate stream."""
    if last:
        return igzip_lib.compress(data, LEVEL, igzip_lib.COMP_DEFLATE, igzip_lib.MEM_LEVEL_SMALL)
    packer = isal_zlib.compressobj(LEVEL, wbits=-15, memLevel=_SMALL)
    return packer.compress(data) + packer.flush(isal_zlib.Z_SYNC_FLUSH)


def read_block(fd: int, offset: int, size: int, *, last: bool, deflate: bool) -> Block:
    """Return a block of a file, at most BLOCK bytes long; shorter if the file has become shorter."""
    if size == BLOCK and is_hole(fd, offset, size):
        return _hole(last=last, deflate=deflate)
    content = _read(fd, offset, size)
    data = deflated(content, last=last) if deflate else bytes(content)
    return Block(data, isal_zlib.crc32(content), len(content))


def _read(fd: int, offset: int, size: int) -> memoryview:
    """Read into a buffer that the thread keeps: a new one each time costs more than the reading."""
    buffer: bytearray | None = getattr(_buffers, "block", None)
    if buffer is None:
        buffer = _buffers.block = bytearray(BLOCK)
    view = memoryview(buffer)[:size]
    done = 0
    while done < size and (got := os.preadv(fd, [view[done:]], offset + done)):
        done += got
    return view[:done]


@functools.cache
def _hole(*, last: bool, deflate: bool) -> Block:
    data = deflated(ZEROS, last=last) if deflate else ZEROS
    return Block(data, isal_zlib.crc32(ZEROS), BLOCK)
