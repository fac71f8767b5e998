"""What is packed can be read by everybody, and by us."""

import os
import socket
import stat
import subprocess
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from filemgr import AlreadyExists, Cancelled, InvalidPath, NoSuchFile, Progress, RelPath
from filemgr.archive import Format, pack

from .conftest import Place, Run, described

ALL = list(Format)
TARS = [form for form in Format if not form.is_zip]

READERS: dict[Format, list[tuple[str, ...]]] = {
    Format.ZIP: [
        ("unzip", "-q", "{}", "-d"),
        ("bsdtar", "xpf", "{}", "-C"),
        ("7z", "x", "-snld", "{}", "-o"),
    ],
    Format.ZIP_STORED: [
        ("unzip", "-q", "{}", "-d"),
        ("bsdtar", "xpf", "{}", "-C"),
        ("7z", "x", "-snld", "{}", "-o"),
    ],
    Format.TAR: [("tar", "xpf", "{}", "-C"), ("bsdtar", "xpf", "{}", "-C")],
    Format.TAR_GZIP: [("tar", "xzpf", "{}", "-C"), ("bsdtar", "xpf", "{}", "-C")],
    Format.TAR_ZSTD: [("tar", "--zstd", "-xpf", "{}", "-C"), ("bsdtar", "xpf", "{}", "-C")],
    Format.TAR_XZ: [("tar", "xJpf", "{}", "-C"), ("bsdtar", "xpf", "{}", "-C")],
    Format.TAR_BZIP2: [("tar", "xjpf", "{}", "-C"), ("bsdtar", "xpf", "{}", "-C")],
}

TESTERS: dict[Format, list[tuple[str, ...]]] = {
    Format.ZIP: [("unzip", "-tq"), ("zip", "-T"), ("7z", "t")],
    Format.ZIP_STORED: [("unzip", "-tq"), ("zip", "-T"), ("7z", "t")],
    Format.TAR_GZIP: [("gzip", "-t"), ("pigz", "-t")],
    Format.TAR_ZSTD: [("zstd", "-tq")],
    Format.TAR_XZ: [("xz", "-t")],
    Format.TAR_BZIP2: [("bzip2", "-t")],
}

CASES = [(form, reader) for form, readers in READERS.items() for reader in readers]
TESTS = [(form, tester) for form, testers in TESTERS.items() for tester in testers]


def _named(value: Format | tuple[str, ...]) -> str:
    return value.value if isinstance(value, Format) else value[0]


@pytest.mark.parametrize("form", ALL)
def test_what_is_packed_comes_out_of_us_as_it_was(place: Place, tree: Path, form: Format) -> None:
    packed = place.pack(
        f"a.{form.value.replace('-', '.')}.zip" if form.is_zip else f"a.{form.value}", form, "data"
    )
    (name,) = (name for name in place.names() if name.startswith("a."))
    unpacked = place.unpack(name, "out")
    assert described(place.path / "out" / "data") == described(tree)
    assert packed.entries == unpacked.entries == len(list(tree.rglob("*"))) + 1
    assert packed.bytes == (place.path / name).stat().st_size
    assert not packed.remarks
    assert not unpacked.skipped
    assert place.names() == sorted([name, "data", "out"])


@pytest.mark.parametrize("form", ALL)
def test_folders_keep_their_times(place: Place, tree: Path, form: Format) -> None:
    os.utime(tree / "empty folder", (0, 1_500_000_000))
    os.utime(tree / "sub" / "deep", (0, 1_500_000_001))
    name = "a.zip" if form.is_zip else f"a.{form.value}"
    place.pack(name, form, "data")
    place.unpack(name, "out")
    assert (place.path / "out/data/empty folder").stat().st_mtime == 1_500_000_000
    assert (place.path / "out/data/sub/deep").stat().st_mtime == 1_500_000_001


@pytest.mark.parametrize(("form", "reader"), CASES, ids=_named)
def test_others_unpack_it(place: Place, tree: Path, run: Run, form: Format, reader: tuple[str, ...]) -> None:
    place.pack("a.bin", form, "data")
    (place.path / "out").mkdir()
    last = f"{reader[-1]}out" if reader[0] == "7z" else reader[-1]
    words = [word.format("a.bin") for word in (*reader[:-1], last)]
    run(*words, *([] if reader[0] == "7z" else ["out"]))
    # 7z thinks that a link to a file above its own folder is dangerous, and other masks hold.
    expected, found = (
        described(tree, modes=reader[0] != "7z"),
        described(place.path / "out/data", modes=reader[0] != "7z"),
    )
    assert found == expected


