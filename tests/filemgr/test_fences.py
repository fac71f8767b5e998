"""Fences: folders below which everything works, and outside of which nothing is even looked at."""

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from filemgr import (
    ROOT,
    InvalidPath,
    NoSuchFile,
    OutOfBounds,
    Progress,
    RelPath,
    Root,
    RootForbidden,
    change_mode,
    common,
    copy,
    delete,
    list_folder,
    make_folder,
    move,
    outermost,
    size_of,
)

from .conftest import Opener
from .operations.trees import make, picture
from .paths import at, content


@pytest.fixture
def tree(top: Path) -> Path:
    """`data` is the fence, `data_secret` beside it and `secret` are not."""
    make(
        str(top),
        {
            "data/a/file": "inside",
            "data/b/": None,
            "secret/file": "secret",
            "data_secret/file": "secret",
            "data/to-file@": "a/file",
            "data/to-folder@": "a",
            "data/a/up@": "../a/file",
            "data/absolute@": str(top / "data/a/file"),
            "data/absolute-fence@": str(top / "data"),
            "data/dangling@": "a/nothing",
            "data/out@": "../secret/file",
            "data/out-missing@": "../secret/nothing",
            "data/out-folder@": "../secret",
            "data/out-sibling@": "../data_secret/file",
            "data/out-absolute@": str(top / "secret/file"),
            "data/out-absolute-sibling@": f"{top}/data_secret/file",
            "data/out-absolute-dots@": f"{top}/data/../secret/file",
            "data/out-and-in@": "../data/a/file",
            "data/out-chain@": "a/out",
            "data/a/out@": "../../secret/file",
            "data/out-root@": str(top),
            "data/out-all@": "/etc/passwd",
            "way-in@": "data",
            "secret/in@": "../data/a/file",
        },
    )
    return top


def uses(root: Root) -> Sequence[Callable[[RelPath], object]]:
    """Everything that a root can be asked about a path."""
    return [
        root.open_file,
        lambda path: root.open(path, os.O_RDONLY),
        lambda path: root.open(path, os.O_PATH),
        root.stat,
        lambda path: root.stat(path, follow=False),
        lambda path: root.folder(path).__enter__(),
        lambda path: root.target(path).__enter__(),
        lambda path: root.parent(path).__enter__(),
        lambda path: root.itself(path).__enter__(),
        root.fence,
        root.is_top,
        root.spare_top,
    ]


INSIDE = [
    "data/a/file",
    "/data//a/../a/file",
    "data/to-file",
    "data/to-folder/file",
    "data/a/up",
    "data/absolute",
    "data/absolute-fence/absolute-fence/a/file",
]


@pytest.mark.parametrize("path", INSIDE)
def test_what_is_inside_works_links_too(fenced: Opener, tree: Path, path: str) -> None:
    with fenced("data") as root:
        assert content(root, path) == b"inside"
        assert root.stat(at(path)).st_size == 6


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "secret",
        "secret/file",
        "secret/nothing",
        "secret/file/below",
        "secret/in",
        "nothing",
        "data_secret",
        "data_secret/file",
        "data/../secret/file",
        "dat",
        "way-in/a/file",
    ],
)
def test_what_is_outside_is_out_of_bounds_whether_it_is_there_or_not(
    fenced: Opener, tree: Path, path: str
) -> None:
    with fenced("data") as root:
        for use in uses(root):
            with pytest.raises(OutOfBounds):
                use(at(path))


OUT = [
    "data/out",
    "data/out-missing",
    "data/out-folder/file",
    "data/out-folder/nothing",
    "data/out-sibling",
    "data/out-absolute",
    "data/out-absolute-sibling",
    "data/out-absolute-dots",
    "data/out-and-in",
    "data/out-chain",
    "data/a/out",
    "data/out-root/data/a/file",
    "data/out-all",
]


@pytest.mark.parametrize("path", OUT)
def test_links_that_lead_elsewhere_in_the_root_lead_out(fenced: Opener, tree: Path, path: str) -> None:
    with fenced("data") as root:
        for use in (
            root.open_file,
            lambda path: root.open(path, os.O_PATH),
            root.stat,
            lambda path: root.folder(path).__enter__(),
            lambda path: root.target(path).__enter__(),
            lambda path: root.parent(path / "x").__enter__(),
        ):
            with pytest.raises(InvalidPath):
                use(at(path))


