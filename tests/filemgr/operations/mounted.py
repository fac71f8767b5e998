"""What happens with another file system below the root; to be run by `unshare --mount`.

Nobody else sees the mounts, and they go with the process.
"""

import ctypes
import os
import sys
from collections.abc import Callable
from functools import partial

import pytest

from filemgr import (
    Busy,
    Cancelled,
    Copy,
    Move,
    NoSuchFile,
    Operation,
    OperationFailed,
    OtherFileSystem,
    Progress,
    RelPath,
    Remove,
    Root,
    RootForbidden,
    Trash,
    copy,
    delete,
    discard,
    move,
    run_operations,
    sweep,
)

from .trees import make, ours, picture

P = RelPath.parse
TREE: dict[str, str | None] = {"d/e/f": "1", "d/l@": "e", "d/s": "2"}


def mount(path: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    os.mkdir(path)
    for arguments in ((b"none", b"/", None, 0x44000, None), (b"t", path.encode(), b"tmpfs", 0, None)):
        if libc.mount(*arguments) != 0:  # MS_REC | MS_PRIVATE, so that nobody else sees the second
            sys.exit(77)


def refused(kind: type[Exception], work: Callable[[], object]) -> None:
    with pytest.raises(Exception) as raised:  # noqa: PT011
        work()
    exc = raised.value
    assert isinstance(exc.cause if isinstance(exc, OperationFailed) else exc, kind), repr(exc)


def run(root: Root, *operations: Operation) -> None:
    run_operations(root, operations, Progress()).purge(root, Progress())


def main() -> None:
    top = sys.argv[1]
    mount(f"{top}/m")
    make(top, TREE)
    with Root(top) as root:
        # There and back, whole, with modes and times.
        os.chmod(f"{top}/d/e/f", 0o640)
        os.utime(f"{top}/d", ns=(1, 10**18))
        before = picture(f"{top}/d")
        assert move(root, P("d"), P("m"), Progress()) == P("m/d")
        assert picture(f"{top}/m/d") == before
        assert os.stat(f"{top}/m/d").st_mtime_ns == 10**18
        assert picture(top).keys() == {"m", "m/d", *(f"m/d/{path}" for path in before)}
        assert move(root, P("m/d"), P("d"), Progress()) == P("d")
        assert picture(top).keys() == {"m", "d", *(f"d/{path}" for path in before)}
        assert os.listdir(f"{top}/m") == []

        # Who stops it, or is refused, finds all as before.
        refused(Cancelled, lambda: move(root, P("d"), P("m"), Progress(stop=lambda: True)))
        os.mkdir(f"{top}/m/d")
        refused(NoSuchFile, lambda: move(root, P("d"), P("m/d/x/y"), Progress()))
        os.rmdir(f"{top}/m/d")
        assert picture(f"{top}/d") == before
        assert os.listdir(f"{top}/m") == []

        # What has a mount below it is not moved into that.
        refused(RootForbidden, lambda: copy(root, P("/"), P("m"), Progress()))

        # Deleting there vanishes at once as well.
        copy(root, P("d"), P("m"), Progress())
        doomed = discard(root, P("m/d"))
        assert doomed.vanished
        assert picture(f"{top}/m") == {}
        assert sweep(root) == 1
        doomed.purge(root, Progress())
        assert os.listdir(f"{top}/m") == []

        # A mount point is not deleted, nor what it is in: that would be to empty it.
        copy(root, P("d"), P("m"), Progress())
        os.mkdir(f"{top}/p")
        mount(f"{top}/p/o")
        make(f"{top}/p/o", TREE)
        before = picture(top)
        refused(Busy, lambda: move(root, P("m"), P("x"), Progress()))
        for path in ("m", "p", "p/o"):
            refused(Busy, partial(delete, root, P(path), Progress()))
            refused(Busy, partial(Trash(root).put, P(path), ""))
            refused(Busy, partial(run, root, Remove(P(path))))
        assert picture(top) == before
        delete(root, P("m/d"), Progress())

        # No transaction and no trash reaches over.
        copy(root, P("d"), P("m"), Progress())
        before = picture(top)
        there = P("m/x")
        for last in (Remove(P("m/d")), Move(P("d"), there), Copy(P("d"), there), Move(P("m/d"), P("x"))):
            refused(OtherFileSystem, partial(run, root, Remove(P("d/s")), last))
            assert picture(top) == before
        refused(OtherFileSystem, lambda: Trash(root).put(P("m/d"), ""))
        assert picture(top) == before
        run(root, Copy(P("m/d/s"), P("n")))
        id_ = Trash(root).put(P("n"), "")
        refused(OtherFileSystem, lambda: Trash(root).restore(id_, P("m/n")))
        Trash(root).purge(None, Progress())
    assert ours(top) == []


if __name__ == "__main__":
    main()
