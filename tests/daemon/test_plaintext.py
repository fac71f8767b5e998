"""What a terminal shows, as lines of text: each as it was when it ended."""

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from daemon.plaintext import _LONGEST_STRING, ELSEWHERE, PlainText
from daemon.textline import _MOST_MARKS, LONGEST

COLOUR = re.compile(r"\x1b\[(?:0(?:;[0-9:]+)+)?m")


def lines(data: bytes | str, columns: int = 80) -> list[str]:
    """All lines of this, the unfinished one too."""
    text = PlainText(columns)
    return text.feed(data.encode() if isinstance(data, str) else data) + text.finish()


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        # What is no terminal's business.
        ("one\ntwo\n", ["one", "two"]),
        ("one\r\n\r\ntwo\r\n", ["one", "", "two"]),
        ("no end", ["no end"]),
        ("", []),
        ("Grüße ✓ 你好 😀\n", ["Grüße ✓ 你好 😀"]),
        (b"\xff\xc3(\n", ["\ufffd\ufffd("]),
        ("a\tb\n", ["a       b"]),
        ("trailing   \n", ["trailing"]),
        # What is overwritten or erased was never there.
        ("10%\r20%\r100%\n", ["100%"]),
        ("downloading\rdone\x1b[K\n", ["done"]),
        ("downloading\rdone\n", ["doneloading"]),
        ("abc\b\bx\n", ["axc"]),
        ("hlep\b\b\b\x1b[Kelp\n", ["help"]),
        ("abc\x1b[1K\n", [""]),
        ("abc\x1b[2K\rx\n", ["x"]),
        ("old\x1b[2J\rnew\n", ["new"]),
        ("abcdef\r\x1b[2C\x1b[2P\n", ["abef"]),
        ("abef\r\x1b[2C\x1b[2@cd\n", ["abcdef"]),
        ("abcdef\r\x1b[3X\n", ["   def"]),
        ("a\x1b7bc\x1b8x\n", ["axc"]),
        ("abc\x1b[2Gx\n", ["axc"]),
        ("你好\b\bx\n", ["你x"]),
        ("你好\rx\n", ["x 好"]),
        ("e\u0301\n", ["e\u0301"]),
        # Colours stay, and end with their line.
        ("\x1b[31mred\x1b[0m plain\n", ["\x1b[0;31mred\x1b[m plain"]),
        ("\x1b[1;38;5;208mx\ny\x1b[m\n", ["\x1b[0;1;38;5;208mx\x1b[m", "\x1b[0;1;38;5;208my\x1b[m"]),
        ("\x1b[38;2;1;2;3ma\x1b[39mb\n", ["\x1b[0;38;2;1;2;3ma\x1b[mb"]),
        ("\x1b[4:3ma\x1b[24mb\n", ["\x1b[0;4:3ma\x1b[mb"]),
        ("\x1b[38mno colour\x1b[38;5mneither\x1b[999m\n", ["no colourneither"]),
        ("\x1b[42m  \x1b[m  \n", ["\x1b[0;42m  \x1b[m"]),
        # All else goes.
        ("\x1b]0;title\x07x\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\\n", ["xlink"]),
        ("\x1b]0;never ended\nnext\n", ["", "next"]),
        ("\x1bPdevice\nstring\x1b\\x\n", ["x"]),
        ("\x1b[?2004h$ ls\x1b[?2004l\n", ["$ ls"]),
        ("\x1b(B\x1b[?25lx\x1b=\x1b[>0q\x1b[!p\x07\x00\x7f\n", ["x"]),
        ("\x1b[" + "1" * 65 + "mx\n", ["1" * 65 + "mx"]),
        ("\u009b31mred\u0085\u009d0;title\u009cx\n", ["\x1b[0;31mred\x1b[m", "\x1b[0;31mx\x1b[m"]),
        # The cursor in another line begins one.
        ("one\x1b[5;1Htwo\x1b[7dthree\n", ["one", "two", "three"]),
        ("\x1b[H\x1b[2Jtop\x1b[K\n\x1b[K\n", ["top", ""]),
        ("one\x1b[Btwo\x1b[A\n", ["one", "two"]),
        # The alternate screen is no text.
        ("a\x1b[?1049h\x1b[2;5Hvim\nx\x1b[?1049lb\n", ["a", ELSEWHERE, "b"]),
        ("\x1b[?1049h1\x1b[?1049l\x1b[?47h2\x1b[?47l" * 3, [ELSEWHERE]),
        ("\x1b[?1049hkilled\x1b[?47l\r\n[Octyne] has stopped\r\n", [ELSEWHERE, "", "[Octyne] has stopped"]),
    ],
)
def test_a_line_is_shown_as_it_was_when_it_ended(data: bytes | str, shown: list[str]) -> None:
    assert lines(data) == shown


