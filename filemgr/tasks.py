"""Long work, by name: what a worker can be asked for.

Each takes the root, what it was told, its progress and an outlet for what it finds on the way, and returns
what came of it. All raise `FileError`s.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from .arguments import Arguments
from .progress import Progress
from .root import Root
from .search import Query, find
from .size import size_of


class Outlet:
    """Where results go before the end: items to whoever asked, bytes to a descriptor if one was given."""

    def __init__(self, out: int | None = None) -> None:
        self.out = out

    def item(self, found: Mapping[str, object]) -> None:
        """Tell of something that was found. May wait until somebody wants to know."""
        raise NotImplementedError


Result: TypeAlias = Mapping[str, object]
Task: TypeAlias = Callable[[Root, Arguments, Progress, Outlet], Result]


def size(root: Root, told: Arguments, progress: Progress, outlet: Outlet) -> Result:
    """Tell how much is in a folder."""
    del outlet
    found = size_of(root, told.path("path"), progress)
    return {"size": found.bytes, "onDisk": found.on_disk, "files": found.files, "folders": found.folders}


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
    count = 0
    for found in find(root, told.path("path"), query, progress):
        outlet.item(found.to_dict())
        count += 1
    return {"count": count, "complete": count < query.most}


TASKS: Mapping[str, Task] = {"search": search, "size": size}
