"""Requests and answers as values."""

from collections.abc import Iterator

import pytest

from client.exchange import Request, Whole, at, pieces_of
from client.failures import CannotAsk, NotHoldfast


@pytest.mark.parametrize(
    ("names", "path"),
    [
        (("server", "web"), "/server/web"),
        (("server", "a/b c?#%"), "/server/a%2Fb%20c%3F%23%25"),
        (("server", "ä"), "/server/%C3%A4"),
        (("server", "..", "files"), "/server/%2E%2E/files"),
        (("server", "."), "/server/%2E"),
        (("server", "..."), "/server/..."),
        (("server", "\udcff"), "/server/%FF"),
    ],
)
def test_a_name_stays_one_name_in_a_path(names: tuple[str, ...], path: str) -> None:
    assert at(*names) == path


@pytest.mark.parametrize("name", ["", "\ud800"])
def test_what_is_no_name_makes_no_path_to_something_else(name: str) -> None:
    with pytest.raises(CannotAsk):
        at("server", name, "files")


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (True, "a=true"),
        (False, "a=false"),
        (0, "a=0"),
        (1.5, "a=1.5"),
        (-60.0, "a=-60"),
        (0.0, "a=0"),
        (1763752357.25, "a=1763752357.25"),
        ("x y&z", "a=x%20y%26z"),
        ("\udcff", "a=%FF"),
    ],
)
def test_a_query_says_values_as_the_api_reads_them(value: str | float, word: str) -> None:
    assert Request("GET", "/x", {"a": value, "b": None}).target == f"/x?{word}"


def test_a_query_that_is_no_text_is_told_of() -> None:
    with pytest.raises(CannotAsk):
        _ = Request("GET", "/x", {"a": "\ud800"}).target


def test_json_may_hold_names_that_are_no_text() -> None:
    assert Request.json("POST", "/x", {"name": "ä\udcff"}).body == b'{"name": "\\u00e4\\udcff"}'


def test_what_changes_nothing_may_be_sent_again_unless_its_answer_was_used() -> None:
    assert Request("GET", "/x").repeatable
    assert Request("HEAD", "/x").repeatable
    assert not Request("POST", "/x").repeatable
    assert not Request("GET", "/x", sink=len).repeatable
    assert Request("POST", "/x", again=True).repeatable


def test_an_answer_larger_than_any_of_ours_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.exchange.LARGEST", 10)
    whole = Whole()
    whole.add(b"0123456789")
    with pytest.raises(NotHoldfast):
        whole.add(b"x")


def test_a_failure_of_a_body_is_not_told_as_another() -> None:
    class Bad:
        length = None

        def pieces(self) -> Iterator[bytes]:
            yield b"a"
            raise NotHoldfast("as it is")

    with pytest.raises(NotHoldfast, match="as it is"):
        list(pieces_of(Bad()))
