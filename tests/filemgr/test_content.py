"""The content of one file: out, in, and which content it is."""

import os
import threading
from pathlib import Path

import pytest

from filemgr import (
    Incoming,
    InvalidPath,
    Modified,
    NoSpace,
    NoSuchFile,
    NotAFile,
    RelPath,
    Root,
    RootForbidden,
    TooLarge,
    current_etag,
    open_download,
)

from ..fulldisk import full_disk

LIMIT = 1 << 20


def path(text: str) -> RelPath:
    return RelPath.parse(text)


def put(folder: Path, where: str, data: bytes, limit: int = LIMIT) -> str:
    with Root(str(folder)) as root, Incoming(root, path(where), limit) as file:
        file.make_room(len(data))
        file.write(data)
        return file.publish()


def tag(folder: Path, where: str) -> str | None:
    with Root(str(folder)) as root:
        return current_etag(root, path(where))


def names(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*"))


def test_a_file_is_opened_with_all_that_is_told_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    with Root(str(tmp_path)) as root, open_download(root, path("/a.txt")) as file:
        assert (file.name, file.size, file.mime) == ("a.txt", 5, "text/plain; charset=utf-8")
        assert file.etag == current_etag(root, path("a.txt"))
        assert (file.read(1, 3), file.read(3, 100), file.read(5, 1)) == (b"ell", b"lo", b"")


def test_only_files_inside_can_be_downloaded(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "out").symlink_to("/etc/passwd")
    (tmp_path / "dir").mkdir()
    cases = {"fifo": NotAFile, "out": InvalidPath, "dir": NotAFile, "/": NotAFile, "none": NoSuchFile}
    with Root(str(tmp_path)) as root:
        for where, error in cases.items():
            with pytest.raises(error):
                open_download(root, path(where))


def test_content_replaces_a_file_and_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "run.sh"
    target.write_text("old")
    target.chmod(0o750)
    etag = put(tmp_path, "run.sh", b"new")
    assert (target.read_bytes(), target.stat().st_mode & 0o7777) == (b"new", 0o750)
    assert etag == tag(tmp_path, "run.sh")
    assert names(tmp_path) == ["run.sh"]


def test_content_goes_through_a_link_that_stays_inside(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    put(tmp_path, "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_what_is_no_file_stays_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    (tmp_path / "out").symlink_to("/tmp/nothing-of-ours")
    os.mkfifo(tmp_path / "fifo")
    cases = {"dir": NotAFile, "fifo": InvalidPath, "out": InvalidPath, "/": RootForbidden, "no/x": NoSuchFile}
    for where, error in cases.items():
        with pytest.raises(error):
            put(tmp_path, where, b"x")
    assert names(tmp_path) == ["dir", "fifo", "out"]
    assert not os.path.lexists("/tmp/nothing-of-ours")


def test_more_than_the_limit_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("old")
    put(tmp_path, "fits", b"12345", limit=5)
    with Root(str(tmp_path)) as root:
        with Incoming(root, path("x"), 5) as file:
            with pytest.raises(TooLarge):
                file.make_room(6)
            file.write(b"12345")
            with pytest.raises(TooLarge):
                file.write(b"6")
        with Incoming(root, path("y"), 1 << 62) as file, pytest.raises(NoSpace):
            file.make_room(1 << 61)
    assert (tmp_path / "x").read_text() == "old"
    assert names(tmp_path) == ["fits", "x"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("old")
    with Root(str(tmp_path)) as root, Incoming(root, path("x"), LIMIT) as file:
        with full_disk(1000), pytest.raises(NoSpace):
            file.write(b"y" * 2000)
        with full_disk(), pytest.raises(NoSpace):
            file.publish()  # the note of the hidden name cannot be written
    assert (tmp_path / "x").read_text() == "old"
    assert names(tmp_path) == ["x"]


def test_an_etag_changes_with_every_write(tmp_path: Path) -> None:
    seen = {put(tmp_path, "x", b"same") for _ in range(10)}
    assert len(seen) == 10
    before = tag(tmp_path, "x")
    with (tmp_path / "x").open("r+b") as file:
        file.write(b"longer than before")
    assert tag(tmp_path, "x") != before
    assert tag(tmp_path, "none") is None


def test_a_time_that_is_set_back_does_not_bring_an_etag_back(tmp_path: Path) -> None:
    target = tmp_path / "x"
    target.write_text("one")
    os.utime(target, ns=(1, 1))
    before = tag(tmp_path, "x")
    target.write_text("two")
    os.utime(target, ns=(1, 1))
    while tag(tmp_path, "x") == before:  # until the kernel's clock has ticked
        os.utime(target, ns=(1, 1))
    assert target.stat().st_mtime_ns == 1


def test_content_is_refused_if_the_file_is_not_what_was_expected(tmp_path: Path) -> None:
    etag = put(tmp_path, "x", b"one")
    with Root(str(tmp_path)) as root, Incoming(root, path("x"), LIMIT) as file:
        file.write(b"three")
        put(tmp_path, "x", b"two")
        with pytest.raises(Modified):
            file.publish(lambda there: there == etag)
    assert (tmp_path / "x").read_bytes() == b"two"
    assert names(tmp_path) == ["x"]


def test_what_shall_be_new_replaces_nothing(tmp_path: Path) -> None:
    with Root(str(tmp_path)) as root, Incoming(root, path("x"), LIMIT) as file:
        (tmp_path / "x").write_text("somebody else's")
        with pytest.raises(Modified):
            file.publish(replace=False)
    assert (tmp_path / "x").read_text() == "somebody else's"


def test_of_many_writers_that_expect_the_same_one_wins(tmp_path: Path) -> None:
    etag = put(tmp_path, "x", b"first")
    won: list[int] = []
    begin = threading.Barrier(8)

    def write(number: int) -> None:
        with Root(str(tmp_path)) as root, Incoming(root, path("x"), LIMIT) as file:
            file.write(b"%d" % number)
            begin.wait()
            try:
                file.publish(lambda there: there == etag)
            except Modified:
                return
            won.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert (tmp_path / "x").read_bytes() == b"%d" % won[0]
    assert names(tmp_path) == ["x"]
