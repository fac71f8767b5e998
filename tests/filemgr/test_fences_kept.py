"""What is kept for later (the trash, uploads) and what comes from archives, behind fences."""

import os
import tarfile
from pathlib import Path

import pytest

from filemgr import (
    Continued,
    Copy,
    InvalidPath,
    Move,
    NoSuchFile,
    Operation,
    OperationFailed,
    OutOfBounds,
    Progress,
    Remove,
    Root,
    RootForbidden,
    Trash,
    create_upload,
    find_upload,
    remove_upload,
    run_operations,
)
from filemgr.archive import Format, Limits, pack_to, unpack

from .conftest import Opener
from .operations.trees import make, picture
from .paths import at


@pytest.fixture
def tree(top: Path) -> Path:
    make(
        str(top),
        {"data/a/f": "1", "data/g": "2", "secret/f": "3", "data_secret/f": "4", "data/out@": "../secret"},
    )
    return top


def listed(root: Root) -> list[str]:
    return sorted(str(one.path) for one in Trash(root).entries())


def test_only_what_was_inside_is_in_the_trash_comes_back_and_goes_for_good(
    fenced: Opener, tree: Path
) -> None:
    before = picture(str(tree))
    with Root(str(tree)) as whole:
        everything = Trash(whole)
        ids = {path: everything.put(at(path), "x") for path in ("data/a", "data_secret", "secret/f")}
        with fenced("data", "elsewhere") as root:
            trash = Trash(root)
            assert listed(root) == ["/data/a"]
            for path in ("data_secret", "secret/f"):
                for dest in (None, at("data/here")):
                    with pytest.raises(OutOfBounds):
                        trash.restore(ids[path], dest)
                with pytest.raises(OutOfBounds):
                    trash.purge(ids[path], Progress())
            for place in ("secret/a", "data_secret", "data_secret/nothing"):
                with pytest.raises(OutOfBounds):
                    trash.restore(ids["data/a"], at(place))
            with pytest.raises(InvalidPath):
                trash.restore(ids["data/a"], at("data/out/a"))
            assert trash.restore(ids["data/a"]) == at("data/a")
            trash.put(at("data/g"), "y")
            assert trash.purge(None, Progress()) == 1
        assert listed(whole) == ["/data_secret", "/secret/f"]
        for path in ("data_secret", "secret/f"):
            everything.restore(ids[path])
    del before["data/g"]
    assert picture(str(tree)) == before


def test_what_was_named_by_a_link_that_leads_out_stays_out(fenced: Opener, tree: Path) -> None:
    with Root(str(tree)) as whole:
        by_link = Trash(whole).put(at("data/out/f"), "x")
        run_operations(whole, [Remove(at("data/g"))], Progress(), trash_by="x")
        make(str(tree), {"secret/h": "5"})
        run_operations(whole, [Remove(at("data/out/h"))], Progress(), trash_by="x")
        assert listed(whole) == ["/data/g", "/data/out/f", "/data/out/h"]
        with fenced("data") as root:
            assert listed(root) == ["/data/g"]
            with pytest.raises(OutOfBounds):
                Trash(root).restore(by_link, at("data/mine"))
            assert Trash(root).purge(None, Progress()) == 1
        assert Trash(whole).restore(by_link) == at("data/out/f")
    assert (tree / "secret/f").read_text() == "3"


def test_a_room_that_says_nothing_of_the_real_place_is_not_shown_behind_fences(
    fenced: Opener, tree: Path
) -> None:
    room = tree / ".holdfast" / "trash" / ("0" * 16)
    room.mkdir(parents=True)
    (room / "info").write_text('{"path": "/data/x", "by": "x", "when": 1}')
    (room / "thing").write_text("old")
    with Root(str(tree)) as whole:
        assert listed(whole) == ["/data/x"]
    with fenced("data") as root:
        assert listed(root) == []
        with pytest.raises(OutOfBounds):
            Trash(root).purge("0" * 16, Progress())
        assert Trash(root).purge(None, Progress()) == 0
    assert room.exists()


def test_folders_are_made_again_below_the_fence_but_not_the_fence(fenced: Opener, tree: Path) -> None:
    make(str(tree), {"data/x/y/z": "1"})
    with fenced("data") as root:
        trash = Trash(root)
        gone = trash.put(at("data/x/y/z"), "x")
        os.rmdir(tree / "data/x/y")
        os.rmdir(tree / "data/x")
        assert trash.restore(gone) == at("data/x/y/z")
        again = trash.put(at("data/x/y/z"), "x")
        os.rename(tree / "data", tree / "moved")
        with pytest.raises(NoSuchFile):
            trash.restore(again)
    with fenced("data/x") as root, pytest.raises(NoSuchFile):
        Trash(root).restore(again)
    assert not (tree / "data").exists()