@pytest.mark.parametrize(("form", "tester"), TESTS, ids=_named)
def test_others_find_no_fault(
    place: Place, tree: Path, run: Run, form: Format, tester: tuple[str, ...]
) -> None:
    suffix = "zip" if form.is_zip else form.value
    place.pack(f"a.{suffix}", form, "data")
    run(*tester, f"a.{suffix}")


def into_pipe(place: Place, form: Format, *sources: str) -> bytes:
    read, write = os.pipe()
    got: list[bytes] = []

    def reading() -> None:
        while data := os.read(read, 1 << 16):
            got.append(data)

    thread = threading.Thread(target=reading)
    thread.start()
    try:
        pack(place.root, [RelPath.parse(s) for s in sources], RelPath(), write, form, Progress())
    finally:
        os.close(write)
        thread.join()
        os.close(read)
    return b"".join(got)


@pytest.mark.parametrize("form", ALL)
def test_a_pipe_gets_the_same_members(place: Place, tree: Path, form: Format) -> None:
    name = "a.zip" if form.is_zip else f"a.{form.value}"
    (place.path / name).write_bytes(into_pipe(place, form, "data"))
    place.unpack(name, "out")
    assert described(place.path / "out" / "data") == described(tree)


def test_a_zip_from_a_pipe_is_right_for_others(place: Place, tree: Path, run: Run) -> None:
    (place.path / "a.zip").write_bytes(into_pipe(place, Format.ZIP, "data"))
    run("unzip", "-tq", "a.zip")
    run("7z", "t", "a.zip")
    # Read from a pipe, too: what is deflated says itself where it ends.
    run("bsdtar", "tvf", "-", stdin=(place.path / "a.zip").read_bytes())


def test_who_stops_reading_a_pipe_stops_the_packing(place: Place, tree: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        with pytest.raises(Cancelled):
            pack(place.root, [RelPath.parse("data")], RelPath(), write, Format.TAR, Progress())
    finally:
        os.close(write)


@pytest.mark.parametrize("form", [Format.ZIP, Format.TAR])
def test_names_are_relative_to_the_base(place: Place, tree: Path, form: Format) -> None:
    place.pack("a", form, "data/sub/deep/f1", "data/small.txt", base="data")
    assert members(place.path / "a") == ["small.txt", "sub/deep/f1"]
    place.pack("b", form, "data/sub/deep", base="data/sub/deep")
    assert len(members(place.path / "b")) == 41
    assert "f7" in members(place.path / "b")
    place.pack("c", form, "data/small.txt", base="data/small.txt")
    assert members(place.path / "c") == ["small.txt"]


def members(path: Path) -> list[str]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return sorted(name.rstrip("/") for name in archive.namelist())
    with tarfile.open(path) as tar:
        return sorted(tar.getnames())


@pytest.mark.parametrize("form", [Format.ZIP, Format.TAR])
def test_the_root_is_packed_without_what_is_ours(place: Place, tree: Path, form: Format) -> None:
    (place.path / ".holdfast").mkdir()
    (place.path / ".holdfast" / "x").write_bytes(b"x")
    (tree / ".holdfast-123").write_bytes(b"x")
    place.pack("data/a", form, "/")
    names = members(tree / "a")
    assert not [name for name in names if "holdfast" in name]
    assert "data/small.txt" in names
    assert "data" in names
    assert "data/a" not in names


def test_nothing_to_pack_is_an_empty_archive(place: Place, run: Run) -> None:
    place.pack("a.tar", Format.TAR)
    place.pack("b.zip", Format.ZIP)
    assert run("tar", "tf", "a.tar").stdout == b""
    assert zipfile.ZipFile(place.path / "b.zip").namelist() == []
    place.unpack("a.tar", "out")
    place.unpack("b.zip", "out2")
    assert os.listdir(place.path / "out") == os.listdir(place.path / "out2") == []


def test_what_comes_with_another_is_packed_once(place: Place, tree: Path) -> None:
    place.pack("a", Format.ZIP, "data/sub", "data", "data/small.txt", "data")
    names = members(place.path / "a")
    assert len(names) == len(set(names)) == len(list(tree.rglob("*"))) + 1


@pytest.mark.parametrize("base", ["/", "data"])
def test_what_shall_be_left_out_is_not_packed(place: Place, tree: Path, base: str) -> None:
    (tree / "small.txt.old").write_bytes(b"")
    without = ["data/sub", "data/small.txt", "data/nothing", "other"]
    place.pack("a", Format.ZIP, "data", base=base, without=without)
    names = {f"data/{name}" if base == "data" else name for name in members(place.path / "a")}
    assert {"data/small.txt.old", "data/large.bin"} <= {name.rstrip("/") for name in names}
    assert not [name for name in names if name == "data/small.txt" or name.startswith("data/sub")]


def test_what_is_reached_by_a_link_is_packed_under_the_name_that_was_asked_for(
    place: Place, tree: Path
) -> None:
    place.pack("a", Format.TAR, "data/to folder", "data/to folder/f1")
    with tarfile.open(place.path / "a") as tar:
        assert [(member.name, member.type) for member in tar] == [
            ("data/to folder", tarfile.SYMTYPE),
            ("data/to folder/f1", tarfile.REGTYPE),
        ]


def test_a_missing_source_is_told_and_nothing_is_made(place: Place, tree: Path) -> None:
    with pytest.raises(NoSuchFile, match="/data/nothing"):
        place.pack("a", Format.ZIP, "data/small.txt", "data/nothing")
    with pytest.raises(InvalidPath, match="is not in"):
        place.pack("a", Format.ZIP, "data/small.txt", base="data/sub")
    assert place.names() == ["data"]


def test_what_is_there_is_not_overwritten(place: Place, tree: Path) -> None:
    (place.path / "a").write_bytes(b"mine")
    with pytest.raises(AlreadyExists):
        place.pack("a", Format.ZIP, "data")
    with pytest.raises(NoSuchFile):
        place.pack("no/a", Format.ZIP, "data")
    assert (place.path / "a").read_bytes() == b"mine"
    assert place.names() == ["a", "data"]


@pytest.mark.parametrize("form", [Format.ZIP, Format.TAR])
def test_only_files_folders_and_links_are_packed(place: Place, tree: Path, form: Format) -> None:
    os.mkfifo(tree / "fifo")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tree / "sock"))
        packed = place.pack("a", form, "data")
    assert packed.remarks == [
        ("data/fifo", "is no file, folder or link"),
        ("data/sock", "is no file, folder or link"),
    ]
    assert not {"data/fifo", "data/sock"} & set(members(place.path / "a"))


