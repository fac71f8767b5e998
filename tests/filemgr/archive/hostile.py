"""Archives that nobody should make."""

import gzip
import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path


def tar_member(name: str, content: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    info.mode = 0o644
    for key, value in fields.items():
        setattr(info, key, value)
    return info, content


def write_tar(
    path: Path, members: Iterable[tuple[tarfile.TarInfo, bytes]], form: int = tarfile.PAX_FORMAT
) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    data = buffer.getvalue()
    path.write_bytes(gzip.compress(data, 1) if path.suffix in (".gz", ".tgz") else data)


def zip_member(
    name: str, content: bytes = b"", mode: int = stat.S_IFREG | 0o644
) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo("x")
    info.filename = name  # the constructor cuts names at a NUL
    info.create_system = 3
    info.external_attr = mode << 16
    return info, content


def write_zip(
    path: Path, members: Iterable[tuple[zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_DEFLATED
) -> None:
    with zipfile.ZipFile(path, "w", method) as archive:
        for info, content in members:
            archive.writestr(info, content, method)


def raw_zip(
    path: Path,
    members: Iterable[tuple[str, bytes, int, int, int]],
    *,
    count: int | None = None,
    tail: bytes = b"",
) -> None:
    """Write a zip of members (name, packed bytes, method, size, crc), whatever they say."""
    body, directory, number = b"", b"", 0
    for name, packed, method, size, crc in members:
        raw = name.encode()
        offset = len(body)
        body += struct.pack(
            "<IHHHHHIIIHH", 0x04034B50, 20, 0, method, 0, 33, crc, len(packed), size, len(raw), 0
        )
        body += raw + packed
        directory += struct.pack(
            "<IHHHHHHIIIHHHHHII",
            0x02014B50,
            0x314,
            20,
            0,
            method,
            0,
            33,
            crc,
            len(packed),
            size,
            len(raw),
            0,
            0,
            0,
            0,
            0o100644 << 16,
            offset,
        )
        directory += raw
        number += 1
    number = number if count is None else count
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, number, number, len(directory), len(body), len(tail))
    path.write_bytes(body + directory + end + tail)


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def overlapping_zip(path: Path, members: int, size: int) -> None:
    """Write a zip whose members all have the same content: David Fifield's bomb, in small."""
    content = bytes(size)
    packed, crc = deflated(content), zlib.crc32(content)
    body = (
        struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 8, 0, 33, crc, len(packed), size, 1, 0) + b"x" + packed
    )
    directory = b""
    for number in range(members):
        raw = b"%d" % number
        directory += struct.pack(
            "<IHHHHHHIIIHHHHHII",
            0x02014B50,
            0x314,
            20,
            0,
            8,
            0,
            33,
            crc,
            len(packed),
            size,
            len(raw),
            0,
            0,
            0,
            0,
            0o100644 << 16,
            0,
        )
        directory += raw
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, members, members, len(directory), len(body), 0)
    path.write_bytes(body + directory + end)


def sparse_tar(path: Path, holes: list[tuple[int, int]], size: int, content: bytes) -> None:
    """Write a tar with a sparse member in GNU's old form (type S): `holes` is what is no hole."""
    info = tarfile.TarInfo("sparse")
    info.size = len(content)
    info.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    for number, (offset, length) in enumerate(holes[:4]):
        at = 386 + 24 * number
        header[at : at + 24] = _octal(offset) + _octal(length)
    header[483:495] = _octal(size)
    checked(header)
    path.write_bytes(bytes(header) + content + bytes(-len(content) % 512) + bytes(1024))


def checked(header: bytearray) -> None:
    """Put the right checksum into a tar header."""
    header[148:156] = b"        "
    header[148:155] = b"%06o\0" % sum(header[:512])


def _octal(number: int) -> bytes:
    """Twelve bytes: octal, or binary where that has no room."""
    return b"%011o\0" % number if number < 8**11 else b"\x80" + number.to_bytes(11, "big")
