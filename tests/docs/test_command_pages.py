"""docs/commands.md and the manual page are those of the commands that there are."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from client.command import exits, manpage, reference
from client.command.shell import shell
from client.command.table import COMMANDS

from .commandtable import pages


@pytest.mark.parametrize("path", list(pages()), ids=lambda path: path.name)
def test_the_page_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == pages()[path], "run: python -m tests.docs.commandtable"


def test_the_help_of_a_command_begins_with_what_is_told_of_it_in_the_list() -> None:
    first = {one.path: " ".join(one.help[0].split()) for one in reference.told() if " " not in one.path}
    assert first == {one.name: f"{one.help}." for one in COMMANDS}


def helps() -> Iterator[tuple[str, str]]:
    """Yield the help of each command, as it is shown."""
    root = shell()
    todo: list[tuple[str, click.Command, click.Context | None]] = [("holdfast", root, None)]
    while todo:
        name, command, parent = todo.pop()
        context = click.Context(command, parent, name, terminal_width=200)
        yield context.command_path, command.get_help(context)
        if isinstance(command, click.Group):
            for below in command.list_commands(context):
                if (found := command.get_command(context, below)) is not None:
                    todo.append((below, found, context))


@pytest.mark.parametrize("told", [pytest.param(told, id=path) for path, told in helps()])
def test_a_help_is_whole_and_says_nothing_twice(told: str) -> None:
    assert "\\b" not in told
    assert not [line for line in told.splitlines() if line.endswith("...") and not line.startswith("Usage:")]
    names = re.findall(r"^  (\S.*?)(?:  .*)?$", told.partition("ions:\n")[2], re.MULTILINE)
    assert sorted(set(names)) == sorted(names)


def test_what_has_no_words_is_no_row_of_a_table() -> None:
    assert [(one.path, row) for one in reference.told() for row in one.options if not row[1]] == []


def test_every_exit_code_is_explained() -> None:
    assert {int(code) for code, _ in reference.exit_codes()} == {int(one) for one in exits.Exit}


def test_the_manual_page_names_every_command_and_option() -> None:
    page = re.sub(r"\\f[BRI]", "", manpage.page()).replace("\\-", "-")
    for one in reference.told():
        assert one.usage in page
        for option, _ in one.options:
            assert option in page


@pytest.mark.parametrize(
    "tool",
    [
        ("mandoc", "-Tlint", "-Wwarning"),
        ("groff", "-man", "-Tutf8", "-ww", "-z"),
    ],
    ids=lambda tool: tool[0],
)
def test_the_manual_page_has_no_mistake_of_form(tool: tuple[str, ...]) -> None:
    if shutil.which(tool[0]) is None:
        pytest.skip(f"{tool[0]} is not installed: apt-get install {tool[0]}")
    done = subprocess.run(tool, input=manpage.page(), capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("", "")
    assert done.returncode == 0
