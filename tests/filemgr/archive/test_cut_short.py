"""Work that ends before its end leaves nothing: cancelled, on a full disk, killed, in a tree that changes."""

import errno
import os
import random
import signal
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from filemgr import Busy, Cancelled, FileError, NoSpace, Progress, sweep
from filemgr.archive import Format

from .conftest import Place, Run, described

Full = Callable[[int], AbstractContextManager[None]]

ARCHIVES = {
    "a.zip": Format.ZIP,
    "b.zip": Format.ZIP_STORED,
    "a.tar": Format.TAR,
    "a.tar.gz": Format.TAR_GZIP,
    "a.tar.zst": Format.TAR_ZSTD,
    "a.tar.xz": Format.TAR_XZ,
    "a.tar.bz2": Format.TAR_BZIP2,
}


def stopping_after(asked: int) -> Progress:
    left = [asked]

    def stop() -> bool:
        left[0] -= 1
        return left[0] < 0

    return Progress(stop)


def questions(work: Callable[[Progress], object]) -> int:
    """How often a piece of work asks whether it shall stop."""
    asked = [0]

    def stop() -> bool:
        asked[0] += 1
        return False

    work(Progress(stop))
    return asked[0]


@pytest.mark.parametrize("name", ARCHIVES)
def test_packing_that_is_cancelled_leaves_nothing(place: Place, tree: Path, name: str) -> None:
    total = questions(lambda progress: place.pack("x", ARCHIVES[name], "data", progress=progress))
    os.unlink(place.path / "x")
    assert total > 50
    for after in (0, 1, total - 1, *random.Random(1).sample(range(total), 3)):
        with pytest.raises(Cancelled):
            place.pack(name, ARCHIVES[name], "data", progress=stopping_after(after))
        assert place.names() == ["data"]


@pytest.mark.parametrize("name", [*ARCHIVES, "a.7z"])
@pytest.mark.parametrize("there", [False, True])
def test_unpacking_that_is_cancelled_leaves_nothing(
    place: Place, tree: Path, run: Run, name: str, there: bool
) -> None:
    if name == "a.7z":
        run("7z", "a", "-snl", name, "data")
    else:
        place.pack(name, ARCHIVES[name], "data")
    total = questions(lambda progress: place.unpack(name, "out", progress=progress))
    run("rm", "-rf", "out")
    if there:
        (place.path / "out").mkdir()
    assert total > 50
    for after in (0, 1, total - 1, *random.Random(1).sample(range(total), 2)):
        with pytest.raises(Cancelled):
            place.unpack(name, "out", progress=stopping_after(after))
        assert place.names() == sorted([name, "data", *(["out"] if there else [])])
        assert not there or os.listdir(place.path / "out") == []


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_full_disk_leaves_nothing(place: Place, tree: Path, name: str, full_disk: Full) -> None:
    with full_disk(4096), pytest.raises(NoSpace):
        place.pack(name, ARCHIVES[name], "data")
    assert place.names() == ["data"]
    place.pack(name, ARCHIVES[name], "data")
    with full_disk(4096), pytest.raises(NoSpace):
        place.unpack(name, "out")
    assert place.names() == sorted([name, "data"])


KILLED = """
import os, signal, sys
from filemgr import *
from filemgr.archive import *

left = int(sys.argv[4])
def stop():
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return False

with Root(sys.argv[1]) as root:
    if sys.argv[2] == "pack":
        dest = RelPath.parse(sys.argv[3])
        pack_to(root, [RelPath.parse("data")], RelPath(), dest, Format.ZIP, Progress(stop))
    else:
        unpack(root, RelPath.parse(sys.argv[3]), RelPath.parse(sys.argv[5]), Limits(), Progress(stop))
"""


def killed(place: Place, work: str, name: str, after: int, dest: str = "") -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, place.path, work, name, str(after), dest],
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr[-500:]


@pytest.mark.parametrize("dest", ["out", "there", "/"])
@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_what_a_killed_unpacking_leaves_is_swept(place: Place, tree: Path, name: str, dest: str) -> None:
    place.pack(name, ARCHIVES[name], "data")
    (place.path / "there").mkdir()
    before = place.names()
    for after in (5, 40):
        killed(place, "unpack", name, after, dest)
        left = {path.name for path in place.path.rglob("*") if path.name.startswith(".holdfast-")}
        assert left
        assert sweep(place.root) == 1
        assert place.names() == before
        assert os.listdir(place.path / "there") == []


def test_a_killed_packing_leaves_nothing_to_sweep(place: Place, tree: Path) -> None:
    killed(place, "pack", "a.zip", 30)
    assert place.names() == ["data"]


IN_THE_WAY = {errno.ENOENT, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY}


