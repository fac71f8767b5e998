"""Trees, one entry at a time."""

import os
import shutil
from collections.abc import Iterator

import pytest

from filemgr import Busy, NoSuchFile, walk

from .operations.trees import make, swapping


@pytest.fixture
def top(tmp_path: os.PathLike[str]) -> Iterator[int]:
    fd = os.open(tmp_path, os.O_RDONLY)
    yield fd
    os.close(fd)


def test_a_folder_comes_twice_and_what_is_in_it_in_between(top: int, tmp_path: os.PathLike[str]) -> None:
    make(str(tmp_path), {"t/a/f": "1", "t/b/": None, "t/l@": "a", "t/.holdfast-x/f": "", "t/.holdfast/f": ""})
    found = [(entry.path, entry.leaving) for entry in walk(top, "t", ordered=True)]
    assert found == [
        ("t", False),
        ("t/a", False),
        ("t/a/f", False),
        ("t/a", True),
        ("t/b", False),
        ("t/b", True),
        ("t/l", False),
        ("t", True),
    ]
    assert len(list(walk(top, "t", hidden=True))) == len(found) + 6
    assert [str(entry) for entry in walk(top, "t/a/f")] == ["t/a/f"]
    with pytest.raises(NoSuchFile):
        list(walk(top, "x"))


def test_a_folder_that_vanishes_is_left_as_well(top: int, tmp_path: os.PathLike[str]) -> None:
    make(str(tmp_path), {"t/a/f": "1", "t/b/f": "2"})
    found = []
    for entry in walk(top, "t", ordered=True):
        found.append((entry.path, entry.leaving))
        if entry.path == "t/a" and not entry.leaving:
            shutil.rmtree(os.path.join(tmp_path, "t/a"))
    assert found[1:3] == [("t/a", False), ("t/a", True)]
    assert found[-1] == ("t", True)


def test_a_folder_that_is_moved_away_does_not_lead_the_walk_with_it(
    top: int, tmp_path: os.PathLike[str]
) -> None:
    make(str(tmp_path), {"t/a/b/f": "1", "elsewhere/secret": "2"})

    def follow() -> Iterator[str]:
        for entry in walk(top, "t"):
            yield entry.name
            if entry.name == "f":
                os.rename(os.path.join(tmp_path, "t/a/b"), os.path.join(tmp_path, "elsewhere/b"))

    seen: list[str] = []
    with pytest.raises(Busy):
        seen.extend(follow())
    assert "secret" not in seen


def test_a_folder_that_is_swapped_for_a_link_is_not_followed(top: int, tmp_path: os.PathLike[str]) -> None:
    make(str(tmp_path), {"t/x/f": "1", "elsewhere/secret": "2"})
    with swapping(os.path.join(tmp_path, "t"), "x", os.path.join(tmp_path, "elsewhere")):
        for _ in range(200):
            try:
                assert not any(entry.name == "secret" for entry in walk(top, "t"))
            except Busy:
                continue
