"""Files below a folder that cannot be left: browse, transfer, edit, archive. Synchronous; knows no HTTP."""

from .checksum import ALGORITHMS, Checksum
from .content import Accepts, Download, Incoming, current_etag, open_download, refuse_without_space
from .doomed import Doomed, delete, discard
from .entries import Listed, list_folder
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
    Mismatch,
    Modified,
    NoSpace,
    NoSuchFile,
    NotAFile,
    NotAFolder,
    OperationFailed,
    OtherFileSystem,
    OutOfBounds,
    RootForbidden,
    TooLarge,
    UnsupportedArchive,
)
from .fences import Fences, common, fence_around, outermost
from .notes import sweep
from .operations import change_mode, copy, make_folder, move
from .progress import Progress
from .recovery import recover
from .relpath import HIDDEN, ROOT, STAGED, RelPath, is_ours
from .resumable import Continued, Upload, create_upload, expire_uploads, find_upload, remove_upload
from .root import Root
from .search import Query, find
from .size import Size, size_of
from .staging import StagedFile, StagedFolder
from .transaction import Copy, Move, Operation, Remove, run_operations
from .trash import Trash
from .trashed import Trashed
from .walk import Entry, below, walk

__all__ = [
    "ALGORITHMS",
    "HIDDEN",
    "ROOT",
    "STAGED",
    "Accepts",
    "AlreadyExists",
    "BadArchive",
    "Busy",
    "Cancelled",
    "Checksum",
    "Continued",
    "Copy",
    "Denied",
    "Doomed",
    "Download",
    "Entry",
    "Fences",
    "FileError",
    "Incoming",
    "IntoItself",
    "InvalidPath",
    "InvalidQuery",
    "Listed",
    "Mismatch",
    "Modified",
    "Move",
    "NoSpace",
    "NoSuchFile",
    "NotAFile",
    "NotAFolder",
    "Operation",
    "OperationFailed",
    "OtherFileSystem",
    "OutOfBounds",
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
    "Upload",
    "below",
    "change_mode",
    "common",
    "copy",
    "create_upload",
    "current_etag",
    "delete",
    "discard",
    "expire_uploads",
    "fence_around",
    "find",
    "find_upload",
    "is_ours",
    "list_folder",
    "make_folder",
    "move",
    "open_download",
    "outermost",
    "recover",
    "refuse_without_space",
    "remove_upload",
    "run_operations",
    "size_of",
    "sweep",
    "walk",
]
