"""Files below a folder that cannot be left: browse, transfer, edit, archive. Synchronous; knows no HTTP."""

from .doomed import Doomed, delete, discard
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
    OperationFailed,
    OtherFileSystem,
    RootForbidden,
    TooLarge,
    UnsupportedArchive,
)
from .notes import sweep
from .operations import change_mode, copy, make_folder, move
from .progress import Progress
from .recovery import recover
from .relpath import HIDDEN, ROOT, STAGED, RelPath, is_ours
from .root import Root
from .search import Query, find
from .size import Size, size_of
from .staging import StagedFile, StagedFolder
from .transaction import Copy, Move, Operation, Remove, run_operations
from .trash import Trash, Trashed
from .walk import Entry, below, walk

__all__ = [
    "HIDDEN",
    "ROOT",
    "STAGED",
    "AlreadyExists",
    "BadArchive",
    "Busy",
    "Cancelled",
    "Copy",
    "Denied",
    "Doomed",
    "Entry",
    "FileError",
    "IntoItself",
    "InvalidPath",
    "InvalidQuery",
    "Modified",
    "Move",
    "NoSpace",
    "NoSuchFile",
    "NotAFile",
    "NotAFolder",
    "Operation",
    "OperationFailed",
    "OtherFileSystem",
    "Progress",
    "Query",
    "RelPath",
    "Remove",
    "Root",
    "RootForbidden",
    "Size",
    "StagedFile",
    "StagedFolder",
    "TooLarge",
    "Trash",
    "Trashed",
    "UnsupportedArchive",
    "below",
    "change_mode",
    "copy",
    "delete",
    "discard",
    "find",
    "is_ours",
    "make_folder",
    "move",
    "recover",
    "run_operations",
    "size_of",
    "sweep",
    "walk",
]
