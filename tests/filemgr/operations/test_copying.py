"""Copies: what they keep, and that they are whole or not there."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator

import pytest

from filemgr import (
    Cancelled,
    NoSpace,
    NotAFile,
    Progress,
    RelPath,
    Root,
    copy,
    delete,
    move,
    sweep,
)

from ...fulldisk import full_disk
from .broken import Killed, killed
from .trees import below, make, ours, picture

P = RelPath.parse

pytestmark = pytest.mark.usefixtures("_leaves_nothing_of_ours")


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
