"""Compresses a stream of bytes, block by block, in threads where the format lets us.

Each stream gives the room into which the next bytes go: a file is read to where it is compressed from.

- gzip: one member made of deflate blocks, like pigz(1). Memory: 2 MiB for each of `threads.MANY` pieces.
- zstd: the library's own threads, at most 4, since each holds some 20 MiB; matches from far back.
- xz: streams of 8 MiB one after another, which is legal and read by xz(1) and liblzma: with two threads 2.2
  times as fast as one stream, and 1 % larger. Memory: 32 MiB for each thread, and the pieces.
- bzip2: streams of 900 kB, likewise, at no cost: that is what bzip2 does within one.
"""

import bz2
import lzma
import struct
import sys
from abc import ABC, abstractmethod

from isal import isal_zlib

from .deflate import BLOCK, deflated
from .formats import Codec
from .output import Output
from .threads import Ordered

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_XZ_BLOCK = 8 << 20
_XZ_SLICE = 1 << 20
_XZ_PRESET = 3
_BZIP2_BLOCK = 900_000
_ZSTD_LEVEL = 3
_ZSTD_WINDOW_LOG = 25
"""Matches are looked for in the last 32 MiB, which whoever unpacks it must hold: 6 % smaller, 5 % longer."""
_ZSTD_THREADS = 4


class Blocks(ABC):
    """A stream that is collected into blocks of the same size."""

    def __init__(self, output: Output, size: int) -> None:
        self._output = output
        self._size = size
        self._block = memoryview(bytearray(size))
        self._filled = 0

    def room(self) -> memoryview:
        """Return where the next bytes may be put; it is never empty."""
        return self._block[self._filled :]

    def filled(self, size: int) -> None:
        """Say that so many bytes were put there."""
        self._filled += size
        if self._filled == self._size:
            self._filled = 0
            self._block = self._take(self._block)

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes that are elsewhere."""
        rest = memoryview(data)
        while rest:
            room = self.room()[: len(rest)]
            room[:] = rest[: len(room)]
            rest = rest[len(room) :]
            self.filled(len(room))

    def finish(self) -> None:
        """End the stream."""
        if self._filled:
            self._take(self._block[: self._filled])
        self._end()
        self._output.flush()

    @abstractmethod
    def _take(self, block: memoryview) -> memoryview:
        """Take what is in a block; return one for the next bytes."""

    @abstractmethod
    def _end(self) -> None: ...


class Plain(Blocks):
    """As it is."""

    def __init__(self, output: Output) -> None:
        super().__init__(output, 1 << 18)

    def _take(self, block: memoryview) -> memoryview:
        self._output.write_now(block)
        return block

    def _end(self) -> None:
        pass


class Zstd(Blocks):
    """zstd, whose library has threads."""

    def __init__(self, output: Output, threads: int) -> None:
        super().__init__(output, 1 << 20)
        parameter = zstd.CompressionParameter
        _, most = parameter.nb_workers.bounds()  # none, where the library was built without threads
        self._packer = zstd.ZstdCompressor(
            options={
                parameter.compression_level: _ZSTD_LEVEL,
                parameter.checksum_flag: 1,
                parameter.nb_workers: min(threads, most, _ZSTD_THREADS),
                parameter.enable_long_distance_matching: 1,
                parameter.window_log: _ZSTD_WINDOW_LOG,
            }
        )

    def _take(self, block: memoryview) -> memoryview:
        self._output.write(self._packer.compress(block))
        return block

    def _end(self) -> None:
        self._output.write(self._packer.flush())


class _Threaded(Blocks):
    """Blocks that are compressed in threads, each alone."""

    def __init__(self, output: Output, threads: Ordered, size: int) -> None:
        super().__init__(output, size)
        self._threads = threads
        self._free: list[memoryview] = []

    def _take(self, block: memoryview) -> memoryview:
        def then(data: bytes) -> None:
            self._output.write(data)
            if len(block) == self._size:
                self._free.append(block)

        self._note(block)
        self._threads.put(lambda: self._pack(block), then)
        return self._free.pop() if self._free else memoryview(bytearray(self._size))

    def _note(self, block: memoryview) -> None:
        """Look at a block in order."""

    @abstractmethod
    def _pack(self, block: memoryview) -> bytes:
        """Compress it; called in a thread."""

    def _end(self) -> None:
        self._threads.finish()


class Gzip(_Threaded):
    """gzip: RFC 1952."""

    def __init__(self, output: Output, threads: Ordered) -> None:
        super().__init__(output, threads, BLOCK)
        self._crc = 0
        self._total = 0
        output.write(struct.pack("<BBBBIBB", 0x1F, 0x8B, 8, 0, 0, 0, 3))

    def _note(self, block: memoryview) -> None:
        self._crc = isal_zlib.crc32(block, self._crc)  # so fast that it needs no thread
        self._total += len(block)

    def _pack(self, block: memoryview) -> bytes:
        return deflated(block, last=False)

    def _end(self) -> None:
        super()._end()
        self._output.write(deflated(b"", last=True))
        self._output.write(struct.pack("<II", self._crc, self._total & 0xFFFFFFFF))


class Xz(_Threaded):
    """xz, in many streams."""

    def __init__(self, output: Output, threads: Ordered) -> None:
        super().__init__(output, threads, _XZ_BLOCK)

    def _pack(self, block: memoryview) -> bytes:
        packer = lzma.LZMACompressor(preset=_XZ_PRESET)
        parts: list[bytes] = []
        for begin in range(0, len(block), _XZ_SLICE):
            if self._threads.given_up:
                break
            parts.append(packer.compress(block[begin : begin + _XZ_SLICE]))
        return b"".join((*parts, packer.flush()))


class Bzip2(_Threaded):
    """bzip2, in many streams."""

    def __init__(self, output: Output, threads: Ordered) -> None:
        super().__init__(output, threads, _BZIP2_BLOCK)

    def _pack(self, block: memoryview) -> bytes:
        return bz2.compress(block, 9)


def compressing(codec: Codec, output: Output, threads: Ordered, number: int) -> Blocks:
    """Return the stream for a codec; `number` is how many threads there are."""
    match codec:
        case Codec.GZIP:
            return Gzip(output, threads)
        case Codec.ZSTD:
            return Zstd(output, number)
        case Codec.XZ:
            return Xz(output, threads)
        case Codec.BZIP2:
            return Bzip2(output, threads)
        case Codec.NONE:
            return Plain(output)
