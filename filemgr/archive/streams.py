"""Streams that are read from an archive: as they are, and decompressed.

Rules:
- Whatever the size asked for, no more than that comes back, and nobody holds more than some hundred KiB
  beyond what the format needs to look back, which is bounded too.
- What ends too early, or does not fit its own checksum, is damaged: `BadArchive`.
"""

import bz2
import lzma
import os
import sys
from collections.abc import Callable
from typing import Protocol, cast

from isal import igzip_lib

from ..errors import BadArchive, TooLarge
from .formats import Codec

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE = 1 << 18
"""Bytes of content that are handled at once."""

_INPUT = 1 << 17

MOST_WINDOW = 256 << 20
"""Bytes that decompressing may need; xz -9 needs 65 MiB, and 7-Zip's ultra the same."""

_ZSTD_WINDOW_LOG = 27
"""What zstd(1) takes without being asked: 128 MiB."""


class Stream(Protocol):
    """Bytes in order."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, and none at the end; raises `BadArchive`, `TooLarge`."""
        ...


class Unpacker(Protocol):
    """What decompressors of the standard library look like."""

    @property
    def eof(self) -> bool:
        """Whether the end was reached."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without input."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What stands after the end."""
        ...

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        """Return the next bytes."""
        ...


class Range:
    """Bytes of a file, from an offset on."""

    def __init__(self, fd: int, offset: int, size: int) -> None:
        self._fd = fd
        self._offset = offset
        self._rest = size

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; raises `BadArchive` if the file ends before the range."""
        size = min(size, self._rest)
        if not size:
            return b""
        data = os.pread(self._fd, size, self._offset)
        if not data:
            raise cut_off()
        self._offset += len(data)
        self._rest -= len(data)
        return data


class Bounded:
    """The first bytes of a stream that does not tell where it ends."""

    def __init__(self, source: Stream, size: int) -> None:
        self._source = source
        self._rest = size

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; raises `BadArchive` if there are fewer than promised."""
        if not self._rest:
            return b""
        data = self._source.read(min(size, self._rest))
        if not data:
            raise cut_off()
        self._rest -= len(data)
        return data


class Unpacked:
    """A stream that is decompressed, of one or more parts, each with its own end."""

    def __init__(self, source: Stream, make: Callable[[], Unpacker], *magics: bytes) -> None:
        """`magics` is how another part may begin; without them there is only one."""
        self._source = source
        self._make = make
        self._magics = magics
        self._unpacker = self._begin()
        self._next = b""
        self._ended = False

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes."""
        while not self._ended:
            if self._unpacker.eof:
                self._another()
                continue
            data, self._next = self._next, b""
            if not data and self._unpacker.needs_input:
                data = self._source.read(_INPUT)
                if not data:
                    raise cut_off()
            found = self._decompress(data, size)
            if found:
                return found
        return b""

    def _begin(self) -> Unpacker:
        try:
            return self._make()
        except _DAMAGE as exc:
            raise BadArchive(f"the archive is damaged: {exc}") from exc

    def _decompress(self, data: bytes, size: int) -> bytes:
        try:
            return self._unpacker.decompress(data, size)
        except MemoryError as exc:
            raise TooLarge("the archive needs more memory than is allowed") from exc
        except _DAMAGE as exc:
            if "memory" in str(exc).lower():  # liblzma's limit; the module has no type for it
                raise TooLarge("the archive needs more memory than is allowed") from exc
            raise BadArchive(f"the archive is damaged: {exc}") from exc

    def _another(self) -> None:
        """Begin the next part, if there is one; zeros may follow the last: gzip(1), xz(1)."""
        rest = self._unpacker.unused_data if self._magics else b""
        most = max(map(len, self._magics), default=0)
        while len(rest := rest.lstrip(b"\0")) < most:
            more = self._source.read(_INPUT)
            if not more:
                break
            rest += more
        if not rest:
            self._ended = True
        elif rest.startswith(self._magics):
            self._unpacker = self._begin()
            self._next = rest
        else:
            raise BadArchive("something else follows the end of the archive")


def gzip_unpacker() -> Unpacker:
    """Return what unpacks gzip, and checks it."""
    return cast("Unpacker", igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP))


def deflate_unpacker() -> Unpacker:
    """Return what unpacks raw deflate."""
    return cast("Unpacker", igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE))


def zstd_unpacker() -> Unpacker:
    """Return what unpacks a zstd frame."""
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})


def xz_unpacker() -> Unpacker:
    """Return what unpacks an xz stream."""
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=MOST_WINDOW)


def bzip2_unpacker() -> Unpacker:
    """Return what unpacks a bzip2 stream."""
    return bz2.BZ2Decompressor()


def decompressed(source: Stream, codec: Codec) -> Stream:
    """Return the stream, decompressed."""
    match codec:
        case Codec.NONE:
            return source
        case Codec.GZIP:
            return Unpacked(source, gzip_unpacker, codec.value)
        case Codec.ZSTD:
            skippable = (bytes((0x50 + number, 0x2A, 0x4D, 0x18)) for number in range(16))  # RFC 8878, 3.1.2
            return Unpacked(source, zstd_unpacker, codec.value, *skippable)
        case Codec.XZ:
            return Unpacked(source, xz_unpacker, codec.value)
        case Codec.BZIP2:
            return Unpacked(source, bzip2_unpacker, codec.value)


def exactly(source: Stream, size: int) -> bytes:
    """Return so many bytes; raises `BadArchive` if there are fewer."""
    data = b""
    while len(data) < size:
        more = source.read(size - len(data))
        if not more:
            raise cut_off()
        data += more
    return data


def cut_off() -> BadArchive:
    """Return what is said of an archive that ends too early."""
    return BadArchive("the archive is cut off")


# bz2 says OSError, without a number, of what is damaged; inflate64 says ValueError.
_DAMAGE: tuple[type[Exception], ...] = (
    lzma.LZMAError,
    zstd.ZstdError,
    cast("type[Exception]", igzip_lib.IsalError),
    OSError,
    ValueError,
    EOFError,
)
