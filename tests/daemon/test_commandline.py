"""A command as one text is split as a shell would, whichever way is taken."""

import shlex

import pytest

from daemon.commandline import read_command
from daemon.values import ConfigError, Source, Value

PLAIN = [
    "java -jar a.jar",
    "  a\t b\r\nc ",
    "a#b # c",
    "a;b|c && $d `e`",
    "é\u00a0ü x\x0by\x1cz",
    "=",
    "a\u2028b c",
]
QUOTED = ["a 'b c'", 'a "b c" d', "a\\ b c", "a''", "'' a"]


def command(text: str) -> tuple[str, ...]:
    return read_command(Value(Source("config", text), 0, "command", text))


@pytest.mark.parametrize("text", PLAIN + QUOTED[:-1])
def test_words_are_what_a_shell_would_make_of_them(text: str) -> None:
    assert command(text) == tuple(shlex.split(text))


@pytest.mark.parametrize("text", ["", "  \t", QUOTED[-1]])
def test_nothing_to_run_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="nothing to run"):
        command(text)


@pytest.mark.parametrize("text", ["a 'b", 'a "b', "a\\"])
def test_what_is_never_closed_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="cannot be split"):
        command(text)
