"""Files on this machine, as bodies of requests and as places for answers; none is ever wholly in memory."""

import contextlib
import errno
import fcntl
import io
import os
import re
import stat
from collections.abc import Callable, Iterator

from .failures import Failure

Progress = Callable[[int, int | None], object]
"""Is told how much is done, and how much there is to do if that is known; maybe from another thread."""

PIECE = 1 << 18

_LONGEST = 180
"""Bytes of a name to which more can be added."""


class CannotRead(Failure):
    """Something on this machine cannot be read."""


class CannotWrite(Failure):
    """Something on this machine cannot be written."""


class FileBody:
    """A part of a file as it is now; `told` hears of each piece how many bytes of the file are sent."""

    def __init__(
        self, path: str, offset: int, length: int, told: Callable[[int], object] | None = None
    ) -> None:
        self._path = path
        self._offset = offset
        self._length = length
        self._told = told

    @property
    def length(self) -> int | None:
        """Bytes in all."""
        return self._length

    def pieces(self) -> Iterator[bytes]:
        """Return the pieces; raises `CannotRead`, also if the file has become shorter."""
        with reading(self._path), open(self._path, "rb", buffering=0) as file:
            file.seek(self._offset)
            left = self._length
            while left:
                piece = file.read(min(PIECE, left))
                if not piece:
                    raise CannotRead(f"{self._path} became shorter while it was read")
                left -= len(piece)
                yield piece
                if self._told is not None:
                    self._told(self._offset + self._length - left)


class Spool:
    """What can be read only once, in stretches; each is kept until it is known to have arrived."""

    def __init__(
        self, source: Iterator[bytes], stretch: int, told: Callable[[int], object] | None = None
    ) -> None:
        """`stretch`: bytes that are kept at most, or a piece more."""
        self._source = source
        self._stretch = stretch
        self._told = told
        self._kept = bytearray()
        self._failed: CannotRead | None = None
        self.offset = 0
        """Where the stretch begins: what was before has arrived."""
        self.ended = False
        """Whether there is nothing behind the stretch."""

    @property
    def length(self) -> int | None:
        """Not known."""
        return None

    @property
    def kept(self) -> int:
        """Bytes that are not known to have arrived."""
        return len(self._kept)

    def pieces(self) -> Iterator[bytes]:
        """Return the stretch again, and what is still to be read of it; raises `CannotRead`."""
        for begin in range(0, len(self._kept), PIECE):
            yield bytes(self._kept[begin : begin + PIECE])
        while not self.ended and len(self._kept) < self._stretch:
            if piece := self._next():
                self._kept += piece
                yield piece
                if self._told is not None:
                    self._told(self.offset + len(self._kept))

    def arrived(self, offset: int) -> None:
        """Let go of what is before an offset."""
        if not self.offset <= offset <= self.offset + len(self._kept):
            raise CannotRead(f"it would have to go on at byte {offset}, which is gone")
        del self._kept[: offset - self.offset]
        self.offset = offset

    def _next(self) -> bytes:
        if self._failed is not None:
            raise self._failed  # an iterator that has failed seems to be at its end
        try:
            piece = next(self._source, None)
        except Exception as exc:
            # Whatever has cut it: that is not our connection, and what has come is not all of it.
            self._failed = CannotRead(_reason(exc))
            raise self._failed from exc
        self.ended = piece is None
        return piece or b""


class PartFile:
    """A file that is seen under its name when it is whole.

    Until then it is a part beside it, whose name tells of which content, and which can be gone on with.
    """

    def __init__(self, path: str) -> None:
        """Begin nothing yet."""
        self._path = path
        self._part = ""
        self._file: io.FileIO | None = None

    def begin(self, content: str) -> int:
        """Return how many bytes of this content are there from an earlier time; raises `CannotWrite`."""
        import hashlib  # noqa: PLC0415  (takes a while, and most of what is done with files needs none)

        self.close()
        folder, name = os.path.split(self._path)
        stem = name.encode(errors="surrogateescape")[:_LONGEST].decode(errors="ignore")
        mark = hashlib.sha256(content.encode()).hexdigest()[:12]
        self._part = os.path.join(folder, f"{stem}.{mark}.part")
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        with writing(self._path):
            self._file = io.FileIO(os.open(self._part, flags, 0o666), "r+")
            try:
                fcntl.flock(self._file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._file.close()
                self._file = None
                raise CannotWrite(f"{self._path} is being written by another command") from None
            self._take_mode(0o600)  # who may not read what is replaced may not read the part either
            _forget_others(folder, stem, os.path.basename(self._part))
            return os.fstat(self._file.fileno()).st_size

    def clear(self) -> None:
        """Begin anew."""
        if self._file is not None:
            with writing(self._path):
                self._file.truncate(0)

    def write(self, data: bytes) -> None:
        """Add content; raises `CannotWrite`, and what was written before stays."""
        file, rest = self._begun, memoryview(data)
        with writing(self._path):
            while rest:
                rest = rest[file.write(rest) :]

    def finish(self) -> None:
        """Give it its name; raises `CannotWrite`."""
        file = self._begun
        with writing(self._path):
            self._take_mode()
            os.rename(self._part, self._path)
        file.close()
        self._file = None

    def close(self) -> None:
        """Leave it as it is, to be gone on with; nothing is left if nothing has come."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                if not os.fstat(self._file.fileno()).st_size:
                    os.unlink(self._part)
            self._file.close()
            self._file = None

    def _take_mode(self, more: int = 0) -> None:
        """Take on the mode of the file that is replaced, and more."""
        with contextlib.suppress(FileNotFoundError):
            found = os.stat(self._path)
            if stat.S_ISREG(found.st_mode):
                os.fchmod(self._begun.fileno(), stat.S_IMODE(found.st_mode) & 0o777 | more)

    @property
    def _begun(self) -> io.FileIO:
        if self._file is None:
            raise ValueError("it was not begun")
        return self._file


@contextlib.contextmanager
def reading(path: str) -> Iterator[None]:
    """Say of a file that it cannot be read, and why."""
    try:
        yield
    except OSError as exc:
        raise CannotRead(f"cannot read {path}: {_reason(exc)}") from exc


@contextlib.contextmanager
def writing(path: str) -> Iterator[None]:
    """Say of a file that it cannot be written, and why."""
    try:
        yield
    except OSError as exc:
        raise CannotWrite(f"cannot write {path}: {_reason(exc)}") from exc


def _reason(exc: Exception) -> str:
    if isinstance(exc, OSError) and exc.errno is not None:
        return os.strerror(exc.errno if exc.errno != errno.EDQUOT else errno.ENOSPC).lower()
    return str(exc)


def _forget_others(folder: str, stem: str, but: str) -> None:
    """Delete the parts of other contents: nobody will go on with them."""
    ours = re.compile(re.escape(stem) + r"\.[0-9a-f]{12}\.part")
    for name in os.listdir(folder or "."):
        if name != but and ours.fullmatch(name):
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(folder, name))
