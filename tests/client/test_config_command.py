"""`holdfast config`: changed in an editor or by a file, by one person or by two at once."""

import json
import os
import shutil
import stat
import sys
from collections.abc import Iterator

import pexpect
import pytest

from ..system.house import Holdfast, sleeper
from .typed import Typist, bare

CHANGED = (
    "somebody else has changed the config since you began, so nothing was saved: put your changes into "
    "theirs with another holdfast config edit"
)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holdfast]:
    house = Holdfast(str(tmp_path_factory.mktemp("config")))
    try:
        house.configure(web=sleeper())
        house.start()
        house.until(lambda: house.about("web")["state"] == "running", "web runs")
        yield house
    finally:
        house.end()


@pytest.fixture
def started(begun: Holdfast) -> Iterator[Holdfast]:
    """Return a Holdfast in whose config is what it runs by; afterwards it is so again."""
    text = text_of(begun)
    yield begun
    begun.write(text)
    Typist(begun)("config", "reload")
    for name in drafts(begun):
        shutil.rmtree(begun.path(name))


@pytest.fixture
def typist(begun: Holdfast) -> Typist:
    return Typist(begun)


def text_of(house: Holdfast) -> str:
    with open(house.path("config.hjson"), encoding="utf-8") as file:
        return file.read()


def editor(house: Holdfast, body: str) -> str:
    """Return the command of an editor that does something to `text`; it may look at `path`."""
    path = house.path("editor.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            "import os, sys\npath = sys.argv[1]\ntext = open(path).read()\n"
            f"{body}\nopen(path, 'w').write(text)\n"
        )
    return f"{sys.executable} {path}"


def kept(said: str) -> str:
    """Return where a text is kept."""
    (line,) = (one for one in said.splitlines() if one.startswith("Your text is kept in "))
    return line.removeprefix("Your text is kept in ")


def drafts(house: Holdfast) -> list[str]:
    return [name for name in os.listdir(house.folder) if name.startswith("holdfast-")]


def test_the_config_is_shown_byte_for_byte(started: Holdfast, typist: Typist) -> None:
    assert typist("config", "view").out == text_of(started)
    told = json.loads(typist("config", "show", "--json").out)
    assert told["config"] == text_of(started)
    with typist.terminal("config", "show") as child:
        child.expect(pexpect.EOF)
        assert bare(child.before or "") == text_of(started)


def test_an_edit_is_saved_and_its_copy_is_gone(started: Holdfast, typist: Typist) -> None:
    change = editor(
        started,
        "assert oct(os.stat(path).st_mode)[-3:] == '600'\n"
        "assert oct(os.stat(os.path.dirname(path)).st_mode)[-3:] == '700'\n"
        "assert path.endswith('/config.hjson')\n"
        "text = text.replace('1000', '2000')",
    )
    said = typist("config", "edit", EDITOR="false", VISUAL=change)
    assert said.out == "saved: the new config is in force\n"
    assert said.err == "until a restart, by what it said before: web\n"
    assert "sleep 2000" in text_of(started)
    assert drafts(started) == []


def test_what_was_not_changed_is_not_saved(started: Holdfast, typist: Typist) -> None:
    assert typist("config", "edit", EDITOR="true").out == "nothing was changed\n"
    assert typist("config", "modify", "--json", EDITOR="true").out == '{"success": true, "changed": false}\n'
    said = typist("config", "edit", EDITOR="false", code=1)
    assert said.err == "holdfast: nothing was saved, since the editor ended with code 1\n"
    said = typist("config", "edit", EDITOR="/no/such/editor", code=1)
    assert said.err == (
        "holdfast: the editor /no/such/editor cannot be started: no such file or directory; see $EDITOR\n"
    )
    said = typist("config", "edit", EDITOR='"vim', code=2)
    assert said.err == 'holdfast: $EDITOR cannot be understood: "vim\n'
    assert drafts(started) == []


def test_of_two_who_edit_at_once_the_second_loses_nothing(started: Holdfast, typist: Typist) -> None:
    theirs = text_of(started).replace("1000", "3000")
    change = editor(
        started,
        f"open({started.path('theirs')!r}, 'w').write({theirs!r})\n"
        f"os.system({command('config', 'edit', started.path('theirs'), '>&2')!r})\n"
        "text = text.replace('1000', '2000')",
    )
    said = typist("config", "edit", EDITOR=change, code=6)
    path = kept(said.err)
    assert said.err.splitlines() == [
        "saved: the new config is in force",
        "until a restart, by what it said before: web",
        f"Your text is kept in {path}",
        f"holdfast: {CHANGED}",
    ]
    assert "sleep 3000" in text_of(started)
    with open(path, encoding="utf-8") as file:
        assert "sleep 2000" in file.read()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_a_refused_text_is_kept_and_says_where_it_is_wrong(started: Holdfast, typist: Typist) -> None:
    before = text_of(started)
    change = editor(started, "text = '\\n' + text.replace('sleep 1000', '')")
    said = typist("config", "edit", EDITOR=change, code=78)
    path = kept(said.err)
    line = next(number for number, one in enumerate(open_lines(path), 1) if "command" in one)
    assert said.err.splitlines()[1].startswith(f"holdfast: config.hjson:{line}:")
    assert said.err.endswith("; nothing was saved\n")
    assert text_of(started) == before


def test_in_a_terminal_one_mends_what_was_refused(started: Holdfast, typist: Typist) -> None:
    change = editor(
        started,
        "text = text.replace('1000', '2000') if 'sleep 1000' not in text else text\n"
        "text = text.replace('sleep 1000', '') if 'sleep 1000' in text else text.replace('\"command\": \"\"',"
        ' \'"command": "sleep 4000"\')',
    )
    with typist.terminal("config", "edit", EDITOR=change) as child:
        child.expect("holdfast: config.hjson:.*command")
        child.expect_exact("Edit it again? [Y/n] ")
        child.sendline("")
        child.expect_exact("saved: the new config is in force")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0
    assert "sleep 4000" in text_of(started)
    assert drafts(started) == []


def test_a_file_becomes_the_config(started: Holdfast, typist: Typist) -> None:
    path = started.path("next.hjson")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text_of(started).replace("1000", "5000"))
    assert typist("config", "edit", path).out == "saved: the new config is in force\n"
    assert "sleep 5000" in text_of(started)
    said = typist("config", "edit", "-", typed="{ port: 70000 }", code=78)
    assert said.err.startswith("holdfast: standard input:1:")
    assert typist("config", "edit", "none.hjson", code=1).err == (
        "holdfast: none.hjson: No such file or directory\n"
    )


def test_a_file_changed_by_hand_is_read_anew(started: Holdfast, typist: Typist) -> None:
    assert typist("config", "reload").out == "reloaded: the config is in force as it stands in the file\n"
    started.write("{ port: ")
    said = typist("config", "reload", code=78)
    assert said.err.startswith(f"holdfast: {started.path('config.hjson')}:")
    assert said.err.endswith("; the old config stays in force\n")


def command(*arguments: str) -> str:
    return " ".join((sys.executable, "-m", "client", *arguments))


def open_lines(path: str) -> list[str]:
    with open(path, encoding="utf-8") as file:
        return file.readlines()
