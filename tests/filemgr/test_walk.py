"""Trees, one entry at a time."""

import os
import resource
import shutil
from pathlib import Path

import pytest

from filemgr import Busy, NoSuchFile, RelPath, Root, below, walk


def paths(root: Root, name: str) -> list[str]:
    return [f"{entry.path}{'/' * entry.leaving}" for entry in walk(root.fd, name, ordered=True)]


def test_a_folder_comes_before_what_is_in_it_and_again_after_that(root: Root, top: Path) -> None:
    (top / "t" / "a").mkdir(parents=True)
    (top / "t" / "a" / "1").write_text("")
    (top / "t" / "b").write_text("")
    assert paths(root, "t") == ["t", "t/a", "t/a/1", "t/a/", "t/b", "t/"]
    assert paths(root, "t/b") == ["t/b"]
    inside = [entry.path for entry in below(root, RelPath.parse("t"), ordered=True) if not entry.leaving]
    assert inside == [".", "a", "a/1", "b"]


@pytest.mark.usefixtures("outside")
def test_links_are_not_followed_and_ours_is_left_out(root: Root, top: Path) -> None:
    (top / "t" / ".holdfast").mkdir(parents=True)
    (top / "t" / ".holdfast-1").write_text("")
    (top / "t" / "link").symlink_to("../../root_secret")
    assert paths(root, "t") == ["t", "t/link", "t/"]


def test_a_tree_deeper_than_there_are_descriptors_is_walked_and_removed(root: Root, top: Path) -> None:
    here = os.open(top, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    try:
        count = 0
        for entry in walk(root.fd, "d"):
            if entry.leaving:
                os.rmdir(entry.name, dir_fd=entry.folder)
                count += 1
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert count == 1500
    assert not os.listdir(top)


def test_what_vanishes_meanwhile_is_left_out(root: Root, top: Path) -> None:
    for name in ("a", "b", "c"):
        (top / "t" / name).mkdir(parents=True)
    seen = []
    for entry in walk(root.fd, "t", ordered=True):
        seen.append(entry.path)
        if entry.path == "t/a" and not entry.leaving:
            shutil.rmtree(top / "t" / "b")
    assert seen == ["t", "t/a", "t/a", "t/c", "t/c", "t"]
    with pytest.raises(NoSuchFile):
        paths(root, "nothing")


@pytest.mark.usefixtures("outside")
def test_a_folder_that_is_moved_elsewhere_while_it_is_walked_ends_the_walk(root: Root, top: Path) -> None:
    (top / "t" / "a" / "b").mkdir(parents=True)

    def move() -> None:
        for entry in walk(root.fd, "t"):
            if entry.path == "t/a/b" and not entry.leaving:
                os.rename(top / "t" / "a", top / "elsewhere")

    with pytest.raises(Busy):
        move()
