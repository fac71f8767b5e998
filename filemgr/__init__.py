"""Files below a folder that cannot be left: browse, transfer, edit, archive. Synchronous; knows no HTTP."""

from .errors import (
    AlreadyExists,
    BadArchive,
    Busy,
    Cancelled,
    Denied,
    FileError,
    IntoItself,
    InvalidPath,
    InvalidQuery,
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
from .search import Query, find
from .size import Size, size_of
from .staging import StagedFile, StagedFolder, sweep
from .walk import Entry, below, walk

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
    "IntoItself",
    "InvalidPath",
    "InvalidQuery",
    "Modified",
    "NoSpace",
    "NoSuchFile",
    "NotAFile",
    "NotAFolder",
    "Progress",
    "Query",
    "RelPath",
    "Root",
    "RootForbidden",
    "Size",
    "StagedFile",
    "StagedFolder",
    "TooLarge",
    "UnsupportedArchive",
    "below",
    "find",
    "is_ours",
    "size_of",
    "sweep",
    "walk",
]
