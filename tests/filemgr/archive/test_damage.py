"""What is damaged is told, and nothing of it is seen."""

import bz2
import gzip
import lzma
import os
import random
import struct
import tarfile
import zipfile
import zlib

import pytest

from filemgr import BadArchive, TooLarge, UnsupportedArchive
from filemgr.archive import Format, Limits

from .conftest import Place, Run, described
from .hostile import raw_zip, tar_member, write_tar

KINDS = ["a.zip", "stored.zip", "a.tar.gz", "a.tar.zst", "a.tar.xz", "a.tar.bz2", "a.tar", "a.7z"]
CHECKED = [kind for kind in KINDS if kind not in ("a.tar",)]

TOLD = (BadArchive, UnsupportedArchive, TooLarge)


@pytest.fixture
def small(place: Place) -> None:
    (place.path / "d" / "sub").mkdir(parents=True)
    for number in range(10):
        (place.path / "d" / f"f{number}").write_bytes(random.Random(number).randbytes(50 * number) * 3)
    (place.path / "d" / "sub" / "link").symlink_to("../f1")


def make(place: Place, run: Run, kind: str) -> bytes:
    form = {"a.zip": Format.ZIP, "stored.zip": Format.ZIP_STORED}.get(kind)
    if kind == "a.7z":
        run("7z", "a", "-snl", kind, "d")
    else:
        place.pack(kind, form or Format(kind[2:]), "d")
    return (place.path / kind).read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_that_is_cut_off_anywhere_is_told(place: Place, small: None, run: Run, kind: str) -> None:
    whole = make(place, run, kind)
    before = place.names()
    for length in sorted({1, 5, 7, 40, len(whole) - 1, *random.Random(1).sample(range(1, len(whole)), 25)}):
        if kind == "a.tar" and length >= len(whole) - 10240:
            continue  # what is missing there may be no more than the zeros at the end
        (place.path / kind).write_bytes(whole[:length])
        with pytest.raises(TOLD):
            place.unpack(kind, "out")
        assert place.names() == before


@pytest.mark.parametrize("kind", KINDS)
def test_one_wrong_byte_is_told_or_does_no_harm(place: Place, small: None, run: Run, kind: str) -> None:
    whole = make(place, run, kind)
    before = place.names()
    wanted = {entry[-1] for entry in described(place.path / "d").values()}
    numbers = random.Random(2)
    for _ in range(60):
        changed = bytearray(whole)
        at = numbers.randrange(len(whole))
        changed[at] ^= 1 << numbers.randrange(8)
        (place.path / kind).write_bytes(changed)
        try:
            place.unpack(kind, "out")
        except TOLD:
            assert place.names() == before, at
            continue
        if kind in CHECKED:  # names and dates are not, but what is in the files is
            found = {entry[-1] for entry in described(place.path / "out").values() if entry[0] == "file"}
            assert found <= wanted, at
        run("rm", "-rf", "out")


