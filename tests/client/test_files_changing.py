"""`holdfast files mv`, `cp`, `rm`, `mkdir`, `chmod` and `edit`."""

import json
import os
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from ..system.house import Holdfast
from .typed import Typist


@pytest.fixture
def folder(running: Holdfast) -> Path:
    """The folder of `web`, with a file and a folder in it, and nothing else."""
    folder = Path(running.path("programs", "web"))
    for name in os.listdir(folder):
        if not name.startswith("."):
            running.local.request("DELETE", "/server/web/file", params={"path": name, "trash": "false"})
    (folder / "a.txt").write_text("a")
    (folder / "sub").mkdir()
    (folder / "sub" / "b.txt").write_text("b")
    return folder


def tree(folder: Path) -> Sequence[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if ".holdfast" not in one.parts)


def editor(folder: Path, script: str) -> str:
    """Return an editor that does this to the file `$1`."""
    path = folder / "editor.sh"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_a_file_is_renamed_or_moved_into_a_folder(shell: Typist, folder: Path) -> None:
    shell("files", "mv", "web:a.txt", "web:c.txt")
    shell("files", "mv", "web:c.txt", "web:sub")
    assert tree(folder) == ["sub", "sub/b.txt", "sub/c.txt"]


def test_nothing_is_replaced_unless_that_is_said(shell: Typist, folder: Path) -> None:
    (folder / "b.txt").write_text("new")
    refused = shell("files", "mv", "web:a.txt", "web:b.txt", "web:sub", code=6)
    assert (
        refused.err == "holdfast: web:sub/b.txt: there is something of this name already (-f replaces it)\n"
    )
    assert tree(folder) == ["a.txt", "b.txt", "sub", "sub/b.txt"]
    shell("files", "mv", "-n", "web:b.txt", "web:sub")
    assert (folder / "sub" / "b.txt").read_text() == "b"
    shell("files", "mv", "-f", "web:a.txt", "web:b.txt", "web:sub")
    assert tree(folder) == ["sub", "sub/a.txt", "sub/b.txt"]
    assert (folder / "sub" / "b.txt").read_text() == "new"


def test_a_folder_is_not_moved_over_what_it_is_in(shell: Typist, folder: Path) -> None:
    said = shell("files", "mv", "-f", "web:sub/b.txt", "web:sub", code=6)
    assert "are the same" in said.err
    assert tree(folder) == ["a.txt", "sub", "sub/b.txt"]


def test_what_is_not_there_cannot_be_moved(shell: Typist, folder: Path) -> None:
    said = shell("files", "mv", "web:none", "web:sub", code=3)
    assert said.err == "holdfast: web:none: there is no such file or folder\n"
    said = shell("files", "mv", "web:a.txt", "web:none/", code=3)
    assert said.err == "holdfast: web:none: there is no such folder\n"
    assert tree(folder) == ["a.txt", "sub", "sub/b.txt"]


def test_files_move_within_one_server_only(shell: Typist, folder: Path) -> None:
    assert "within one server" in shell("files", "mv", "web:a.txt", "chat:", code=2).err
    assert tree(folder) == ["a.txt", "sub", "sub/b.txt"]


def test_folders_are_copied_with_all_that_is_in_them(shell: Typist, folder: Path) -> None:
    shell("files", "cp", "web:sub", "web:copy")
    assert tree(folder) == ["a.txt", "copy", "copy/b.txt", "sub", "sub/b.txt"]
    shell("files", "cp", "web:*.txt", "web:copy")
    assert tree(folder / "copy") == ["a.txt", "b.txt"]


def test_copies_go_from_server_to_server(shell: Typist, folder: Path, running: Holdfast) -> None:
    other = Path(running.path("programs", "chat"))
    (folder / "large.bin").write_bytes(os.urandom(5_000_000))
    shell("files", "cp", "web:sub", "web:large.bin", "chat:")
    assert (other / "large.bin").read_bytes() == (folder / "large.bin").read_bytes()
    assert (other / "sub" / "b.txt").read_text() == "b"
    again = shell("files", "cp", "web:large.bin", "chat:", code=6)
    assert again.err == "holdfast: chat:large.bin: there is something of this name already (-f replaces it)\n"
    (folder / "large.bin").write_text("small")
    shell("files", "cp", "-f", "web:large.bin", "chat:")
    assert (other / "large.bin").read_text() == "small"


def test_copies_go_to_this_machine_and_back(shell: Typist, folder: Path, running: Holdfast) -> None:
    shell("files", "cp", "web:sub", "here")
    assert Path(running.path("here", "b.txt")).read_text() == "b"
    shell("files", "cp", "here", "web:there")
    assert (folder / "there" / "b.txt").read_text() == "b"
    assert "use cp" in shell("files", "cp", "here", "there", code=2).err


def test_a_folder_is_deleted_only_if_that_is_said(shell: Typist, folder: Path) -> None:
    said = shell("files", "rm", "web:a.txt", "web:sub", code=2)
    assert said.err == "holdfast: web:sub is a folder: say -r to delete it with all that is in it\n"
    assert tree(folder) == ["a.txt", "sub", "sub/b.txt"]
    shell("files", "rm", "-r", "web:a.txt", "web:sub")
    assert tree(folder) == []


def test_what_is_not_there_is_an_error_unless_forced(shell: Typist, folder: Path) -> None:
    assert (
        shell("files", "rm", "web:none", code=3).err
        == "holdfast: web:none: there is no such file or folder\n"
    )
    shell("files", "rm", "-f", "web:none", "web:a.txt")
    assert tree(folder) == ["sub", "sub/b.txt"]


