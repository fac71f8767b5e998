"""The folder of one server's logs: parts, each a text and its index, compressed or not, in their order.

Names: `00000012-20261121T154500Z.log` and `.index`, with `.gz` or `.zst` behind it where it is compressed.
The number orders them, the date is that of the beginning, for people. The part with the highest number is the
one that is written. A part is there when its index is.

Everything is done in the open folder, and no link is followed: the folder may lie where a program can write.
"""

import contextlib
import errno
import gzip
import hashlib
import io
import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Self, cast

from .logsettings import Packing

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT, INDEX = ".log", ".index"
NEW = ".new"
"""Behind the name of what is not whole yet."""

LATEST = "latest.log"
"""A link to the text that is written."""

SUFFIXES: Mapping[Packing, str] = {Packing.GZIP: ".gz", Packing.ZSTD: ".zst"}

_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_PART = re.compile(r"(\d{8,15})-(\d{8}T\d{6}Z)\.index(?:\.gz|\.zst)?")


def folder_name(server: str) -> str:
    """Return a name for the folder of a server's logs, which no other server has.

    It is the server's own, where that is plain; else what is plain of it, and a number that belongs to it.
    """
    if _PLAIN.fullmatch(server):
        return server
    digest = hashlib.sha256(server.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{re.sub(r'[^A-Za-z0-9_-]+', '_', server)[:60]}~{digest[:20]}"  # no plain name has a ~


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """One part of the log."""

    number: int
    began: str

    @property
    def text(self) -> str:
        """The name of the text, as long as it is not compressed."""
        return f"{self.number:08d}-{self.began}{TEXT}"

    @property
    def index(self) -> str:
        """The name of the index, as long as it is not compressed."""
        return f"{self.number:08d}-{self.began}{INDEX}"


class LogFolder:
    """The folder, open."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    @classmethod
    def open(cls, path: str, *, make: bool) -> Self:
        """Open it, and make it if asked to, for nobody else to read; raises `OSError`."""
        if make:
            parent = os.path.dirname(path)
            os.makedirs(parent, 0o700, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                os.mkdir(path, 0o700)
        return cls(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC))

    def close(self) -> None:
        """Close it."""
        os.close(self.fd)

    def parts(self) -> Sequence[Part]:
        """Return all parts, the oldest first; raises `OSError`."""
        found = {Part(int(fits[1]), fits[2]) for name in self.names() if (fits := _PART.fullmatch(name))}
        return sorted(found)

    def names(self) -> Sequence[str]:
        """Return the names of all files; raises `OSError`."""
        return os.listdir(self.fd)

    def make(self, name: str, flags: int = 0) -> int:
        """Open a file to write, which is made if it is missing; raises `OSError`."""
        usual = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        fd = os.open(name, usual | flags, 0o600, dir_fd=self.fd)
        return _regular(fd, name)

    def size(self, name: str) -> int | None:
        """Return the size of a file, None if it is missing."""
        with contextlib.suppress(OSError):
            return os.stat(name, dir_fd=self.fd, follow_symlinks=False).st_size
        return None

    def rename(self, name: str, new: str) -> None:
        """Rename a file; raises `OSError`."""
        os.rename(name, new, src_dir_fd=self.fd, dst_dir_fd=self.fd)

    def remove(self, name: str) -> None:
        """Remove a file; raises `OSError`."""
        os.unlink(name, dir_fd=self.fd)

    def point(self, name: str) -> None:
        """Let `LATEST` be a link to a file; it is only for people, so it may fail."""
        with contextlib.suppress(OSError):
            temporary = f"{LATEST}{NEW}"
            with contextlib.suppress(FileNotFoundError):
                self.remove(temporary)
            os.symlink(name, temporary, dir_fd=self.fd)
            self.rename(temporary, LATEST)

    def read(self, name: str) -> BinaryIO:
        """Open a file by its plain name to read what it says, compressed or not; raises `OSError`."""
        with contextlib.suppress(FileNotFoundError):
            return cast("BinaryIO", io.FileIO(self._opened(name), "r"))
        for packing, suffix in SUFFIXES.items():
            with contextlib.suppress(FileNotFoundError):
                return unpacked(self._opened(name + suffix), packing)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)

    def variants(self, name: str) -> Iterator[str]:
        """Yield the names under which a file may stand."""
        yield name
        for suffix in SUFFIXES.values():
            yield name + suffix

    def _opened(self, name: str) -> int:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        return _regular(os.open(name, flags, dir_fd=self.fd), name)


BROKEN = (OSError, EOFError, ValueError, zstd.ZstdError)
"""What reading a file may raise that is damaged; `gzip.BadGzipFile` and `zlib.error` are made one of them."""


def unpacked(fd: int, packing: Packing) -> BinaryIO:
    """Return what a compressed file says; the descriptor is closed with it."""
    file = os.fdopen(fd, "rb")
    made = gzip.GzipFile(fileobj=file) if packing is Packing.GZIP else zstd.ZstdFile(file)
    return cast("BinaryIO", _Owning(made, file))


class _Owning(io.RawIOBase):
    """A file that is unpacked while it is read, and closed with the one that it is in."""

    def __init__(self, made: "gzip.GzipFile | zstd.ZstdFile", file: BinaryIO) -> None:
        self._made = made
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """Return at most so many bytes; raises one of `BROKEN`."""
        try:
            return self._made.read(size)
        except BROKEN:
            raise
        except Exception as exc:  # zlib.error has no better base
            raise ValueError(str(exc)) from exc

    def close(self) -> None:
        """Close both."""
        self._made.close()
        self._file.close()
        super().close()


def _regular(fd: int, name: str) -> int:
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "Not a regular file", name)
    return fd
