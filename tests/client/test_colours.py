"""When there are colours: what --color says, then the environment, then whether it is a terminal."""

import pytest

from .typed import Typist

DIM = "\x1b[2m"
"""The colour of a server that is off."""

PIPE = [
    ("", "", False),
    ("always", "", True),
    ("always", "NO_COLOR=1", True),
    ("", "FORCE_COLOR=1", True),
    ("", "CLICOLOR_FORCE=1", True),
    ("", "CLICOLOR_FORCE=0", False),
    ("", "FORCE_COLOR=1 NO_COLOR=1", False),
    ("never", "FORCE_COLOR=1", False),
]

TERMINAL = [
    ("", "", True),
    ("", "NO_COLOR=1", False),
    ("", "NO_COLOR=", True),
    ("", "TERM=dumb", False),
    ("", "CLICOLOR=0", False),
    ("", "FORCE_COLOR=0", False),
    ("never", "", False),
    ("always", "NO_COLOR=1", True),
]


def given(option: str, words: str) -> tuple[list[str], dict[str, str]]:
    pairs = (word.partition("=") for word in words.split())
    return ["--color", option] if option else [], {name: value for name, _, value in pairs}


@pytest.mark.parametrize(("option", "words", "coloured"), PIPE)
def test_in_a_pipe(shell: Typist, option: str, words: str, coloured: bool) -> None:
    options, environment = given(option, words)
    said = shell("list", *options, typed="", code=0, **environment)
    assert (DIM in said.out) == coloured
    assert coloured or "\x1b" not in said.out


@pytest.mark.parametrize(("option", "words", "coloured"), TERMINAL)
def test_in_a_terminal(shell: Typist, option: str, words: str, coloured: bool) -> None:
    options, environment = given(option, words)
    with shell.terminal("list", *options, size=(40, 120), **environment) as child:
        said = child.read()
    assert (DIM in said) == coloured
    assert coloured or "\x1b[2" not in said


def test_colours_do_not_shift_the_columns(shell: Typist) -> None:
    plain, coloured = (shell("list", f"--color={one}").out.splitlines()[2] for one in ("never", "always"))
    assert plain.startswith("off   stopped ")
    assert coloured.replace(DIM, "").replace("\x1b[0m", "") == plain
