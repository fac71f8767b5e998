"""Plain headers of tar members, written and read by ourselves.

Why: `tarfile` takes longer for a header than the kernel for making the file.

Rules:
- Plain is a regular file or a folder (or, when writing, a link) whose name and numbers fit into the 512 bytes
  of a ustar header (POSIX.1-1988). What is not, or looks odd in any way, is None here: `tarfile` decides.
- What is written and what is read here is what `tarfile` would write and read.
"""

import struct
import tarfile
from dataclasses import dataclass

_FIELDS = struct.Struct("100s8s8s8s12s12s8s1s100s8s247x")
_LONGEST_NAME = 100
_LARGEST = 0o77777777777
_NOBODY = b"0000000\0"

_POSIX = b"ustar\x0000"
_GNU = b"ustar  \x00"
_REGULAR, _FOLDER = b"0"[0], b"5"[0]


@dataclass(slots=True)
class Plain:
    """What a plain header says; `size` is how many bytes of content follow it."""

    name: str
    mode: int
    size: int
    mtime: int
    is_folder: bool


def written(name: str, mode: int, size: int, mtime: int, kind: bytes, target: str = "") -> bytes | None:
    """Return the header of a member; `kind` is one of `tarfile`'s types."""
    # Beyond ASCII, names stand in a pax header, where it is certain what their bytes mean.
    if not (name.isascii() and target.isascii() and 0 <= mtime <= _LARGEST and size <= _LARGEST):
        return None
    full = name.encode() + b"/" if kind == tarfile.DIRTYPE else name.encode()
    link = target.encode()
    if len(full) > _LONGEST_NAME or len(link) > _LONGEST_NAME:
        return None
    numbers = (b"%07o\0" % (mode & 0o7777), _NOBODY, _NOBODY, b"%011o\0" % size, b"%011o\0" % mtime)
    # The checksum is that of the header with blanks in its place.
    header = _FIELDS.pack(full, *numbers, b" " * 8, kind, link, _POSIX)
    return b"%b%06o\0 %b" % (header[:148], sum(header), header[156:])


def plain(block: bytes) -> Plain | None:
    """Return what a header says, if it is a plain one without a mistake."""
    if len(block) != tarfile.BLOCKSIZE or block[156] not in (_REGULAR, _FOLDER):
        return None
    is_folder = block[156] == _FOLDER
    magic = block[257:265]
    prefix = b"" if not block[345] else block[345:500].partition(b"\0")[0]
    if magic != _POSIX and (magic != _GNU or prefix):
        return None
    try:
        if sum(block) - sum(block[148:156]) + 256 != _number(block[148:156]):
            return None
        mode, size, mtime = _number(block[100:108]), _number(block[124:136]), _number(block[136:148])
        # Of no use to us, but `tarfile` refuses a header where these are no numbers.
        _number(block[108:116]), _number(block[116:124])
        if block[329:345].strip(b"\0 "):
            _number(block[329:337]), _number(block[337:345])
    except ValueError:
        return None
    raw = block[:100].partition(b"\0")[0]
    name = (prefix + b"/" + raw if prefix else raw).decode("utf-8", "surrogateescape")
    return Plain(name, mode, 0 if is_folder else size, mtime, is_folder)


def _number(field: bytes) -> int:
    """Return what octal digits say that end with a NUL or a blank; raises `ValueError` for all else."""
    digits = field.rstrip(b"\0 ")
    if not digits.isdigit() or len(digits) == len(field):
        raise ValueError
    return int(digits, 8)
