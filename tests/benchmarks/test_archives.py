"""Archives in the suite: the tree that is packed, and that what comes out is looked at."""

import json
import os
import shutil
from pathlib import Path

import pytest

from benchmarks.archiving import Tool
from benchmarks.case import NotMeasured
from benchmarks.tree import Tree, difference, grow

from .test_suite import run

SIZE = 3_000_000


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return grow(tmp_path_factory.mktemp("grown") / "tree", SIZE)


def test_a_tree_is_as_large_as_it_was_asked_for_and_has_many_files(tree: Tree) -> None:
    assert 0.9 * SIZE < tree.bytes < 1.1 * SIZE
    files = [path for path in tree.folder.rglob("*") if path.is_file()]
    assert len(files) == tree.files > 20
    assert sum(path.stat().st_size for path in files) == tree.bytes


def test_one_machine_gives_one_tree(tree: Tree, tmp_path: Path) -> None:
    assert grow(tmp_path / "again", SIZE) == Tree(tmp_path / "again", tree.bytes, tree.files)
    assert difference(tree.folder, tmp_path / "again") is None


def test_what_is_different_is_told(tree: Tree, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(tree.folder, other)
    assert difference(tree.folder, other) is None
    changed = next(path for path in sorted(other.rglob("*")) if path.is_file() and path.stat().st_size)
    name, before = str(changed.relative_to(other)), changed.stat()
    content = changed.read_bytes()
    changed.write_bytes(bytes(len(content)))
    os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert difference(tree.folder, other) == f"the content of {name}"
    os.utime(changed, (5, 5))
    assert difference(tree.folder, other) == f"the time of {name}"
    changed.unlink()
    assert difference(tree.folder, other) == "1 names"


def test_a_tool_that_fails_is_not_measured(tree: Tree, tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match="no such luck"):
        Tool("tool", "echo no such luck >&2; exit 3").pack(tree, tmp_path / "made")


def test_a_tool_tells_time_and_ratio_and_leaves_nothing(tree: Tree, tmp_path: Path) -> None:
    figures = Tool("tar", "tar -cf {made} {tree}").pack(tree, tmp_path / "made.tar")
    assert figures["seconds"] > 0
    assert figures["ratio"] > 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler here")
def test_what_a_target_packs_it_takes_apart_and_that_is_looked_at(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    words = ["archives", "--rounds", "1", "--scale", "0.003", "--only", " zip ", "--json", str(figures)]
    ran = run(*words, folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(figures.read_text())["cases"]
    packed, taken_apart = (case["contenders"]["holdfast"] for case in told)
    assert 0 < packed["ratio"]["least"] < 1
    assert taken_apart["seconds"]["least"] > 0
