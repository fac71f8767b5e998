"""The trash: what goes there, comes back, and goes for good."""

import os
import shutil
from collections.abc import Callable  # noqa: TC003

import pytest

from filemgr import (
    AlreadyExists,
    FileError,
    InvalidPath,
    NoSpace,
    NoSuchFile,
    Progress,
    RelPath,
    Root,
    RootForbidden,
    Trash,
    sweep,
)

from ...fulldisk import full_disk
from .broken import Killed, killed
from .trees import make, ours, picture, swapping

P = RelPath.parse


def found(root: Root) -> dict[str, str]:
    return {path: what[2] for path, what in picture(root.path).items()}


def test_what_is_put_there_vanishes_is_listed_and_comes_back(root: Root) -> None:
    make(root.path, {"d/e/f": "123", "d/.holdfast-half": "45", "g": "6", "l@": "d"})
    before = found(root)
    clock = iter([10.0, 20.5, 30.0])
    trash = Trash(root, lambda: next(clock))
    ids = [trash.put(P(path), "alice") for path in ("d/e", "g", "l")]
    assert found(root) == {"d": ""}
    entries = trash.entries()
    assert [(each.path, each.folder, each.size, each.deleted_at) for each in entries] == [
        (P("l"), False, 1, 30.0),
        (P("g"), False, 1, 20.5),
        (P("d/e"), True, None, 10.0),
    ]
    assert [each.id for each in entries] == ids[::-1]
    assert {each.deleted_by for each in entries} == {"alice"}
    assert entries[2].name == "e"
    assert trash.entries(Progress())[2].size == 3
    assert trash.entries()[2].size == 3  # remembered
    assert [trash.restore(each) for each in ids] == [P("d/e"), P("g"), P("l")]
    assert found(root) == before
    os.unlink(os.path.join(root.path, "d/.holdfast-half"))
    assert ours(root.path) == []


def test_missing_folders_are_made_again_but_not_those_of_a_new_place(root: Root) -> None:
    make(root.path, {"a/b/f": "1", "a/b/g": "2"})
    trash = Trash(root)
    ids = [trash.put(P("a/b/f"), ""), trash.put(P("a/b/g"), "")]
    shutil.rmtree(os.path.join(root.path, "a"))
    with pytest.raises(NoSuchFile):
        trash.restore(ids[0], P("x/y"))
    trash.restore(ids[0])
    trash.restore(ids[1], P("h"))
    assert found(root) == {"a": "", "a/b": "", "a/b/f": "1", "h": "2"}


def test_what_is_there_by_now_is_not_overwritten(root: Root) -> None:
    make(root.path, {"f": "1", "d/": None})
    trash = Trash(root)
    id_ = trash.put(P("f"), "")
    make(root.path, {"f": "2"})
    for dest in (None, P("f"), P("d")):
        with pytest.raises(AlreadyExists):
            trash.restore(id_, dest)
    with pytest.raises(RootForbidden):
        trash.restore(id_, P("/"))
    assert [each.id for each in trash.entries()] == [id_]
    trash.restore(id_, P("d/f"))
    assert found(root) == {"f": "2", "d": "", "d/f": "1"}


def test_where_it_was_may_be_blocked_or_lead_out_by_now(root: Root) -> None:
    make(root.path, {"d/f": "1", "e/f": "2"})
    trash = Trash(root)
    first, second = trash.put(P("d/f"), ""), trash.put(P("e/f"), "")
    shutil.rmtree(os.path.join(root.path, "d"))
    shutil.rmtree(os.path.join(root.path, "e"))
    make(root.path, {"d": "a file", "e@": ".."})
    with pytest.raises(NoSuchFile):
        trash.restore(first)
    with pytest.raises(InvalidPath):
        trash.restore(second)
    assert len(trash.entries()) == 2


def test_what_is_no_id_is_not_in_the_trash(root: Root) -> None:
    make(root.path, {"f": "1", "precious/thing": "2"})
    make(root.path, {"precious/info": '{"path": "/x", "by": "", "when": 1}'})
    trash = Trash(root)
    trash.put(P("f"), "")
    before = picture(root.path, hidden=True)
    for id_ in ("", ".", "..", "../../precious", "a" * 16, "/etc", "\0", "x/y", "é" * 16):
        with pytest.raises(NoSuchFile):
            trash.restore(id_)
        with pytest.raises(NoSuchFile):
            trash.purge(id_, Progress())
    assert picture(root.path, hidden=True) == before


