"""Files below a folder that cannot be left: browse, transfer, edit, archive. Synchronous; knows no HTTP."""

from .checksum import ALGORITHMS, Checksum
from .content import Accepts, Download, Incoming, current_etag, open_download, refuse_without_space
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
    RootForbidden,
    TooLarge,
    UnsupportedArchive,
)
from .progress import Progress
from .relpath import HIDDEN, ROOT, STAGED, RelPath, is_ours
from .resumable import Continued, Upload, create_upload, expire_uploads, find_upload, remove_upload
from .root import Root
from .search import Query, find
from .size import Size, size_of
from .staging import StagedFile, StagedFolder, sweep
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
    "Denied",
    "Download",
    "Entry",
    "FileError",
    "Incoming",
    "IntoItself",
    "InvalidPath",
    "InvalidQuery",
    "Listed",
    "Mismatch",
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
    "Upload",
    "create_upload",
    "current_etag",
    "expire_uploads",
    "find_upload",
    "is_ours",
    "list_folder",
    "open_download",
    "refuse_without_space",
    "remove_upload",
    "sweep",
    "walk",
]
