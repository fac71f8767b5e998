"""Unpacks a 7z.

Rules:
- The headers are parsed by `py7zr`. How large they become, how many members they name and how much memory
  they need is looked at before, since it takes all of it into memory.
- The content is decompressed here, by pieces: `py7zr` takes up to 128 MB of a member at once, holds what it
  has read too far, and writes paths by itself.
- What is encrypted, or compressed in a way that is not known, is left out. That is BCJ2 (7-Zip's choice for
  programs at its highest levels), PPMd, Brotli and filters for anything but machine code.
"""

import io
import os
import stat
from collections.abc import Callable
from typing import BinaryIO, TypeVar

from isal import isal_zlib
from py7zr import SevenZipFile
from py7zr.archiveinfo import Folder, HeaderStreamsInfo, SignatureHeader, StreamsInfo, read_uint64
from py7zr.exceptions import PasswordRequired
from py7zr.py7zr import ArchiveFile

from ..errors import BadArchive, FileError, TooLarge, UnsupportedArchive
from .coders import deflate64_unpacker, lzma1, lzma2
from .holes import Content
from .limits import Meter
from .machinecode import FILTERS, filtering
from .remarks import Remarks
from .streams import (
    PIECE,
    Bounded,
    Range,
    Stream,
    Unpacked,
    bzip2_unpacker,
    cut_off,
    deflate_unpacker,
    exactly,
    zstd_unpacker,
)
from .tree import Look, Tree, Unwanted, clean

T = TypeVar("T")

_START = 32
"""Where packed streams begin: after the signature header."""

_MOST_HEADER = 32 << 20
"""Bytes of headers; a member takes some hundred."""

_HEADER, _ENCODED_HEADER, _MAIN_STREAMS, _FILES = b"\x01", b"\x17", b"\x04", b"\x05"
_ENCRYPTED = b"\x06\xf1\x07\x01"
_LONGEST_LINK = 4095
_MOST_CODERS = 4

_UNPACKERS = {
    b"\x04\x01\x08": deflate_unpacker,
    b"\x04\x01\x09": deflate64_unpacker,
    b"\x04\x02\x02": bzip2_unpacker,
    b"\x04\xf7\x11\x01": zstd_unpacker,
}


class SevenZipReader:
    """Puts the members of a 7z into a tree."""

    def __init__(self, fd: int, tree: Tree, meter: Meter, remarks: Remarks) -> None:
        self._fd = fd
        self._tree = tree
        self._meter = meter
        self._remarks = remarks
        self._folder: Folder | None = None
        self._stream: Stream | None = None
        self._refusal = ""

    def unpack(self) -> None:
        """Unpack all; raises `BadArchive`, `TooLarge`, `UnsupportedArchive`, `Cancelled`, `OSError`."""
        with open(os.dup(self._fd), "rb") as file:
            archive = _parsed(lambda: _opened(file, self._meter.limits.entries))
            with archive:
                places = _parsed(lambda: _places(archive))
                folderlike = _parsed(lambda: _folderlike(archive))
                for number, member in enumerate(archive.files):
                    self._meter.entry()
                    name = str(member.filename)
                    try:
                        self._member(member, name, places, folder=number in folderlike)
                    except Unwanted as exc:
                        self._remarks.add(name, str(exc))

    def _member(
        self, member: ArchiveFile, name: str, places: dict[int, tuple[int, int]], *, folder: bool
    ) -> None:
        content = self._content(member, places)
        try:
            names = clean(name)
            mode = member.posix_mode
            look = Look(mode, _time(member))
            if folder:
                self._tree.folder(names, look)
            elif member.is_symlink or member.is_junction:
                self._tree.link(names, _target(member, content))
            elif member.st_fmt not in (None, 0, stat.S_IFREG):
                raise Unwanted("is no file, folder or link")
            elif isinstance(content, str):
                raise Unwanted(content)
            else:
                self._file(content, self._tree.file(names), look)
        finally:
            # What is compressed together with the next member has to be gone through.
            while not isinstance(content, str) and (data := content.read(PIECE)):
                self._meter.read(len(data))

    def _content(self, member: ArchiveFile, places: dict[int, tuple[int, int]]) -> "_Checked | str":
        """Return a member's content, or why it cannot be had."""
        folder = None if member.emptystream else member.folder
        if folder is None:
            return _Checked(None, 0, None)
        if folder is not self._folder:
            self._folder, self._stream, self._refusal = folder, None, ""
            try:
                self._stream = _unpacked(folder, Range(self._fd, *places[id(folder)]))
            except (UnsupportedArchive, TooLarge) as exc:
                self._refusal = str(exc)
        if self._stream is None:
            return self._refusal
        return _Checked(self._stream, member.uncompressed, member.crc32)

    def _file(self, content: "_Checked", fd: int, look: Look) -> None:
        try:
            new = Content(fd)
            while data := content.read(PIECE):
                self._meter.content(len(data), new.write(data))
            new.finish()
        except BaseException:
            os.close(fd)
            raise
        self._tree.dress(fd, look)


def _target(member: ArchiveFile, content: "_Checked | str") -> str:
    if isinstance(content, str):
        raise Unwanted(content)
    if member.uncompressed > _LONGEST_LINK:
        raise Unwanted("is a link to nowhere")
    return exactly(content, member.uncompressed).decode("utf-8", "surrogateescape")


