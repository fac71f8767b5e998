"""What is small and becomes large is stopped at the limits, and nothing of it is seen."""

import gzip
import io
import lzma
import os
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib

import pytest

from filemgr import BadArchive, TooLarge
from filemgr.archive import Limits

from .conftest import Place, Run
from .hostile import (
    checked,
    overlapping_zip,
    raw_zip,
    sparse_tar,
    tar_member,
    write_tar,
    write_zip,
    zip_member,
)

MIB = 1 << 20

PATTERN = bytes(range(256)) * 4096
"""1 MiB that compresses well, and is not zero."""


def fails(place: Place, name: str, limits: Limits | None = None, error: type[Exception] = TooLarge) -> None:
    before = place.names()
    with pytest.raises(error):
        place.unpack(name, "out", limits)
    assert place.names() == before


@pytest.mark.parametrize("suffix", ["zip", "tar", "gz"])
def test_too_many_members(place: Place, suffix: str) -> None:
    if suffix == "zip":
        write_zip(place.path / "a.zip", [zip_member(str(number)) for number in range(11)])
    else:
        write_tar(place.path / f"a.{suffix}", [tar_member(str(number)) for number in range(11)])
    if suffix == "gz":
        os.rename(place.path / "a.gz", place.path / "a.tgz")
        suffix = "tgz"
    fails(place, f"a.{suffix}", Limits(entries=10))
    assert place.unpack(f"a.{suffix}", "out", Limits(entries=11)).entries == 11


@pytest.mark.parametrize("suffix", ["zip", "tar", "7z"])
def test_too_many_bytes(place: Place, suffix: str, run: Run) -> None:
    content = [(str(number), PATTERN) for number in range(4)]
    if suffix == "zip":
        write_zip(place.path / "a.zip", [zip_member(name, data) for name, data in content])
    elif suffix == "tar":
        write_tar(place.path / "a.tar", [tar_member(name, data) for name, data in content])
    else:
        for name, data in content:
            (place.path / name).write_bytes(data)
        run("7z", "a", "a.7z", "0", "1", "2", "3")
        for name, _ in content:
            os.unlink(place.path / name)
    fails(place, f"a.{suffix}", Limits(bytes=3 * MIB))
    place.unpack(f"a.{suffix}", "out", Limits(bytes=4 * MIB + 100_000))


def test_zeros_count_although_they_take_no_room(place: Place) -> None:
    with gzip.open(place.path / "a.gz", "wb", 1) as file:
        for _ in range(64):
            file.write(bytes(MIB))
    fails(place, "a.gz", Limits(bytes=63 * MIB))
    place.unpack("a.gz", "out", Limits(bytes=64 * MIB))
    made = (place.path / "out" / "a").stat()
    assert made.st_size == 64 * MIB
    assert made.st_blocks * 512 < MIB


@pytest.mark.parametrize("suffix", ["zip", "tar.gz", "xz", "7z"])
def test_too_much_of_one_byte_of_archive(
    place: Place, suffix: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("filemgr.archive.limits._ALWAYS", 2 * MIB)
    content = PATTERN * 8
    if suffix == "zip":
        write_zip(place.path / "a.zip", [zip_member("x", content)])
    elif suffix == "xz":
        (place.path / "a.xz").write_bytes(lzma.compress(content, preset=0))
    elif suffix == "7z":
        (place.path / "x").write_bytes(content)
        run("7z", "a", "a.7z", "x")
        os.unlink(place.path / "x")
    else:
        with tarfile.open(place.path / "a.tar.gz", "w:gz") as tar:
            info, _ = tar_member("x", content)
            tar.addfile(info, io.BytesIO(content))
    fails(place, f"a.{suffix}", Limits(ratio=5))
    place.unpack(f"a.{suffix}", "out", Limits(ratio=10_000))


def test_what_follows_the_members_of_a_tar_counts(place: Place) -> None:
    with gzip.open(place.path / "a.tar.gz", "wb", 1) as file:
        file.write(tar_member("x")[0].tobuf() + bytes(1024))
        for _ in range(8):
            file.write(PATTERN)
    fails(place, "a.tar.gz", Limits(bytes=4 * MIB))


def test_members_that_share_their_content(place: Place) -> None:
    overlapping_zip(place.path / "a.zip", 1000, MIB)
    fails(place, "a.zip", error=BadArchive)


def test_a_zip_that_says_less_than_it_has(place: Place) -> None:
    packed = zlib.compress(PATTERN * 10, 9, -15)
    raw_zip(place.path / "a.zip", [("x", packed, 8, 10, zlib.crc32(PATTERN[:10]))])
    fails(place, "a.zip", error=BadArchive)
    raw_zip(place.path / "a.zip", [("x", PATTERN, 0, 10, zlib.crc32(PATTERN[:10]))])
    fails(place, "a.zip", error=BadArchive)


def test_a_zip_that_says_more_than_it_has(place: Place) -> None:
    packed = zlib.compress(PATTERN, 9, -15)
    raw_zip(place.path / "a.zip", [("x", packed, 8, MIB + 1, zlib.crc32(PATTERN))])
    fails(place, "a.zip", error=BadArchive)


def test_a_directory_that_is_longer_than_the_file(place: Place) -> None:
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFE, 0xFFFE, 0xFFFFFFF0, 0, 0)
    (place.path / "a.zip").write_bytes(b"PK\x03\x04" + end)
    fails(place, "a.zip", error=BadArchive)
    wide = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 1 << 60, 1 << 60, 1 << 60, 0)
    locator = struct.pack("<IIQI", 0x07064B50, 0, 4, 1)
    last = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    (place.path / "a.zip").write_bytes(b"PK\x03\x04" + wide + locator + last)
    fails(place, "a.zip", error=BadArchive)


