"""Make, move, copy, delete, change the mode: what they do, and what they never do."""

import os
import stat
from collections.abc import Callable

import pytest

from filemgr import (
    AlreadyExists,
    Denied,
    FileError,
    IntoItself,
    InvalidPath,
    NoSuchFile,
    Progress,
    RelPath,
    Root,
    RootForbidden,
    change_mode,
    copy,
    delete,
    make_folder,
    move,
    sweep,
)

from .trees import below, make, ours, picture, swapping

P = RelPath.parse

pytestmark = pytest.mark.usefixtures("_leaves_nothing_of_ours")

Transfer = Callable[[Root, RelPath, RelPath, Progress], RelPath]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")


@pytest.fixture(params=[move, copy], ids=["move", "copy"])
def transfer(request: pytest.FixtureRequest) -> Transfer:
    chosen: Transfer = request.param
    return chosen


def test_a_folder_is_made_once_and_where_there_is_one_to_be_in(root: Root) -> None:
    make_folder(root, P("a"))
    make_folder(root, P("a/b"))
    for path in ("a", "/", "a/b"):
        with pytest.raises(AlreadyExists):
            make_folder(root, P(path))
    make(root.path, {"f": "", "l@": "nowhere"})
    with pytest.raises(AlreadyExists):
        make_folder(root, P("l"))
    for path in ("x/y", "f/y", "l/y"):
        with pytest.raises(NoSuchFile):
            make_folder(root, P(path))
    assert picture(root.path).keys() == {"a", "a/b", "f", "l"}


@as_root
def test_what_is_new_belongs_to_the_owner_of_the_folder_it_is_in(root: Root) -> None:
    make(root.path, {"d/": None, "s/f": "1", "s/t/g": "2", "s/l@": "f"})
    os.chown(below(root, "d"), 12345, 23456)
    make_folder(root, P("d/new"))
    copy(root, P("s"), P("d"), Progress())
    copy(root, P("s/f"), P("d"), Progress())
    for path in ("d/new", "d/s", "d/s/f", "d/s/t", "d/s/t/g", "d/s/l", "d/f"):
        info = os.lstat(below(root, path))
        assert (info.st_uid, info.st_gid) == (12345, 23456), path


def test_it_is_where_it_is_said_to_be(root: Root, transfer: Transfer) -> None:
    make(root.path, {"f": "1", "g": "2", "d/e/h": "3", "to/": None, "l@": "to"})
    assert transfer(root, P("f"), P("n"), Progress()) == P("n")
    assert transfer(root, P("g"), P("to"), Progress()) == P("to/g")
    assert transfer(root, P("d"), P("l"), Progress()) == P("l/d")
    assert transfer(root, P("n"), P("to/d/e/m"), Progress()) == P("to/d/e/m")
    assert transfer(root, P("to/d/e"), P("/"), Progress()) == P("e")
    kept = (
        {"f", "g", "d", "d/e", "d/e/h", "n", "to/d/e", "to/d/e/h", "to/d/e/m"} if transfer is copy else set()
    )
    assert picture(root.path).keys() == {"to", "to/g", "to/d", "e", "e/h", "e/m", "l"} | kept


def test_nothing_is_overwritten(root: Root, transfer: Transfer) -> None:
    make(
        root.path,
        {"f": "1", "g": "2", "d/f": "3", "d/s/x": "4", "s/y": "5", "dangling@": "no", "out@": "/etc"},
    )
    before = picture(root.path)
    for src, dest in [
        ("f", "g"),
        ("f", "d"),
        ("s", "d"),
        ("s", "f"),
        ("f", "dangling"),
        ("f", "out"),
        ("f", "f"),
    ]:
        with pytest.raises(AlreadyExists) as refused:
            transfer(root, P(src), P(dest), Progress())
        assert refused.value.role == "dest"
        assert picture(root.path) == before


def test_a_folder_does_not_go_into_itself(root: Root, transfer: Transfer) -> None:
    make(root.path, {"d/e/f": "1", "l@": "d/e"})
    before = picture(root.path)
    for dest in ("d", "d/e", "d/e/x", "l", "l/x"):
        with pytest.raises(IntoItself):
            transfer(root, P("d"), P(dest), Progress())
        assert picture(root.path) == before