def test_links_are_never_followed(place: Place, tree: Path, tmp_path: Path) -> None:
    (tree / "out").symlink_to(tmp_path / "outside")
    (tree / "secret").symlink_to("../../outside/secret")
    for form in (Format.ZIP_STORED, Format.TAR):
        place.pack(f"a.{form.value}", form, "data")
        assert b"not yours" not in (place.path / f"a.{form.value}").read_bytes()
    with zipfile.ZipFile(place.path / "a.zip-stored") as archive:
        info = archive.getinfo("data/secret")
        assert stat.S_ISLNK(info.external_attr >> 16)
        assert archive.read(info) == b"../../outside/secret"


def test_owners_are_not_told(place: Place, tree: Path) -> None:
    place.pack("a", Format.TAR, "data")
    with tarfile.open(place.path / "a") as tar:
        assert {(member.uid, member.gid, member.uname, member.gname) for member in tar} == {(0, 0, "", "")}


def test_a_name_that_is_no_text_does_no_harm(place: Place, run: Run) -> None:
    (place.path / "d").mkdir()
    os.close(os.open(os.fsencode(place.path / "d") + b"/caf\xe9", os.O_CREAT | os.O_WRONLY))
    place.pack("a.zip", Format.ZIP, "d")
    place.pack("a.tar", Format.TAR, "d")
    run("unzip", "-tq", "a.zip")
    assert b"caf" in run("tar", "tf", "a.tar").stdout
    place.unpack("a.tar", "t")
    assert os.listdir(place.path / "t" / "d") == ["caf%E9"]  # so that the API can name it
    place.unpack("a.zip", "z")
    assert os.listdir(place.path / "z" / "d") == ["cafΘ"]  # what DOS meant by that byte