def test_a_sparse_member_gets_holes_and_counts_as_long_as_it_is(place: Place) -> None:
    size = 5 << 30
    sparse_tar(place.path / "a.tar", [(0, 512), (1 << 30, 512), (size, 0)], size, b"a" * 512 + b"b" * 512)
    fails(place, "a.tar", Limits(bytes=size - 1))
    place.unpack("a.tar", "out", Limits(bytes=size + 100_000))
    made = place.path / "out" / "sparse"
    assert made.stat().st_size == size
    assert made.stat().st_blocks * 512 < MIB
    with open(made, "rb") as file:
        file.seek(1 << 30)
        assert file.read(513) == b"b" * 512 + b"\0"


@pytest.mark.parametrize(
    "holes",
    [[(0, 1 << 40)], [(512, 512), (0, 512)], [(0, 2048)], [(1 << 30, 512)], [(0, 512), (100, 512)]],
)
def test_a_sparse_member_whose_map_is_wrong_is_damaged(place: Place, holes: list[tuple[int, int]]) -> None:
    sparse_tar(place.path / "a.tar", holes, 4096, b"x" * 1024)
    fails(place, "a.tar", error=BadArchive)


@pytest.mark.parametrize("sparse", ["0.0", "0.1", "1.0"])
def test_sparse_members_of_gnu_tar_are_what_they_were(place: Place, run: Run, sparse: str) -> None:
    with open(place.path / "big", "wb") as file:
        for number in range(50):
            file.seek(number * MIB)
            file.write(b"%d" % number * 5000)
        file.truncate(60 * MIB)
    run("tar", "--format=pax", f"--sparse-version={sparse}", "-cSf", "a.tar", "big")
    assert (place.path / "a.tar").stat().st_size < 5 * MIB
    place.unpack("a.tar", "out")
    assert (place.path / "out" / "big").read_bytes() == (place.path / "big").read_bytes()
    assert (place.path / "out" / "big").stat().st_blocks * 512 < 5 * MIB


