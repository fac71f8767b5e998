"""Completion in the shells themselves: what somebody types, presses the tab key at, and sends off."""

import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pexpect
import pytest

from ..system.house import ROOT, Holdfast, program, sleeper
from ..system.processes import DEADLINE
from .typed import Typist, bare

READY = "READY> "

STARTS: Mapping[str, tuple[list[str], str]] = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], f"PS1='{READY[:-2]}''> '; bind 'set bell-style none'"),
    "zsh": (["zsh", "-f", "-i"], f"PROMPT='{READY[:-2]}''> '; unsetopt beep prompt_sp"),
    "fish": (
        ["fish", "--no-config", "--interactive"],
        f"function fish_prompt; printf '%s' '{READY[:-2]}' '> '; end; function fish_right_prompt; end",
    ),
}

LOADED = {
    "bash": 'eval "$(holdfast completion bash)"',
    "zsh": 'eval "$(holdfast completion zsh)"',
    "fish": "holdfast completion fish | source",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holdfast]:
    """Holdfast with names and files that are awkward to type."""
    house = Holdfast(str(tmp_path_factory.mktemp("completed")))
    try:
        house.configure(
            **{
                "chat": program("echo"),
                "web": sleeper(),
                "off": sleeper(enabled=False),
                "my server": sleeper(),
                "odd:$name": sleeper(),
            }
        )
        conf = Path(house.path("programs", "web", "conf"))
        conf.mkdir()
        (conf / "server.properties").touch()
        (conf / "it's (odd) & $new.txt").touch()
        (conf.parent / "a folder").mkdir()
        (conf.parent / "a folder" / "inside.txt").touch()
        Path(house.path("local file.txt")).touch()
        house.start()
        house.until_status("web", 1)
        yield house
    finally:
        house.end()


class Shell:
    """An interactive shell that has been told how to complete `holdfast`."""

    def __init__(self, name: str, house: Holdfast, environment: Mapping[str, str]) -> None:
        command, begin = STARTS[name]
        self.name = name
        self._house = house
        self._child = pexpect.spawn(
            command[0],
            command[1:],
            cwd=house.folder,
            env=dict(environment),
            dimensions=(40, 160),
            timeout=DEADLINE,
            encoding="utf-8",
        )
        # The prompt is asked for in pieces: the shell echoes what is typed.
        self._child.sendline(begin)
        self._child.expect_exact(READY)
        self._child.sendline(LOADED[name])
        self._child.expect_exact(READY)

    def given(self, typed: str) -> list[object]:
        """Type, and send it off; return what the probe was given."""
        self._child.send(f"{typed}\r")
        self._child.expect(r"GIVEN(\[.*?\])\s")
        said = json.loads(self._child.match[1])
        self._child.expect_exact(READY)
        return list(said)

    def listed(self, typed: str, *words: str) -> str:
        """Type until something is listed that has these words; return what the terminal was sent."""
        self._child.send(typed)
        seen = ""
        for word in words:
            self._child.expect_exact(word)
            seen += f"{self._child.before}{self._child.after}"
        self._child.send("\x03")
        self._child.expect_exact(READY)
        return bare(seen)

    def said(self, typed: str) -> str:
        """Type a whole command that prints one word in brackets; return it."""
        self._child.send(f"{typed}\r")
        self._child.expect(r"<(\w*)>")
        return str(self._child.match[1])

    def close(self) -> None:
        """End it."""
        self._child.close(force=True)