@contextmanager
def meddling(*steps: Callable[[], object]) -> Iterator[None]:
    """Do something to the tree over and over, in another thread."""
    ended = threading.Event()

    def run() -> None:
        while not ended.is_set():
            for step in steps:
                try:
                    step()
                except OSError as exc:
                    if exc.errno not in IN_THE_WAY:
                        raise

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.mark.parametrize("form", [Format.ZIP, Format.TAR])
def test_sources_that_are_swapped_never_give_what_is_outside(
    place: Place, tree: Path, tmp_path: Path, form: Format
) -> None:
    spare = place.path / "spare"
    (place.path / "link").symlink_to(tmp_path / "outside")
    (tree / "sub" / "deep" / "secret").write_bytes(b"mine")
    swaps = (
        lambda: os.rename(tree / "sub" / "deep", spare),
        lambda: os.symlink(tmp_path / "outside", tree / "sub" / "deep"),
        lambda: os.unlink(tree / "sub" / "deep"),
        lambda: os.rename(spare, tree / "sub" / "deep"),
    )
    with meddling(*swaps):
        for number in range(15):
            name = f"{number}.{form.value}"
            try:
                place.pack(name, form, "data")
            except Busy:
                continue
            data = (place.path / name).read_bytes()
            assert b"not yours" not in data
            place.unpack(name, f"out{number}")


def test_a_destination_that_is_swapped_never_leads_outside(place: Place, tree: Path, tmp_path: Path) -> None:
    place.pack("a.zip", Format.ZIP, "data")
    spare = place.path / "spare"
    (place.path / "out" / "data" / "sub").mkdir(parents=True)
    swaps = (
        lambda: os.rename(place.path / "out" / "data", spare),
        lambda: os.symlink(tmp_path / "outside", place.path / "out" / "data"),
        lambda: os.unlink(place.path / "out" / "data"),
        lambda: os.rename(spare, place.path / "out" / "data"),
        lambda: os.rename(place.path / "out", place.path / "moved"),
        lambda: os.symlink(tmp_path / "outside", place.path / "out"),
        lambda: os.unlink(place.path / "out"),
        lambda: os.rename(place.path / "moved", place.path / "out"),
    )
    with meddling(*swaps):
        for _ in range(15):
            try:
                place.unpack("a.zip", "out")
            except FileError:
                continue
    sweep(place.root)  # what lost its folder while it was made cannot be removed by who made it


@pytest.mark.parametrize("form", [Format.ZIP, Format.ZIP_STORED, Format.TAR, Format.TAR_GZIP])
def test_files_that_grow_shrink_or_vanish_give_an_archive_that_is_right(
    place: Place, run: Run, form: Format
) -> None:
    top = place.path / "d"
    top.mkdir()
    for name in ("a", "b", "c", "d", "e"):
        (top / name).write_bytes(name.encode() * (3 << 20))
    first = [True]

    def stop() -> bool:
        # After the first piece of the first file: all that happens to it happens while it is read.
        if first[0] and progress.bytes >= 1 << 20:
            first[0] = False
            os.truncate(top / "a", (1 << 20) + 5)
            with open(top / "b", "ab") as file:
                file.write(b"more")
            os.unlink(top / "e")
        return False

    progress = Progress(stop)
    name = f"x.{form.value}"
    packed = place.pack(name, form, "d", progress=progress)
    if form.is_zip:
        run("unzip", "-tq", name)
        with zipfile.ZipFile(place.path / name) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
    else:
        with tarfile.open(place.path / name) as tar:
            sizes = {member.name: member.size for member in tar}
    assert "d/c" in sizes
    assert sizes["d/c"] == sizes["d/d"] == 3 << 20
    assert "d/e" not in sizes or sizes["d/e"] == 3 << 20
    # Threads may have read on before it was cut.
    if sizes["d/a"] < 3 << 20 or not form.is_zip:
        assert [name for name, _ in packed.remarks] in (["d/a"], [])


def test_an_archive_that_becomes_shorter_while_it_is_read_is_damaged(place: Place, tree: Path) -> None:
    place.pack("a.tar", Format.TAR, "data")
    cut = [True]

    def stop() -> bool:
        if cut[0]:
            cut[0] = False
            os.truncate(place.path / "a.tar", 2048)
        return False

    with pytest.raises(FileError):
        place.unpack("a.tar", "out", progress=Progress(stop))
    assert place.names() == ["a.tar", "data"]


def test_both_kinds_of_root_make_the_same(place: Place, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.pack("a.zip", Format.ZIP, "data")
    monkeypatch.setattr("filemgr.root.has_open_beneath", lambda: False)
    other = Place(place.path)
    try:
        other.unpack("a.zip", "out")
        other.pack("b.zip", Format.ZIP, "data")
    finally:
        other.root.close()
    assert described(place.path / "out" / "data") == described(tree)
