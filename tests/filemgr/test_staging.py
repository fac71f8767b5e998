"""Files and folders that nobody sees before they are whole."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from filemgr import (
    ROOT,
    AlreadyExists,
    Denied,
    NoSpace,
    NoSuchFile,
    NotAFile,
    Root,
    StagedFile,
    StagedFolder,
    sweep,
)

from .conftest import names
from .paths import at


@pytest.fixture(params=["unnamed", "named"])
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of staging a file: without a name, and where the file system cannot do that, with one."""
    if request.param == "named":
        real = os.open

        def refuse(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
            if flags & os.O_TMPFILE == os.O_TMPFILE:
                raise OSError(95, "Operation not supported")
            return real(path, flags, mode, dir_fd=dir_fd)

        monkeypatch.setattr(os, "open", refuse)
    return str(request.param)


@pytest.mark.usefixtures("ways")
def test_a_file_appears_whole_or_not_at_all(root: Root, top: Path) -> None:
    with StagedFile(root, at("new")) as file:
        os.write(file.fd, b"text")
        assert not (top / "new").exists()
        file.publish()
    assert names(top) == ["new"]
    assert (top / "new").read_text() == "text"
    with StagedFile(root, at("other")) as file:
        os.write(file.fd, b"text")
    assert names(top) == ["new"]


@pytest.mark.usefixtures("ways")
def test_what_is_replaced_keeps_its_mode_but_not_setuid(root: Root, top: Path) -> None:
    (top / "old").write_text("old")
    (top / "old").chmod(0o4751)
    with StagedFile(root, at("old")) as file:
        os.write(file.fd, b"new")
        assert (top / "old").read_text() == "old"
        file.publish()
    assert (top / "old").read_text() == "new"
    assert (top / "old").stat().st_mode & 0o7777 == 0o751
    assert names(top) == ["old"]


@pytest.mark.usefixtures("ways")
def test_nothing_is_replaced_unless_asked_and_a_folder_never(root: Root, top: Path) -> None:
    (top / "old").write_text("old")
    (top / "folder").mkdir()
    with StagedFile(root, at("old")) as file, pytest.raises(AlreadyExists):
        file.publish(replace=False)
    with StagedFile(root, at("folder")) as file, pytest.raises(NotAFile):
        file.publish()
    with pytest.raises(NoSuchFile):
        StagedFile(root, at("nothing/new"))
    assert names(top) == ["folder", "old"]


@pytest.mark.usefixtures("outside", "ways")
def test_a_link_that_is_written_through_stays_a_link(root: Root, top: Path) -> None:
    (top / "sub").mkdir()
    (top / "sub" / "real").write_text("old")
    (top / "link").symlink_to("sub/real")
    with StagedFile(root, at("link")) as file:
        os.write(file.fd, b"new")
        file.publish()
    assert (top / "link").is_symlink()
    assert (top / "sub" / "real").read_text() == "new"
    assert names(top / "sub") == ["real"]


@pytest.mark.usefixtures("ways")
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    root: Root, top: Path, full_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    (top / "old").write_text("old")
    with StagedFile(root, at("old")) as file, full_disk(), pytest.raises(OSError, match="too large"):
        os.write(file.fd, b"new")
    assert (top / "old").read_text() == "old"
    assert names(top) == ["old"]
    with full_disk(), pytest.raises(NoSpace):
        StagedFolder(root, at("folder"))
    assert names(top) == ["old"]


def test_a_folder_appears_whole_or_not_at_all(root: Root, top: Path) -> None:
    with StagedFolder(root, at("folder")) as folder:
        os.mkdir("deep", dir_fd=folder.fd)
        assert all(name.startswith(".holdfast") for name in names(top))
        folder.publish()
    assert names(top) == ["folder"]
    with StagedFolder(root, at("folder")) as folder, pytest.raises(AlreadyExists):
        folder.publish()
    assert names(top) == ["folder"]


@pytest.mark.parametrize("what", ["StagedFolder", "named file"])
def test_what_a_killed_maker_leaves_is_swept_and_what_a_live_one_makes_is_not(top: Path, what: str) -> None:
    code = f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from filemgr import RelPath, Root, StagedFile, StagedFolder
if {what == "named file"}:
    del os.O_TMPFILE
    os.O_TMPFILE = os.O_DIRECTORY | os.O_WRONLY  # the kernel refuses this with EISDIR
root = Root({str(top)!r})
one = (StagedFile if {what == "named file"} else StagedFolder)(root, RelPath.parse("sub/x"))
if {what != "named file"}:
    os.mkdir("deep", dir_fd=one.fd)
print("ready", flush=True)
sys.stdin.read()
"""
    (top / "sub").mkdir()
    with subprocess.Popen(
        [sys.executable, "-I", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        with Root(str(top)) as root:
            assert sweep(root) == 0
            assert len(names(top / "sub")) == 1
            child.send_signal(signal.SIGKILL)
            child.wait()
            assert sweep(root) == 1
            assert sweep(root) == 0
    assert names(top) == ["sub"]
    assert names(top / "sub") == []


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize(
    ("name", "note"),
    [
        (".holdfast-1", b"../../root_secret"),
        (".holdfast-1", b"/etc"),
        (".holdfast-1", b"\xff\xfe"),
        (".holdfast-1", b""),
        ("treasure", b"/sub"),
        (".holdfast-1", b"/link"),
        (".holdfast-1", b"x" * 10000),
    ],
)
def test_notes_that_somebody_else_wrote_do_no_harm(root: Root, top: Path, name: str, note: bytes) -> None:
    (top / "sub").mkdir()
    (top / "sub" / "treasure").write_text("mine")
    (top / "link").symlink_to("../root_secret")
    (top / ".holdfast" / "staged").mkdir(parents=True)
    (top / ".holdfast" / "staged" / name).write_bytes(note)
    sweep(root)
    assert (top / "sub" / "treasure").read_text() == "mine"


@pytest.mark.usefixtures("outside")
def test_our_own_folder_may_not_be_a_link(root: Root, top: Path) -> None:
    (top / ".holdfast").symlink_to("../root_secret")
    with pytest.raises(Denied):
        StagedFolder(root, at("x"))
    assert sweep(root) == 0
    assert names(top) == [".holdfast"]
    assert ROOT.is_root
