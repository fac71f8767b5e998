"""Several operations at once: in order, all or nothing."""

import os
from contextlib import suppress

import pytest

from filemgr import (
    AlreadyExists,
    Cancelled,
    Copy,
    FileError,
    IntoItself,
    InvalidPath,
    Move,
    NoSuchFile,
    Operation,
    OperationFailed,
    Progress,
    RelPath,
    Remove,
    Root,
    RootForbidden,
    Trash,
    recover,
    run_operations,
    sweep,
)

from ...fulldisk import full_disk
from .trees import make, ours, picture, swapping

P = RelPath.parse


def run(root: Root, *operations: Operation, trash_by: str | None = None) -> None:
    run_operations(root, operations, Progress(), trash_by=trash_by).purge(root, Progress())


def test_operations_see_what_those_before_them_have_left(root: Root) -> None:
    make(root.path, {"a/f": "1", "b": "2"})
    run(root, Remove(P("a")), Move(P("b"), P("a")), Copy(P("a"), P("c")), Move(P("c"), P("b")))
    assert {path: what[2] for path, what in picture(root.path).items()} == {"a": "2", "b": "2"}
    assert ours(root.path) == []


def test_an_existing_folder_as_destination_means_into_it(root: Root) -> None:
    make(root.path, {"f": "1", "g": "2", "d/": None, "l@": "d"})
    run(root, Move(P("f"), P("d")), Copy(P("g"), P("l")))
    assert picture(root.path).keys() == {"g", "d", "d/f", "d/g", "l"}


@pytest.mark.parametrize(
    ("operation", "cause", "role"),
    [
        (Move(P("none"), P("x")), NoSuchFile, "src"),
        (Move(P("a"), P("none/x")), NoSuchFile, "dest"),
        (Move(P("a"), P("b")), AlreadyExists, "dest"),
        (Copy(P("a"), P("b")), AlreadyExists, "dest"),
        (Move(P("d"), P("d/e/x")), IntoItself, None),
        (Copy(P("d"), P("d/e")), IntoItself, None),
        (Remove(P("none")), NoSuchFile, "src"),
        (Remove(P("/")), RootForbidden, "src"),
        (Move(P("/"), P("d")), RootForbidden, "src"),
        (Remove(P("out/f")), InvalidPath, "src"),
        (Move(P("a"), P("out/f")), InvalidPath, "dest"),
        (Copy(P("out/f"), P("x")), InvalidPath, "src"),
    ],
)
def test_what_cannot_be_done_undoes_what_was(
    root: Root, tmp_path: os.PathLike[str], operation: Operation, cause: type[FileError], role: str | None
) -> None:
    make(str(tmp_path), {"outside/f": "secret"})
    make(root.path, {"a": "1", "b": "2", "d/e/f": "3", "g/h": "4", "out@": "../outside"})
    before = picture(str(tmp_path))
    with pytest.raises(OperationFailed) as failed:
        run(root, Remove(P("g")), Move(P("d/e/f"), P("moved")), Copy(P("d"), P("copied")), operation)
    assert failed.value.index == 3
    assert isinstance(failed.value.cause, cause)
    assert role in (None, failed.value.cause.role)
    assert picture(str(tmp_path)) == before
    assert ours(root.path) == []


def test_who_stops_it_finds_all_as_before(root: Root) -> None:
    make(root.path, {"a": "1", "d/f": "2" * 100})
    before = picture(root.path)
    asked = iter([False] * 3)
    operations: list[Operation] = [Remove(P("a")), Copy(P("d"), P("e")), Remove(P("d"))]
    with pytest.raises(OperationFailed) as failed:
        run_operations(root, operations, Progress(stop=lambda: next(asked, True)))
    assert isinstance(failed.value.cause, Cancelled)
    assert picture(root.path) == before
    assert ours(root.path) == []


def test_a_full_disk_leaves_all_as_before(root: Root) -> None:
    make(root.path, {"a": "1", "d/f": "2" * 5000})
    before = picture(root.path)
    for limit in (0, 10, 4000):
        with full_disk(limit), pytest.raises(OperationFailed):
            run(root, Remove(P("a")), Copy(P("d"), P("e")))
        assert picture(root.path) == before
        assert ours(root.path) == []


def test_what_was_removed_can_be_had_from_the_trash(root: Root) -> None:
    make(root.path, {"a": "1", "d/f": "2"})
    run(root, Remove(P("a")), Remove(P("d")), trash_by="alice")
    trash = Trash(root)
    assert {(entry.path, entry.deleted_by) for entry in trash.entries()} == {
        (P("a"), "alice"),
        (P("d"), "alice"),
    }
    for entry in trash.entries():
        trash.restore(entry.id)
    assert picture(root.path).keys() == {"a", "d", "d/f"}
    assert ours(root.path) == []


def test_a_transaction_that_is_at_work_is_left_alone(root: Root) -> None:
    make(root.path, {"a": "1", "big/f": "2", "big/g": "3"})
    recovered: list[int] = []

    def stop() -> bool:
        recovered.append(recover(root) + sweep(root))
        return False

    run_operations(root, [Remove(P("a")), Copy(P("big"), P("a"))], Progress(stop=stop)).purge(
        root, Progress()
    )
    assert set(recovered) == {0}
    assert picture(root.path).keys() == {"a", "a/f", "a/g", "big", "big/f", "big/g"}


@pytest.mark.parametrize("kernel", [True, False])
def test_a_folder_that_is_swapped_for_a_link_leads_nothing_outside(
    tmp_path: os.PathLike[str], kernel: bool
) -> None:
    make(str(tmp_path), {"outside/f": "secret", "outside/d/g": "secret", "root/x/": None, "root/s/t": "1"})
    outside, top = os.path.join(tmp_path, "outside"), os.path.join(tmp_path, "root")
    before = picture(outside)
    with Root(top, kernel=kernel) as root, swapping(top, "x", outside):
        for number in range(25):
            operations: list[Operation] = [
                Copy(P("s"), P("x/s")),
                Move(P("x/s/t"), P("x/t")),
                Remove(P("x/t")),
                Move(P("x/s"), P(f"s{number}")),
                Remove(P(f"s{number}")),
            ]
            theft: list[Operation] = [Remove(P("x/f")), Move(P("x/d"), P("s0t")), Copy(P("x/f"), P("s0t"))]
            for which in (operations, *([each] for each in theft)):
                with suppress(FileError):
                    run_operations(root, which, Progress()).purge(root, Progress())
    assert picture(outside) == before
    assert "s0t" not in picture(top)
    with Root(top) as root:
        recover(root)
        sweep(root)
