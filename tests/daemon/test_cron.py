"""Cron expressions where clocks are moved: which instants they mean, in zones of every kind."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.cron import Cron, InvalidCron
from daemon.zones import NoSuchZone, find_zone, local_zone

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # by half an hour
    "Africa/Cairo",  # at midnight, on a Friday
    "America/Havana",  # at midnight and at one
    "Asia/Kathmandu",  # never, 5:45
    "Africa/Casablanca",  # back for a month each year
    "UTC",
)


def at(text: str, zone: str) -> float:
    """The moment; `fold=1` where an offset says so is not needed: the offset is in the text."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).timestamp()


def coming(text: str, zone: str, after: str, count: int) -> list[str]:
    cron = Cron(text, find_zone(zone))
    moment, found = at(after, zone), []
    for _ in range(count):
        following = cron.next(moment)
        assert following is not None
        moment = following
        found.append(cron.local(moment))
    return found


@pytest.mark.parametrize(
    ("text", "zone", "after", "expected"),
    [
        (
            "30 2 * * *",  # there is no 2:30 on that day
            "Europe/Berlin",
            "2026-03-28T12:00",
            ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"],
        ),
        (
            "30 2 * * *",  # there are two
            "Europe/Berlin",
            "2026-10-24T12:00",
            ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"],
        ),
        (
            "30 2 * * *",  # and in between of them
            "Europe/Berlin",
            "2026-10-25T02:10:00+01:00",
            ["2026-10-26T02:30:00+01:00"],
        ),
        (
            "0,20,40 2,3 * * *",  # what there is not comes with what follows it
            "Europe/Berlin",
            "2026-03-29T00:00",
            ["2026-03-29T03:00:00+02:00", "2026-03-29T03:20:00+02:00", "2026-03-29T03:40:00+02:00"],
        ),
        (
            "*/30 * * * *",  # no hour is named: each half of an hour that passes
            "Europe/Berlin",
            "2026-10-25T01:30",
            [
                "2026-10-25T02:00:00+02:00",
                "2026-10-25T02:30:00+02:00",
                "2026-10-25T02:00:00+01:00",
                "2026-10-25T02:30:00+01:00",
                "2026-10-25T03:00:00+01:00",
            ],
        ),
        (
            "5 * * * *",
            "Europe/Berlin",
            "2026-03-29T01:00",
            ["2026-03-29T01:05:00+01:00", "2026-03-29T03:05:00+02:00", "2026-03-29T04:05:00+02:00"],
        ),
        (
            "0 */2 * * *",
            "America/New_York",
            "2026-03-08T00:30",
            ["2026-03-08T03:00:00-04:00", "2026-03-08T04:00:00-04:00"],
        ),
        (
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-04T00:00",
            ["2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"],
        ),
        (
            "*/15 * * * *",
            "Australia/Lord_Howe",
            "2026-04-05T01:30:00+11:00",
            [
                "2026-04-05T01:45:00+11:00",
                "2026-04-05T01:30:00+10:30",
                "2026-04-05T01:45:00+10:30",
                "2026-04-05T02:00:00+10:30",
            ],
        ),
        (
            "0 0 * * *",
            "Africa/Cairo",
            "2026-04-23T12:00",
            ["2026-04-24T01:00:00+03:00", "2026-04-25T00:00:00+03:00"],
        ),
        ("0 0 29 2 *", "UTC", "2026-01-01T00:00", ["2028-02-29T00:00:00+00:00", "2032-02-29T00:00:00+00:00"]),
        ("@daily", "UTC", "2026-01-01T00:00", ["2026-01-02T00:00:00+00:00"]),
        ("0 4 L * *", "UTC", "2026-02-01T00:00", ["2026-02-28T04:00:00+00:00"]),
    ],
)
def test_where_clocks_are_moved_each_run_comes_once(
    text: str, zone: str, after: str, expected: list[str]
) -> None:
    assert coming(text, zone, after, len(expected)) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("61 * * * *", "there is no minute '61'"),
        ("* 24 * * *", "there is no hour '24'"),
        ("* * 32 * *", "there is no day-of-month '32'"),
        ("* * * 13 *", "there is no month '13'"),
        ("* * * * 8", "there is no day-of-week '8'"),
        ("* * *", "it has 3 fields"),
        ("0 0 4 * * *", "it has 6 fields"),  # seconds are none of cron's
        ("", "it has 0 fields"),
        ("@reboot", "it has 1 fields"),
        ("0 0 30 2 *", "there is no day-of-month '30'"),
        ("1" * 300, "it is longer than 200"),
        (f"{'1' * 190} * * * *", "there is no minute"),
        ("5-1 * * * *", "there is no minute"),
        ("*/0 * * * *", "there is no minute"),
        ("1#2/3 * * * *", "there is no minute"),
        ("* * * * 1#2/3", "there is no day-of-week"),
        ("* * * * 5L/2", "there is no day-of-week"),
        ("\u0661 * * * *", "there is no minute"),
    ],
)
def test_what_is_no_expression_is_told_by_its_part(text: str, why: str) -> None:
    with pytest.raises(InvalidCron, match=why.replace("(", r"\(")):
        Cron(text, ZoneInfo("UTC"))