def test_a_link_that_leads_out_can_be_looked_at_and_deleted(fenced: Opener, tree: Path) -> None:
    before = picture(str(tree))
    with fenced("data") as root:
        assert stat.S_ISLNK(root.stat(at("data/out-folder"), follow=False).st_mode)
        delete(root, at("data/out-folder"), Progress())
    del before["data/out-folder"]
    assert picture(str(tree)) == before


def test_a_fence_is_the_root_of_who_is_kept_to_it(fenced: Opener, tree: Path) -> None:
    before = picture(str(tree))
    with fenced("data", "secret") as root:
        attempts: list[Callable[[], object]] = [
            lambda: delete(root, at("data"), Progress()),
            lambda: move(root, at("data"), at("secret/x"), Progress()),
            lambda: move(root, at("data/a"), at("/"), Progress()),
            lambda: copy(root, at("data"), at("secret/x"), Progress()),
            lambda: change_mode(root, at("data"), 0o700),
            lambda: root.target(at("data")).__enter__(),
            lambda: root.parent(at("data/x/..")).__enter__(),
        ]
        for attempt in attempts:
            with pytest.raises((RootForbidden, OutOfBounds)):
                attempt()
        assert picture(str(tree)) == before
        with root.folder(at("data")) as fd:
            assert "a" in os.listdir(fd)
        make_folder(root, at("data/new"))
        assert move(root, at("data/a"), at("secret"), Progress()) == at("secret/a")


def test_things_go_from_one_fence_to_another_but_links_do_not_lead_there(fenced: Opener, tree: Path) -> None:
    with fenced("data", "data_secret") as root:
        assert move(root, at("data/a/file"), at("data_secret/moved"), Progress()) == at("data_secret/moved")
        assert move(root, at("data_secret/moved"), at("data"), Progress()) == at("data/moved")
        with pytest.raises(InvalidPath):
            root.stat(at("data/out-sibling"))
        with pytest.raises(OutOfBounds):
            copy(root, at("data/moved"), at("secret/x"), Progress())
        with pytest.raises(OutOfBounds):
            copy(root, at("secret/file"), at("data/x"), Progress())


def test_a_relative_link_that_is_moved_does_not_lead_out(fenced: Opener, tree: Path) -> None:
    os.makedirs(tree / "data/deep/er")
    (tree / "data/deep/er/link").symlink_to("../../secret/file")  # inside, where it is
    with fenced("data") as root:
        with pytest.raises(NoSuchFile):
            content(root, "data/deep/er/link")
        assert move(root, at("data/deep/er/link"), at("data/b"), Progress()) == at("data/b/link")
        with pytest.raises(InvalidPath):
            content(root, "data/b/link")
    assert (tree / "data/b/link").read_text() == "secret"


@pytest.mark.parametrize("path", ["missing", "missing/below", "file", "file/below"])
def test_a_fence_that_is_missing_or_no_folder_is_said_to_be_missing(
    fenced: Opener, tree: Path, path: str
) -> None:
    (tree / "file").write_text("x")
    with fenced(path) as root:
        for use in (root.open_file, root.stat, lambda path: root.folder(path).__enter__()):
            for name in (path, f"{path}/x"):
                with pytest.raises(NoSuchFile):
                    use(at(name))
        with pytest.raises(RootForbidden):
            make_folder(root, at(path))
    assert not (tree / "missing").exists()


@pytest.mark.parametrize("fence", ["way-in", "way-in/a", "data/to-folder", "data/out-folder"])
def test_a_link_on_the_way_to_a_fence_is_refused(fenced: Opener, tree: Path, fence: str) -> None:
    with fenced(fence) as root:
        for path in (f"{fence}/file", f"{fence}/a/file", f"{fence}/nothing"):
            for use in (root.open_file, root.stat, lambda path: root.folder(path).__enter__()):
                with pytest.raises(InvalidPath, match="a link is on the way"):
                    use(at(path))