def test_a_zip_of_more_members_than_16_bits_count(place: Place, run: Run) -> None:
    (place.path / "d").mkdir()
    for number in range(16):
        (place.path / "d" / f"l{number}").mkdir()
        (place.path / "d" / f"l{number}" / "0").write_bytes(b"x")
    fd = os.open(place.path / "d", os.O_RDONLY)
    try:
        for number in range(65_550):  # links to one file take no room, and are quickly made
            folder = number % 16
            os.link(f"l{folder}/0", f"l{folder}/n{number}", src_dir_fd=fd, dst_dir_fd=fd)
    finally:
        os.close(fd)
    packed = place.pack("a.zip", Format.ZIP, "d")
    assert packed.entries > 65_550
    assert len(run("unzip", "-Z1", "a.zip").stdout.splitlines()) == packed.entries


@pytest.mark.parametrize("form", [Format.ZIP, Format.TAR_ZSTD])
def test_a_large_sparse_file_is_packed_and_unpacked_quickly(place: Place, form: Format) -> None:
    size = (4 << 30) + 12345 if form is Format.ZIP else (1 << 30) + 12345  # the first needs ZIP64
    (place.path / "d").mkdir()
    with open(place.path / "d" / "big", "wb") as file:
        file.write(b"begin")
        file.truncate(size)
        file.seek(size - 3)
        file.write(b"end")
    (place.path / "d" / "small").write_bytes(b"after")
    name = "a.zip" if form is Format.ZIP else "a.tar.zst"
    place.pack(name, form, "d")
    place.unpack(name, "out")
    made = place.path / "out" / "d" / "big"
    assert made.stat().st_size == size
    assert made.stat().st_blocks * 512 < 8 << 20
    with open(made, "rb") as file:
        assert file.read(5) == b"begin"
        file.seek(-3, os.SEEK_END)
        assert file.read() == b"end"
    if form is Format.ZIP:
        with zipfile.ZipFile(place.path / name) as archive:
            assert archive.getinfo("d/big").file_size == size
            assert archive.read("d/small") == b"after"


def test_progress_counts_what_was_packed(place: Place, tree: Path) -> None:
    total = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    progress = Progress()
    packed = place.pack("a", Format.TAR_GZIP, "data", progress=progress)
    assert (progress.bytes, progress.entries) == (total, packed.entries)


def test_a_deflated_archive_is_small(place: Place, tree: Path) -> None:
    place.pack("a", Format.ZIP, "data/exact.bin")
    assert (place.path / "a").stat().st_size < 10_000


def test_more_than_one_thread_gives_what_one_gives(
    place: Place, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for form in (Format.ZIP, Format.TAR_ZSTD, Format.TAR_XZ):
        for number in (1, 5):
            monkeypatch.setattr("os.sched_getaffinity", lambda _, number=number: set(range(number)))
            place.pack(f"{number}.{form.value}", form, "data")
            name = f"{number}.{form.value}"
            place.unpack(name, f"out{name}")
            assert described(place.path / f"out{name}" / "data") == described(tree)


def test_a_file_that_is_opened_for_appending_gets_a_right_zip(place: Place, tree: Path) -> None:
    fd = os.open(place.path / "a.zip", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    try:
        pack(place.root, [RelPath.parse("data")], RelPath(), fd, Format.ZIP, Progress())
    finally:
        os.close(fd)
    assert (
        subprocess.run(
            ["python3", "-m", "zipfile", "-t", place.path / "a.zip"], check=False, capture_output=True
        ).returncode
        == 0
    )


def test_what_came_long_before_is_found_again_in_a_zst(place: Place) -> None:
    noise = os.urandom(12 << 20)
    (place.path / "data").mkdir()
    for name in ("one", "two"):
        (place.path / "data" / name).write_bytes(noise)
    packed = place.pack("a.tar.zst", Format.TAR_ZSTD, "data")
    assert packed.bytes < len(noise) * 1.1


def test_a_zip_of_many_small_folders_and_files_keeps_their_order(place: Place) -> None:
    data = place.path / "data"
    names = [f"data/{number:03}/file" for number in range(300)]
    for name in names:
        (place.path / name).parent.mkdir(parents=True)
        (place.path / name).write_text(name)
    (data / "150" / "large").write_bytes(os.urandom(3 << 20))
    place.pack("a.zip", Format.ZIP, "data")
    with zipfile.ZipFile(place.path / "a.zip") as packed:
        order = packed.namelist()
        assert order == sorted(order)
        assert [name for name in order if name.endswith("/file")] == names
        assert all(packed.read(name).decode() == name for name in names)
        assert packed.testzip() is None
