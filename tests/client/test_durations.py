"""Durations and moments as people type them, and as they read them."""

import time

import click
import pytest

from client.command.moments import DURATION, MOMENT, ago, ahead, when


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("2d", 172_800),
        ("1.5h", 5400),
        ("1W", 604_800),
    ],
)
def test_a_duration_has_units(text: str, seconds: float) -> None:
    assert DURATION.convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "30", "30x", "h", "-1h", "1h-2m", "1hour"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no duration"):
        DURATION.convert(text, None, None)


def test_a_moment_is_said_in_several_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_000_000_000.0)
    assert MOMENT.convert("2h", None, None) == 1_000_000_000 - 7200
    assert MOMENT.convert("1700000000.5", None, None) == 1_700_000_000.5
    assert MOMENT.convert("2026-01-31T12:00:00Z", None, None) == 1_769_860_800
    assert when(MOMENT.convert("2026-01-31 12:00", None, None)) == "2026-01-31 12:00:00"
    for wrong in ("yesterday", "12", "nan", "1e300", "2026-13-01"):
        with pytest.raises(click.BadParameter, match="is no moment"):
            MOMENT.convert(wrong, None, None)


def test_what_was_and_what_comes_is_told_roughly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_000_000_000.0)
    assert [ago(1e9 - seconds) for seconds in (-5, 0.2, 9, 90, 90_000)] == [
        *("1s ago", "1s ago", "9s ago", "1m 30s ago", "1d 1h ago")
    ]
    assert [ahead(1e9 + seconds) for seconds in (-5, 5, 3600)] == ["over", "in 5s", "in 1h"]
    assert (ago(None), ago(0), ahead(None), when(None)) == ("never", "never", "never", "")
    assert when(1e300) == f"{1e300:.0f}"
