"""Moments as people write them, and output as a terminal may have it."""

import time
from datetime import UTC, datetime

import pytest

from client.command.moments import moment, stamp, when

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("90s", 90),
        ("10m", 600),
        ("2h", 7200),
        ("7d", 604_800),
        ("1.5h", 5400),
        ("10 m ago", 600),
        ("1h30m", 5400),
    ],
)
def test_how_long_ago(text: str, ago: float) -> None:
    assert moment(text, NOW) == NOW - ago


def test_a_date_without_a_zone_is_meant_here_and_one_with_a_zone_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert moment("2026-01-31T12:00:00Z") == NOW
        assert moment("2026-01-31 21:00") == NOW
        assert moment("20:30", NOW) == NOW - 1800
        assert moment(str(int(NOW))) == NOW
        assert when(NOW) == "2026-01-31 21:00:00"
        assert stamp(NOW + 0.25) == "2026-01-31T12:00:00.250Z"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("text", ["", "soon", "25:00", "10", "2026-13-01", "9" * 400])
def test_what_is_no_moment(text: str) -> None:
    assert moment(text, NOW) is None
