"""Members that would do harm are left out, and told; the others are unpacked."""

import os
import stat
import struct
import subprocess
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest

from filemgr import UnsupportedArchive
from filemgr.archive import Format

from .conftest import Place, Run
from .hostile import raw_zip, tar_member, write_tar, write_zip, zip_member

UNSAFE_NAMES = [
    "/etc/passwd",
    "../up",
    "a/../../up",
    "a/..",
    "..",
    "x\0y",
    ".holdfast/trash",
    "a/.holdfast-123",
    "n" * 256,
    "/".join(["d" * 200] * 21),
    "..\\..\\up",
]


def made(place: Place, folder: str = "out") -> set[str]:
    top = place.path / folder
    return {str(path.relative_to(top)) for path in top.rglob("*") if not path.is_dir() or path.is_symlink()}


@pytest.mark.parametrize("name", UNSAFE_NAMES, ids=lambda name: repr(name[:20]))
@pytest.mark.parametrize("suffix", ["zip", "tar"])
def test_a_name_that_leads_elsewhere_is_left_out(place: Place, suffix: str, name: str) -> None:
    if suffix == "zip":
        write_zip(place.path / "a.zip", [zip_member(name, b"bad"), zip_member("good", b"good")])
    else:
        if "\0" in name:
            pytest.skip("a tar has no such names")
        write_tar(place.path / "a.tar", [tar_member(name, b"bad"), tar_member("good", b"good")])
    done = place.unpack(f"a.{suffix}", "out")
    assert made(place) == {"good"}
    assert done.skipped_count == len(done.skipped) == 1
    assert done.entries == 2


@pytest.mark.parametrize("suffix", ["zip", "tar"])
@pytest.mark.parametrize(
    "target", ["/etc/passwd", "..", "../outside", "../../outside/secret", "a/../../x", "", "a/b/../../.."]
)
def test_a_link_that_leads_out_is_left_out(place: Place, suffix: str, target: str) -> None:
    if suffix == "zip":
        link = zip_member("link", target.encode(), stat.S_IFLNK | 0o777)
        write_zip(place.path / "a.zip", [link, zip_member("good", b"good")])
    else:
        link_tar = tar_member("link", type=tarfile.SYMTYPE, linkname=target)
        write_tar(place.path / "a.tar", [link_tar, tar_member("good", b"good")])
    done = place.unpack(f"a.{suffix}", "out")
    assert made(place) == {"good"}
    assert done.skipped[0][0] == "link"


@pytest.mark.parametrize("suffix", ["zip", "tar"])
def test_a_link_that_stays_inside_is_kept(place: Place, suffix: str) -> None:
    links = {"a/link": "../good", "b/self": ".", "c": "nothing/there", "d/e": "f/../../good"}
    if suffix == "zip":
        write_zip(
            place.path / "a.zip",
            [zip_member(name, to.encode(), stat.S_IFLNK | 0o777) for name, to in links.items()],
        )
    else:
        write_tar(
            place.path / "a.tar",
            [tar_member(name, type=tarfile.SYMTYPE, linkname=to) for name, to in links.items()],
        )
    done = place.unpack(f"a.{suffix}", "out")
    assert not done.skipped
    assert {name: os.readlink(place.path / "out" / name) for name in links} == links


def test_links_that_lead_out_only_together_are_left_out(place: Place) -> None:
    # Each text stays inside: a/b/c/up is the top, and through it ".." is above that.
    write_tar(
        place.path / "a.tar",
        [
            tar_member("a/b/c/up", type=tarfile.SYMTYPE, linkname="../../.."),
            tar_member("out", type=tarfile.SYMTYPE, linkname="a/b/c/up/../outside"),
            tar_member("round", type=tarfile.SYMTYPE, linkname="round"),
        ],
    )
    done = place.unpack("a.tar", "out")
    assert made(place) == {"a/b/c/up"}
    assert {name for name, _ in done.skipped} == {"out", "round"}


@pytest.mark.parametrize("target", ["sub", "../outside", "/etc"])
def test_nothing_is_written_through_a_link_of_the_archive(place: Place, target: str, tmp_path: Path) -> None:
    (place.path / "outside").symlink_to(tmp_path / "outside")
    write_tar(
        place.path / "a.tar",
        [
            tar_member("sub/x", b"x"),
            tar_member("link", type=tarfile.SYMTYPE, linkname=target),
            tar_member("link/file", b"bad"),
            tar_member("link/d", type=tarfile.DIRTYPE),
            tar_member("hard", type=tarfile.LNKTYPE, linkname="link/secret"),
        ],
    )
    done = place.unpack("a.tar", "out")
    assert {name for name, _ in done.skipped} >= {"hard"}
    if target == "sub":
        assert made(place) == {"sub/x", "link"}
        assert ("link/file", "its path goes through a link") in done.skipped
    assert os.listdir(place.path / "out" / "sub") == ["x"]


