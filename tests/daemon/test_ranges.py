"""Ranges of a file, and the conditions under which it is sent."""

import pytest
from starlette.datastructures import Headers

from daemon.conditions import accepts, date_of, outcome, wants_range
from daemon.disposition import attachment
from daemon.ranges import MOST_RANGES, parse_ranges

TAG, DATE = '"1-2-3"', 1_600_000_000
EARLIER, SAME, LATER = (date_of(DATE + shift) for shift in (-10, 0, 10))


@pytest.mark.parametrize(
    ("header", "ranges"),
    [
        (None, None),
        ("", None),
        ("bytes=0-0", [(0, 1)]),
        ("bytes=0-", [(0, 10)]),
        ("BYTES = 3-4", [(3, 5)]),
        ("bytes=5-99999999999999999999", [(5, 10)]),
        ("bytes=-3", [(7, 10)]),
        ("bytes=-30", [(0, 10)]),
        ("bytes=0-1, 4-5 ,,8-", [(0, 2), (4, 6), (8, 10)]),
        ("bytes=8-,0-1", [(8, 10), (0, 2)]),
        ("bytes=10-", []),
        ("bytes=10-,0-1", [(0, 2)]),
        ("bytes=-0", []),
        ("bytes=4-3", None),
        ("bytes=a-b", None),
        ("bytes=1", None),
        ("bytes=-", None),
        ("bytes=--1", None),
        ("bytes=1-2-3", None),
        ("bytes=", None),
        ("lines=0-1", None),
        ("bytes=0-9,0-9", None),
        ("bytes=" + "9" * 5000 + "-", None),
        ("bytes=" + ",".join(["0-0"] * (MOST_RANGES + 1)), None),
    ],
)
def test_a_range_header_means(header: str | None, ranges: list[tuple[int, int]] | None) -> None:
    found = parse_ranges(header, 10)
    assert (found if found is None else [(one.start, one.end) for one in found]) == ranges


def test_nothing_can_be_had_of_an_empty_file() -> None:
    for header in ("bytes=0-", "bytes=-1", "bytes=0-0"):
        assert parse_ranges(header, 0) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, None),
        ({"if-none-match": TAG}, 304),
        ({"if-none-match": f"W/{TAG}"}, 304),
        ({"if-none-match": f'"a", {TAG}'}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"a"', "if-modified-since": LATER}, None),
        ({"if-modified-since": SAME}, 304),
        ({"if-modified-since": LATER}, 304),
        ({"if-modified-since": EARLIER}, None),
        ({"if-modified-since": "yesterday"}, None),
        ({"if-match": TAG}, None),
        ({"if-match": "*"}, None),
        ({"if-match": f"W/{TAG}"}, 412),
        ({"if-match": '"a"'}, 412),
        ({"if-match": ""}, 412),
        ({"if-unmodified-since": SAME}, None),
        ({"if-unmodified-since": EARLIER}, 412),
        ({"if-match": TAG, "if-unmodified-since": EARLIER}, None),
    ],
)
def test_a_condition_decides(headers: dict[str, str], status: int | None) -> None:
    assert outcome(Headers(headers), TAG, DATE) == status


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        (TAG, True),
        (f"W/{TAG}", False),
        ('"a"', False),
        (SAME, True),
        (EARLIER, False),
        (LATER, False),
        ("x", False),
    ],
)
def test_a_range_is_of_what_the_client_has(condition: str, wanted: bool) -> None:
    headers = Headers({"if-range": condition})
    assert wants_range(headers, TAG, DATE, now=DATE + 5) is wanted


def test_a_date_of_this_second_proves_nothing() -> None:
    assert not wants_range(Headers({"if-range": SAME}), TAG, DATE, now=DATE + 0.5)


def test_a_writer_says_what_must_be_there() -> None:
    def allowed(etag: str | None, **headers: str) -> bool:
        demanded = accepts(Headers({name.replace("_", "-"): value for name, value in headers.items()}))
        return demanded is None or demanded(etag)

    assert allowed(None)
    assert allowed(TAG, if_match=TAG)
    assert allowed(TAG, if_match="*")
    assert allowed(None, if_none_match="*")
    assert allowed(TAG, if_none_match='"a"')
    assert not allowed(None, if_match="*")
    assert not allowed(None, if_match=TAG)
    assert not allowed(TAG, if_match='"a"')
    assert not allowed(TAG, if_none_match="*")
    assert not allowed(TAG, if_match=TAG, if_none_match=TAG)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("server.properties", "filename=server.properties"),
        ("a b (1).txt", 'filename="a b (1).txt"'),
        ('say "hi".txt', "filename=\"say _hi_.txt\"; filename*=UTF-8''say%20%22hi%22.txt"),
        ("größe.txt", "filename=\"gr__e.txt\"; filename*=UTF-8''gr%C3%B6%C3%9Fe.txt"),
        ("a\r\nX: y", "filename=\"a__X: y\"; filename*=UTF-8''a%0D%0AX%3A%20y"),
        ("100%25;x", "filename=\"100_25;x\"; filename*=UTF-8''100%2525%3Bx"),
        ("back\\slash", "filename=\"back_slash\"; filename*=UTF-8''back%5Cslash"),
    ],
)
def test_a_name_cannot_leave_its_header(name: str, header: str) -> None:
    assert attachment(name) == f"attachment; {header}"
