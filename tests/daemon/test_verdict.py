"""From single looks to a judgement, on a clock of the test's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.verdict import Condition, Verdict

LOOKS = st.lists(st.booleans(), max_size=60)


def judged(looks: str, failures: int = 3, successes: int = 2) -> Verdict:
    """`+` passes, `-` fails, `s` fails while it is starting, `p` passes then, `|` is another run."""
    verdict = Verdict(failures, successes, 0.0)
    for at, one in enumerate(looks):
        if one == "|":
            verdict.begin(at)
        else:
            verdict.looked(None if one in "+p" else "why", float(at), starting=one in "sp")
    return verdict


@pytest.mark.parametrize(
    ("looks", "condition"),
    [
        ("", Condition.UNKNOWN),
        ("+", Condition.UNKNOWN),
        ("++", Condition.HEALTHY),
        ("--", Condition.UNKNOWN),
        ("---", Condition.UNHEALTHY),
        ("++--", Condition.HEALTHY),
        ("++---", Condition.UNHEALTHY),
        ("++--+--", Condition.HEALTHY),
        ("---+", Condition.UNHEALTHY),
        ("---+-+", Condition.UNHEALTHY),
        ("---++", Condition.HEALTHY),
        ("---|", Condition.UNKNOWN),
        ("--|-", Condition.UNKNOWN),
        ("ssssssss", Condition.UNKNOWN),
        ("ss--", Condition.UNKNOWN),
        ("psp", Condition.UNKNOWN),
        ("pps", Condition.UNKNOWN),
        ("pp", Condition.HEALTHY),
        ("pp--", Condition.HEALTHY),
    ],
)
def test_rows_count_and_single_looks_do_not(looks: str, condition: Condition) -> None:
    assert judged(looks).condition is condition


def test_since_when_is_the_moment_of_the_change_alone() -> None:
    assert judged("++++").since == 1.0
    assert judged("++++---").since == 6.0
    assert judged("++-+-+").since == 1.0


def test_why_is_that_of_the_latest_look() -> None:
    assert judged("--").error == "why"
    assert judged("--+").error == ""
    assert judged("---|").error == ""


@given(LOOKS, st.integers(1, 5), st.integers(1, 5))
def test_it_changes_only_after_so_many_in_a_row(looks: list[bool], failures: int, successes: int) -> None:
    verdict = Verdict(failures, successes, 0.0)
    for at, passed in enumerate(looks):
        before = verdict.condition
        changed = verdict.looked(None if passed else "why", float(at))
        assert changed == (verdict.condition is not before)
        assert verdict.failures == 0 or verdict.successes == 0
        if changed:
            needed = successes if passed else failures
            assert verdict.condition is (Condition.HEALTHY if passed else Condition.UNHEALTHY)
            assert looks[at + 1 - needed : at + 1] == [passed] * needed
            assert verdict.since == at
    if len(looks) >= failures and not any(looks[-failures:]):
        assert verdict.condition is Condition.UNHEALTHY
    if len(looks) >= successes and all(looks[-successes:]):
        assert verdict.condition is Condition.HEALTHY


@given(LOOKS, st.integers(1, 5))
def test_who_is_starting_is_never_ill(looks: list[bool], failures: int) -> None:
    verdict = Verdict(failures, 1, 0.0)
    for passed in looks:
        verdict.looked(None if passed else "why", 0.0, starting=True)
        assert verdict.condition is not Condition.UNHEALTHY
        assert verdict.failures == 0
