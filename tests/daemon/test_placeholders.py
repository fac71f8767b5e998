"""Texts of the config with placeholders: what is put in is never looked at again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.placeholders import WORDS, Template, UnknownPlaceholder


def test_words_are_put_in() -> None:
    template = Template("{server} on {host}: {reason}{exit}")
    assert template.fill({"server": "mc", "host": "box", "reason": "it fell"}) == "mc on box: it fell"


@pytest.mark.parametrize(
    "text",
    ["{sever}", "{server.name}", "{server[0]}", "{lines!r}", "{reason:>10}", "{__class__}", "{SERVER}"],
)
def test_a_word_that_stands_for_nothing_is_a_mistake(text: str) -> None:
    with pytest.raises(UnknownPlaceholder):
        Template(text)


@pytest.mark.parametrize(
    "text", ["{}", "{", "}", "{{", "{0}", "{ server }", "{a b}", '{"a": 1}', "%s $server"]
)
def test_other_braces_are_what_they_are(text: str) -> None:
    assert Template(text).fill(dict.fromkeys(WORDS, "x")) == text


VALUES = st.fixed_dictionaries(
    {word: st.text(alphabet="{}serverhost.[]0%$\\\n\"'", max_size=20) for word in WORDS}
)
PIECES = st.lists(
    st.one_of(st.sampled_from([f"{{{word}}}" for word in WORDS]), st.text('ab {}"\\%$', max_size=5))
)


@given(PIECES, VALUES)
def test_what_is_put_in_is_text_and_nothing_else(pieces: list[str], values: dict[str, str]) -> None:
    try:
        template = Template("\x00".join(pieces))
    except UnknownPlaceholder:
        return
    expected = [values[piece[1:-1]] if piece[1:-1] in WORDS else piece for piece in pieces]
    assert template.fill(values) == "\x00".join(expected)


@given(st.text(max_size=100))
def test_any_text_is_a_template_or_a_mistake(text: str) -> None:
    try:
        Template(text).fill(dict.fromkeys(WORDS, "x"))
    except UnknownPlaceholder:
        return
