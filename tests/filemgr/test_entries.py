"""What is in a folder."""

import os
import socket
from pathlib import Path

import pytest

from filemgr import (
    Cancelled,
    InvalidPath,
    Listed,
    NoSuchFile,
    NotAFolder,
    Progress,
    RelPath,
    Root,
    list_folder,
)
from filemgr.entries import _Sniffed
from filemgr.mime import TEXT, UNKNOWN


def listed(folder: Path, path: str = "/") -> list[Listed]:
    with Root(str(folder)) as root:
        return list(list_folder(root, RelPath.parse(path)))


def by_name(folder: Path) -> dict[str, Listed]:
    return {one.name: one for one in listed(folder)}


def test_a_folder_is_listed_by_name_with_what_octyne_tells(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("hello")
    (tmp_path / "a").mkdir()
    (tmp_path / "C.png").write_bytes(b"\x89PNG\r\n\x1a\n0000")
    (tmp_path / "d").symlink_to("b.txt")
    (tmp_path / "C.png").chmod(0o4640)
    for name in ("b.txt", "a", "C.png"):
        os.utime(tmp_path / name, (1, 1_600_000_000.9))
    found = listed(tmp_path)
    assert [one.name for one in found] == ["C.png", "a", "b.txt", "d"]
    image, folder, text, link = found
    assert image == Listed("C.png", 12, "image/png", folder=False, modified=1_600_000_000, mode=0o640)
    assert (folder.mime, folder.folder) == ("", True)
    assert (text.size, text.mime, text.folder) == (5, TEXT, False)
    assert (link.size, link.mime, link.folder) == (len("b.txt"), "inode/symlink", True)


def test_links_that_lead_out_dangle_or_go_round_are_listed_and_not_followed(tmp_path: Path) -> None:
    for name, where in (("out", "/etc/passwd"), ("none", "nowhere"), ("round", "round")):
        (tmp_path / name).symlink_to(where)
    assert {one.mime for one in listed(tmp_path)} == {"inode/symlink"}


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "socket"))
    found = by_name(tmp_path)
    assert (found["fifo"].mime, found["fifo"].folder) == ("inode/fifo", False)
    assert found["socket"].mime == "inode/socket"


def test_names_that_are_no_text_are_shown_and_ours_are_not(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"bad\xff")).write_text("x")
    (tmp_path / ".holdfast").mkdir()
    (tmp_path / ".holdfast-1234").write_text("x")
    (tmp_path / ".hidden\n").write_text("x")
    assert [one.name for one in listed(tmp_path)] == [".hidden\n", "bad�"]


def test_only_folders_inside_can_be_listed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "out").symlink_to("/etc")
    (tmp_path / "sub").mkdir()
    (tmp_path / "in").symlink_to(tmp_path / "sub")
    for path, error in (
        ("file", NotAFolder),
        ("none", NoSuchFile),
        ("file/x", NoSuchFile),
        ("out", InvalidPath),
    ):
        with pytest.raises(error):
            listed(tmp_path, path)
    assert listed(tmp_path, "in") == []


def test_a_file_that_changes_is_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"text")
    assert by_name(tmp_path)["x"].mime == TEXT
    path.write_bytes(b"\x00\x00\x00\x00more")
    assert by_name(tmp_path)["x"].mime == UNKNOWN


def test_what_was_sniffed_is_remembered_in_bounds() -> None:
    memory = _Sniffed()
    for number in range(5 * memory.ENTRIES):
        memory.put((number, 0, 0, 0), TEXT)
        assert memory.get((0, 0, 0, 0)) == TEXT  # what is asked for again stays
    assert memory.get((1, 0, 0, 0)) is None
    assert len(memory._young) + len(memory._old) <= 2 * memory.ENTRIES


def test_a_listing_can_be_cancelled(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with Root(str(tmp_path)) as root, pytest.raises(Cancelled):
        next(list_folder(root, RelPath(), Progress(stop=lambda: True)))


def test_very_many_are_sorted_like_a_few(tmp_path: Path) -> None:
    wanted = [f"{number:05}" for number in range(9000)]
    for name in wanted:
        os.symlink("x", tmp_path / name)
    assert [one.name for one in listed(tmp_path)] == wanted