def test_a_fence_that_is_out_of_reach_does_not_become_the_root(fenced: Opener, tree: Path) -> None:
    with fenced() as root:
        for path in ("/", "data", "data/a/file"):
            for use in uses(root):
                with pytest.raises(OutOfBounds):
                    use(at(path))
            with pytest.raises(OutOfBounds):
                list(list_folder(root, at(path)))


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/", ["data", "x"]),
        ("x", ["y"]),
        ("x/y", ["one", "two"]),
        ("x/y/one", ["file"]),
        ("data", ["a", "b"]),
    ],
)
def test_above_a_fence_only_what_leads_there_is_listed(
    fenced: Opener, top: Path, path: str, names: list[str]
) -> None:
    make(
        str(top),
        {
            "data/a/": None,
            "data/b/": None,
            "secret/": None,
            "file": "x",
            "x/file": "x",
            "x/y/one/file": "1",
            "x/y/two/": None,
            "x/y/three/": None,
            "x/y/link@": "two",
        },
    )
    with fenced("data", "x/y/one", "x/y/two", "x/y/missing", "x/y/link", "x/file/below", "x/y/two/z") as root:
        assert [one.name for one in list_folder(root, at(path))] == names
        for other in ("secret", "x/y/three", "x/nothing", "nothing"):
            with pytest.raises(OutOfBounds):
                list(list_folder(root, at(other)))
        for above in ("/", "x", "x/y"):
            with pytest.raises(OutOfBounds):
                size_of(root, at(above), Progress())


def test_above_a_fence_no_link_is_followed(fenced: Opener, top: Path) -> None:
    make(str(top), {"real/below/fence/": None, "link@": "real"})
    with fenced("link/below/fence") as root:
        assert list(list_folder(root, ROOT)) == []
        for path in ("link", "link/below"):
            with pytest.raises(InvalidPath):
                list(list_folder(root, at(path)))


def test_what_we_keep_at_the_top_works_behind_fences_and_cannot_be_named(fenced: Opener, top: Path) -> None:
    make(str(top), {"data/folder/file": "x", ".holdfast/trash/x": "y", "data/hidden@": "../.holdfast"})
    with fenced("data") as root:
        delete(root, at("data/folder"), Progress())
        assert os.listdir(top / "data") == ["hidden"]
        with pytest.raises(InvalidPath):
            root.stat(at("data/hidden"))
    with fenced("data", "/") as root:
        with pytest.raises(InvalidPath):
            root.stat(at("data/hidden"))
        assert root.stat(ROOT)


def test_a_root_that_is_reached_through_a_link_has_fences_too(fenced: Opener, tree: Path) -> None:
    alias = tree.parent / "alias"
    alias.symlink_to(tree)
    (tree / "data/by-alias").symlink_to(alias / "data/a/file")
    (tree / "data/out-by-alias").symlink_to(alias / "secret/file")
    with fenced("data", path=alias) as root:
        assert content(root, "data/by-alias") == b"inside"
        with pytest.raises(InvalidPath):
            content(root, "data/out-by-alias")


@pytest.mark.parametrize(
    ("fences", "kept"),
    [
        (None, None),
        ([], ()),
        (["/"], None),
        (["a", "/", "b"], None),
        (["a", "a/b", "ab", "c/d", "c/d", "a/b/c"], ("a", "ab", "c/d")),
    ],
)
def test_fences_inside_of_others_add_nothing(fences: list[str] | None, kept: Sequence[str] | None) -> None:
    found = outermost(None if fences is None else [at(one) for one in fences])
    assert found == (None if kept is None else tuple(at(one) for one in kept))


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (None, None, None),
        (None, ["a"], ["a"]),
        (["a"], None, ["a"]),
        (["a"], ["b"], []),
        (["a"], [], []),
        (["a", "b/c"], ["a/x", "b", "d"], ["a/x", "b/c"]),
        (["a"], ["ab"], []),
        (["a"], ["a"], ["a"]),
    ],
)
def test_what_is_inside_two_kinds_of_fences(
    one: list[str] | None, other: list[str] | None, both: list[str] | None
) -> None:
    sides = [None if side is None else [at(each) for each in side] for side in (one, other)]
    found = outermost(common(*sides))
    assert found is None if both is None else sorted(found or ()) == [at(each) for each in both]
