"""`holdfast files ls`, `cat`, `find` and `du`, in a pipe and in a terminal."""

import json
import os
from pathlib import Path

import pytest

from ..system.house import Holdfast
from .typed import Typist, bare, stable

HOSTILE = "bad\x1b[31m\nname"


@pytest.fixture(scope="module")
def folder(running: Holdfast) -> Path:
    """The folder of `web`, with something in it."""
    folder = Path(running.path("programs", "web"))
    (folder / "logs").mkdir()
    (folder / "logs" / "latest.log").write_text("one\ntwo error\n")
    (folder / "logs" / "old.log").write_text("error\n" * 3)
    (folder / "logs" / ".hidden.log").write_text("")
    (folder / "motd.txt").write_text("grüße\n")
    (folder / "a[1].txt").write_text("brackets")
    (folder / "a1.txt").write_text("none")
    (folder / "-rf").write_text("dash")
    (folder / HOSTILE).write_text("hostile")
    (folder / "up").symlink_to("..")
    os.mkfifo(folder / "pipe")
    return folder


@pytest.mark.usefixtures("folder")
class TestLooking:
    def test_a_list_in_a_pipe_has_a_name_in_each_line(self, shell: Typist) -> None:
        names = ["-rf", "a1.txt", "a[1].txt", "bad\\x1b[31m\\x0aname", "logs/", "motd.txt", "pipe=", "up@"]
        assert shell("files", "ls", "web:").out.splitlines() == names

    def test_no_name_steers_a_terminal(self, shell: Typist) -> None:
        with shell.terminal("files", "ls", "web:", NO_COLOR="1") as seen:
            said = seen.read()
        assert "\x1b[31m" not in said
        assert "bad\\x1b[31m\\x0aname" in bare(said)

    def test_a_long_list_has_size_and_time(self, shell: Typist) -> None:
        assert stable(shell("files", "ls", "-l", "web:logs").out).split() == [
            *("SIZE", "CHANGED", "NAME"),
            *("SIZE", "WHEN", ".hidden.log"),
            *("SIZE", "WHEN", "latest.log"),
            *("SIZE", "WHEN", "old.log"),
        ]

    def test_lists_can_be_sorted_by_size_and_turned_round(self, shell: Typist) -> None:
        largest = ["old.log", "latest.log", ".hidden.log"]
        assert shell("files", "ls", "-S", "web:logs").out.split() == largest
        assert shell("files", "ls", "-S", "-r", "web:logs").out.split() == largest[::-1]

    def test_all_folders_are_listed_below_each_other_but_links_are_not_followed(self, shell: Typist) -> None:
        said = shell("files", "ls", "-R", "web:").out
        assert said.startswith("web:/:\n")
        assert said.endswith("\nweb:logs:\n.hidden.log\nlatest.log\nold.log\n")

    def test_a_list_for_programs_is_what_the_api_says(self, shell: Typist) -> None:
        told = json.loads(shell("files", "ls", "--json", "web:logs").out)
        assert [(one["name"], one["size"], one["folder"]) for one in told] == [
            (".hidden.log", 0, False),
            ("latest.log", 14, False),
            ("old.log", 18, False),
        ]

    def test_patterns_are_those_of_a_shell(self, shell: Typist) -> None:
        assert shell("files", "ls", "web:l*/*.log").out == "latest.log\nold.log\n"
        assert shell("files", "ls", "web:logs/.h*").out == ".hidden.log\n"
        nothing = shell("files", "ls", "web:logs/*.gz", code=3)
        assert nothing.err == "holdfast: nothing fits web:logs/*.gz\n"

    def test_what_has_the_name_of_a_pattern_is_what_is_meant_by_it(self, shell: Typist) -> None:
        assert shell("files", "cat", "web:a[1].txt").out == "brackets"

    def test_a_file_may_have_the_name_of_an_option(self, shell: Typist) -> None:
        assert shell("files", "cat", "web:-rf").out == "dash"

    def test_files_are_written_one_after_the_other(self, shell: Typist) -> None:
        assert shell("files", "cat", "web:motd.txt", "web:/logs//latest.log").out == "grüße\none\ntwo error\n"

    def test_what_is_missing_has_a_code_of_its_own_and_its_name_in_the_sentence(self, shell: Typist) -> None:
        said = {
            "web:none": "holdfast: web:none: there is no such file or folder\n",
            "nobody:x": "holdfast: there is no server nobody (holdfast list shows them)\n",
        }
        for path, sentence in said.items():
            assert shell("files", "cat", path, code=3).err == sentence
        assert (
            shell("files", "ls", "web:none", code=3).err == "holdfast: web:none: the folder does not exist\n"
        )
        wrong = "holdfast: motd.txt names no file of a server: write NAME:path, such as web:logs/latest.log\n"
        assert shell("files", "cat", "motd.txt", code=2).err == wrong

    def test_nothing_waits_for_a_fifo(self, shell: Typist) -> None:
        assert shell("files", "cat", "web:pipe", code=1).err == "holdfast: web:pipe: that is no file\n"

    def test_files_are_found_by_name(self, shell: Typist) -> None:
        found = shell("files", "find", "web:", "--name", "*.log").out.splitlines()
        assert sorted(found) == ["web:logs/.hidden.log", "web:logs/latest.log", "web:logs/old.log"]
        assert shell("files", "find", "web:", "--name", "*.gz", code=1).out == ""

    def test_what_only_holds_the_name_takes_no_place_of_what_has_it(self, shell: Typist) -> None:
        found = shell("files", "find", "web:", "--name", "old.log", "--max", "1")
        assert (found.out, found.err) == ("web:logs/old.log\n", "")
        found = shell("files", "find", "web:", "--name", "log", "--max", "1", code=1)
        assert (found.out, found.err) == ("", "")
        found = shell("files", "find", "web:", "--type", "d", "--name", "l*", "--max", "1")
        assert (found.out, found.err) == ("web:logs/\n", "")

    def test_files_are_found_by_what_stands_in_them(self, shell: Typist) -> None:
        said = shell("files", "find", "web:", "--grep", "err.r", "--name", "l*")
        assert said.out == "web:logs/latest.log:2:two error\n"
        few = shell("files", "find", "web:logs", "--grep", "error", "--max", "2")
        assert (len(few.out.splitlines()), few.err) == (2, "there is more than these 2: see --max\n")

    def test_what_is_found_comes_as_an_object_in_each_line(self, shell: Typist) -> None:
        said = shell("files", "find", "web:logs", "--grep", "two", "--json").out
        (found,) = [json.loads(line) for line in said.splitlines()]
        assert (found["line"], found["text"]) == (2, "two error")

    def test_a_regular_expression_that_is_none_is_refused_in_one_sentence(self, shell: Typist) -> None:
        said = shell("files", "find", "web:", "--grep", "(", code=1)
        assert said.err.startswith("holdfast: web:/: ")
        assert len(said.err.splitlines()) == 1

    def test_folders_are_measured_in_bytes_in_a_pipe(self, shell: Typist) -> None:
        rows = [line.split() for line in shell("files", "du", "web:logs", "web:motd.txt").out.splitlines()]
        assert rows[0] == ["SIZE", "ON", "DISK", "FILES", "PATH"]
        assert (rows[1][0], rows[1][2:]) == ("32", ["3", "web:logs"])
        assert rows[2] == ["8", "1", "web:motd.txt"]
        assert json.loads(shell("files", "du", "--json", "web:logs").out)["web:logs"]["files"] == 3

    def test_folders_are_measured_for_people_in_a_terminal(self, shell: Typist) -> None:
        with shell.terminal("files", "du", "web:logs") as seen:
            assert "32 B" in bare(seen.read())

    def test_a_listing_may_be_csv(self, shell: Typist) -> None:
        said = shell("files", "ls", "--format", "csv", "web:logs").out.splitlines()
        assert said[0] == "folder,name,kind,size,lastModified"
        assert said[3].startswith("web:logs,old.log,file,18,")
