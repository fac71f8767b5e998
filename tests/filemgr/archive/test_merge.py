"""Unpacking into a folder that is there: files are replaced, folders merged, and nothing else is touched."""

import gzip
import os
import tarfile
from pathlib import Path

import pytest

from filemgr import NoSuchFile, NotAFile, NotAFolder, UnsupportedArchive
from filemgr.archive import Format

from .conftest import Place, described
from .hostile import tar_member, write_tar, write_zip, zip_member


def test_files_are_replaced_and_folders_merged(place: Place) -> None:
    out = place.path / "out"
    (out / "sub" / "kept").mkdir(parents=True)
    (out / "sub").chmod(0o700)
    (out / "a").write_bytes(b"old")
    (out / "mine").write_bytes(b"mine")
    (out / "sub" / "b").write_bytes(b"old")
    (out / "sub" / "kept" / "c").write_bytes(b"kept")
    write_tar(
        place.path / "a.tar",
        [
            tar_member("a", b"new"),
            tar_member("sub", type=tarfile.DIRTYPE, mode=0o755),
            tar_member("sub/b", b"new", mode=0o640),
            tar_member("new/deep/d", b"new"),
            tar_member("sub/new/e", b"new"),
        ],
    )
    assert not place.unpack("a.tar", "out").skipped
    files = {name: entry[-1] for name, entry in described(out).items() if entry[0] == "file"}
    assert files == {
        "a": b"new",
        "mine": b"mine",
        "sub/b": b"new",
        "sub/kept/c": b"kept",
        "new/deep/d": b"new",
        "sub/new/e": b"new",
    }
    assert (out / "sub").stat().st_mode & 0o777 == 0o700
    assert (out / "sub/b").stat().st_mode & 0o777 == 0o640
    assert not [name for name in os.listdir(out) if "holdfast" in name]
    assert place.names() == ["a.tar", "out"]


def test_what_is_there_stays_where_the_kinds_differ(place: Place, tmp_path: Path) -> None:
    out = place.path / "out"
    (out / "folder").mkdir(parents=True)
    (out / "folder" / "x").write_bytes(b"x")
    (out / "file").write_bytes(b"file")
    (out / "inside").symlink_to("folder")
    (out / "outside").symlink_to(tmp_path / "outside")
    (out / "link").symlink_to(tmp_path / "outside" / "secret")
    os.mkfifo(out / "fifo")
    write_tar(
        place.path / "a.tar",
        [
            tar_member("folder", b"bad"),
            tar_member("file/deep/x", b"bad"),
            tar_member("inside/x", b"bad"),
            tar_member("outside/secret", b"bad"),
            tar_member("link", b"a file takes the place of a link"),
            tar_member("fifo", b"and of anything else"),
            tar_member("zz", b"good"),
        ],
    )
    done = place.unpack("a.tar", "out")
    assert sorted(done.skipped) == [
        ("file", "a file has its name there"),
        ("folder", "a folder has its name there"),
        ("inside", "a link has its name there"),
        ("outside", "a link has its name there"),
    ]
    assert (out / "folder" / "x").read_bytes() == b"x"
    assert (out / "file").read_bytes() == b"file"
    assert (out / "link").read_bytes() == b"a file takes the place of a link"
    assert not (out / "link").is_symlink()
    assert (out / "fifo").read_bytes() == b"and of anything else"
    assert (out / "zz").read_bytes() == b"good"


@pytest.mark.parametrize("dest", ["/", "", "out", "a/b", "link"])
def test_it_may_go_anywhere(place: Place, dest: str) -> None:
    (place.path / "a").mkdir()
    (place.path / "link").symlink_to("a")
    write_zip(place.path / "x.zip", [zip_member("f", b"f"), zip_member("d/g", b"g")])
    place.unpack("x.zip", dest)
    assert (place.path / dest.strip("/") / "f").read_bytes() == b"f"
    assert (place.path / dest.strip("/") / "d" / "g").read_bytes() == b"g"
    assert not [
        name for folder in os.walk(place.path) for name in folder[1] + folder[2] if "holdfast" in name
    ]


def test_where_it_may_not_go(place: Place, tmp_path: Path) -> None:
    write_zip(place.path / "x.zip", [zip_member("f", b"f")])
    (place.path / "file").write_bytes(b"file")
    (place.path / "out").symlink_to(tmp_path / "outside")
    (place.path / "folder.zip").mkdir()
    before = place.names()
    with pytest.raises(NotAFolder):
        place.unpack("x.zip", "file")
    with pytest.raises(NotAFolder):
        place.unpack("x.zip", "x.zip")
    with pytest.raises(NoSuchFile):
        place.unpack("x.zip", "no/out")
    with pytest.raises(NoSuchFile):
        place.unpack("x.zip", "file/out")
    with pytest.raises(NoSuchFile):
        place.unpack("no.zip", "new")
    with pytest.raises(NotAFile):
        place.unpack("folder.zip", "new")
    for dest in ("out", "out/new"):
        with pytest.raises(Exception, match="leads out"):
            place.unpack("x.zip", dest)
    os.mkfifo(place.path / "fifo.zip")
    with pytest.raises(NotAFile):
        place.unpack("fifo.zip", "new")
    (place.path / "bad.zip").write_bytes(b"no")
    with pytest.raises(UnsupportedArchive):
        place.unpack("bad.zip", "file")
    assert place.names() == sorted([*before, "fifo.zip", "bad.zip"])


def test_a_file_alone_is_put_into_the_folder_under_its_own_name(place: Place, tree: Path) -> None:
    (place.path / "world.dat.gz").write_bytes(gzip.compress(b"world"))
    place.unpack("world.dat.gz", "/")
    assert (place.path / "world.dat").read_bytes() == b"world"


def test_unpacking_twice_is_unpacking_once(place: Place, tree: Path) -> None:
    place.pack("a.zip", Format.ZIP, "data")
    before = described(place.path)
    for _ in range(2):
        assert not place.unpack("a.zip", "/").skipped
    assert described(place.path) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("dest", ["new", "there"])
def test_what_root_unpacks_belongs_to_who_the_place_belongs_to(place: Place, tree: Path, dest: str) -> None:
    place.pack("a.tar", Format.TAR, "data")
    (place.path / "there").mkdir()
    for path in (place.path, place.path / "there"):
        os.chown(path, 1234, 4321)
    place.unpack("a.tar", dest)
    top = place.path / dest
    owners = {(path.lstat().st_uid, path.lstat().st_gid) for path in (top, *top.rglob("*"))}
    assert owners == {(1234, 4321)}
