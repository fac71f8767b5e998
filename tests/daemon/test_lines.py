"""A console's bytes as lines: whatever the pieces in which they come."""

from hypothesis import given
from hypothesis import strategies as st

from daemon.lines import LONGEST, Lines

PIECES = st.lists(
    st.one_of(
        st.binary(max_size=8),
        st.text(alphabet="aé€😀\r\n\x1b", max_size=8).map(str.encode),
        st.sampled_from([b"\n", b"\r", b"\r\n", b"\xe2", b"\x82\xac", b"\xf0\x9f", b"\x98\x80", b"\xff"]),
    ),
    max_size=20,
)


def naive(data: bytes) -> list[str]:
    """What lines are, for a whole text: without their newline, and one carriage return before it."""
    return [line.removesuffix(b"\r").decode("utf-8", "replace") for line in data.split(b"\n")[:-1]]


def fed(lines: Lines, *pieces: bytes) -> list[str]:
    shown = [text for piece in pieces if (text := lines.feed(piece)) is not None]
    return [line for text in shown for line in text.split("\n")]


@given(PIECES)
def test_whole_lines_do_not_depend_on_the_pieces(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    lines = Lines()
    assert fed(lines, *pieces) == naive(data)
    assert lines.pending == len(data.rpartition(b"\n")[2])
    rest = data.rpartition(b"\n")[2]
    assert lines.finish() == (rest.removesuffix(b"\r").decode("utf-8", "replace") if rest else None)
    assert (lines.pending, lines.unfinished) == (0, False)


@given(st.text(alphabet="aé€😀\r\n", max_size=30), st.lists(st.integers(0, 60), max_size=6))
def test_what_is_shown_early_never_cuts_a_character(text: str, cuts: list[int]) -> None:
    data, lines, shown = text.encode(), Lines(), ""
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(data)], strict=True):
        shown += lines.feed(data[begin:end]) or ""
        shown += lines.flush() or ""
        assert not lines.unfinished
        assert lines.pending < 4
    shown += lines.finish() or ""
    plain = text.replace("\r", "").replace("\n", "")
    assert shown.replace("\r", "").replace("\n", "") == plain


def test_a_line_without_an_end_is_shown_in_parts_of_whole_characters() -> None:
    for character in ("x", "é", "€", "😀"):
        for offset in range(4):
            lines, data = Lines(), b"x" * offset + character.encode() * LONGEST
            parts = []
            for begin in range(0, len(data), 1000):
                if (part := lines.feed(data[begin : begin + 1000])) is not None:
                    parts.append(part)
                assert lines.pending < LONGEST
            parts.append(lines.finish() or "")
            assert len(parts) >= 1 + len(data) // (LONGEST + 1000)
            assert "".join(parts).encode() == data


def test_a_flood_of_bytes_that_are_no_text_is_shown_too() -> None:
    for byte in (b"\x80", b"\xff", b"\xe2", b"\x00"):
        lines = Lines()
        shown = lines.feed(byte * (2 * LONGEST))
        assert shown is not None
        assert len(shown) + lines.pending >= LONGEST
        assert lines.pending < 4


def test_only_one_carriage_return_belongs_to_the_newline() -> None:
    assert fed(Lines(), b"a\r", b"\nb\r\r\n", b"\rc\rd\n") == ["a", "b\r", "\rc\rd"]


def test_an_unfinished_line_is_shown_once() -> None:
    lines = Lines()
    assert lines.feed(b"Name? ") is None
    assert lines.unfinished
    assert lines.flush() == "Name? "
    assert lines.flush() is None
    assert lines.feed(b"Ada\n") == "Ada"


def test_half_a_character_waits_for_the_rest() -> None:
    lines = Lines()
    assert lines.feed(b"3 \xe2\x82") is None
    assert lines.flush() == "3 "
    assert (lines.unfinished, lines.pending, lines.flush()) == (False, 2, None)
    assert lines.feed(b"\xac\n") == "€"
    assert lines.feed(b"\xe2\x82") is None
    assert lines.finish() == "\ufffd"