def test_what_is_missing_is_told_apart(root: Root, transfer: Transfer) -> None:
    make(root.path, {"f": "1", "d/": None, "out@": ".."})
    for src, dest, kind, role in [
        ("x", "y", NoSuchFile, "src"),
        ("f/x", "y", NoSuchFile, "src"),
        ("f", "x/y", NoSuchFile, "dest"),
        ("f", "f/y", NoSuchFile, "dest"),
        ("x", "x/y", NoSuchFile, "src"),
        ("out/root", "y", InvalidPath, "src"),
        ("f", "out/y", InvalidPath, "dest"),
        ("/", "d", RootForbidden, "src"),
    ]:
        with pytest.raises(kind) as refused:
            transfer(root, P(src), P(dest), Progress())
        assert refused.value.role == role


def test_a_link_goes_itself(root: Root, transfer: Transfer) -> None:
    make(root.path, {"d/f": "1", "l@": "d", "out@": "/etc/passwd", "dangling@": "no", "to/": None})
    for name in ("l", "out", "dangling"):
        transfer(root, P(name), P("to"), Progress())
    found = picture(below(root, "to"))
    assert {path: what[2] for path, what in found.items()} == {
        "l": "d",
        "out": "/etc/passwd",
        "dangling": "no",
    }
    assert picture(below(root, "d")) == {"f": ("file", 0o644, "1")}


def test_the_mode_is_changed_through_links_that_stay_inside(root: Root, tmp_path: os.PathLike[str]) -> None:
    make(str(tmp_path), {"outside": "1"})
    make(root.path, {"f": "1", "d/": None, "l@": "f", "out@": "../outside"})
    os.mkfifo(below(root, "fifo"))
    os.chmod(below(root, "f"), 0)
    for path in ("l", "d", "fifo"):
        change_mode(root, P(path), 0o640)
    assert {stat.S_IMODE(os.stat(below(root, path)).st_mode) for path in ("f", "d", "fifo")} == {0o640}
    for path, mode, kind in [
        ("out", 0o600, InvalidPath),
        ("x", 0o600, NoSuchFile),
        ("/", 0o600, RootForbidden),
        ("f", 0o4755, Denied),
        ("f", -1, Denied),
    ]:
        with pytest.raises(kind):
            change_mode(root, P(path), mode)
    assert stat.S_IMODE(os.stat(os.path.join(tmp_path, "outside")).st_mode) == 0o644


@pytest.mark.parametrize("kernel", [True, False])
def test_a_folder_that_is_swapped_for_a_link_leads_nothing_outside(
    tmp_path: os.PathLike[str], kernel: bool
) -> None:
    make(str(tmp_path), {"outside/f": "secret", "outside/d/f": "secret", "root/x/f": "1", "root/s/t/f": "2"})
    outside, top = os.path.join(tmp_path, "outside"), os.path.join(tmp_path, "root")
    os.chmod(os.path.join(outside, "f"), 0o604)
    before = picture(outside, hidden=True)

    def each(root: Root, number: int) -> list[Callable[[], object]]:
        return [
            lambda: make_folder(root, P(f"x/new{number}")),
            lambda: make_folder(root, P(f"x/d/new{number}")),
            lambda: copy(root, P("x/f"), P(f"f{number}"), Progress()),
            lambda: copy(root, P("x"), P(f"x{number}"), Progress()),
            lambda: copy(root, P("s"), P("x"), Progress()),
            lambda: copy(root, P("s/t/f"), P(f"x/g{number}"), Progress()),
            lambda: move(root, P("x/d"), P(f"d{number}"), Progress()),
            lambda: move(root, P("x/s"), P("x/t"), Progress()),
            lambda: move(root, P("x/t"), P("t"), Progress()),
            lambda: change_mode(root, P("x/f"), 0o600),
            lambda: change_mode(root, P("x/d"), 0o700),
            lambda: delete(root, P("x/d"), Progress()),
            lambda: delete(root, P("t"), Progress()),
            lambda: delete(root, P(f"x/new{number}"), Progress()),
        ]

    worked = 0
    with Root(top, kernel=kernel) as root, swapping(top, "x", outside):
        for number in range(25):
            for work in each(root, number):
                try:
                    work()
                    worked += 1
                except FileError:
                    continue
    assert worked
    assert picture(outside, hidden=True) == before
    assert not any(what[2] == "secret" for what in picture(top).values())
    with Root(top) as root:
        sweep(root)
    assert ours(top) == []
