"""Addresses that people give, and frames."""

import pytest

from benchmarks.started import kind_of
from benchmarks.target import frame, given


@pytest.mark.parametrize(
    ("text", "token", "said"),
    [
        ("ftp://x", None, "ftp://x is no address"),
        ("old=x", None, "x is no address"),
        ("http://127.0.0.1:1", None, "it takes --token"),
    ],
)
def test_an_address_that_is_none_is_told(text: str, token: str | None, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        given(text, token)


def test_over_tcp_a_token_is_shown_and_over_the_unix_socket_none_is_needed() -> None:
    target = given("mine=http://127.0.0.1:9", "secret")
    assert target.name == "mine"
    assert target.where("tcp") == ["tcp", "127.0.0.1", "9"]
    assert b"\r\nAuthorization: secret\r\n" in target.head("GET", "/servers", "tcp")
    assert b"Authorization" not in target.head("GET", "/servers", "unix")


@pytest.mark.parametrize("text", ["nginx", "octyne", "old=pm2:/x", "holdfast:/nowhere"])
def test_what_cannot_be_started_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"holdfast|checkout"):
        kind_of(text)


@pytest.mark.parametrize(("size", "head"), [(5, 6), (200, 8), (70_000, 14)])
def test_frames_have_the_length_in_as_few_bytes_as_it_takes(size: int, head: int) -> None:
    assert len(frame(b"x" * size)) == head + size
