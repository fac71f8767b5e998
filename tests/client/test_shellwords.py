"""Lines as somebody types them, taken apart and put together as a shell does."""

import subprocess

import pytest

from client.command.shellwords import parted, written

BREAKS = " \t\n\"'@><=;|&(:"

AWKWARD = [
    "plain",
    "two words",
    "it's",
    'say "hi"',
    "$HOME",
    "a\\b",
    "~",
    "#x",
    "*?[a]",
    "`id`",
    "a;b&c",
    "ünïcode",
    "!x",
]


@pytest.mark.parametrize("word", AWKWARD)
def test_what_is_written_is_read_as_the_same_word_by_bash_and_by_us(word: str) -> None:
    for line in (written(word), f"'{written(word, chr(39))}'", f'"{written(word, chr(34))}"'):
        assert parted(f"x {line}").current == word
        said = subprocess.run(["bash", "-c", f"printf %s {line}"], capture_output=True, text=True, check=True)
        assert said.stdout == word


@pytest.mark.parametrize(
    ("typed", "words", "current", "head"),
    [
        ("holdfast ", ["holdfast"], "", ""),
        ("holdfast web:con", ["holdfast"], "web:con", "web:"),
        ("holdfast 'web:my f", ["holdfast"], "web:my f", ""),
        ("holdfast web:'my f", ["holdfast"], "web:my f", "web:"),
        ("holdfast 'web:my'f", ["holdfast"], "web:myf", ""),
        ("holdfast a\\:b", ["holdfast"], "a:b", ""),
        ("holdfast --account=ad", ["holdfast"], "--account=ad", "--account="),
        ("cd x; A=1 B=2 holdfast a", ["holdfast"], "a", ""),
        ("holdfast >log a", ["holdfast"], "a", ""),
    ],
)
def test_a_line_is_taken_apart_where_bash_does_it(
    typed: str, words: list[str], current: str, head: str
) -> None:
    line = parted(typed, BREAKS)
    assert (line.words, line.current, line.head) == (words, current, head)


def test_the_file_of_a_redirection_is_none_of_our_words() -> None:
    assert parted("holdfast list > x").redirected
    assert not parted("holdfast list > x y").redirected