def test_it_is_purged_one_or_all(root: Root) -> None:
    make(root.path, {"a/f": "1", "b": "2", "c": "3"})
    trash = Trash(root)
    ids = [trash.put(P(path), "") for path in "abc"]
    assert trash.purge(ids[0], Progress()) == 1
    assert {each.path for each in trash.entries()} == {P("b"), P("c")}
    make(root.path, {".holdfast/trash/garbage/x": "1", ".holdfast/trash/more": "1"})
    assert trash.purge(None, Progress()) == 4
    assert os.listdir(root.path) == []
    assert trash.purge(None, Progress()) == 0


def test_the_oldest_goes_beyond_a_limit(root: Root) -> None:
    make(root.path, {"a/x": "1" * 10, "a/y": "1" * 10, "b": "1" * 30, "c": "1" * 5, "d": ""})
    clock = iter([10.0, 20.0, 30.0, 40.0])
    trash = Trash(root, lambda: next(clock))
    for path in "abcd":
        trash.put(P(path), "")

    def left() -> str:
        return "".join(each.name for each in reversed(trash.entries()))

    assert trash.limit(None, None, Progress(), now=50.0) == 0
    assert trash.limit(40.0, 55, Progress(), now=50.0) == 0
    assert trash.limit(30.5, None, Progress(), now=50.0) == 1
    assert left() == "bcd"
    assert trash.limit(None, 34, Progress(), now=50.0) == 1
    assert left() == "cd"
    assert trash.limit(-100.0, None, Progress(), now=50.0) == 2
    assert os.listdir(root.path) == []


def test_killed_at_each_step_a_thing_is_in_place_or_in_the_trash(root: Root) -> None:
    for step in range(1000):
        make(root.path, {"d/f": "1"})
        trash = Trash(root)
        try:
            with killed(step):
                trash.put(P("d"), "alice")
            break
        except Killed:
            pass
        there = [each.path for each in trash.entries()]
        assert (found(root), there) in (({"d": "", "d/f": "1"}, []), ({}, [P("d")]))
        with killed(10**6):
            assert trash.limit(None, None, Progress()) == 0  # but what came to nothing is cleared away
            trash.purge(None, Progress())
        assert ours(root.path) == []
    else:
        pytest.fail("it never came to its end")


def test_killed_at_each_step_a_thing_comes_back_or_stays(root: Root) -> None:
    make(root.path, {"d/f": "1"})
    trash = Trash(root)
    for step in range(1000):
        id_ = trash.put(P("d"), "alice")
        try:
            with killed(step):
                trash.restore(id_)
            break
        except Killed:
            pass
        there = [each.path for each in trash.entries()]
        assert (found(root), there) in (({"d": "", "d/f": "1"}, []), ({}, [P("d")]))
        with killed(10**6):
            trash.limit(None, None, Progress())
            if there:
                trash.restore(id_)
        assert ours(root.path) == []
    else:
        pytest.fail("it never came to its end")


def test_a_purge_that_is_killed_is_ended_by_the_sweep(root: Root) -> None:
    for step in range(1000):
        make(root.path, {"d/e/f": "1"})
        trash = Trash(root)
        id_ = trash.put(P("d"), "alice")
        try:
            with killed(step):
                trash.purge(id_, Progress())
            break
        except Killed:
            pass
        with killed(10**6):
            for each in trash.entries():
                trash.restore(each.id)
            sweep(root)
        assert ours(root.path) == []
    else:
        pytest.fail("it never came to its end")


