"""The folder that cannot be left, walked by the kernel and by ourselves."""

import os
import socket
import stat
import threading
from collections.abc import Callable  # noqa: TC003
from pathlib import Path

import pytest

from filemgr import (
    ROOT,
    FileError,
    InvalidPath,
    NoSuchFile,
    NotAFile,
    NotAFolder,
    Root,
    RootForbidden,
)

from .paths import at, content

ROUNDS = 400


@pytest.fixture
def tree(top: Path) -> Path:
    (top / "a" / "b").mkdir(parents=True)
    (top / "a" / "b" / "file").write_text("inside")
    links = {
        "to-file": "a/b/file",
        "to-folder": "a/b",
        "a/up": "../a/b/file",
        "a/b/round": "../../a/b/../b/file",
        "absolute": str(top / "a" / "b" / "file"),
        "absolute-root": str(top),
        "chain": "to-folder/round",
        "dangling": "a/nothing",
        "loop": "loop",
        "out": "../root_secret/treasure",
        "out-folder": "../root_secret",
        "out-absolute": "/etc/passwd",
        "out-chain": "a/up-and-out",
        "a/up-and-out": "../../root_secret/treasure",
        "out-and-in": "../root/a/b/file",
        "sibling": f"{top}_secret/treasure",
        "proc": "/proc/self/root/etc/passwd",
    }
    for name, target in links.items():
        (top / name).symlink_to(target)
    return top


@pytest.mark.parametrize(
    "path",
    [
        "a/b/file",
        "to-file",
        "to-folder/file",
        "a/up",
        "a/b/round",
        "absolute",
        "absolute-root/a/b/file",
        "chain",
        "absolute-root/absolute-root/to-file",
    ],
)
def test_links_that_stay_inside_work(root: Root, tree: Path, path: str) -> None:
    assert content(root, path) == b"inside"
    assert root.stat(at(path)).st_size == 6


@pytest.mark.parametrize(
    "path",
    [
        "out",
        "out-folder/treasure",
        "out-absolute",
        "out-chain",
        "a/up-and-out",
        "sibling",
        "proc",
        "out-and-in",
        "loop",
    ],
)
@pytest.mark.usefixtures("outside")
def test_links_that_leave_are_refused_by_everything(root: Root, tree: Path, path: str) -> None:
    uses: list[Callable[[], object]] = [
        lambda: root.open_file(at(path)),
        lambda: root.open(at(path), os.O_RDONLY),
        lambda: root.open(at(path), os.O_PATH),
        lambda: root.stat(at(path)),
        lambda: root.folder(at(path)).__enter__(),
        lambda: root.target(at(path)).__enter__(),
        lambda: root.parent(at(path) / "x").__enter__(),
    ]
    for use in uses:
        with pytest.raises(InvalidPath):
            use()


@pytest.mark.parametrize("path", ["out", "out-folder", "dangling", "loop"])
def test_a_link_itself_can_be_looked_at(root: Root, tree: Path, path: str) -> None:
    assert stat.S_ISLNK(root.stat(at(path), follow=False).st_mode)
    with root.parent(at(path)) as (folder, name):
        assert os.readlink(name, dir_fd=folder) == os.readlink(tree / path)


@pytest.mark.parametrize(
    "path", ["nothing", "a/nothing/x", "a/b/file/x", "dangling", "dangling/x", "to-file/x"]
)
def test_what_is_not_there_is_said_to_be_missing(root: Root, tree: Path, path: str) -> None:
    for use in (root.open_file, root.stat, lambda path: root.folder(path).__enter__()):
        with pytest.raises(NoSuchFile):
            use(at(path))


def test_a_folder_is_no_file_and_a_file_no_folder(root: Root, tree: Path) -> None:
    for path in (at("a"), at("to-folder"), ROOT):
        with pytest.raises(NotAFile):
            root.open_file(path)
    with pytest.raises(NotAFolder), root.folder(at("to-file")):
        pass
    with pytest.raises(NoSuchFile), root.parent(at("to-file/x")):
        pass


def test_the_root_has_no_parent(root: Root) -> None:
    for way in (root.parent, root.target):
        with pytest.raises(RootForbidden), way(at("/a/..")):
            pass


def test_nobody_waits_for_a_fifo_a_socket_or_a_device(root: Root, top: Path) -> None:
    os.mkfifo(top / "fifo")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(f"/proc/self/fd/{root.fd}/socket")
    for name in ("fifo", "socket"):
        with pytest.raises(NotAFile):
            root.open_file(at(name))
    if os.geteuid() == 0:
        os.mknod(top / "zero", stat.S_IFCHR | 0o600, os.makedev(1, 5))
        with pytest.raises(NotAFile):
            root.open_file(at("zero"))


def test_what_is_written_through_a_link_goes_where_the_link_points(root: Root, tree: Path) -> None:
    with root.target(at("to-file")) as (folder, name):
        assert name == "file"
        assert os.path.samestat(os.fstat(folder), (tree / "a" / "b").stat())
    with root.target(at("dangling")) as (folder, name):
        assert name == "nothing"
    with root.target(at("a/new")) as (folder, name):
        assert name == "new"


def test_a_deep_path_is_walked(root: Root, top: Path) -> None:
    deep = "/".join(["d"] * 500)
    (top / deep).mkdir(parents=True)
    (top / deep / "file").write_text("deep")
    assert content(root, f"{deep}/file") == b"deep"


@pytest.mark.usefixtures("outside")
def test_a_folder_swapped_for_a_link_in_a_loop_never_leads_out(root: Root, top: Path) -> None:
    (top / "a").mkdir()
    (top / "a" / "treasure").write_text("mine")
    (top / "bad").symlink_to("../root_secret")
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            for one, other in (("a", "spare"), ("bad", "a"), ("a", "bad"), ("spare", "a")):
                os.rename(top / one, top / other)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        seen = set()
        for _ in range(ROUNDS):
            try:
                seen.add(content(root, "a/treasure"))
            except FileError as exc:
                seen.add(type(exc).__name__.encode())
    finally:
        done.set()
        swapper.join()
    assert b"treasure" not in seen
    assert seen <= {b"mine", b"InvalidPath", b"NoSuchFile", b"Busy"}


def test_a_root_may_be_reached_through_a_link_but_must_be_a_folder(top: Path) -> None:
    (top.parent / "alias").symlink_to(top)
    (top / "file").write_text("x")
    (top / "absolute").symlink_to(top.parent / "alias" / "file")
    with Root(str(top.parent / "alias")) as root:
        assert content(root, "absolute") == b"x"
    with pytest.raises(NotAFolder):
        Root(str(top / "file"))
    with pytest.raises(NoSuchFile):
        Root(str(top / "nothing"))
