"""What a terminal is shown of what a program says."""

import json
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.command.consoleshow import Tail
from client.command.detaching import Detaching, keys
from client.command.exits import Stop
from client.command.output import as_json
from client.command.screening import MOST_LINE, Screening, screened


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (b"plain\n", ["plain"]),
        (b"one\r\ntwo\n", ["one", "two"]),
        (b"\ttab\n", ["\ttab"]),
        (b"10%\r50%\r100%\n", ["100%"]),
        (b"100%\r\r\n", ["100%"]),
        (b"\x1b[1;31mred\x1b[0m plain\n", ["\x1b[1;31mred\x1b[0m plain"]),
        (b"\x1b[31mred\non\x1b[m\noff\n", ["\x1b[31mred\x1b[0m", "\x1b[31mon\x1b[m", "off"]),
        (b"a\x1b[2Jb\x1b[10;10Hc\x1b[?1049hd\x1b[6ne\n", ["abcde"]),
        (b"a\x1b]0;title\x07b\x1b]52;c;c2VjcmV0\x1b\\c\x1bPq#\x1b\\d\n", ["abcd"]),
        (b"a\x1b]0;never ended\nb\n", ["a", "b"]),
        (b"a\x1bcb\x07\x08\x7fc\xc2\x9b2Jd\n", ["abcd"]),
        ("left \u202eto right\u2066\n".encode(), ["left to right"]),
        ("ü 😀\n".encode(), ["ü 😀"]),
        (b"\xff\n", ["\ufffd"]),
    ],
)
def test_colours_stay_and_what_steers_goes(said: bytes, shown: list[str]) -> None:
    assert Screening().feed(said) == shown


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_however_it_is_cut_the_same_is_shown(said: bytes, cuts: list[int]) -> None:
    whole, cut = Screening(), Screening()
    places = [0, *sorted(min(place, len(said)) for place in cuts), len(said)]
    lines = [line for begin, end in pairwise(places) for line in cut.feed(said[begin:end])]
    assert lines == whole.feed(said)
    assert cut.rest == whole.rest


@given(st.text(alphabet="\x1b[]0;31mHJ\x07\\P\n\r\x9b\u202ea", max_size=200))
def test_nothing_but_colours_begins_with_an_escape(said: str) -> None:
    screening = Screening()
    for line in [*screening.feed(said.encode()), screening.rest]:
        assert "\x1b" not in re.sub(r"\x1b\[[0-9;:]*m", "", line)
        assert "\x9b" not in line


def test_without_colours_there_are_none() -> None:
    assert Screening(coloured=False).feed(b"\x1b[31mred\x1b[0m\n") == ["red"]


def test_a_line_without_an_end_is_not_kept_for_ever() -> None:
    screening = Screening()
    lines = screening.feed(b"x" * (3 * MOST_LINE + 5))
    assert [len(line) for line in lines] == [MOST_LINE] * 3
    assert screening.rest == "x" * 5


def test_a_question_is_shown_before_its_end() -> None:
    screening = Screening()
    assert screening.feed(b"ready\nSure? \x1b[3") == ["ready"]
    assert screening.rest == "Sure? "


@pytest.mark.parametrize(
    ("wanted", "shown"), [(0, b"new\n"), (1, b"c\nnew\n"), (2, b"b\nc\nnew\n"), (9, b"a\nb\nc\nnew\n")]
)
@pytest.mark.parametrize("step", [1, 3, 100])
def test_the_latest_lines_of_what_there_was(wanted: int, shown: bytes, step: int) -> None:
    said, tail = b"a\nb\nc\nnew\n", Tail(6, wanted)
    parts = [tail.take(begin, said[begin : begin + step]) for begin in range(0, len(said), step)]
    assert b"".join(parts) == shown


def test_keys_have_names() -> None:
    assert keys("ctrl-]").data == b"\x1d"
    assert keys("ctrl-p,ctrl-q").data == b"\x10\x11"
    assert keys("Ctrl-A,d").shown == "Ctrl-A d"
    for wrong in ("", "ctrl-", "ctrl-1", "ä", "a,,b"):
        with pytest.raises(Stop):
            keys(wrong)


@given(st.binary(max_size=40), st.integers(1, 5))
def test_what_only_begins_like_the_keys_goes_on(typed: bytes, step: int) -> None:
    leaving, passed = Detaching(b"\x10\x11"), b""
    for begin in range(0, len(typed), step):
        data, left = leaving.feed(typed[begin : begin + step])
        passed += data
        if left:
            assert passed == typed[: typed.index(b"\x10\x11")]
            return
    assert typed == passed + (b"\x10" if typed.endswith(b"\x10") else b"")


def test_a_line_alone_takes_its_colours_with_it() -> None:
    line = (
        "\x1b[1;31mred\x1b[0m\x1b]8;;http://x\x07link\x1b]8;;\x1b\\ \x1b[2J\x1bc\x9b5n\ttab\x1bP+q\x1b\\\x07"
    )
    assert screened(line, coloured=True) == "\x1b[1;31mred\x1b[0mlink \ttab"
    assert screened(line, coloured=False) == "redlink \ttab"
    assert screened("\x1b[31mred", coloured=True) == "\x1b[31mred\x1b[0m"
    assert screened("10%\r20%\r", coloured=True) == "20%"


@given(st.text(st.characters(exclude_categories=())))
def test_json_says_all_of_a_text_and_steers_nothing(text: str) -> None:
    said = as_json(text)
    assert json.loads(said) == text
    said.encode()
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", said)
