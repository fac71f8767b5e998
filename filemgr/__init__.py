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
from .staging import StagedFile, StagedFolder
from .transaction import Copy, Move, Operation, Remove, run_operations
from .trash import Trash, Trashed
from .walk import Entry, walk

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
    "RelPath",
    "Remove",
    "Root",
    "RootForbidden",
    "StagedFile",
    "StagedFolder",
    "TooLarge",
    "Trash",
    "Trashed",
    "UnsupportedArchive",
    "change_mode",
    "copy",
    "delete",
    "discard",
    "is_ours",
    "make_folder",
    "move",
    "recover",
    "run_operations",
    "sweep",
    "walk",
]