def test_on_a_full_disk_nothing_is_lost_and_the_trash_can_be_emptied(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(root.path, {"d/f": "1", "e": "2"})
    trash = Trash(root)
    trash.put(P("e"), "")
    with full_disk(), pytest.raises(NoSpace):
        trash.put(P("d"), "")
    assert found(root) == {"d": "", "d/f": "1"}
    assert len(trash.entries()) == 1

    def full(path: str, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr(os, "mkdir", full)
    with full_disk():
        trash.purge(None, Progress())
    assert trash.entries() == []


FORGED = [
    "",
    "[]",
    "{}",
    "\xff",
    "[" * 5000,
    '{"path": "/f", "by": "", "when": NaN}',
    '{"path": "/f", "by": "", "when": 1e999}',
    '{"path": "/f", "by": "", "when": 1' + "0" * 500 + "}",
    '{"path": "/f", "by": "", "when": "now"}',
    '{"path": "../f", "by": "", "when": 1}',
    '{"path": "/", "by": "", "when": 1}',
    '{"path": "/.holdfast/trash", "by": "", "when": 1}',
    '{"path": "/a\\u0000b", "by": "", "when": 1}',
    '{"path": "/\\ud800", "by": "", "when": 1}',
    '{"path": ["f"], "by": "", "when": 1}',
    '{"path": "/f", "by": null, "when": 1}',
]


def test_what_the_program_has_forged_is_not_shown_and_does_no_harm(
    root: Root, tmp_path: os.PathLike[str]
) -> None:
    make(str(tmp_path), {"outside/f": "secret"})
    before = picture(os.path.join(tmp_path, "outside"))
    make(root.path, {".holdfast/trash/": None})
    rooms = os.path.join(root.path, ".holdfast/trash")
    for number, text in enumerate(FORGED):
        make(rooms, {f"{number:016x}/info": text, f"{number:016x}/thing": "x"})
    os.symlink("../../../outside", os.path.join(rooms, "a" * 16))
    make(rooms, {"b" * 16 + "/thing@": "../../../../outside/f"})
    os.symlink("/etc/passwd", os.path.join(rooms, "b" * 16, "info"))
    make(rooms, {"c" * 16 + "/thing": "x"})
    os.mkfifo(os.path.join(rooms, "c" * 16, "info"))
    make(rooms, {"d" * 16: "a file"})
    trash = Trash(root)
    assert trash.entries(Progress()) == []
    # A text that makes sense is as good as ours: what it can do, its writer can do.
    link = "e" * 16
    make(rooms, {f"{link}/info": '{"path": "/x", "by": "\\ud800", "when": 1}', f"{link}/size": "-1"})
    os.symlink("../../../../outside", os.path.join(rooms, link, "thing"))
    [entry] = trash.entries(Progress())
    assert (entry.deleted_by, entry.size) == ("?", 23 - 4)
    trash.restore(link)
    trash.limit(0, 0, Progress())
    trash.purge(None, Progress())
    assert picture(root.path) == {"x": ("link", 0, "../../../../outside")}
    assert picture(os.path.join(tmp_path, "outside")) == before
    assert ours(root.path) == []


@pytest.mark.parametrize("kernel", [True, False])
def test_a_folder_that_is_swapped_for_a_link_leads_nothing_outside(
    tmp_path: os.PathLike[str], kernel: bool
) -> None:
    make(str(tmp_path), {"outside/d/f": "secret", "outside/f": "secret", "root/x/": None, "root/s/f": "1"})
    outside, top = os.path.join(tmp_path, "outside"), os.path.join(tmp_path, "root")
    before = picture(outside, hidden=True)
    with Root(top, kernel=kernel) as root, swapping(top, "x", outside):
        trash = Trash(root)
        for _ in range(40):
            id_ = trash.put(P("s"), "")
            works: list[Callable[[], object]] = [
                lambda: trash.put(P("x/d"), ""),
                lambda: trash.put(P("x/f"), ""),
                lambda id_=id_: trash.restore(id_, P("x/s")),  # type: ignore[misc]
                lambda: trash.put(P("x/s"), ""),
                lambda: trash.limit(None, 0, Progress()),
            ]
            for work in works:
                try:
                    work()
                except FileError:
                    continue
            make(top, {"s/f": "1"})
    assert picture(outside, hidden=True) == before


def test_two_at_once_do_not_clear_away_what_the_other_is_at(root: Root) -> None:
    make(root.path, {"f": "1"})
    trash = Trash(root)
    cleared: list[int] = []

    def meanwhile() -> float:
        # The room is made by now, and empty.
        cleared.append(Trash(root).limit(0, 0, Progress()))
        return 1.0

    Trash(root, meanwhile).put(P("f"), "")
    assert cleared == [0]
    assert [each.path for each in trash.entries()] == [P("f")]
