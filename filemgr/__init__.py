"""Files below a folder that cannot be left: browse, transfer, edit, archive. Synchronous; knows no HTTP."""

from .archive import Format, Limits, Packed, Unpacked, pack, pack_to, unpack
from .errors import (
    AlreadyExists,
    BadArchive,
    Busy,
    Cancelled,
    Denied,
    FileError,
    IntoItself,
    InvalidPath,
    Modified,
    NoSpace,
    NoSuchFile,
    NotAFile,
    NotAFolder,
    RootForbidden,
    TooLarge,
    UnsupportedArchive,
)
from .progress import Progress
from .relpath import HIDDEN, ROOT, STAGED, RelPath, is_ours
from .root import Root
from .staging import StagedFile, StagedFolder, sweep
from .walk import Entry, walk

__all__ = [
    "HIDDEN",
    "ROOT",
    "STAGED",
    "AlreadyExists",
    "BadArchive",
    "Busy",
    "Cancelled",
    "Denied",
    "Entry",
    "FileError",
    "Format",
    "IntoItself",
    "InvalidPath",
    "Limits",
    "Modified",
    "NoSpace",
    "NoSuchFile",
    "NotAFile",
    "NotAFolder",
    "Packed",
    "Progress",
    "RelPath",
    "Root",
    "RootForbidden",
    "StagedFile",
    "StagedFolder",
    "TooLarge",
    "Unpacked",
    "UnsupportedArchive",
    "is_ours",
    "pack",
    "pack_to",
    "sweep",
    "unpack",
    "walk",
]
