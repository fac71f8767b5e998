"""Something in the trash, as it is read from its room, where the program may have written what it likes."""

import json
import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass

from .errors import InvalidPath
from .relpath import RelPath
from .rooms import INFO, THING, opened, size_in, text_in

ID = re.compile("[0-9a-f]{16}")
"""What the names of rooms look like."""

_LATEST = 1 << 40
_LONGEST_BY = 255


@dataclass(frozen=True, slots=True)
class Trashed:
    """Something in the trash."""

    id: str
    path: RelPath
    """Where it was."""
    folder: bool
    size: int | None
    """In bytes; None for a folder that nobody has counted yet."""
    deleted_at: float
    """Seconds since 1970."""
    deleted_by: str
    real: RelPath | None = None
    """Where it was without links on the way; None if that is not known."""

    @property
    def name(self) -> str:
        """What it was called."""
        return self.path.name


def read(trash: int, id_: str) -> Trashed | None:
    """Return what is in a room, or None if that makes no sense."""
    if not ID.fullmatch(id_):
        return None
    with suppress(OSError, ValueError, RecursionError, InvalidPath), opened(trash, id_) as room:
        match json.loads(text_in(room, INFO)):
            case {"path": str(text), "by": str(by), "when": int() | float() as when, **more} if (
                0 <= when < _LATEST
            ):
                info = os.stat(THING, dir_fd=room, follow_symlinks=False)
                folder = stat.S_ISDIR(info.st_mode)
                size = size_in(room) if folder else info.st_size
                path, by = RelPath.parse(text), by[:_LONGEST_BY].encode("utf-8", "replace").decode()
                real = RelPath.parse(where) if isinstance(where := more.get("real"), str) else None
                return None if path.is_root else Trashed(id_, path, folder, size, float(when), by, real)
    return None
