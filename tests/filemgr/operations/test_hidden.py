"""What we keep hidden: made, noted, swept, tidied away; and what the program does to it."""

import fcntl
import os

import pytest

from filemgr import (
    Busy,
    Denied,
    FileError,
    InvalidPath,
    Progress,
    RelPath,
    Root,
    StagedFile,
    StagedFolder,
    delete,
    make_folder,
    sweep,
)
from filemgr.hidden import hidden, tidy

from .trees import make, ours, picture

P = RelPath.parse


def test_it_cannot_be_reached_through_a_link(root: Root) -> None:
    make(root.path, {".holdfast/trash/x/thing": "1", "d/.holdfast-half/f": "2", "l@": ".holdfast"})
    make(
        root.path,
        {"deep@": ".holdfast/trash/x", "file@": ".holdfast/trash/x/thing", "half@": "d/.holdfast-half"},
    )
    for path in ("l/trash", "deep/thing", "deep/new", "half/f", "half/new"):
        with pytest.raises(InvalidPath), root.parent(P(path)):
            pass
        with pytest.raises(InvalidPath), root.target(P(path)):
            pass
    for path in ("l", "deep", "file", "half", "half/f"):
        with pytest.raises(InvalidPath):
            root.open(P(path), os.O_RDONLY)
        with pytest.raises(InvalidPath):
            root.stat(P(path))
    for path in ("l", "deep", "half"):
        with pytest.raises(InvalidPath), root.folder(P(path)):
            pass
    with pytest.raises(InvalidPath):
        StagedFile(root, P("file"))
    for path in ("l", "file"):
        assert root.stat(P(path), follow=False)


def test_a_lock_that_the_program_holds_keeps_nobody_waiting(root: Root) -> None:
    make(root.path, {".holdfast/": None, "d/f": "1"})
    held = os.open(os.path.join(root.path, ".holdfast"), os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        with pytest.raises(Busy):
            StagedFolder(root, P("new"))
        make_folder(root, P("other"))
        delete(root, P("d"), Progress())
        sweep(root)
    finally:
        os.close(held)
    assert picture(root.path).keys() == {"other"}


@pytest.mark.parametrize("what", ["file", "link", "fifo"])
def test_something_else_may_be_where_it_would_be(root: Root, tmp_path: os.PathLike[str], what: str) -> None:
    make(str(tmp_path), {"outside/staged/.holdfast-x": ""})
    make(root.path, {"d/f": "1"})
    path = os.path.join(root.path, ".holdfast")
    {"file": lambda: make(root.path, {".holdfast": ""}), "link": lambda: os.symlink("../outside", path)}.get(
        what, lambda: os.mkfifo(path)
    )()
    with pytest.raises(Denied):
        StagedFolder(root, P("new"))
    assert sweep(root) == 0
    delete(root, P("d"), Progress())
    assert picture(root.path) == {}
    assert os.listdir(os.path.join(tmp_path, "outside/staged")) == [".holdfast-x"]


def test_tidying_up_takes_nothing_from_who_is_at_work(root: Root) -> None:
    with hidden(root, "one") as one:
        tidy(root)
        with hidden(root, "two"):
            tidy(root)
            os.mkdir("x", dir_fd=one)
            os.rmdir("x", dir_fd=one)
    tidy(root)
    assert ours(root.path) == []


def test_notes_that_somebody_has_forged_lead_nowhere(root: Root, tmp_path: os.PathLike[str]) -> None:
    name = ".holdfast-" + "a" * 16
    make(str(tmp_path), {f"outside/{name}/f": "1"})
    make(root.path, {"d/f": "2", "out@": "../outside", f"e/{name}/f": "3", f"e/{name}/.holdfast-y/f": "4"})
    notes = os.path.join(root.path, ".holdfast/staged")
    for number, text in enumerate(["/../outside", "/out", "../outside", "\0", "\udcff", "/d/f", "x" * 10000]):
        os.makedirs(notes, exist_ok=True)
        with open(
            os.path.join(notes, f"{name}{number}"), "w", encoding="utf-8", errors="surrogateescape"
        ) as file:
            file.write(text)
    make(notes, {"d": "/", "f@": "../../d/f"})
    os.mkfifo(os.path.join(notes, name + "fifo"))
    os.symlink("../../../outside/" + name, os.path.join(notes, name + "link"))
    before = picture(root.path)
    outside = picture(os.path.join(tmp_path, "outside"), hidden=True)
    sweep(root)
    assert picture(root.path) == before
    make(notes, {name: "/e"})
    assert sweep(root) == 1
    assert os.listdir(os.path.join(root.path, "e")) == []
    assert picture(os.path.join(tmp_path, "outside"), hidden=True) == outside


def test_a_staged_folder_goes_with_all_that_is_in_it(root: Root) -> None:
    with StagedFolder(root, P("new")) as folder:
        os.mkdir("x", 0o700, dir_fd=folder.fd)
        os.mkdir("x/.holdfast-y", dir_fd=folder.fd)
        os.close(os.open("x/.holdfast-y/f", os.O_CREAT, dir_fd=folder.fd))
        os.chmod("x", 0o500, dir_fd=folder.fd)
        assert sweep(root) == 0
    assert os.listdir(root.path) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives away")
def test_a_folder_of_another_owner_is_not_given_away(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    os.chown(root.path, 12345, 12345)
    make(root.path, {"secrets/f": "root's"})
    really = os.mkdir

    def swapped(path: str, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        # Who owns the folder above may rename what is in it, whoever that belongs to.
        really(path, mode, dir_fd=dir_fd)
        if path == "new":
            os.rename(path, "made", src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
            os.rename("secrets", path, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)

    monkeypatch.setattr(os, "mkdir", swapped)
    with pytest.raises(FileError):
        make_folder(root, P("new"))
    assert os.stat(os.path.join(root.path, "new")).st_uid == 0
