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
    Modified,
    NoSpace,
    NoSuchFile,
    NotAFile,
    NotAFolder,
    RootForbidden,
    TooLarge,
    UnsupportedArchive,
)
from .notes import sweep
from .progress import Progress
from .relpath import HIDDEN, ROOT, STAGED, RelPath, is_ours
from .root import Root
from .staging import StagedFile, StagedFolder
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
    "IntoItself",
    "InvalidPath",
    "Modified",
    "NoSpace",
    "NoSuchFile",
    "NotAFile",
    "NotAFolder",
    "Progress",
    "RelPath",
    "Root",
    "RootForbidden",
    "StagedFile",
    "StagedFolder",
    "TooLarge",
    "UnsupportedArchive",
    "is_ours",
    "sweep",
    "walk",
]
