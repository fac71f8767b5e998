"""The machine that decides what a schedule runs: against every clock, and every death of the daemon."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.cron import Cron
from daemon.schedule import (
    IN_TIME,
    MOST_COUNTED,
    MOST_DONE,
    Memory,
    Rule,
    Verdict,
    begin,
    coming,
    look,
    next_look,
    warning,
)

HOUR = 3600.0
DAY = 24 * HOUR
UTC = ZoneInfo("UTC")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def rule(text: str = "0 4 * * *", *, zone: str = "UTC", **more: object) -> Rule:
    return Rule("app/nightly", Cron(text, ZoneInfo(zone)), **more)  # type: ignore[arg-type]


NIGHTLY = rule()
FOUR = at("2026-11-21T04:00")


def test_it_is_run_at_its_time_and_not_again() -> None:
    memory = begin(NIGHTLY, None, FOUR - HOUR)
    assert look(NIGHTLY, memory, FOUR - 1).verdict is None
    seen = look(NIGHTLY, memory, FOUR)
    assert (seen.verdict, seen.instant) == (Verdict.RUN, FOUR)
    assert look(NIGHTLY, seen.memory, FOUR).verdict is None
    assert next_look(NIGHTLY, seen.memory, FOUR) == FOUR + DAY


def test_a_new_schedule_has_no_past() -> None:
    assert look(NIGHTLY, begin(NIGHTLY, None, FOUR + 1), FOUR + 1).verdict is None
    changed = begin(rule("30 3 * * *"), Memory(NIGHTLY.spec, FOUR - DAY), FOUR)
    assert changed.through == FOUR
    assert begin(NIGHTLY, Memory(NIGHTLY.spec, 1.0), FOUR).through == 1.0


@pytest.mark.parametrize(
    ("late", "catch_up", "grace", "verdict"),
    [
        (0.0, True, HOUR, Verdict.RUN),
        (IN_TIME, False, 0.0, Verdict.RUN),
        (IN_TIME + 1, True, HOUR, Verdict.LATE),
        (HOUR, True, HOUR, Verdict.LATE),
        (HOUR + 1, True, HOUR, Verdict.MISSED),
        (IN_TIME + 1, False, HOUR, Verdict.MISSED),
    ],
)
def test_what_is_late_is_made_up_for_within_its_grace(
    late: float, catch_up: bool, grace: float, verdict: Verdict
) -> None:
    one = rule(catch_up=catch_up, grace=grace)
    seen = look(one, Memory(one.spec, FOUR - HOUR), FOUR + late)
    assert (seen.verdict, seen.instant) == (verdict, FOUR)
    assert seen.memory.missed == seen.missed == (1 if verdict is Verdict.MISSED else 0)
    assert look(one, seen.memory, FOUR + late).verdict is None


def test_of_many_that_were_missed_the_last_is_made_up_for_and_the_others_are_counted() -> None:
    hourly = rule("0 * * * *")
    seen = look(hourly, Memory(hourly.spec, FOUR), FOUR + 10 * HOUR + 600)
    assert (seen.verdict, seen.instant, seen.missed) == (Verdict.LATE, FOUR + 10 * HOUR, 9)
    assert seen.first_missed == FOUR + HOUR


def test_when_the_last_is_in_time_those_before_are_missed() -> None:
    hourly = rule("0 * * * *")
    seen = look(hourly, Memory(hourly.spec, FOUR), FOUR + 3 * HOUR + 1)
    assert (seen.verdict, seen.instant, seen.missed) == (Verdict.RUN, FOUR + 3 * HOUR, 2)


def test_years_of_every_minute_are_not_counted_one_by_one() -> None:
    every = rule("* * * * *")
    now = FOUR + 5000 * DAY + 30
    seen = look(every, Memory(every.spec, FOUR), now)
    assert seen.missed >= MOST_COUNTED
    assert seen.memory.through >= now - 90
    while seen.verdict is not None:
        seen = look(every, seen.memory, now)
    assert seen.memory.through == now - 30


def test_a_clock_that_is_set_back_runs_nothing_twice() -> None:
    hourly = rule("0 * * * *")
    memory, ran = _through(hourly, Memory(hourly.spec, FOUR), FOUR, FOUR + 5 * HOUR)
    assert ran == [FOUR + n * HOUR for n in range(1, 6)]
    back = look(hourly, memory, FOUR + HOUR)
    assert (back.verdict, back.set_back) == (None, 4 * HOUR)
    memory, again = _through(hourly, back.memory, FOUR + HOUR, FOUR + 7 * HOUR)
    assert again == [FOUR + 6 * HOUR, FOUR + 7 * HOUR]
    assert memory.done == ((FOUR + HOUR, FOUR + 7 * HOUR),)


def test_what_was_missed_because_the_clock_was_wrong_comes_again() -> None:
    wrong = look(NIGHTLY, Memory(NIGHTLY.spec, FOUR), FOUR + 3650 * DAY + 600)
    assert wrong.verdict is Verdict.LATE
    right = look(NIGHTLY, wrong.memory, FOUR + HOUR)
    assert right.verdict is None
    assert next_look(NIGHTLY, right.memory, FOUR + HOUR) == FOUR + DAY
    assert look(NIGHTLY, right.memory, FOUR + DAY).verdict is Verdict.RUN


def test_what_is_remembered_is_bounded_and_forgets_nothing_that_was_run() -> None:
    memory, ran = Memory(NIGHTLY.spec, FOUR), []
    for day in range(2, 10 * MOST_DONE, 2):  # every other night nobody is there
        seen = look(NIGHTLY, memory, FOUR + day * DAY)
        memory = seen.memory
        ran.append(seen.instant)
        assert seen.verdict is Verdict.RUN
        assert len(memory.done) <= MOST_DONE
    assert all(memory.has_done(one) for one in ran if one is not None)
    assert not memory.has_done(FOUR + (10 * MOST_DONE - 3) * DAY)


def test_jitter_is_the_same_for_the_same_run_and_another_for_another() -> None:
    one = rule(jitter=600)
    dues = [one.due(FOUR + n * DAY) - n * DAY for n in range(50)]
    assert dues == [one.due(FOUR + n * DAY) - n * DAY for n in range(50)]
    assert all(FOUR <= due < FOUR + 600 for due in dues)
    assert len(set(dues)) == 50
    assert Rule("app/other", one.cron, 600).due(FOUR) != one.due(FOUR)
    memory = Memory(one.spec, FOUR - HOUR)
    assert next_look(one, memory, FOUR - HOUR) == one.due(FOUR)
    assert look(one, memory, one.due(FOUR) - 0.5).verdict is None
    seen = look(one, memory, one.due(FOUR))
    assert (seen.verdict, seen.instant) == (Verdict.RUN, FOUR)


def test_warnings_are_given_once_in_their_order() -> None:
    warned = rule(warnings=(10.0, 5.0, 1.0))
    memory, said = Memory(warned.spec, FOUR - HOUR), []
    assert next_look(warned, memory, FOUR - HOUR) == FOUR - 600
    for second in range(-700, 0, 7):
        memory, minutes = warning(warned, memory, FOUR + second)
        said += [minutes] if minutes is not None else []
    assert said == [10.0, 5.0, 1.0]
    assert next_look(warned, memory, FOUR - 1) == FOUR


def test_a_warning_that_is_too_late_is_not_given() -> None:
    warned = rule(warnings=(10.0, 5.0, 1.0))
    memory = Memory(warned.spec, FOUR - HOUR)
    memory, minutes = warning(warned, memory, FOUR - 200)  # that of five minutes is late
    assert minutes is None
    memory, minutes = warning(warned, memory, FOUR - 50)
    assert minutes == 1.0


def test_of_several_warnings_at_once_the_last_is_given() -> None:
    warned = rule(warnings=(1.5, 1.0))
    _, minutes = warning(warned, Memory(warned.spec, FOUR - HOUR), FOUR - 50)
    assert minutes == 1.0


def test_what_was_run_gives_no_warnings_when_the_clock_is_set_back() -> None:
    warned = rule(warnings=(10.0,))
    seen = look(warned, Memory(warned.spec, FOUR - HOUR), FOUR)
    back = look(warned, seen.memory, FOUR - 900)
    assert warning(warned, back.memory, FOUR - 600) == (back.memory, None)
    assert [*coming(warned, back.memory, 2)] == [FOUR + DAY, FOUR + 2 * DAY]


def _through(one: Rule, memory: Memory, begin: float, end: float) -> tuple[Memory, list[float]]:
    """Let the clock go, waking up only when the machine wants it; return what was run."""
    ran, now = [], begin
    while True:
        moment = next_look(one, memory, now)
        now = end if moment is None else min(end, max(now, moment))
        seen = look(one, memory, now)
        memory = seen.memory
        if seen.verdict is Verdict.RUN and seen.instant is not None:
            ran.append(seen.instant)
        if now >= end and seen.verdict is None:
            return memory, ran


# Whatever happens to the clock and to the daemon.

_steps = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.floats(0, 3 * DAY)),
        st.tuples(st.just("jump"), st.floats(0, 40 * DAY)),
        st.tuples(st.just("set back"), st.floats(0, 40 * DAY)),
        st.tuples(st.just("down"), st.floats(0, 10 * DAY)),
        st.tuples(st.just("die while storing"), st.floats(0, DAY)),
    ),
    min_size=1,
    max_size=12,
)
_rules = st.builds(
    rule,
    st.sampled_from(["0 4 * * *", "30 2 * * *", "*/37 * * * *", "0 */5 * * *", "15 1-3 * * 3", "0 0 1 * *"]),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo"]),
    jitter=st.sampled_from([0.0, 0.0, 90.0, 4000.0]),
    catch_up=st.booleans(),
    grace=st.sampled_from([0.0, 600.0, HOUR, DAY]),
    warnings=st.sampled_from([(), (10.0, 1.0)]),
)


@given(one=_rules, start=st.integers(int(FOUR), int(FOUR + 365 * DAY)), steps=_steps)
@settings(max_examples=100, deadline=None)
def test_nothing_is_run_twice_and_nothing_is_lost_silently(
    one: Rule, start: int, steps: list[tuple[str, float]]
) -> None:
    now = float(start)
    world = _World(one, begin(one, None, now), now)
    for what, seconds in steps:
        match what:
            case "pass":
                world.live(now := now + seconds)
            case "jump" | "down":
                now += seconds  # nobody looks in between
                world.live(now)
            case "set back":
                world.set_back(now := max(1.0, now - seconds))
            case _:
                world.die_while_storing(now := now + seconds)
    assert len(world.ran) == len(set(world.ran))
    if all(what != "set back" for what, _ in steps):
        assert len(world.warned) == len(set(world.warned))


class _World:
    """A daemon that wakes up when the machine says so, and a disk that keeps what it was given."""

    def __init__(self, one: Rule, memory: Memory, now: float) -> None:
        self.rule = one
        self.stored = memory
        self.now = now
        self.ran: list[float] = []
        self.warned: list[tuple[float, float]] = []

    def live(self, until: float) -> None:
        lived = 0
        while True:
            moment = next_look(self.rule, self.stored, self.now)
            lived += 1
            if moment is None or moment > until or lived > 60:
                self._look(until)
                return
            self._look(max(self.now, moment))

    def set_back(self, now: float) -> None:
        self.now = now
        self._look(now)

    def die_while_storing(self, now: float) -> None:
        """The row is written, and the daemon dies before it begins: that is told as interrupted."""
        self.now = now
        seen = look(self.rule, self.stored, now)
        self._account(seen.memory.through, seen.instant, seen.verdict, seen.missed, now)
        self.stored = seen.memory
        if seen.verdict in (Verdict.RUN, Verdict.LATE) and seen.instant is not None:
            self.ran.append(seen.instant)

    def _look(self, now: float) -> None:
        self.now = now
        while True:
            seen = look(self.rule, self.stored, now)
            self._account(seen.memory.through, seen.instant, seen.verdict, seen.missed, now)
            self.stored = seen.memory
            if seen.verdict is None:
                break
            if seen.verdict in (Verdict.RUN, Verdict.LATE) and seen.instant is not None:
                self.ran.append(seen.instant)
        self.stored, minutes = warning(self.rule, self.stored, now)
        if minutes is not None and self.stored.warned is not None:
            self.warned.append(self.stored.warned)

    def _account(
        self, through: float, instant: float | None, verdict: Verdict | None, missed: int, now: float
    ) -> None:
        """All that has passed since the look before is run, was done before, or is counted as missed."""
        before = min(self.stored.through, now)
        if instant is None:
            following = self.rule.cron.next(before)
            assert following is None or self.rule.due(following) > now
            return
        assert through == instant
        passed: list[float] = []
        one = self.rule.cron.next(before)
        while one is not None and one <= instant and len(passed) <= MOST_COUNTED:
            passed.append(one)
            one = self.rule.cron.next(one)
        fresh = [one for one in passed if not self.stored.has_done(one)]
        run = verdict in (Verdict.RUN, Verdict.LATE)
        if len(passed) < MOST_COUNTED:
            assert len(fresh) == missed + run