def test_uploads_are_whose_place_is_inside(fenced: Opener, tree: Path) -> None:
    with Root(str(tree)) as whole:
        ids = {
            path: create_upload(whole, at(path), 1, "") for path in ("data/new", "secret/new", "data/out/new")
        }
        with fenced("data") as root:
            for use in (find_upload, remove_upload, Continued):
                with pytest.raises(OutOfBounds):
                    use(root, ids["secret/new"])
            for path in ("secret/x", "data_secret/x", "nothing/x", "x"):
                with pytest.raises(OutOfBounds):
                    create_upload(root, at(path), 1, "")
            with pytest.raises(RootForbidden):
                create_upload(root, at("data"), 1, "")
            with pytest.raises(InvalidPath):
                create_upload(root, at("data/out/x"), 1, "")
            for path, refusal in (("data/new", None), ("data/out/new", InvalidPath)):
                with Continued(root, ids[path]) as sent:
                    sent.begin(1, 1, None)
                    sent.write(b"x")
                    sent.end()
                    if refusal is None:
                        sent.publish()
                        continue
                    with pytest.raises(refusal):
                        sent.publish()
    assert (tree / "data/new").read_text() == "x"
    assert os.listdir(tree / "secret") == ["f"]


@pytest.mark.parametrize(
    "last",
    [
        Move(at("data/g"), at("secret/g")),
        Copy(at("secret/f"), at("data/x")),
        Remove(at("secret/f")),
        Remove(at("x")),
    ],
)
def test_of_several_operations_none_begins_if_one_leads_out(
    fenced: Opener, tree: Path, last: Operation
) -> None:
    todo: list[Operation] = [Move(at("data/g"), at("data/h")), Remove(at("data/a")), last]
    inode = (tree / "data").stat().st_ctime_ns
    with fenced("data") as root, pytest.raises(OperationFailed) as refused:
        run_operations(root, todo, Progress())
    assert (refused.value.index, type(refused.value.cause)) == (2, OutOfBounds)
    assert (tree / "data").stat().st_ctime_ns == inode
    with fenced("data") as root:
        run_operations(root, todo[:2], Progress()).purge(root, Progress())
    assert sorted(os.listdir(tree / "data")) == ["h", "out"]


@pytest.mark.parametrize("base", ["/", "data"])
def test_a_fence_can_be_packed_with_names_from_above_it(fenced: Opener, tree: Path, base: str) -> None:
    with fenced("data") as root:
        pack_to(root, [at("data")], at(base), at("data/all.tar"), Format.TAR, Progress())
        for path in ("/", "secret", "secret/f", "nothing"):
            with pytest.raises(OutOfBounds):
                pack_to(root, [at(path)], at("/"), at("data/other.tar"), Format.TAR, Progress())
        with pytest.raises(OutOfBounds):
            pack_to(root, [at("data/a")], at("/"), at("secret/other.tar"), Format.TAR, Progress())
        with pytest.raises(InvalidPath):
            pack_to(root, [at("data/out/f")], at("/"), at("data/other.tar"), Format.TAR, Progress())
    with tarfile.open(tree / "data/all.tar") as made:
        names = sorted(made.getnames())
    inside = ["a", "a/f", "g", "out"]
    assert names == (inside if base == "data" else ["data", *(f"data/{name}" for name in inside)])
    assert not (tree / "data/other.tar").exists()


def test_an_archive_is_unpacked_inside_and_not_through_a_link(
    fenced: Opener, tree: Path, tmp_path: Path
) -> None:
    make(str(tmp_path), {"made/out/f": "bad", "made/deep/er/up@": "../../g", "made/new": "n"})
    with tarfile.open(tree / "data/x.tar", "w") as made:
        for name in ("out", "deep", "new"):
            made.add(tmp_path / "made" / name, name)
    with fenced("data") as root:
        done = unpack(root, at("data/x.tar"), at("data"), Limits(), Progress())
        assert done.skipped_count == 1  # `out` is a link there
        for archive, dest in (
            ("data/x.tar", "secret"),
            ("data/x.tar", "nothing"),
            ("secret/x.tar", "data/y"),
        ):
            with pytest.raises(OutOfBounds):
                unpack(root, at(archive), at(dest), Limits(), Progress())
        with pytest.raises(InvalidPath):
            unpack(root, at("data/x.tar"), at("data/out"), Limits(), Progress())
        with pytest.raises(InvalidPath):
            unpack(root, at("data/x.tar"), at("data/out/y"), Limits(), Progress())
    assert (tree / "secret/f").read_text() == "3"
    assert sorted(os.listdir(tree)) == ["data", "data_secret", "secret"]
    assert (tree / "data/deep/er/up").read_text() == "2"
