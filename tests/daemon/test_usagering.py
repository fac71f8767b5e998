"""The ring of numbers: it never exceeds its bound, its averages are right, and it tells where a gap is."""

import math
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.usagering import LEVELS, Column, Ring, Row, decode, encode, finest_rows
from daemon.usagerows import series

COLUMNS = (Column("cpu", 0.01, peak=True), Column("memory"))
DAY = 86_400
EXACT = 0.0006
"""How much a number may differ that was kept twice: as it was measured, and as an average."""

NUMBERS = st.one_of(st.just(0.0), st.floats(1.0, 2.0**40))


def all_rows(ring: Ring) -> list[Row]:
    return list(ring.rows(0, math.inf))


def filled(times: Sequence[int], values: Sequence[float], interval: int = 10, history: int = DAY) -> Ring:
    ring = Ring(COLUMNS, interval, history)
    for time, value in zip(times, values, strict=True):
        ring.add(time, (value, value))
    return ring


@given(st.floats(0.0, 2.0**47))
def test_a_number_is_kept_to_a_two_thousandth(value: float) -> None:
    kept = decode(encode(value))
    assert kept is not None
    assert abs(kept - value) <= max(0.5, value * EXACT / 2)


@given(st.integers(0, 1900))
def test_small_whole_numbers_are_kept_exactly(value: int) -> None:
    kept = decode(encode(value))
    assert kept is not None
    assert round(kept) == value


@pytest.mark.parametrize("value", [None, math.nan])
def test_what_is_not_known_stays_unknown(value: float | None) -> None:
    assert decode(encode(value)) is None


@pytest.mark.parametrize("value", [math.inf, 1e300, 2.0**60])
def test_what_is_too_much_is_the_most(value: float) -> None:
    kept = decode(encode(value))
    assert kept is not None
    assert kept > 2.0**47