def test_a_line_that_is_wider_than_the_terminal_is_one_line_of_several_rows() -> None:
    assert lines("x" * 25 + "\n", 10) == ["x" * 25]
    # As readline goes to the next row, and back.
    assert lines("x" * 10 + " \ry\n", 10) == ["x" * 10 + "y"]
    assert lines("0123456789abc\x1b[A\r-\n", 10) == ["-123456789abc"]
    assert lines("0123456789abc\x1b[A\r\x1b[P\n", 10) == ["123456789 abc"]
    assert lines("0123456789\r-\n", 10) == ["-123456789"]


def test_what_is_kept_is_bounded() -> None:
    text = PlainText()
    assert text.feed(b"x" * (3 * LONGEST + 5)) == ["x" * LONGEST] * 3
    assert text.finish() == ["x" * 5]
    assert text.feed(b"\x1b]" + b"x" * (_LONGEST_STRING - 1)) == []
    assert len(text._rest) == 0
    assert text.feed(b"xback\n") == ["back"]
    assert text.feed(b"\x1bP" + b"x" * _LONGEST_STRING + b"back\n") == ["back"]
    (marked,) = text.feed(b"a" + "\u0301".encode() * 1000 + b"\n")
    assert len(marked) <= _MOST_MARKS
    (padded,) = text.feed(b"\x1b[99999999999999999999C.\n")
    assert len(padded) <= 80
    (tabs,) = text.feed(b"\t" * 100_000 + b".\n")[-1:]
    assert len(tabs) <= LONGEST + 8


def test_what_was_left_unfinished_has_no_part_in_what_comes_after_an_end() -> None:
    text = PlainText()
    for begun in (b"\x1b[3", b"\x1b]0;t", b"\x1b[31m", b"\x1b[?1049h", b"\xc3"):
        text.feed(begun)
        text.finish()
        assert text.feed(b"1mx\n") == ["1mx"]


SEQUENCES = r"""\r \n \b \t \x1b \x1b[ \x1b] \x1bP \x1b\\ \x07 \x9b \x1b7 \x1b8 \x1bc \x1b[?1049h \x1b[?1049l
\x1b[K \x1b[1K \x1b[J \x1b[2J \x1b[A \x1b[B \x1b[3P \x1b[3@ \x1b[X \x1b[9C \x1b[2D \x1b[H \x1b[31m \x1b[1;44m
\x1b[38;5;9m \x1b[38;2;1m \x1b[m \x1b[4:0m \u4f60 \u0301"""
PIECES = st.one_of(
    st.binary(max_size=12),
    st.text(max_size=12).map(lambda text: text.encode("utf-8", "replace")),
    st.sampled_from([word.encode("ascii").decode("unicode_escape").encode() for word in SEQUENCES.split()]),
)


@settings(max_examples=400, deadline=None)
@given(
    data=st.lists(PIECES, max_size=30).map(b"".join),
    cuts=st.lists(st.integers(0, 400), max_size=6),
    columns=st.sampled_from([1, 2, 7, 80, 1000]),
)
@example(data=b"\x1b[38;2;" * 40, cuts=[], columns=80)
def test_whatever_comes_and_in_which_parts_the_text_is_the_same_and_harmless(
    data: bytes, cuts: list[int], columns: int
) -> None:
    whole = lines(data, columns)
    text, parts = PlainText(columns), []
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    for start, stop in pairwise(edges):
        parts += text.feed(data[start:stop])
        assert not _controls(text.unfinished)
    assert parts + text.finish() == whole
    assert not _controls("".join(whole))


def _controls(text: str) -> str:
    bare = COLOUR.sub("", text)
    return "".join(character for character in bare if unicodedata.category(character) == "Cc")
