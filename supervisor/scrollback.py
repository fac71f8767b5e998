"""The latest bytes of a stream, in memory that outlives the process.

They lie in a memory file (memfd_create(2)), as a ring: the byte with offset `n` lies at `n % capacity`. The
next program of a handover maps the same file, and so does one that gets it back from a descriptor store after
this process was killed. So the head of the file is true at every moment: before bytes are overwritten they
are given up (`begin`), and only when new ones are there do they count (`end`).

The head also names the stream, by a number that no other has: an offset alone does not tell whether it is one
of this stream. The name goes where the stream goes on. A ring that is left behind takes a new one, since it
may still lie in a descriptor store, and would give other bytes the offsets that were given already.
"""

import mmap
import os
import struct
import weakref
from collections.abc import Iterator, Sequence

from .descriptors import too_high_for_memory

BLOCK = 64 * 1024
"""Bytes of a read, and room that there is at least besides those that are kept."""

LARGE_BLOCK = 256 * 1024
"""Bytes of a read into a large ring: larger ones cost page faults, smaller ones system calls."""

READS = 64
"""Reads at a time: few enough that a program which writes byte by byte keeps nobody else waiting."""

_MAGIC = b"HOLDFAST"
_HEAD = struct.Struct("=8sQQQQQ")  # magic, limit, capacity, begin, end, stream
_BEGIN, _END, _STREAM = 3, 4, 5
"""Which numbers of eight bytes in the head these are."""
_DATA = 64
"""Where the ring begins in the file."""


class NotOurs(ValueError):
    """The file holds no ring."""


