"""Long work, by name: what a worker can be asked for.

Each takes the root, what it was told, its progress and an outlet for what it finds on the way, and returns
what came of it. All raise `FileError`s. The codecs are loaded by who needs them: they take longer than most
searches.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from .arguments import Arguments, InvalidArguments
from .doomed import delete
from .errors import Busy, FileError
from .notes import sweep
from .operations import copy, move
from .progress import Progress
from .recovery import recover
from .resumable import expire_uploads
from .root import Root
from .search import Query, find
from .size import expect, size_of
from .transaction import Copy, Move, Operation, Remove, run_operations
from .trash import Trash
from .walk import Entry


class Outlet:
    """Where results go before the end: items to whoever asked, bytes to a descriptor if one was given."""

    def __init__(self, out: int | None = None) -> None:
        self.out = out

    def item(self, found: Mapping[str, object]) -> None:
        """Tell of something that was found. May wait until somebody wants to know."""
        raise NotImplementedError


Result: TypeAlias = Mapping[str, object]
Task: TypeAlias = Callable[[Root, Arguments, Progress, Outlet], Result]


class Unread:
    """The folders and files that were not read; the rest counts all the same."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, entry: Entry, exc: FileError) -> None:
        """Note one; the top of it all must be readable, though."""
        if entry.above is None:
            raise exc
        self.count += 1


def size(root: Root, told: Arguments, progress: Progress, outlet: Outlet) -> Result:
    """Tell how much is in a folder."""
    del outlet
    unread = Unread()
    found = size_of(root, told.path("path"), progress, unread)
    size = {"size": found.bytes, "onDisk": found.on_disk, "files": found.files, "folders": found.folders}
    return {**size, "unread": unread.count}


def search(root: Root, told: Arguments, progress: Progress, outlet: Outlet) -> Result:
    """Find files by name or by what stands in them; each is an item."""
    query = Query(
        text=told.text("text"),
        content=told.flag("content"),
        regex=told.flag("regex"),
        case=told.flag("case"),
        most=told.whole("most"),
        largest=told.whole("largest"),
    )
    count, unread, whole = 0, Unread(), True
    try:
        for found in find(root, told.path("path"), query, progress, unread):
            outlet.item(found.to_dict())
            count += 1
    except Busy:
        whole = False  # folders were moved under us: what was found is true all the same
    complete = whole and count < query.most and not unread.count
    return {"count": count, "complete": complete, "unread": unread.count}


def do_copy(root: Root, told: Arguments, progress: Progress, outlet: Outlet) -> Result:
    """Copy something."""
    del outlet
    expect(root, [told.path("src")], progress)
    return {"path": str(copy(root, told.path("src"), told.path("dest"), progress))}


def do_move(root: Root, told: Arguments, progress: Progress, outlet: Outlet) -> Result:
    """Move something, also to another file system."""
    del outlet
    expect(root, [told.path("src")], progress)
    return {"path": str(move(root, told.path("src"), told.path("dest"), progress))}


def do_delete(root: Root, told: Arguments, progress: Progress, outlet: Outlet) -> Result:
    """Delete something."""
    del outlet
    delete(root, told.path("path"), progress)
    return {}


def bulk(root: Root, told: Arguments, progress: Progress, outlet: Outlet) -> Result:
    """Carry out several operations, all or none."""
    del outlet
    operations = [_operation(one) for one in told.mappings("operations")]
    by = told.text("trashBy") if told.has("trashBy") else None
    doomed = run_operations(root, operations, progress, trash_by=by)
    try:
        doomed.purge(root, Progress())
    except FileError as exc:
        # It is done, and nothing of it is seen any more: only its space is not free.
        return {"left": str(exc)}
    return {}


def purge(root: Root, told: Arguments, progress: Progress, outlet: Outlet) -> Result:
    """Delete what is in the trash for good."""
    del outlet
    return {"count": Trash(root).purge(told.text("id") if told.has("id") else None, progress)}


def tend(root: Root, told: Arguments, progress: Progress, outlet: Outlet) -> Result:
    """Remove what was left half done, what nobody goes on with, and what is too old in the trash."""
    del outlet
    removed = sweep(root) + recover(root, progress) + expire_uploads(root, told.number("uploadsBefore"))
    age = told.number("trashAge") if told.has("trashAge") else None
    size = told.whole("trashSize") if told.has("trashSize") else None
    return {"removed": removed + Trash(root).limit(age, size, progress)}


def pack(root: Root, told: Arguments, progress: Progress, outlet: Outlet) -> Result:
    """Make an archive."""
    from .archive import Format, pack_to  # noqa: PLC0415

    del outlet
    kind = Format(told.text("format"))
    expect(root, told.paths("paths"), progress)
    without = told.paths("without") if told.has("without") else ()
    made = pack_to(root, told.paths("paths"), told.path("base"), told.path("dest"), kind, progress, without)
    return {"entries": made.entries, "bytes": made.bytes, **_remarks(made.remarks, made.remarks_count)}


def stream(root: Root, told: Arguments, progress: Progress, outlet: Outlet) -> Result:
    """Make an archive for whoever is at the other end of a pipe."""
    from .archive import Format  # noqa: PLC0415
    from .archive import pack as pack_into  # noqa: PLC0415

    if outlet.out is None:
        raise InvalidArguments("out: expected a descriptor")
    kind = Format(told.text("format"))
    made = pack_into(root, told.paths("paths"), told.path("base"), outlet.out, kind, progress)
    return {"entries": made.entries, "bytes": made.bytes, **_remarks(made.remarks, made.remarks_count)}


def do_unpack(root: Root, told: Arguments, progress: Progress, outlet: Outlet) -> Result:
    """Take an archive apart."""
    from .archive import Limits, unpack  # noqa: PLC0415

    del outlet
    most = told.mapping("limits")
    limits = Limits(bytes=most.whole("bytes"), entries=most.whole("entries"), ratio=most.whole("ratio"))
    made = unpack(root, told.path("archive"), told.path("dest"), limits, progress)
    return {"entries": made.entries, "bytes": made.bytes, **_remarks(made.skipped, made.skipped_count)}


def _operation(told: Arguments) -> Operation:
    match told.text("operation"):
        case "mv":
            return Move(told.path("src"), told.path("dest"))
        case "cp":
            return Copy(told.path("src"), told.path("dest"))
        case "rm":
            return Remove(told.path("path"))
        case other:
            raise InvalidArguments(f"operation: {other} is unknown")


def _remarks(remarks: Sequence[tuple[str, str]], count: int) -> Result:
    """Return what was left out, and why, as far as it was noted."""
    told = [{"path": name, "reason": reason} for name, reason in remarks]
    return {"skipped": told, "skippedCount": count}


TASKS: Mapping[str, Task] = {
    "bulk": bulk,
    "copy": do_copy,
    "delete": do_delete,
    "move": do_move,
    "pack": pack,
    "purge": purge,
    "search": search,
    "size": size,
    "stream": stream,
    "tend": tend,
    "unpack": do_unpack,
}
