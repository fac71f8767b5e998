"""Writes a zip: small files by the batch, large ones by the block, deflated in threads and written in order.

Rules:
- A file is as long as it was when it was opened; what is added later is left out, and what becomes shorter
  meanwhile is stored as short as it is.
- A small file's header is written when its content is deflated and its size is known. A large one's is put
  right afterwards, or, on a pipe, followed by a data descriptor (with a CRC that comes too late for those who
  read from a pipe themselves and find stored content).
- Memory: for each of `threads.MANY` pieces at most 1 MiB, one more for each thread, and some 150 bytes and
  the name for each member, for the directory.
"""

import os
import stat
from collections.abc import Iterable

from isal import isal_zlib

from ..errors import InvalidPath
from ..progress import Progress
from .deflate import BLOCK, Block, read_block
from .output import Output
from .remarks import Remarks
from .sources import Source
from .threads import MANY, Ordered, processors
from .ziprecords import DEFLATED, SAFE, STORED, NameTooLong, Record, end

_OPEN_FILES = 512
"""Small files that may be open at once."""


class ZipWriter:
    """Takes sources, and writes them to an output."""

    def __init__(self, output: Output, progress: Progress, remarks: Remarks, *, deflate: bool) -> None:
        self._output = output
        self._progress = progress
        self._remarks = remarks
        self._deflate = deflate
        self._directory: list[bytes] = []
        self._open: set[int] = set()
        self._batch: list[Source] = []
        self._batched = 0

    def write(self, sources: Iterable[Source]) -> int:
        """Write the whole archive; return the number of its members. Raises `InvalidPath`, `OSError`."""
        try:
            with Ordered(processors(), MANY) as threads:
                most = max(1, _OPEN_FILES // threads.ahead)
                for source in sources:
                    if source.fd is not None:
                        self._open.add(source.fd)
                        if source.info.st_size > BLOCK:
                            self._give_batch(threads)
                            self._give_large(threads, source, source.fd)
                            continue
                        self._batched += source.info.st_size
                    # Folders and links, too: what is handed to a thread alone costs more than what it does.
                    self._batch.append(source)
                    if self._batched >= BLOCK or len(self._batch) >= most:
                        self._give_batch(threads)
                self._give_batch(threads)
                threads.finish()
            self._finish()
        finally:
            for fd in self._open:
                os.close(fd)
        return len(self._directory)

    def _give_batch(self, threads: Ordered) -> None:
        batch, self._batch, self._batched = self._batch, [], 0
        deflate = self._deflate

        def work() -> list[Block | None]:
            return [
                None
                if source.fd is None
                else read_block(source.fd, 0, source.info.st_size, last=True, deflate=deflate)
                for source in batch
            ]

        def then(blocks: list[Block | None]) -> None:
            for source, block in zip(batch, blocks, strict=True):
                if block is None:
                    self._short(source)
                else:
                    self._small(source, block)

        if batch:
            threads.put(work, then)

    def _small(self, source: Source, block: Block) -> None:
        record = self._record(source)
        data = block.data if block.size else b""  # what ends a deflate stream is something, too
        record.crc, record.size, record.stored = block.crc, block.size, len(data)
        record.method = DEFLATED if self._deflate and block.size else STORED
        self._header(record)
        self._output.write(data)
        self._close(source, record)

    def _give_large(self, threads: Ordered, source: Source, fd: int) -> None:
        size, deflate = source.info.st_size, self._deflate
        record = self._record(source)
        record.method = DEFLATED if deflate else STORED
        record.large = size > SAFE
        record.described = not self._output.can_patch
        threads.put(lambda: None, lambda _: self._header(record))
        for offset in range(0, size, BLOCK):
            length = min(BLOCK, size - offset)
            last = offset + length == size

            def work(offset: int = offset, length: int = length, last: bool = last) -> Block:
                return read_block(fd, offset, length, last=last, deflate=deflate)

            threads.put(work, lambda block: self._piece(record, block))
        threads.put(lambda: None, lambda _: self._end_large(source, record))

    def _piece(self, record: Record, block: Block) -> None:
        self._output.write(block.data)
        record.crc = isal_zlib.crc32_combine(record.crc, block.crc, block.size)
        record.stored += len(block.data)
        record.size += block.size
        self._progress.add(block.size)

    def _end_large(self, source: Source, record: Record) -> None:
        if record.described:
            self._output.write(record.descriptor())
        else:
            self._output.patch(record.offset, record.local())
        self._close(source, record, counted=True)

    def _short(self, source: Source) -> None:
        """Write a folder or a link, whose content is where it points."""
        record = self._record(source)
        data = os.fsencode(source.target)
        record.crc, record.size, record.stored = isal_zlib.crc32(data), len(data), len(data)
        self._header(record)
        self._output.write(data)
        self._close(source, record)

    def _record(self, source: Source) -> Record:
        name = source.name + "/" if source.is_folder else source.name
        kind = stat.S_IFMT(source.info.st_mode)
        return Record(name, kind | source.mode, source.mtime)

    def _header(self, record: Record) -> None:
        record.offset = self._output.position
        try:
            self._output.write(record.local())
        except NameTooLong as exc:
            raise InvalidPath(f"{record.name[:100]}…: is too long for a zip") from exc

    def _close(self, source: Source, record: Record, *, counted: bool = False) -> None:
        if source.fd is not None:
            os.close(source.fd)
            self._open.discard(source.fd)
            if record.size < source.info.st_size:
                self._remarks.add(source.name, "became shorter while it was read")
        self._directory.append(record.central())
        self._progress.add(0 if counted else record.size, 1)

    def _finish(self) -> None:
        start = self._output.position
        for record in self._directory:
            self._output.write(record)
        self._output.write(end(len(self._directory), start, self._output.position - start))
        self._output.flush()