@settings(max_examples=60, deadline=None)
@given(
    interval=st.integers(1, 600),
    history=st.integers(0, DAY),
    steps=st.lists(st.tuples(st.integers(-30, 4000), NUMBERS, st.booleans()), max_size=400),
    times=st.integers(1, 5),
)
def test_no_level_ever_exceeds_its_bound_and_times_only_grow(
    interval: int, history: int, steps: list[tuple[int, float, bool]], times: int
) -> None:
    ring, now = Ring(COLUMNS, interval, history), 1_000_000
    for step, value, anew in steps * times:
        now += step
        if anew:
            ring.begin_anew()
        ring.add(now, (value, None))
        for level in ring.levels:
            assert len(level) <= level.rows
    bounds = [finest_rows(interval), *(max(1, (kept or DAY) // width) for width, kept in LEVELS)]
    assert all(level.rows <= bound for level, bound in zip(ring.levels, bounds, strict=True))
    seen = [row.time for row in all_rows(ring)]
    assert seen == sorted(set(seen))
    assert not seen or seen[-1] == now


@settings(max_examples=60, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=3000), st.integers(5, 20))
def test_averages_and_peaks_are_those_of_what_was_measured(values: list[float], interval: int) -> None:
    begin = 1_200_000
    times = [begin + interval * at for at in range(len(values))]
    for row in all_rows(filled(times, values, interval)):
        end = row.time + max(row.width, 1)
        mine = [value for time, value in zip(times, values, strict=True) if row.time <= time < end]
        average = sum(mine) / len(mine)
        for told, wanted in ((row.values[1], average), (row.peaks[0], max(mine))):
            assert told is not None
            assert told == pytest.approx(wanted, rel=EXACT, abs=0.6)


@settings(max_examples=30, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=4000), st.integers(5, 30))
def test_every_moment_is_told_once_as_finely_as_it_is_kept(values: list[float], interval: int) -> None:
    times = [1_200_000 + interval * at for at in range(len(values))]
    rows = all_rows(filled(times, values, interval))
    for before, after in pairwise(rows):
        assert before.time + before.width <= after.time
        assert after.width <= before.width
    covered = sum(sum(row.time <= time < row.time + max(row.width, 1) for time in times) for row in rows)
    assert covered >= min(len(times), 24 * 3600 // interval)


def test_a_day_at_ten_seconds_takes_less_than_24_kib() -> None:
    columns = [Column(str(at), peak=at < 4) for at in range(6)]
    ring = Ring(columns, 10, DAY)
    for time in range(0, 2 * DAY, 10):
        ring.add(1_000_000 + time, (1.0,) * 6)
    counts, data = ring.freeze()
    assert counts == [360, 360, 288]
    assert len(data) < 24 << 10


def test_a_row_that_begins_anew_has_nothing_before_it() -> None:
    ring = filled(range(100, 200, 10), [1.0] * 10)
    ring.begin_anew()
    ring.add(500, (2.0, None))
    told = series(COLUMNS, ring.rows(0, math.inf))
    assert told["time"][-2:] == [191, 500]
    assert told["cpu"][-3:] == [1, None, 2]
    assert told["memory"][-3:] == [1, None, None]


def test_a_restart_within_a_minute_is_seen_when_only_minutes_are_kept() -> None:
    ring = Ring(COLUMNS, 10, DAY)
    for time in range(0, 3 * 3600, 10):
        if time == 1230:
            ring.begin_anew()
        ring.add(600_000 + time, (1.0, 1.0))
    (minute,) = (row for row in all_rows(ring) if row.time <= 600_000 + 1230 < row.time + row.width)
    assert minute.anew
    assert sum(row.anew for row in all_rows(ring)) == 2  # and the first of all


def test_after_the_clock_was_set_back_the_future_is_forgotten() -> None:
    ring = filled(range(10_000, 20_000, 10), [1.0] * 1000)
    ring.add(12_345, (2.0, 2.0))
    rows = all_rows(ring)
    assert [row.time for row in rows] == sorted({row.time for row in rows})
    assert rows[-1].time == 12_345
    assert rows[-1].anew


def test_rows_are_put_together_in_steps() -> None:
    ring = filled(range(3000, 3600, 10), [float(at) for at in range(60)])
    told = series(COLUMNS, ring.rows(0, math.inf), 300)
    assert told == {
        "time": [3000, 3300],
        "cpu": [14.5, 44.5],
        "memory": [14.5, 44.5],
        "cpuMax": [29, 59],
    } or told["cpu"] == pytest.approx([14.5, 44.5], rel=EXACT)
    assert len(told["time"]) == 2


def test_only_what_was_asked_for_is_told() -> None:
    ring = filled(range(3000, 3600, 10), [1.0] * 60)
    assert [row.time for row in ring.rows(3100, 3120)] == [3100, 3110, 3120]
    assert list(ring.rows(4000, math.inf)) == []


@settings(max_examples=40, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=2000), st.integers(0, 2000))
def test_a_ring_that_was_frozen_goes_on_as_if_nothing_had_been(values: list[float], cut: int) -> None:
    times = [1_200_000 + 10 * at for at in range(len(values))]
    cut = min(cut, len(values))
    first, second = filled(times[:cut], values[:cut]), Ring(COLUMNS, 10, DAY)
    counts, data = first.freeze()
    assert second.thaw(counts, memoryview(data)) == len(data)
    for ring in (first, second):
        for time, value in zip(times[cut:], values[cut:], strict=True):
            ring.add(time, (value, value))
    ours, theirs = all_rows(first), all_rows(second)
    assert [row.time for row in ours] == [row.time for row in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert other.values == pytest.approx(one.values, rel=2 * EXACT, abs=0.6)


def test_a_ring_takes_another_size_and_keeps_the_latest() -> None:
    ring = filled(range(10_000, 20_000, 10), [1.0] * 1000)
    ring.resize(60, 3600)
    assert [level.rows for level in ring.levels] == [60, 60, 12]
    assert all_rows(ring)[-1].time == 19_990