def test_a_file_replaces_a_link_and_never_what_it_points_to(place: Place) -> None:
    write_tar(
        place.path / "a.tar",
        [
            tar_member("good", b"good"),
            tar_member("link", type=tarfile.SYMTYPE, linkname="good"),
            tar_member("link", b"new"),
        ],
    )
    assert not place.unpack("a.tar", "out").skipped
    assert (place.path / "out/good").read_bytes() == b"good"
    assert (place.path / "out/link").read_bytes() == b"new"


@pytest.mark.parametrize(
    "to", ["/etc/passwd", "../outside/secret", "nothing", "no/thing", "sub", "link", ".", "good/x"]
)
def test_a_hard_link_to_what_is_no_file_of_the_archive_is_left_out(place: Place, to: str) -> None:
    write_tar(
        place.path / "a.tar",
        [
            tar_member("good", b"good"),
            tar_member("sub", type=tarfile.DIRTYPE),
            tar_member("link", type=tarfile.SYMTYPE, linkname="good"),
            tar_member("hard", type=tarfile.LNKTYPE, linkname=to),
        ],
    )
    done = place.unpack("a.tar", "out")
    assert sorted(os.listdir(place.path / "out")) == ["good", "link", "sub"]
    assert [name for name, _ in done.skipped] == ["hard"]


def test_hard_links_within_the_archive_are_kept(place: Place) -> None:
    write_tar(
        place.path / "a.tar",
        [
            tar_member("d/one", b"one"),
            tar_member("two", type=tarfile.LNKTYPE, linkname="d/one"),
            tar_member("two", type=tarfile.LNKTYPE, linkname="two"),
            tar_member("./three", type=tarfile.LNKTYPE, linkname="./two"),
            tar_member("three", b"3"),  # the last one wins, and the others keep what they have
        ],
    )
    assert not place.unpack("a.tar", "out").skipped
    assert (place.path / "out/two").samefile(place.path / "out/d/one")
    assert (place.path / "out/two").read_bytes() == b"one"
    assert (place.path / "out/three").read_bytes() == b"3"


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"Z"])
def test_what_is_no_file_is_left_out(place: Place, kind: bytes) -> None:
    write_tar(
        place.path / "a.tar",
        [tar_member("x", type=kind, devmajor=1, devminor=3), tar_member("good", b"good")],
    )
    done = place.unpack("a.tar", "out")
    assert made(place) == {"good"}
    assert done.skipped == [("x", "is no file, folder or link")]


def test_special_bits_are_taken_away_and_owners_may_always_write(place: Place) -> None:
    write_tar(
        place.path / "a.tar",
        [
            tar_member("suid", b"x", mode=0o6755),
            tar_member("none", b"x", mode=0),
            tar_member("d", type=tarfile.DIRTYPE, mode=0o1000),
            tar_member("d/in", b"x", mode=0o777),
            tar_member("sg", type=tarfile.DIRTYPE, mode=0o2750),
        ],
    )
    place.unpack("a.tar", "out")
    modes = {path.name: oct(path.stat().st_mode & 0o7777) for path in (place.path / "out").rglob("*")}
    assert modes == {"suid": "0o755", "none": "0o600", "d": "0o700", "in": "0o777", "sg": "0o750"}
    write_zip(place.path / "a.zip", [zip_member("suid", b"x", stat.S_IFREG | 0o6755)])
    place.unpack("a.zip", "out2")
    assert (place.path / "out2/suid").stat().st_mode & 0o7777 == 0o755