@given(st.text(alphabet="0123456789*/,-#L WMON@", max_size=30))
@settings(max_examples=300, deadline=None)
def test_whatever_is_typed_is_an_expression_or_is_not(text: str) -> None:
    try:
        cron = Cron(text, ZoneInfo("Europe/Berlin"))
    except InvalidCron:
        return
    found = cron.next(0.0)
    assert found is None or found > 0


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "", "../etc/passwd", "/etc/passwd", "Europe", "a" * 300, "\0"]
)
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(NoSuchZone):
        find_zone(name)


def test_the_zone_of_the_machine_is_that_of_TZ(monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: N802
    monkeypatch.setenv("TZ", "Europe/Berlin")
    assert local_zone().key == "Europe/Berlin"
    monkeypatch.setenv("TZ", ":America/New_York")
    assert local_zone().key == "America/New_York"
    monkeypatch.setenv("TZ", "CET-1CEST")
    with pytest.raises(NoSuchZone):
        local_zone()
    monkeypatch.delenv("TZ")
    assert local_zone().utcoffset(datetime(2026, 1, 1, tzinfo=UTC)) is not None


# Around each change of the clocks in a year, whatever the expression: what a look at each minute finds.

_minutes = st.lists(st.integers(0, 59), min_size=1, max_size=4, unique=True)
_hours = st.none() | st.lists(st.integers(0, 23), min_size=1, max_size=5, unique=True)
_moments = st.integers(int(at("2026-01-01", "UTC")) // 60, int(at("2027-01-01", "UTC")) // 60)


@given(zone=st.sampled_from(ZONES), minutes=_minutes, hours=_hours, near=_moments, change=st.booleans())
@settings(max_examples=120, deadline=None)
def test_it_means_what_a_look_at_every_minute_finds(
    zone: str, minutes: list[int], hours: list[int] | None, near: int, change: bool
) -> None:
    where = ZoneInfo(zone)
    middle = near * 60
    if change:
        middle = next((m for m in range(middle, middle + 370 * 86400, 3600) if _moves(where, m)), middle)
    begin, end = middle - 30 * 3600, middle + 30 * 3600
    named = "*" if hours is None else ",".join(map(str, hours))
    cron = Cron(f"{','.join(map(str, minutes))} {named} * * *", where)
    found, moment = [], float(begin)
    while (following := cron.next(moment)) is not None and following <= end:
        moment = following
        found.append(int(moment))
    every_hour = hours is None or len(set(hours)) == 24
    assert found == _looked_up(where, set(minutes), None if every_hour else set(hours or ()), begin, end)


def _moves(zone: ZoneInfo, moment: int) -> bool:
    before, after = (datetime.fromtimestamp(m, zone).utcoffset() for m in (moment, moment + 3600))
    return before != after


def _looked_up(zone: ZoneInfo, minutes: set[int], hours: set[int] | None, begin: int, end: int) -> list[int]:
    real = range(begin - 86400, end + 86400, 60)
    walls = [(m, datetime.fromtimestamp(m, zone).replace(tzinfo=None)) for m in real]
    if hours is None:
        return [m for m, wall in walls if wall.minute in minutes and begin < m <= end]
    first: dict[datetime, int] = {}
    for m, wall in walls:
        first.setdefault(wall.replace(fold=0), m)
    found = set()
    for (_, before), (m, wall) in pairwise(walls):
        skipped, step = before.replace(fold=0) + timedelta(minutes=1), timedelta(minutes=1)
        while skipped < wall:  # the clock never showed these
            if skipped.minute in minutes and skipped.hour in hours:
                found.add(m)
            skipped += step
    found |= {m for wall, m in first.items() if wall.minute in minutes and wall.hour in hours}
    return sorted(m for m in found if begin < m <= end)


@given(
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
    text=st.sampled_from(
        ["30 2 * * *", "*/7 * * * *", "15 1-3 * * 0", "0 4 1 * *", "* * * * *", "5 */1 * * *"]
    ),
    after=_moments,
)
@settings(max_examples=150, deadline=None)
def test_in_usual_zones_it_is_as_debian_has_it(zone: str, text: str, after: int) -> None:
    where = ZoneInfo(zone)
    theirs = CronSim(text, datetime.fromtimestamp(after * 60, where))
    expected = next(one for one in theirs if one.timestamp() > after * 60)
    assert Cron(text, where).next(after * 60) == expected.timestamp()


@given(
    text=st.sampled_from(["*/5 * * * *", "0 4 * * *", "30 2 * * 0", "0 0 29 2 *", "* 3 1 * *"]),
    after=_moments,
    span=st.integers(0, 5_000_000),
)
@settings(max_examples=60, deadline=None)
def test_the_latest_is_the_last_of_those_that_come(text: str, after: int, span: int) -> None:
    cron = Cron(text, ZoneInfo("Europe/Berlin"))
    begin, end = after * 60.0, after * 60.0 + span
    last, moment = None, begin
    while (following := cron.next(moment)) is not None and following <= end:
        last = moment = following
    assert cron.latest(begin, end) == last


def test_far_away_there_is_nothing() -> None:
    assert Cron("0 4 * * *", ZoneInfo("Europe/Berlin")).next(1e18) is None
    assert Cron("* * * * *", ZoneInfo("Europe/Berlin")).next(253402300700.0) is None