def test_garbage_of_every_kind_is_told(place: Place) -> None:
    numbers = random.Random(3)
    begins = {
        "a.zip": b"PK\x03\x04",
        "b.zip": b"PK\x05\x06",
        "a.7z": b"7z\xbc\xaf\x27\x1c\0\4",
        "a.tgz": b"\x1f\x8b\x08\0",
        "a.txz": b"\xfd7zXZ\0\0\4",
        "a.tzst": b"\x28\xb5\x2f\xfd",
        "a.tbz": b"BZh9",
        "a.tar": b"",
    }
    for name, begin in begins.items():
        for _ in range(20):
            (place.path / name).write_bytes(begin + numbers.randbytes(numbers.randrange(2000)))
            with pytest.raises(TOLD):
                place.unpack(name, "out")
            assert place.names() == [name]
        os.unlink(place.path / name)


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
@pytest.mark.parametrize("size", [0, 1, 5000, 3 << 20])
def test_every_method_of_a_zip_is_read(place: Place, method: int, size: int) -> None:
    content = random.Random(size).randbytes(size // 2) + b"x" * (size - size // 2)
    with zipfile.ZipFile(place.path / "a.zip", "w", method) as archive:
        archive.writestr("x", content)
        archive.writestr("y", b"after")
    place.unpack("a.zip", "out")
    assert (place.path / "out/x").read_bytes() == content
    assert (place.path / "out/y").read_bytes() == b"after"


@pytest.mark.parametrize("method", ["deflate64", "bzip2", "lzma", "deflate", "copy"])
def test_what_7z_puts_into_a_zip_is_read(place: Place, run: Run, method: str) -> None:
    content = random.Random(1).randbytes(1 << 20) + b"abc" * 500_000
    (place.path / "x").write_bytes(content)
    run("7z", "a", "-tzip", f"-mm={method}", "a.zip", "x")
    place.unpack("a.zip", "out")
    assert (place.path / "out/x").read_bytes() == content


def test_zstd_and_xz_in_a_zip_are_read(place: Place, run: Run) -> None:
    content = b"content" * 10_000
    (place.path / "x").write_bytes(content)
    packed = run("zstd", "-qc", "x").stdout
    crc = zlib.crc32(content)
    raw_zip(
        place.path / "a.zip",
        [("z", packed, 93, len(content), crc), ("x", lzma.compress(content), 95, len(content), crc)],
    )
    place.unpack("a.zip", "out")
    assert (place.path / "out/x").read_bytes() == (place.path / "out/z").read_bytes() == content


def test_parts_one_after_another_are_one_stream(place: Place, run: Run) -> None:
    run("zstd", "-q", "-c", stdin=b"")
    first, second = b"first" * 1000, b"second" * 1000
    skippable = struct.pack("<II", 0x184D2A53, 7) + b"skipped"

    def zstd(data: bytes) -> bytes:
        return run("zstd", "-qc", stdin=data).stdout

    (place.path / "a.gz").write_bytes(gzip.compress(first) + gzip.compress(second) + bytes(100))
    (place.path / "b.bz2").write_bytes(bz2.compress(first) + bz2.compress(second))
    (place.path / "c.xz").write_bytes(lzma.compress(first) + bytes(8) + lzma.compress(second) + bytes(4))
    (place.path / "d.zst").write_bytes(zstd(first) + skippable + zstd(second) + skippable)
    for name in ("a.gz", "b.bz2", "c.xz", "d.zst"):
        place.unpack(name, "out")
        assert (place.path / "out" / name[0]).read_bytes() == first + second, name
    with open(place.path / "a.gz", "ab") as file:
        file.write(b"garbage")
    with pytest.raises(BadArchive):
        place.unpack("a.gz", "out")


def test_a_damaged_header_in_the_middle_of_a_tar_is_not_its_end(place: Place) -> None:
    write_tar(place.path / "a.tar", [tar_member("one", b"1"), tar_member("two", b"2")])
    data = bytearray((place.path / "a.tar").read_bytes())
    data[1024 + 5] ^= 1
    (place.path / "a.tar").write_bytes(data)
    with tarfile.open(place.path / "a.tar") as tar:
        assert tar.getnames() == ["one"]  # what others make of it
    with pytest.raises(BadArchive):
        place.unpack("a.tar", "out")


@pytest.mark.parametrize("size", [-1, -512, -(1 << 40), 1 << 62])
def test_a_size_that_cannot_be_is_damage(place: Place, size: int) -> None:
    info, _ = tar_member("x")
    info.size = size
    (place.path / "a.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(2048))
    with pytest.raises(BadArchive):
        place.unpack("a.tar", "out")


def test_odd_dates_do_no_harm(place: Place) -> None:
    write_tar(
        place.path / "a.tar",
        [
            tar_member(str(number), b"x", mtime=mtime)
            for number, mtime in enumerate((-(1 << 60), -1, 0, 1 << 62))
        ],
        tarfile.GNU_FORMAT,
    )
    assert place.unpack("a.tar", "out", Limits()).entries == 4


def test_the_number_of_members_that_a_zip_tells_is_not_believed(place: Place) -> None:
    member = [(str(number), b"x", 0, 1, zlib.crc32(b"x")) for number in range(5)]
    for count in (0, 1, 60_000):
        raw_zip(place.path / "a.zip", member, count=count)
        place.unpack("a.zip", f"out{count}")
        assert sorted(os.listdir(place.path / f"out{count}")) == ["0", "1", "2", "3", "4"]


def test_lzma_that_cannot_be_is_damage(place: Place) -> None:
    for properties, error in (
        (b"\x2c\0\0\1\0", BadArchive),
        (b"\xff\0\0\1\0", UnsupportedArchive),
        (b"\x5d\0\0\0\x80", TooLarge),
    ):
        packed = b"\x09\x14\x05\x00" + properties + b"\0" * 20
        raw_zip(place.path / "a.zip", [("x", packed, 14, 100, 0)])
        with pytest.raises(error):
            place.unpack("a.zip", "out")
        assert place.names() == ["a.zip"]