class Scrollback:
    """The latest bytes of a stream, addressed by their offset from its very beginning.

    Keeps at least `limit` bytes once it had as many.
    """

    def __init__(self, limit: int, end: int = 0, stream: str | None = None) -> None:
        self._limit = limit
        self._capacity = limit + _slack(limit)
        self._begin = self._end = end
        self._stream = _new_stream() if stream is None else int(stream, 16)
        self._map(_make_file(_DATA + self._capacity))
        _HEAD.pack_into(self._memory, 0, _MAGIC, limit, self._capacity, end, end, self._stream)

    @classmethod
    def of(cls, fd: int) -> "Scrollback":
        """Return the scrollback in a memory file, which it owns from now on; raises `NotOurs`, `OSError`."""
        size = os.fstat(fd).st_size
        head = os.pread(fd, _HEAD.size, 0)
        if len(head) < _HEAD.size:
            raise NotOurs("this memory file holds no scrollback")
        magic, limit, capacity, begin, end, stream = _HEAD.unpack(head)
        if magic != _MAGIC or not 0 < capacity == size - _DATA or not begin <= end <= begin + capacity:
            raise NotOurs("this memory file holds no scrollback")
        found = cls.__new__(cls)
        found._limit, found._capacity, found._begin, found._end = limit, capacity, begin, end
        found._stream = stream
        found._map(fd)
        return found

    def _map(self, fd: int) -> None:
        self.fd = fd
        """The memory file, which is closed when this is gone; -1 where there is none, and it ends with us."""
        try:
            self._memory = mmap.mmap(fd, _DATA + self._capacity)
        except OSError:
            # The map takes a descriptor of its own, and there may be none: memory without a file does too.
            _close(fd)
            self.fd = -1
            self._memory = mmap.mmap(-1, _DATA + self._capacity)
        self._bytes = memoryview(self._memory)
        self._numbers = self._bytes[:_DATA].cast("Q")
        self._close = weakref.finalize(self, _close, self.fd)

    @property
    def stream(self) -> str:
        """The name of the stream, 16 hexadecimal digits: no other one has it, in whatever process."""
        return f"{self._stream:016x}"

    @property
    def limit(self) -> int:
        """How many bytes are kept at least, once there were as many."""
        return self._limit

    @property
    def begin(self) -> int:
        """The offset of the oldest byte that is kept."""
        return self._begin

    @property
    def end(self) -> int:
        """The offset behind the last byte: how much has been fed in all."""
        return self._end

    @property
    def last(self) -> int | None:
        """The last byte, if any is kept."""
        return self._memory[self._place(self._end - 1)] if self._end > self._begin else None

    def resized(self, limit: int) -> "Scrollback":
        """Return one in which this stream goes on, and which keeps another number of bytes.

        It has the same bytes, as far as they fit, and the name; this one is to be fed no more.
        """
        other = Scrollback(limit, self._begin, self.stream)
        other.feed(self.everything())
        self._set_stream(_new_stream())
        return other

    def feed(self, data: bytes) -> None:
        """Append bytes, forgetting the oldest."""
        rest = memoryview(data)
        while rest:
            size = min(len(rest), self._capacity - self._end % self._capacity)
            self._give_up(size)
            place = self._place(self._end)
            self._memory[place : place + size] = rest[:size]
            self._count(size)
            rest = rest[size:]

    def read_from(self, fd: int) -> int:
        """Read what there is from a descriptor, at most a block; return its size, 0 at the end.

        Raises what `os.readv` raises, if nothing was read. The kernel writes straight into the ring.
        """
        most = min(LARGE_BLOCK, _slack(self._limit), self._capacity - self._end % self._capacity)
        place = self._place(self._end)
        begin, first = self._begin, self._end
        self._give_up(most)
        room = self._bytes[place : place + most]
        try:
            # Again and again, with next to nothing in between: what a program has just written is still in
            # the processor's cache, and so are the pages of the pipe, which it gets back. A reader that takes
            # its time finds more with each read, and halves the speed of the program.
            for _ in range(READS):
                # Each read counts at once: who is killed here has lost nothing.
                self._count(size := os.readv(fd, (room,)))
                room = room[size:]
                if not (size and room):
                    break
        except OSError:
            if self._end == first:
                raise
        finally:
            # What was not overwritten is still there.
            self._set_begin(max(begin, self._end - self._capacity))
        return self._end - first

    def since(self, offset: int, most: int = BLOCK) -> tuple[int, bytes]:
        """Return (offset, bytes); the offset is later than asked for if bytes were lost.

        Returns at most `most` bytes, and none for an offset at or past the end.
        """
        offset = max(offset, self._begin)
        if offset >= self._end:
            return self._end, b""
        return offset, b"".join(
            self._memory[start:stop] for start, stop in self._pieces(offset, min(self._end, offset + most))
        )

    def tail(self, lines: int) -> int:
        """Return the offset at which the last `lines` lines begin, within the last `limit` bytes."""
        oldest = max(self._begin, self._end - self._limit)
        # The newline that ends the last line begins no other.
        wanted = lines + 1 if self.last == 0x0A else lines
        stop = self._end
        for low, high in reversed(self._pieces(oldest, self._end)):
            position = high
            while wanted > 0 and (position := self._memory.rfind(b"\n", low, position)) >= 0:
                wanted -= 1
                if wanted == 0:
                    return stop - (high - position) + 1
            stop -= high - low
        return oldest if lines else self._end

    def skip_to(self, offset: int) -> None:
        """Go on at a later offset and forget all before it: what lies between is lost."""
        self._set_begin(self._end)
        self._count(offset - self._end)
        self._set_begin(offset)

    def everything(self) -> bytes:
        """Return all that is kept."""
        return self.since(self._begin, self._capacity)[1]

    def _place(self, offset: int) -> int:
        return _DATA + offset % self._capacity

    def _pieces(self, begin: int, end: int) -> Sequence[tuple[int, int]]:
        """Return where the bytes between two offsets lie: (start, stop) of each piece."""
        return list(self._walk(begin, end))

    def _walk(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        while begin < end:
            size = min(end - begin, self._capacity - begin % self._capacity)
            yield self._place(begin), self._place(begin) + size
            begin += size

    def _give_up(self, size: int) -> None:
        """Forget what the next so many bytes will overwrite."""
        if (begin := self._end + size - self._capacity) > self._begin:
            self._set_begin(begin)

    def _set_begin(self, begin: int) -> None:
        self._begin = begin
        self._numbers[_BEGIN] = begin

    def _set_stream(self, stream: int) -> None:
        self._stream = stream
        self._numbers[_STREAM] = stream

    def _count(self, size: int) -> None:
        self._end += size
        self._numbers[_END] = self._end


def _new_stream() -> int:
    # Random: neither a clock nor a pid tells streams apart for ever, and nobody is left to count them.
    return int.from_bytes(os.urandom(8))


def _make_file(size: int) -> int:
    """Return a memory file, or -1 where no more can be had: descriptors, memory, or RLIMIT_FSIZE."""
    fd = -1
    try:
        fd = os.memfd_create("holdfast-scrollback", os.MFD_CLOEXEC)
        os.ftruncate(fd, size)
    except OSError:
        _close(fd)
        return -1
    if too_high_for_memory(fd):
        _close(fd)
        return -1
    return fd


def _close(fd: int) -> None:
    if fd >= 0:
        os.close(fd)


def _slack(limit: int) -> int:
    return LARGE_BLOCK if limit >= LARGE_BLOCK else BLOCK
