"""`holdfast files pack`, `unpack` and `trash`, and `holdfast jobs`."""

import io
import json
import os
import re
import signal
import tarfile
from pathlib import Path

import pexpect
import pytest

from ..system.house import Holdfast
from .typed import Typist, bare


@pytest.fixture
def folder(running: Holdfast) -> Path:
    """The folder of `web`, with a folder in it, and nothing else."""
    folder = Path(running.path("programs", "web"))
    running.local.request("DELETE", "/server/web/trash").raise_for_status()
    for name in os.listdir(folder):
        if not name.startswith("."):
            running.local.request("DELETE", "/server/web/file", params={"path": name, "trash": "false"})
    (folder / "world" / "region").mkdir(parents=True)
    (folder / "world" / "level.dat").write_text("level")
    (folder / "world" / "region" / "r.0.0").write_text("region")
    return folder


@pytest.mark.parametrize("ending", [".zip", ".tar", ".tar.gz", ".tar.zst", ".tar.xz", ".tar.bz2"])
def test_what_is_packed_can_be_unpacked(shell: Typist, folder: Path, ending: str) -> None:
    packed = shell("files", "pack", f"web:backup{ending}", "world")
    assert re.fullmatch(rf"web:backup{ending}: packed 4 files and folders, [\d.]+ (B|KiB)\n", packed.err)
    unpacked = shell("files", "unpack", f"web:backup{ending}", "web:out")
    assert unpacked.err.startswith(f"web:backup{ending}: unpacked 4 files and folders, ")
    assert (folder / "out" / "world" / "region" / "r.0.0").read_text() == "region"


def test_names_in_an_archive_begin_in_its_base(shell: Typist, folder: Path) -> None:
    shell("files", "pack", "web:a.zip", "--base", "world", "web:world/region", "level.dat")
    shell("files", "unpack", "web:a.zip", "out")
    assert sorted(one.name for one in (folder / "out").iterdir()) == ["level.dat", "region"]


def test_an_archive_of_no_known_kind_or_another_server_is_refused(shell: Typist, folder: Path) -> None:
    said = shell("files", "pack", "web:a.rar", "world", code=2).err
    assert said.startswith("holdfast: web:a.rar: the name says no kind of archive (.zip .tar ")
    assert "of another server" in shell("files", "pack", "web:a.zip", "chat:x", code=2).err
    assert shell("files", "pack", "web:a.zip", "none", code=3).err == (
        "holdfast: web:a.zip: there is no such file or folder\n"
    )
    (folder / "a.zip").write_text("")
    assert "of this name already" in shell("files", "pack", "web:a.zip", "world", code=6).err
    assert shell("files", "unpack", "web:world/level.dat", code=1).err.startswith(
        "holdfast: web:world/level.dat: "
    )


def test_what_is_unsafe_in_an_archive_is_left_out_and_told(shell: Typist, folder: Path) -> None:
    with tarfile.open(folder / "evil.tar", "w") as tar:
        for name in ("../outside", "inside"):
            member = tarfile.TarInfo(name)
            member.size = 1
            tar.addfile(member, io.BytesIO(b"x"))
    said = shell("files", "unpack", "web:evil.tar", "web:out").err.splitlines()
    assert said[0].startswith("web:evil.tar: unpacked 1 file, ")
    assert said[1].startswith("left out: ../outside: ")
    assert not (folder / "outside").exists()


def test_a_folder_comes_as_one_archive(shell: Typist, folder: Path, tmp_path: Path) -> None:
    shell("files", "get", "--as", "zip", "web:world", str(tmp_path))
    assert (tmp_path / "world.zip").read_bytes().startswith(b"PK")
    assert [one.name for one in tmp_path.iterdir()] == ["world.zip"]


def test_what_is_deleted_comes_back_from_the_trash(shell: Typist, folder: Path) -> None:
    shell("files", "rm", "--trash", "web:world/level.dat")
    shell("files", "rm", "-r", "--trash", "web:world/region")
    told = json.loads(shell("files", "trash", "list", "web", "--json").out)
    assert {(one["path"], one["folder"]) for one in told} == {
        ("/world/region", True),
        ("/world/level.dat", False),
    }
    assert "world/level.dat" in shell("files", "trash", "list", "web").out
    assert shell("files", "trash", "restore", "web", "web:world/level.dat").out == "web:world/level.dat\n"
    back = shell("files", "trash", "restore", "web:", "world/region", "--to", "again")
    assert back.out == "web:again\n"
    assert (folder / "again" / "r.0.0").read_text() == "region"
    assert (folder / "world" / "level.dat").read_text() == "level"


