"""Make, move, copy, delete, change the mode: what they do, and what they never do."""

import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator

import pytest

from filemgr import (
    AlreadyExists,
    Cancelled,
    Copy,
    Denied,
    FileError,
    IntoItself,
    InvalidPath,
    NoSpace,
    NoSuchFile,
    NotAFile,
    OperationFailed,
    Progress,
    RelPath,
    Remove,
    Root,
    RootForbidden,
    change_mode,
    copy,
    delete,
    discard,
    make_folder,
    move,
    run_operations,
    sweep,
)

from .broken import Killed, killed
from .trees import full_disk, make, ours, picture, swapping

P = RelPath.parse

Transfer = Callable[[Root, RelPath, RelPath, Progress], RelPath]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")


@pytest.fixture(params=[True, False], ids=["kernel", "walk"])
def root(request: pytest.FixtureRequest, tmp_path: os.PathLike[str]) -> Iterator[Root]:
    top = os.path.join(tmp_path, "root")
    os.mkdir(top)
    with Root(top, kernel=request.param) as root:
        yield root
    assert ours(top) == []


@pytest.fixture(params=[move, copy], ids=["move", "copy"])
def transfer(request: pytest.FixtureRequest) -> Transfer:
    chosen: Transfer = request.param
    return chosen


def below(root: Root, path: str) -> str:
    return os.path.join(root.path, path)


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


def test_a_copy_has_modes_and_times_but_no_power(root: Root) -> None:
    make(root.path, {"d/e/f": "1", "d/r/g": "2"})
    for path, mode in [("d/e/f", 0o6751), ("d/e", 0o3705), ("d/r", 0o555), ("d", 0o711)]:
        os.chmod(below(root, path), mode)
        os.utime(below(root, path), ns=(10**18, 10**18 + len(path)))
    copy(root, P("d"), P("c"), Progress())
    copy(root, P("d/e/f"), P("one"), Progress())
    for path, mode in [("c/e/f", 0o751), ("c/e", 0o705), ("c/r", 0o555), ("c", 0o711), ("one", 0o751)]:
        info = os.stat(below(root, path))
        assert stat.S_IMODE(info.st_mode) == mode, path
        assert info.st_mtime_ns == 10**18 + (5 if path == "one" else len(path)), path


def test_holes_stay_holes(root: Root) -> None:
    with open(below(root, "f"), "wb") as file:
        file.write(b"begin")
        file.seek(8 << 20)
        file.write(b"middle")
        file.truncate(32 << 20)
    copy(root, P("f"), P("c"), Progress())
    info = os.stat(below(root, "c"))
    assert info.st_size == 32 << 20
    assert info.st_blocks * 512 < 1 << 20
    with open(below(root, "c"), "rb") as made:
        assert made.read(6) == b"begin\0"
        made.seek(8 << 20)
        assert made.read(7) == b"middle\0"


@pytest.mark.parametrize("missing", [[], ["copy_file_range"], ["copy_file_range", "sendfile"]])
def test_what_the_kernel_cannot_do_we_do(
    root: Root, missing: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(*_: object) -> int:
        raise OSError(38, "no such call")

    for name in missing:
        monkeypatch.setattr(os, name, cannot)
    content = os.urandom(3_000_001)
    with open(below(root, "f"), "wb") as file:
        file.write(content)
    progress = Progress()
    copy(root, P("f"), P("c"), progress)
    with open(below(root, "c"), "rb") as made:
        assert made.read() == content
    assert (progress.bytes, progress.entries, progress.total_bytes) == (3_000_001, 1, 3_000_001)


def test_what_is_no_file_is_left_out_of_a_copy_and_waits_for_nobody(root: Root) -> None:
    make(root.path, {"d/f": "1", "d/.holdfast-half": "2"})
    os.mkfifo(below(root, "d/fifo"))
    copy(root, P("d"), P("c"), Progress())
    assert picture(below(root, "c")).keys() == {"f"}
    with pytest.raises(NotAFile):
        copy(root, P("d/fifo"), P("x"), Progress())
    move(root, P("d/fifo"), P("x"), Progress())
    delete(root, P("x"), Progress())
    os.unlink(below(root, "d/.holdfast-half"))


def test_a_copy_that_is_stopped_leaves_nothing_and_was_never_seen(root: Root) -> None:
    make(root.path, {f"d/{number}/f": "1" for number in range(5)})
    before = picture(root.path)
    for steps in range(12):
        asked = iter([False] * steps)

        def stop(asked: Iterator[bool] = asked) -> bool:
            assert "c" not in os.listdir(root.path)
            return next(asked, True)

        with pytest.raises(Cancelled):
            copy(root, P("d"), P("c"), Progress(stop=stop))
        assert picture(root.path) == before
        assert ours(root.path) == []


def test_a_full_disk_leaves_no_half_copy(root: Root) -> None:
    make(root.path, {"d/a": "1", "d/e/f": "2" * 5000})
    before = picture(root.path)
    for limit in (0, 100, 4000):
        for src in ("d", "d/e/f"):
            with full_disk(limit), pytest.raises(NoSpace):
                copy(root, P(src), P("c"), Progress())
            assert picture(root.path) == before
            assert ours(root.path) == []


def test_a_deep_tree_is_copied_moved_and_deleted(root: Root) -> None:
    here = os.open(root.path, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("deep-deep-deep-deep", dir_fd=here)
        below = os.open("deep-deep-deep-deep", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("bottom", os.O_CREAT, dir_fd=here))
    os.close(here)
    try:
        copy(root, P("deep-deep-deep-deep"), P("c"), Progress())
        move(root, P("c"), P("m"), Progress())
        progress = Progress()
        delete(root, P("m"), progress)
        assert progress.entries == 3001
        delete(root, P("deep-deep-deep-deep"), Progress())
        assert os.listdir(root.path) == []
    finally:
        # Nobody else can clear it away if we could not.
        subprocess.run(["rm", "-rf", root.path], check=True)
        os.mkdir(root.path)


def test_a_tree_that_changes_is_copied_without_what_vanishes(root: Root) -> None:
    make(root.path, {f"d/{number}/f": "1" for number in range(20)})
    left = [below(root, f"d/{number}") for number in range(20)]

    def vanish() -> bool:
        if left:
            shutil.rmtree(left.pop(), ignore_errors=True)
        return False

    copy(root, P("d"), P("c"), Progress(stop=vanish))
    assert "c" in os.listdir(root.path)


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


def test_a_copy_is_there_or_not_at_each_step_and_the_sweep_clears_up(root: Root) -> None:
    make(root.path, {"d/e/f": "1", "d/l@": "e", "f": "2"})
    for src in ("d", "f"):
        for step in range(1000):
            before = picture(root.path)
            try:
                with killed(step):
                    copy(root, P(src), P("c"), Progress())
                break
            except Killed:
                # A file has its name before its folder is synced.
                assert picture(root.path) == before or "c" in picture(root.path)
            with killed(10**6):
                sweep(root)
            assert ours(root.path) == []
            if "c" in os.listdir(root.path):
                delete(root, P("c"), Progress())
        delete(root, P("c"), Progress())


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
