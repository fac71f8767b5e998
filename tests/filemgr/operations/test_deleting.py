"""Deleting: at once, whole, and never anything else."""

import os
import shutil
import stat
import subprocess

import pytest

from filemgr import (
    Cancelled,
    Copy,
    Denied,
    NoSuchFile,
    OperationFailed,
    Progress,
    RelPath,
    Remove,
    Root,
    RootForbidden,
    Trash,
    change_mode,
    copy,
    delete,
    discard,
    run_operations,
    sweep,
)

from .broken import Killed, killed
from .trees import below, make, ours, picture

P = RelPath.parse

pytestmark = pytest.mark.usefixtures("_leaves_nothing_of_ours")


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")


def test_deleting_takes_links_themselves_and_never_the_root(root: Root, tmp_path: os.PathLike[str]) -> None:
    make(str(tmp_path), {"outside/f": "1"})
    make(
        root.path,
        {"l@": "d", "d/out@": "../../outside", "d/.holdfast-half": "", "d/e/f": "2", "out@": "../outside"},
    )
    delete(root, P("l"), Progress())
    assert picture(root.path).keys() == {"d", "d/out", "d/e", "d/e/f", "out"}
    delete(root, P("d"), Progress())
    delete(root, P("out"), Progress())
    with pytest.raises(RootForbidden):
        delete(root, P("/"), Progress())
    for path in ("d", "d/e", "x"):
        with pytest.raises(NoSuchFile):
            delete(root, P(path), Progress())
    assert os.listdir(root.path) == []
    assert picture(os.path.join(tmp_path, "outside")) == {"f": ("file", 0o644, "1")}


def test_what_is_deleted_vanishes_at_once_and_whole(root: Root) -> None:
    make(root.path, {f"d/{number}/f": "1" for number in range(5)})
    doomed = discard(root, P("d"))
    assert doomed.vanished
    assert picture(root.path) == {}
    make(root.path, {"d/new": "2"})
    with pytest.raises(Cancelled):
        doomed.purge(root, Progress(stop=lambda: True))
    doomed.purge(root, Progress())
    doomed.purge(root, Progress())
    assert picture(root.path).keys() == {"d", "d/new"}


def test_what_is_deleted_is_gone_or_whole_at_each_step_and_the_sweep_ends_it(root: Root) -> None:
    tree = {f"d/{number}/f": "1" for number in range(3)}
    for step in range(1000):
        make(root.path, tree)
        before = picture(root.path)
        try:
            with killed(step):
                delete(root, P("d"), Progress())
            break
        except Killed:
            assert picture(root.path) in (before, {})
        with killed(10**6):
            sweep(root)
        assert ours(root.path) == []
        shutil.rmtree(below(root, "d"), ignore_errors=True)
    else:
        pytest.fail("it never came to its end")


def test_on_a_full_disk_things_can_be_deleted(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    make(root.path, {"d/e/f": "1"})
    really = os.mkdir

    def full(path: str, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr(os, "mkdir", full)
    doomed = discard(root, P("d"))
    assert not doomed.vanished
    doomed.purge(root, Progress())
    assert picture(root.path) == {}
    monkeypatch.setattr(os, "mkdir", really)


@as_root
def test_a_user_without_power_deletes_and_copies_what_is_read_only(root: Root) -> None:
    os.chmod(root.path, 0o777)
    make(root.path, {"d/e/f": "1", "d/x/g": "2"})
    for path in ("d", "d/e", "d/x", "d/e/f", "d/x/g"):
        os.chown(below(root, path), 12345, 12345)
    for path, mode in [("d/e/f", 0o400), ("d/e", 0o555), ("d", 0o555)]:
        os.chmod(below(root, path), mode)
    os.seteuid(12345)
    try:
        copy(root, P("d"), P("c"), Progress())
        assert stat.S_IMODE(root.stat(P("c")).st_mode) == 0o555
        change_mode(root, P("c/x"), 0)
        delete(root, P("c"), Progress())
        run_operations(root, [Copy(P("d"), P("c"))], Progress()).purge(root, Progress())
        assert stat.S_IMODE(root.stat(P("c")).st_mode) == 0o555
        with pytest.raises(OperationFailed):
            run_operations(root, [Copy(P("c"), P("b")), Remove(P("x"))], Progress())
        delete(root, P("c"), Progress())
        delete(root, P("d"), Progress())
    finally:
        os.seteuid(0)
    assert picture(root.path) == {}


@as_root
def test_who_may_not_delete_it_deletes_nothing_of_it(root: Root) -> None:
    make(root.path, {"d/e/f": "1"})
    os.chmod(below(root, "d/e"), 0o777)
    before = picture(root.path)
    os.seteuid(12345)
    try:
        with pytest.raises(Denied):
            delete(root, P("d/e"), Progress())
    finally:
        os.seteuid(0)
    assert picture(root.path) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can own a folder that somebody else may not remove")
def test_what_somebody_else_owns_is_refused_before_anything_is_touched(root: Root) -> None:
    make(root.path, {"w/mine/f": "1", "w/theirs/f": "2"})
    before = picture(root.path)
    for name in ("..", "../..", "../../..", "."):
        os.chmod(below(root, name), 0o755)
    for path in (".", "w", "w/mine", "w/mine/f"):
        os.chown(below(root, path), 12345, 12345)
    os.seteuid(12345)
    try:
        with pytest.raises(Denied):
            delete(root, P("w"), Progress())
        with pytest.raises(OperationFailed):
            run_operations(root, [Remove(P("w/mine")), Remove(P("w"))], Progress())
    finally:
        os.seteuid(0)
    assert picture(root.path) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file immutable")
def test_what_cannot_be_removed_is_where_it_was_afterwards(root: Root) -> None:
    make(root.path, {"w/a/f": "1", "w/b/f": "2"})
    if subprocess.run(["chattr", "+i", below(root, "w/b/f")], check=False, capture_output=True).returncode:
        pytest.skip("this file system knows no immutable files")
    try:
        with pytest.raises(Denied, match=r"^/w/b/f: "):
            delete(root, P("w"), Progress())
        assert set(picture(root.path)) == {"w", "w/b", "w/b/f"}
        id_ = Trash(root).put(P("w"), "ada")
        with pytest.raises(Denied, match=r"^/w/b/f: "):
            Trash(root).purge(id_, Progress())
        assert [entry.id for entry in Trash(root).entries()] == [id_]
        Trash(root).restore(id_)
    finally:
        subprocess.run(["chattr", "-R", "-i", root.path], check=False)
    delete(root, P("w"), Progress())
