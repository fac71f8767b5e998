"""What the archive tests share: a place to work in, a tree with one of everything, other people's tools."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path

import pytest

from filemgr import Progress, RelPath, Root
from filemgr.archive import Format, Limits, Packed, Unpacked, pack_to, unpack

from ... import fulldisk

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


class Place:
    """A root, and short ways to pack and unpack in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root = Root(str(path))

    def pack(
        self,
        dest: str,
        form: Format,
        *sources: str,
        base: str = "/",
        progress: Progress | None = None,
        without: Sequence[str] = (),
    ) -> Packed:
        paths = [RelPath.parse(source) for source in sources]
        ends = RelPath.parse(base), RelPath.parse(dest)
        left_out = [RelPath.parse(one) for one in without]
        return pack_to(self.root, paths, *ends, form, progress or Progress(), left_out)

    def unpack(
        self, archive: str, dest: str, limits: Limits | None = None, progress: Progress | None = None
    ) -> Unpacked:
        return unpack(
            self.root, RelPath.parse(archive), RelPath.parse(dest), limits or Limits(), progress or Progress()
        )

    def names(self) -> list[str]:
        """All names in the root, what is hidden included."""
        return sorted(os.listdir(self.path))


@pytest.fixture(autouse=True)
def _no_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for the disk is half of the time of these tests, and durability is tested elsewhere."""
    monkeypatch.setattr("os.fsync", lambda _: None)
    for place in ("staging", "archive.unpack"):
        monkeypatch.setattr(import_module(f"filemgr.{place}"), "sync_file_system", lambda _: None)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An empty root, with something beside it that nobody may touch."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"not yours")
    (tmp_path / "root").mkdir()
    place = Place(tmp_path / "root")
    yield place
    place.root.close()
    assert os.listdir(tmp_path / "outside") == ["secret"]
    assert (tmp_path / "outside" / "secret").read_bytes() == b"not yours"
    assert sorted(os.listdir(tmp_path)) == ["outside", "root"]


@pytest.fixture
def tree(place: Place) -> Path:
    """`data`: a tree with one of everything that an archive keeps."""
    top = place.path / "data"
    (top / "sub" / "deep").mkdir(parents=True)
    (top / "empty folder").mkdir()
    (top / "empty").write_bytes(b"")
    (top / "small.txt").write_bytes(b"hello\n" * 100)
    (top / "large.bin").write_bytes(os.urandom(1 << 20) + b"abcdefgh" * 30_000 + b"end")
    (top / "exact.bin").write_bytes(b"x" * (1 << 20))
    (top / "sub" / "näme ☃.txt").write_bytes(b"snow")
    (top / "sub" / ("long" * 60)).write_bytes(b"a long name")
    (top / "sub" / "deep" / "run.sh").write_bytes(b"#!/bin/sh\n")
    (top / "sub" / "deep" / "run.sh").chmod(0o750)
    (top / "sub" / "private").write_bytes(b"mine")
    (top / "sub" / "private").chmod(0o600)
    (top / "sub" / "link").symlink_to("../small.txt")
    (top / "sub" / "dangling").symlink_to("nothing")
    (top / "to folder").symlink_to("sub/deep")
    for number in range(40):
        (top / "sub" / "deep" / f"f{number}").write_bytes(b"%d" % number * number)
    for number, path in enumerate(sorted(top.rglob("*"))):
        os.utime(path, (0, 1_600_000_000 + number), follow_symlinks=False)
    (top / "sub").chmod(0o755)
    (top / "sub" / "deep").chmod(0o711)
    return top


def described(top: Path, *, modes: bool = True) -> dict[str, tuple[object, ...]]:
    """What is in a folder: kinds, contents, modes, and times of files."""
    found: dict[str, tuple[object, ...]] = {}
    for folder, folders, files in os.walk(top):
        for name in (*folders, *files):
            path = Path(folder, name)
            info = path.lstat()
            mode = oct(info.st_mode & 0o7777) if modes else ""
            key = str(path.relative_to(top))
            if path.is_symlink():
                found[key] = ("link", os.readlink(path))
            elif path.is_dir():
                found[key] = ("folder", mode)
            else:
                found[key] = ("file", mode, int(info.st_mtime), path.read_bytes())
    return found


@pytest.fixture
def run(place: Place) -> Run:
    """Run somebody else's program in the root; skips the test where it is not installed."""

    def call(*words: str, check: bool = True, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        if shutil.which(words[0]) is None:
            pytest.skip(f"{words[0]} is not installed")
        done = subprocess.run(words, cwd=place.path, capture_output=True, check=False, input=stdin)
        assert not check or done.returncode == 0, (words, done.stdout[-500:], done.stderr[-500:])
        return done

    return call


@pytest.fixture
def full_disk() -> Callable[[int], AbstractContextManager[None]]:
    """Return a context in which no file grows beyond so many bytes (EFBIG; Python ignores SIGXFSZ)."""
    return fulldisk.full_disk