def test_headers_of_a_tar_are_bounded(place: Place) -> None:
    for kind in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XGLTYPE):
        info, content = tar_member("x", b"1" * (2 * MIB), type=kind)
        (place.path / "a.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + content + bytes(1024))
        fails(place, "a.tar", error=BadArchive)
        info.size = 1 << 60  # says so, and is not
        (place.path / "a.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(4096))
        fails(place, "a.tar", error=BadArchive)


def test_headers_that_follow_headers_for_ever(place: Place) -> None:
    info, content = tar_member("x", b"name\0", type=tarfile.GNUTYPE_LONGNAME)
    (place.path / "a.tar").write_bytes(
        (info.tobuf(tarfile.GNU_FORMAT) + content.ljust(512, b"\0")) * 1000 + bytes(1024)
    )
    fails(place, "a.tar", error=BadArchive)


def test_a_map_of_a_sparse_member_that_goes_on_for_ever(place: Place) -> None:
    info = tarfile.TarInfo("x")
    info.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[482] = 1
    checked(header)
    more = (b"%011o\0" % 1 + b"%011o\0" % 1) * 21 + b"\x01" + bytes(7)
    with gzip.open(place.path / "a.tar.gz", "wb", 1) as file:
        file.write(bytes(header))
        for _ in range(10_000):
            file.write(more)
    fails(place, "a.tar.gz", error=BadArchive)


def test_attributes_for_all_that_follows_do_not_grow_for_ever(place: Place) -> None:
    with open(place.path / "a.tar", "wb") as file:
        for number in range(40):
            keys = {f"k{number}.{key}": "v" for key in range(50)}
            file.write(tarfile.TarInfo.create_pax_global_header(keys))
            file.write(tarfile.TarInfo("x").tobuf())
        file.write(bytes(1024))
    fails(place, "a.tar", error=BadArchive)


def test_memory_that_xz_asks_for_is_bounded(place: Place) -> None:
    data = bytearray(lzma.compress(b"x" * 100, filters=[{"id": lzma.FILTER_LZMA2, "preset": 0}]))
    data[12 + 4] = 36  # the window in the block header: 1 GiB
    data[12 + 8 : 12 + 12] = struct.pack("<I", zlib.crc32(data[12 : 12 + 8]))
    (place.path / "a.xz").write_bytes(data)
    fails(place, "a.xz")


def test_memory_that_zstd_asks_for_is_bounded(place: Place) -> None:
    # A frame with a window of 2 GiB: RFC 8878, 3.1.1.1.2.
    (place.path / "a.zst").write_bytes(b"\x28\xb5\x2f\xfd\x00" + bytes([21 << 3]) + b"\x01\x00\x00")
    fails(place, "a.zst")


def test_memory_that_a_7z_asks_for_is_bounded(place: Place, run: Run) -> None:
    (place.path / "x").write_bytes(PATTERN)
    run("7z", "a", "-m0=lzma2:d=1536m", "-mhc=off", "a.7z", "x")
    data = (place.path / "a.7z").read_bytes()
    os.unlink(place.path / "x")
    at = data.rfind(b"\x21\x21\x01")  # a coder with one byte that says how large the window is
    assert at > 0
    changed = bytearray(data)
    changed[at + 3] = 40
    start, size = struct.unpack_from("<QQ", changed, 12)
    struct.pack_into("<I", changed, 28, zlib.crc32(changed[32 + start : 32 + start + size]))
    struct.pack_into("<I", changed, 8, zlib.crc32(changed[12:32]))
    (place.path / "a.7z").write_bytes(changed)
    done = place.unpack("a.7z", "out")
    assert os.listdir(place.path / "out") == []
    assert "MiB of memory" in done.skipped[0][1]


def test_an_archive_in_an_archive_stays_one(place: Place) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", bytes(MIB))
    write_zip(place.path / "a.zip", [zip_member("inner.zip", inner.getvalue())])
    place.unpack("a.zip", "out")
    assert (place.path / "out" / "inner.zip").read_bytes() == inner.getvalue()


def test_memory_stays_small_whatever_comes_out(place: Place, run: Run) -> None:
    """Of each kind, in a process that may not have more than 400 MiB of addresses beside what it has."""
    with open(place.path / "x", "wb") as file:
        for _ in range(100):
            file.write(PATTERN)
    run("7z", "a", "-mx=1", "a.7z", "x")
    run("7z", "a", "-mx=1", "-m0=deflate", "b.7z", "x")
    run("zstd", "-q", "x", "-o", "a.zst")
    run("zip", "-q", "-1", "a.zip", "x")
    os.unlink(place.path / "x")
    done = subprocess.run(
        [sys.executable, "-c", FRUGAL, str(place.path), "a.7z", "b.7z", "a.zst", "a.zip"],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-800:]
    assert int(done.stdout) < 90 << 10


FRUGAL = """
import resource, sys
from filemgr import *
from filemgr.archive import *
import filemgr.archive.sevenzip

used = int(open('/proc/self/statm').read().split()[0]) * 4096
resource.setrlimit(resource.RLIMIT_AS, (used + (400 << 20),) * 2)
with Root(sys.argv[1]) as root:
    for name in sys.argv[2:]:
        unpack(root, RelPath.parse(name), RelPath.parse('out'), Limits(ratio=1 << 40), Progress())
print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))
"""