def test_the_folder_of_a_server_cannot_be_deleted(shell: Typist, folder: Path) -> None:
    said = shell("files", "rm", "-r", "web:", code=4)
    assert said.err == "holdfast: web:/: the folder of the server itself stays as it is\n"
    assert tree(folder) == ["a.txt", "sub", "sub/b.txt"]


def test_folders_are_made_with_those_above_them(shell: Typist, folder: Path) -> None:
    said = shell("files", "mkdir", "web:x/y", code=3)
    assert said.err == "holdfast: web:x/y: the folder that it would be in does not exist (-p makes it)\n"
    shell("files", "mkdir", "-p", "web:x/y", "web:sub")
    assert tree(folder) == ["a.txt", "sub", "sub/b.txt", "x", "x/y"]
    assert "of this name already" in shell("files", "mkdir", "web:sub", code=6).err
    assert "a.txt is no folder" in shell("files", "mkdir", "-p", "web:a.txt/y", code=6).err


def test_programs_are_told_what_was_changed_in_a_line_each(shell: Typist, folder: Path) -> None:
    def told(*words: str) -> list[str]:
        return [json.loads(line)["path"] for line in shell("files", *words, "--json").out.splitlines()]

    assert told("mkdir", "web:one", "web:two") == ["web:one", "web:two"]
    assert told("mv", "web:one", "web:two/") == ["web:two/one"]
    assert told("cp", "web:two", "web:three") == ["web:three"]
    assert told("chmod", "-R", "700", "web:three") == ["web:three/one", "web:three"]
    assert told("rm", "-r", "web:two", "web:three") == ["web:two", "web:three"]


def test_modes_are_changed_also_below(shell: Typist, folder: Path) -> None:
    shell("files", "chmod", "-R", "700", "web:sub")
    assert stat.S_IMODE((folder / "sub" / "b.txt").stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "sub").stat().st_mode) == 0o700
    assert "three octal digits" in shell("files", "chmod", "+x", "web:a.txt", code=2).err


def test_what_an_editor_writes_is_saved(shell: Typist, folder: Path, tmp_path: Path) -> None:
    said = shell("files", "edit", "web:a.txt", EDITOR=editor(tmp_path, 'printf b >> "$1"'))
    assert said.err == "web:a.txt: saved\n"
    assert (folder / "a.txt").read_text() == "ab"


def test_what_an_editor_leaves_is_not_written(shell: Typist, folder: Path) -> None:
    before = (folder / "a.txt").stat()
    assert shell("files", "edit", "web:a.txt", EDITOR="true").err == "web:a.txt: nothing changed\n"
    assert shell("files", "edit", "web:new.txt", EDITOR="true").err == "web:new.txt: nothing changed\n"
    assert (folder / "a.txt").stat().st_mtime_ns == before.st_mtime_ns
    assert tree(folder) == ["a.txt", "sub", "sub/b.txt"]


def test_a_new_file_is_made_by_an_editor(shell: Typist, folder: Path, tmp_path: Path) -> None:
    shell("files", "edit", "web:new.txt", VISUAL=editor(tmp_path, 'printf new > "$1"'), EDITOR="false")
    assert (folder / "new.txt").read_text() == "new"
    assert "the folder does not exist" in shell("files", "edit", "web:none/x", EDITOR="true", code=3).err


def test_a_change_by_somebody_else_is_not_overwritten_and_no_text_is_lost(
    shell: Typist, folder: Path, tmp_path: Path
) -> None:
    script = f'printf mine > "$1"; printf theirs > {folder / "a.txt"}'
    said = shell("files", "edit", "web:a.txt", EDITOR=editor(tmp_path, script), code=6)
    where, sentence = said.err.splitlines()
    assert sentence == "holdfast: web:a.txt: somebody has changed it meanwhile; it was not saved"
    kept = where.removeprefix("Your text is kept in ")
    assert Path(kept).read_text() == "mine"
    assert stat.S_IMODE(Path(kept).stat().st_mode) == 0o600
    assert (folder / "a.txt").read_text() == "theirs"


def test_an_editor_that_fails_saves_nothing(shell: Typist, folder: Path, tmp_path: Path) -> None:
    script = 'printf mine > "$1"; exit 3'
    said = shell("files", "edit", "web:a.txt", EDITOR=editor(tmp_path, script), code=1)
    assert said.err.startswith("Your text is kept in ")
    assert said.err.endswith("\nholdfast: nothing was saved, since the editor ended with code 3\n")
    assert (folder / "a.txt").read_text() == "a"
    none = shell("files", "edit", "web:a.txt", EDITOR="/none", code=1)
    assert (
        none.err == "holdfast: the editor /none cannot be started: no such file or directory; see $EDITOR\n"
    )


def test_a_copy_of_what_is_edited_is_private_and_does_not_stay(
    shell: Typist, running: Holdfast, folder: Path, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    script = f'stat -c "%a %n" "$1" "$(dirname "$1")" > {seen}; printf x >> "$1"'
    shell("files", "edit", "web:a.txt", EDITOR=editor(tmp_path, script))
    modes = [line.split() for line in seen.read_text().splitlines()]
    assert [mode for mode, _ in modes] == ["600", "700"]
    assert [os.path.exists(path) for _, path in modes] == [False, False]
    assert all(path.startswith(running.folder) for _, path in modes)
    assert (folder / "a.txt").read_text() == "ax"
