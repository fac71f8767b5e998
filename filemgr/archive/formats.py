"""Kinds of archives: which are written, and by what an archive is known that shall be read.

An archive is known by its suffix, in any case, and confirmed by the first bytes of its content: what says
neither is not touched.
"""

import enum
from dataclasses import dataclass

from ..errors import BadArchive, UnsupportedArchive


class Format(enum.Enum):
    """What can be written."""

    ZIP = "zip"
    ZIP_STORED = "zip-stored"
    TAR = "tar"
    TAR_GZIP = "tar.gz"
    TAR_ZSTD = "tar.zst"
    TAR_XZ = "tar.xz"
    TAR_BZIP2 = "tar.bz2"

    @property
    def is_zip(self) -> bool:
        """Whether it is a zip; else it is a tar."""
        return self in (Format.ZIP, Format.ZIP_STORED)


class Container(enum.Enum):
    """What holds the members."""

    ZIP = enum.auto()
    TAR = enum.auto()
    SEVENZIP = enum.auto()
    NONE = enum.auto()
    """One compressed file, which is named like the archive without its suffix."""


class Codec(enum.Enum):
    """What a stream is compressed with; the value is how it begins."""

    NONE = b""
    GZIP = b"\x1f\x8b"
    ZSTD = b"\x28\xb5\x2f\xfd"
    XZ = b"\xfd7zXZ\x00"
    BZIP2 = b"BZh"


@dataclass(frozen=True, slots=True)
class Kind:
    """How an archive has to be read."""

    container: Container
    codec: Codec = Codec.NONE


_SUFFIXES = {
    ".tar.gz": Kind(Container.TAR, Codec.GZIP),
    ".tgz": Kind(Container.TAR, Codec.GZIP),
    ".tar.zst": Kind(Container.TAR, Codec.ZSTD),
    ".tzst": Kind(Container.TAR, Codec.ZSTD),
    ".tar.xz": Kind(Container.TAR, Codec.XZ),
    ".txz": Kind(Container.TAR, Codec.XZ),
    ".tar.bz2": Kind(Container.TAR, Codec.BZIP2),
    ".tbz2": Kind(Container.TAR, Codec.BZIP2),
    ".tbz": Kind(Container.TAR, Codec.BZIP2),
    ".tar": Kind(Container.TAR),
    ".zip": Kind(Container.ZIP),
    ".7z": Kind(Container.SEVENZIP),
    ".gz": Kind(Container.NONE, Codec.GZIP),
    ".zst": Kind(Container.NONE, Codec.ZSTD),
    ".xz": Kind(Container.NONE, Codec.XZ),
    ".bz2": Kind(Container.NONE, Codec.BZIP2),
}

_SEVENZIP = b"7z\xbc\xaf\x27\x1c"
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")

MAGIC = 8
"""Bytes of an archive's beginning that are needed to know it."""


def split(name: str) -> tuple[str, Kind]:
    """Return a name without its suffix, and what the suffix says; raises `UnsupportedArchive`."""
    for suffix, kind in _SUFFIXES.items():
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)], kind
    raise UnsupportedArchive(f"{name}: its suffix is none of {', '.join(_SUFFIXES)}")


def confirm(kind: Kind, begin: bytes, name: str) -> None:
    """Raise `UnsupportedArchive` if the content is something else than the suffix says.

    What begins rightly and ends too early is damaged: `BadArchive`. A tar is confirmed by who reads it.
    """
    if kind.container is Container.ZIP:
        wanted: tuple[bytes, ...] = _ZIPS
    elif kind.container is Container.SEVENZIP:
        wanted = (_SEVENZIP,)
    else:
        wanted = (kind.codec.value,)
    if begin.startswith(wanted):
        return
    if begin and any(magic.startswith(begin) for magic in wanted):
        raise BadArchive(f"{name}: is cut off")
    raise UnsupportedArchive(f"{name}: its content is not what its suffix says")
