"""7z archives, as 7-Zip makes them."""

import os
import shutil
import struct
import zlib
from pathlib import Path

import py7zr
import pytest

from filemgr import BadArchive, TooLarge, UnsupportedArchive
from filemgr.archive import Limits

from .conftest import Place, Run, described

METHODS = ["copy", "lzma", "lzma2", "bzip2", "deflate", "deflate64"]


@pytest.mark.parametrize(
    "options",
    [
        *([f"-m0={method}"] for method in METHODS),
        ["-ms=off"],
        ["-mhc=off"],
        ["-mx=0"],
        ["-m0=bcj", "-m1=lzma2"],
        ["-m0=bcj", "-m1=lzma"],
        ["-m0=arm", "-m1=deflate"],
    ],
    ids=" ".join,
)
def test_what_7zip_makes_is_unpacked(place: Place, tree: Path, run: Run, options: list[str]) -> None:
    shutil.copy("/bin/ls", tree / "ls")
    os.utime(tree / "ls", (0, 1_600_000_000))
    os.unlink(tree / "sub" / "dangling")  # 7z does not take it
    run("7z", "a", "-snl", *options, "a.7z", "data")
    done = place.unpack("a.7z", "out")
    assert not done.skipped
    assert described(place.path / "out" / "data") == described(tree)


def test_what_py7zr_makes_is_unpacked(place: Place, tree: Path) -> None:
    os.unlink(tree / "sub" / "dangling")  # py7zr does not take it
    with py7zr.SevenZipFile(place.path / "a.7z", "w") as archive:
        archive.writeall(tree, "data")
    place.unpack("a.7z", "out")
    found, wanted = described(place.path / "out" / "data"), described(tree)
    assert {name: entry[-1] for name, entry in found.items()} == {
        name: entry[-1] for name, entry in wanted.items()
    }


def test_an_empty_one_is_unpacked(place: Place) -> None:
    start = struct.pack("<QQI", 0, 0, 0)
    header = b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<I", zlib.crc32(start)) + start
    (place.path / "a.7z").write_bytes(header)
    assert place.unpack("a.7z", "out").entries == 0
    assert os.listdir(place.path / "out") == []


def test_what_is_encrypted_is_left_out_or_told(place: Place, tree: Path, run: Run) -> None:
    run("7z", "a", "-ppw", "a.7z", "data/small.txt", "data/sub/deep")
    done = place.unpack("a.7z", "out")
    assert ("data/small.txt", "is encrypted") in done.skipped
    assert [path for path in (place.path / "out").rglob("*") if path.is_file() and path.stat().st_size] == []
    run("7z", "a", "-ppw", "-mhe=on", "b.7z", "data")
    with pytest.raises(UnsupportedArchive):
        place.unpack("b.7z", "out2")
    assert not (place.path / "out2").exists()


def test_a_method_that_is_not_known_is_left_out(place: Place, tree: Path, run: Run) -> None:
    run("7z", "a", "-m0=ppmd", "a.7z", "data/small.txt")
    done = place.unpack("a.7z", "out")
    assert [name for name, _ in done.skipped] == ["data/small.txt"]
    assert "030401" in done.skipped[0][1]


def test_links_that_lead_out_and_names_that_lead_up_are_left_out(place: Place, tree: Path, run: Run) -> None:
    (place.path / "l").symlink_to("../outside")
    run("7z", "a", "-snl", "a.7z", "l", "data/small.txt")
    done = place.unpack("a.7z", "out")
    assert os.listdir(place.path / "out") == ["data"]
    assert done.skipped == [("l", "is a link that leads out")]
    with py7zr.SevenZipFile(place.path / "b.7z", "w") as archive:
        archive.writestr(b"bad", "XX/up")
        archive.writestr(b"good", "good")
        for file in archive.header.files_info.files:
            file["filename"] = file["filename"].replace("XX", "..")
    done = place.unpack("b.7z", "out2")
    assert os.listdir(place.path / "out2") == ["good"]
    assert done.skipped == [("../up", "its path leads upwards")]


def test_a_wrong_checksum_is_damage(place: Place, tree: Path, run: Run) -> None:
    run("7z", "a", "-mx=0", "a.7z", "data/small.txt")
    data = (place.path / "a.7z").read_bytes().replace(b"hello\n", b"jello\n", 1)
    (place.path / "a.7z").write_bytes(data)
    with pytest.raises(BadArchive):
        place.unpack("a.7z", "out")
    assert not (place.path / "out").exists()


def test_too_many_members_are_told_before_they_are_read(place: Place, tree: Path, run: Run) -> None:
    run("7z", "a", "a.7z", "data/sub/deep")
    with pytest.raises(TooLarge):
        place.unpack("a.7z", "out", Limits(entries=40))
    assert place.names() == ["a.7z", "data"]