class _Checked:
    """A member's content, whose checksum must be right at the end."""

    def __init__(self, source: Stream | None, size: int, crc: int | None) -> None:
        self._source = Bounded(source, size) if source is not None else None
        self._rest = size
        self._wanted = crc
        self._crc = 0

    def read(self, size: int, /) -> bytes:
        if self._source is None:
            return b""
        data = self._source.read(size)
        self._crc = isal_zlib.crc32(data, self._crc)
        self._rest -= len(data)
        if not self._rest and self._wanted not in (None, self._crc):
            raise BadArchive("the archive is damaged: a checksum is wrong")
        return data


def _opened(file: BinaryIO, most: int) -> SevenZipFile:
    _look_before(file, most)
    file.seek(0)
    return SevenZipFile(file)


def _look_before(file: BinaryIO, most: int) -> None:
    """Raise `TooLarge` for headers that would take much memory, `UnsupportedArchive` for encrypted ones."""
    signature = SignatureHeader.retrieve(file)
    header = _part(file, _START + signature.nextheaderofs, signature.nextheadersize)
    if header.read(1) == _ENCODED_HEADER:
        streams = HeaderStreamsInfo.retrieve(header)
        if streams.packinfo is None or streams.unpackinfo is None or len(streams.unpackinfo.folders) != 1:
            raise BadArchive("the archive has headers that cannot be")
        folder = streams.unpackinfo.folders[0]
        if any(coder["method"] == _ENCRYPTED for coder in folder.coders):
            raise UnsupportedArchive("the archive is encrypted, even its names")
        packed = Range(file.fileno(), _START + streams.packinfo.packpos, streams.packinfo.packsizes[0])
        size = folder.get_unpack_size()
        if size > _MOST_HEADER:
            raise TooLarge("the archive has too large headers")
        header = io.BytesIO(exactly(_unpacked(folder, packed), size))
        header.read(1)
    kind = header.read(1)
    if kind == _MAIN_STREAMS:
        StreamsInfo.retrieve(header)
        kind = header.read(1)
    if kind == _FILES and read_uint64(header) > most:
        raise TooLarge(f"the archive has more than {most} members")


def _part(file: BinaryIO, offset: int, size: int) -> io.BytesIO:
    length = os.fstat(file.fileno()).st_size
    if offset + size > length:
        raise cut_off()
    if size > _MOST_HEADER:
        raise TooLarge("the archive has too large headers")
    return io.BytesIO(exactly(Range(file.fileno(), offset, size), size))


def _places(archive: SevenZipFile) -> dict[int, tuple[int, int]]:
    """Return where each folder's packed stream is: offset and size."""
    found: dict[int, tuple[int, int]] = {}
    streams = archive.header.main_streams
    if streams is None or streams.packinfo is None or streams.unpackinfo is None:
        return found
    sizes: list[int] = streams.packinfo.packsizes
    offset, number = _START + streams.packinfo.packpos, 0
    for folder in streams.unpackinfo.folders:
        mine = sizes[number : number + len(folder.packed_indices)]
        found[id(folder)] = (offset, mine[0])
        offset += sum(mine)
        number += len(mine)
    return found


def _folderlike(archive: SevenZipFile) -> set[int]:
    """Return the numbers of the members that are folders: without content, and not said to be empty files."""
    info = archive.header.files_info
    if info is None:
        return set()
    empty = [number for number, file in enumerate(info.files) if file["emptystream"]]
    files = info.emptyfiles or [False] * len(empty)
    return {number for number, is_file in zip(empty, files, strict=True) if not is_file}


def _unpacked(folder: Folder, packed: Stream) -> Stream:
    """Return a folder's content; raises `UnsupportedArchive`, `TooLarge`."""
    coders = folder.coders
    if any(coder["method"] == _ENCRYPTED for coder in coders):
        raise UnsupportedArchive("is encrypted")
    if len(coders) > _MOST_CODERS or len(folder.packed_indices) != 1:
        raise UnsupportedArchive("is compressed in a way that is not known (BCJ2, perhaps)")
    follows = {bond.outcoder: bond.incoder for bond in folder.bindpairs}
    number: int | None = folder.packed_indices[0]
    stream = packed
    for _ in coders:
        if number is None or number >= len(coders):
            raise BadArchive("the archive has headers that cannot be")
        coder = coders[number]
        stream = _stage(coder["method"], coder["properties"] or b"", stream, folder.unpacksizes[number])
        number = follows.get(number)
    return stream


def _stage(method: bytes, properties: bytes, source: Stream, size: int) -> Stream:
    if method == b"\x00":
        return source
    if method == b"\x03\x01\x01":
        return Bounded(Unpacked(source, lzma1(properties)), size)
    if method == b"\x21":
        return Bounded(Unpacked(source, lzma2(properties)), size)
    if method in FILTERS:
        return Bounded(Unpacked(source, filtering(FILTERS[method], size)), size)
    if method in _UNPACKERS:
        return Bounded(Unpacked(source, _UNPACKERS[method]), size)
    raise UnsupportedArchive(f"is compressed in a way that is not known ({method.hex()})")


def _time(member: ArchiveFile) -> float | None:
    stamp = member.lastwritetime
    return None if stamp is None else stamp.totimestamp()


def _parsed(parse: Callable[[], T]) -> T:
    """Return what a parser found; raises `BadArchive` for whatever it says of what it cannot parse."""
    try:
        return parse()
    except (OSError, FileError):
        raise
    except MemoryError as exc:
        raise TooLarge("the archive needs more memory than is allowed") from exc
    except PasswordRequired as exc:
        raise UnsupportedArchive("the archive is encrypted") from exc
    except Exception as exc:  # it has no promise about what it raises
        raise BadArchive(f"the archive is damaged: {exc!r}") from exc
