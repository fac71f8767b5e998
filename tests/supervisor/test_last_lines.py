"""The last lines before an end, as history and notifications show them."""

import pytest

from supervisor.history import MOST_TEXT, last_lines


@pytest.mark.parametrize(
    ("output", "lines"),
    [
        (b"a\r\nb", ("a", "b")),
        (b"\x1b[31mERROR\x1b[0m \x1b[38;5;1mx\n", ("ERROR x",)),
        (b"\x1b]0;title\x07\x1b[?2004hbash-5.2# ", ("bash-5.2# ",)),
        (b"1 %\r50 %\r100 %\r\n", ("100 %",)),
        (b"a\tb\x00\x07\x7f\xc2\x9b\n", ("a\tb",)),
        (b"\x1b[", ()),
        (b"\x1b(B\x1b=\x1bMx\n", ("x",)),
        ("größer \N{SNOWMAN}\n".encode(), ("größer \N{SNOWMAN}",)),
        (b"[Octyne] Started server a\nup\n", ("up",)),
    ],
)
def test_they_are_text_and_nothing_that_only_a_terminal_understands(
    output: bytes, lines: tuple[str, ...]
) -> None:
    assert last_lines(lambda size: output[-size:]) == lines


def test_the_first_one_is_whole() -> None:
    output = "\n".join(["ä" * 3000, *map(str, range(300))]).encode()
    cut = "\n".join(["ä" * 3000, "x" * 100, "last"]).encode()
    assert last_lines(lambda size: output[-size:]) == tuple(map(str, range(290, 300)))
    assert last_lines(lambda size: cut[-size:]) == ("x" * 100, "last")


def test_of_a_single_long_line_the_end_is_told() -> None:
    assert last_lines(lambda size: (b"x" * 9000)[-size:]) == ("x" * MOST_TEXT,)