@pytest.mark.parametrize("suffix", ["zip", "tar"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_members_with_one_name_the_last_wins_but_folders_stay(place: Place, suffix: str) -> None:
    files = [("a", b"1"), ("a", b"22"), ("d/x", b"x"), ("d", b"file"), ("a/below", b"no"), ("./a", b"333")]
    if suffix == "zip":
        write_zip(place.path / "a.zip", [zip_member(name, content) for name, content in files])
    else:
        write_tar(place.path / "a.tar", [tar_member(name, content) for name, content in files])
    done = place.unpack(f"a.{suffix}", "out")
    assert made(place) == {"a", "d/x"}
    assert (place.path / "out/a").read_bytes() == b"333"
    assert done.skipped == [
        ("d", "a folder has its name"),
        ("a/below", "a file is where its folder would be"),
    ]


def test_names_that_differ_in_case_are_different(place: Place) -> None:
    write_zip(place.path / "a.zip", [zip_member("A", b"1"), zip_member("a", b"2")])
    place.unpack("a.zip", "out")
    assert made(place) == {"A", "a"}


def test_names_that_are_no_text_are_escaped(place: Place) -> None:
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    write_tar(
        place.path / "a.tar",
        [tar_member(name, b"x"), tar_member("link", type=tarfile.SYMTYPE, linkname=name)],
        tarfile.GNU_FORMAT,
    )
    done = place.unpack("a.tar", "out")
    assert made(place) == {"caf%E9", "link"}
    assert (place.path / "out/link").read_bytes() == b"x"
    assert not done.skipped


def test_an_encrypted_member_is_left_out(place: Place, run: Run) -> None:
    (place.path / "secret").write_bytes(b"secret" * 100)
    (place.path / "good").write_bytes(b"good")
    run("zip", "-q", "-P", "pw", "a.zip", "secret")
    run("zip", "-q", "a.zip", "good")
    done = place.unpack("a.zip", "out")
    assert made(place) == {"good"}
    assert done.skipped == [("secret", "is encrypted")]


def test_a_method_that_is_not_known_is_left_out(place: Place) -> None:
    raw_zip(place.path / "a.zip", [("odd", b"abc", 77, 3, 0), ("good", b"good", 0, 4, zlib.crc32(b"good"))])
    done = place.unpack("a.zip", "out")
    assert made(place) == {"good"}
    assert "number 77" in done.skipped[0][1]


def test_backslashes_of_a_program_from_dos_are_slashes(place: Place) -> None:
    info, content = zip_member("a\\b.txt", b"x")
    info.create_system = 0
    write_zip(place.path / "a.zip", [(info, content)])
    place.unpack("a.zip", "out")
    assert made(place) == {"a/b.txt"}
    info.filename = "..\\..\\up"
    write_zip(place.path / "b.zip", [(info, content)])
    assert place.unpack("b.zip", "out").skipped == [("../../up", "its path leads upwards")]


def test_only_so_many_reasons_are_kept_and_the_rest_is_counted(place: Place) -> None:
    write_tar(place.path / "a.tar", [tar_member(f"../{number}\n\x1b[1m", b"") for number in range(250)])
    done = place.unpack("a.tar", "out")
    assert (len(done.skipped), done.skipped_count, done.entries) == (100, 250, 250)
    assert all(name.isprintable() for name, _ in done.skipped)


def test_a_deep_path_is_no_harm(place: Place) -> None:
    deep = "/".join(["d"] * 1500)
    write_tar(place.path / "a.tar", [tar_member(f"{deep}/file", b"x"), tar_member("top", b"x")])
    done = place.unpack("a.tar", "out")
    assert not done.skipped
    assert place.pack("b.tar", Format.TAR, "out").entries == 1503
    subprocess.run(["rm", "-rf", place.path / "out"], check=True)


@pytest.mark.parametrize("suffix", ["tar.gz", "tgz", "TAR.GZ", "Tgz"])
def test_suffixes_are_known_in_any_case(place: Place, suffix: str) -> None:
    write_tar(place.path / "a.gz", [tar_member("x", b"x")])
    os.rename(place.path / "a.gz", place.path / f"a.{suffix}")
    place.unpack(f"a.{suffix}", "out")
    assert made(place) == {"x"}


SEVENZIP = b"7z\xbc\xaf\x27\x1c"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", b"hello"),
        ("a", b"hello"),
        (".zip", b"PK\x05\x06" + bytes(18)),
        ("a.rar", b"Rar!\x1a\x07\x00"),
        ("a.zip", SEVENZIP + bytes(100)),
        ("a.zip", b"hello, this is no zip at all"),
        ("a.zip", b""),
        ("a.7z", b"PK\x03\x04" + bytes(100)),
        ("a.tar", b"this is no tar" * 100),
        ("a.tar", b""),
        ("a.tar", b"short"),
        ("a.tar.gz", b"ustar" * 300),
        ("a.tar.zst", b"\x1f\x8b" + bytes(100)),
        ("a.tbz", b"\xfd7zXZ\x00" + bytes(100)),
        ("a.xz", b"hello hello"),
        (".gz", b"\x1f\x8b" + bytes(100)),
    ],
)
def test_what_is_no_archive_is_told_and_nothing_is_made(place: Place, name: str, content: bytes) -> None:
    (place.path / name).write_bytes(content)
    with pytest.raises(UnsupportedArchive):
        place.unpack(name, "out")
    assert place.names() == [name]


def test_a_compressed_file_that_is_no_tar_is_told(place: Place, run: Run) -> None:
    (place.path / "a.tar").write_bytes(b"no tar" * 1000)
    run("gzip", "a.tar")
    with pytest.raises(UnsupportedArchive):
        place.unpack("a.tar.gz", "out")
    assert place.names() == ["a.tar.gz"]


def test_a_zip_in_several_parts_is_told(place: Place) -> None:
    end = struct.pack("<IHHHHIIH", 0x06054B50, 1, 0, 0, 0, 0, 0, 0)
    (place.path / "a.zip").write_bytes(b"PK\x03\x04" + end)
    with pytest.raises(UnsupportedArchive):
        place.unpack("a.zip", "out")


def test_what_stands_before_and_after_a_zip_is_passed_over(place: Place) -> None:
    write_zip(place.path / "a.zip", [zip_member("x", b"x" * 1000), zip_member("y", b"y")])
    data = (place.path / "a.zip").read_bytes()
    # Its offsets are wrong by the length of what comes first, which begins like a zip here.
    (place.path / "b.zip").write_bytes(b"PK\x03\x04" + b"program" * 10 + data)
    place.unpack("b.zip", "out")
    assert made(place) == {"x", "y"}
    with zipfile.ZipFile(place.path / "a.zip", "a") as archive:
        archive.comment = b"PK\x05\x06 is how it ends" * 100
    place.unpack("a.zip", "out2")
    assert made(place, "out2") == {"x", "y"}