@pytest.fixture(scope="module")
def environment(running: Holdfast, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What a shell is started with: `holdfast` is the first in the path."""
    folder = tmp_path_factory.mktemp("bin")
    probing = os.path.join(ROOT, "tests", "client", "programs", "probing.py")
    command = folder / "holdfast"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(probing)} "$@"\n')
    command.chmod(0o755)
    typist = Typist(running)
    path = f"{folder}{os.pathsep}{typist.environment['PATH']}"
    return {**typist.environment, "PATH": path, "PYTHONPATH": ROOT, "TERM": "xterm"}


@pytest.fixture(params=list(STARTS), scope="module")
def shell(
    request: pytest.FixtureRequest, running: Holdfast, environment: Mapping[str, str]
) -> Iterator[Shell]:
    name = str(request.param)
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed: apt-get install {name}")
    with closing(Shell(name, running, environment)) as one:
        yield one


def test_commands_options_and_choices_are_completed(shell: Shell) -> None:
    assert shell.given("holdfast pro\tx") == [["x"]]
    assert shell.given("holdfast probe --sig\tHUP") == ["HUP"]
    assert shell.given("holdfast probe --format js\ty") == [["y"]]


def test_names_of_servers_are_completed_whatever_characters_they_have(shell: Shell) -> None:
    assert shell.given("holdfast probe ch\t") == [["chat"]]
    assert shell.given("holdfast probe my\t") == [["my server"]]
    assert shell.given("holdfast probe 'my s\t") == [["my server"]]
    assert shell.given("holdfast probe odd\t") == [["odd:$name"]]
    assert shell.given("holdfast probe odd:\t") == [["odd:$name"]]
    assert shell.given("holdfast probe chat my\tw\t") == [["chat", "my server", "web"]]


def test_a_server_that_was_named_is_not_offered_again(shell: Shell) -> None:
    assert shell.given("holdfast probe web w\t") == [["web", "w"]]


def test_only_servers_for_which_it_can_be_meant_are_offered(shell: Shell) -> None:
    assert shell.given("holdfast probe --off \t") == ["off"]
    assert shell.given("holdfast probe --on o\t") == ["odd:$name"]


def test_paths_of_servers_are_completed_step_by_step(shell: Shell) -> None:
    assert shell.given("holdfast probe --remote we\tcon\tser\t") == ["web:conf/server.properties"]
    assert shell.given("holdfast probe --remote web:con\t") == ["web:conf/"]
    assert shell.given("holdfast probe --remote web:conf/it\t") == ["web:conf/it's (odd) & $new.txt"]
    assert shell.given("holdfast probe --remote web:a\tin\t") == ["web:a folder/inside.txt"]
    assert shell.given("holdfast probe --remote 'web:a f\tin\t") == ["web:a folder/inside.txt"]


def test_where_both_may_be_meant_files_of_this_machine_are_offered_too(shell: Shell) -> None:
    assert shell.given("holdfast probe --place loc\t") == ["local file.txt"]
    assert shell.given("holdfast probe --place ./loc\t") == ["./local file.txt"]
    assert shell.given("holdfast probe --place web:conf/s\t") == ["web:conf/server.properties"]


def test_accounts_and_signals_are_completed(shell: Shell) -> None:
    assert shell.given("holdfast probe --account a\t") == ["admin"]
    assert shell.given("holdfast probe --signal US\t1") == ["USR1"]


def test_values_behind_an_equals_sign_are_completed(shell: Shell) -> None:
    assert shell.given("holdfast probe --account=a\t") == ["admin"]
    assert shell.given("holdfast probe --remote=web:con\t") == ["web:conf/"]


def test_several_candidates_are_listed(shell: Shell) -> None:
    shown = shell.listed(
        "holdfast co\t\t" if shell.name == "bash" else "holdfast co\t", "context", "completion"
    )
    assert ("Show the console" in shown) == (shell.name != "bash"), "zsh and fish tell what each is"


def test_nothing_is_written_between_what_somebody_types_if_nobody_answers(shell: Shell) -> None:
    away = "HOLDFAST_SOCKET=/nowhere"
    begin = f"export {away}; " if shell.name != "fish" else f"set -x {away.replace('=', ' ')}; "
    assert shell.said(f"{begin}echo '<''away>'") == "away"
    assert shell.given("holdfast probe we\tb") == [["web"]]
    assert shell.given("holdfast probe --remote web:c\tonf") == ["web:conf"]
    assert shell.given("holdfast probe --place loc\t") == ["local file.txt"]
    assert shell.given("holdfast probe --signal HU\t") == ["HUP"]


@pytest.mark.parametrize("package", ["/usr/share/bash-completion/bash_completion"])
def test_bash_completes_with_its_package_loaded_as_well(
    package: str, running: Holdfast, environment: Mapping[str, str]
) -> None:
    if not os.path.exists(package):
        pytest.skip("bash-completion is not installed: apt-get install bash-completion")
    with closing(Shell("bash", running, environment)) as shell:
        assert shell.said(f". {package}; echo '<''loaded>'") == "loaded"
        assert shell.given("holdfast probe --remote web:con\t") == ["web:conf/"]
        assert shell.given("holdfast probe odd:\t") == [["odd:$name"]]