def test_the_trash_is_emptied_only_by_who_says_so(shell: Typist, folder: Path) -> None:
    shell("files", "rm", "--trash", "web:world/level.dat")
    said = shell("files", "trash", "empty", "web", code=2)
    assert said.err == "holdfast: say --yes to empty the trash without being asked\n"
    with shell.terminal("files", "trash", "empty", "web") as seen:
        seen.expect_exact("Delete the only thing in the trash of web for good? [y/N]: ")
        seen.sendline("n")
        seen.expect_exact(pexpect.EOF)
    assert "level.dat" in shell("files", "trash", "list", "web").out
    shell("files", "trash", "empty", "-y", "web")
    assert shell("files", "trash", "list", "web").err == "the trash of web is empty\n"
    assert shell("files", "trash", "rm", "web", "none", code=3).err == (
        "holdfast: none is not in the trash of web\n"
    )
    assert not (folder / "world" / "level.dat").exists()


def test_one_thing_in_the_trash_is_deleted_for_good(shell: Typist, folder: Path) -> None:
    shell("files", "rm", "--trash", "web:world/level.dat")
    shell("files", "rm", "-r", "--trash", "web:world/region")
    shell("files", "trash", "rm", "web", "world/region")
    (left,) = json.loads(shell("files", "trash", "list", "web", "--json").out)
    assert left["path"] == "/world/level.dat"
    shell("files", "trash", "rm", "web", left["id"], "--json")
    assert shell("files", "trash", "list", "web", "--json").out == "[]\n"
    assert shell("files", "trash", "rm", "web", left["id"], code=3).out == ""
    assert not (folder / "world" / "region").exists()


def test_jobs_are_listed_shown_and_watched(shell: Typist, folder: Path) -> None:
    id_ = shell("files", "pack", "--no-wait", "web:b.zip", "world").out.strip()
    watched = shell("jobs", "watch", id_).out.splitlines()
    assert re.fullmatch(rf"{id_[:12]}  compress  web  done  .*  /b\.zip", watched[-1])
    listed = shell("jobs").out.splitlines()
    assert listed[0].split() == ["ID", "KIND", "SERVER", "STATE", "DONE", "RATE", "LEFT", "WHAT"]
    assert listed[1].split()[:4] == [id_[:12], "compress", "web", "done"]
    assert json.loads(shell("jobs", "list", "--json").out)[0]["id"] == id_
    assert json.loads(shell("jobs", "show", id_[:8], "--json").out)["id"] == id_
    assert "  compress\n" in shell("jobs", "show", id_[:8]).out
    ended = shell("jobs", "cancel", id_, code=6)
    assert ended.err == f"holdfast: the job {id_[:12]} has ended already: it is done\n"
    assert shell("jobs", "show", "none", code=3).err == (
        "holdfast: there is no job none (holdfast jobs shows them)\n"
    )
    assert (folder / "b.zip").exists()


def test_a_job_that_is_watched_in_a_terminal_is_drawn(shell: Typist, folder: Path) -> None:
    id_ = shell("files", "pack", "--no-wait", "web:c.zip", "world").out.strip()
    with shell.terminal("jobs", "watch", id_) as seen:
        said = bare(seen.read())
        seen.wait()
    assert seen.exitstatus == 0
    assert "compress" in said
    assert "done" in said
    assert (folder / "c.zip").exists()


@pytest.fixture
def much(folder: Path) -> Path:
    """So much that to pack it takes a while."""
    with open(folder / "world" / "much", "wb") as file:
        for _ in range(96):
            file.write(os.urandom(1 << 20))
    return folder


def test_ctrl_c_cancels_the_job_and_says_so(shell: Typist, running: Holdfast, much: Path) -> None:
    def packing() -> bool:
        jobs = running.local.get("/jobs").raise_for_status().json()["jobs"]
        return any(one["kind"] == "compress" and one["state"] == "running" for one in jobs)

    with shell.terminal("files", "pack", "web:much.tar.xz", "world") as seen:
        running.until(packing, "it is at work")
        os.kill(seen.pid, signal.SIGINT)
        said = bare(seen.read())
        seen.wait()
    assert seen.exitstatus == 130
    assert "holdfast: web:much.tar.xz: stopped; the job was cancelled, and nothing half done is left" in said
    assert not (much / "much.tar.xz").exists()
    assert json.loads(shell("jobs", "--json").out)[0]["state"] == "cancelled"


def test_a_job_is_cancelled_by_its_id_and_who_waits_for_it_is_told(
    shell: Typist, running: Holdfast, much: Path
) -> None:
    id_ = shell("files", "pack", "--no-wait", "web:more.tar.xz", "world").out.strip()
    assert shell("jobs", "cancel", id_[:10]).out == f"{id_[:12]} cancelled\n"
    assert shell("jobs", "watch", id_, code=1).out.split()[3] == "cancelled"
    assert not (much / "more.tar.xz").exists()
    assert running.local.get(f"/jobs/{id_}").json()["state"] == "cancelled"
