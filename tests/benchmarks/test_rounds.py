"""Who takes his turn when."""

import math
from collections.abc import Callable

from benchmarks.case import Case, Contender, Figures, NotMeasured
from benchmarks.rounds import measure

NEVER = math.inf


def heard(said: list[str], *names: str) -> dict[str, Contender]:
    def one(name: str) -> Callable[[], Figures]:
        def take_turn() -> Figures:
            said.append(name)
            return {"turn": len(said)}

        return take_turn

    return {name: one(name) for name in names}


def test_contenders_take_turns_and_nobody_always_comes_first() -> None:
    said: list[str] = []
    result = measure("x", Case("y", heard(said, "a", "b"), {"turn": ""}), 3, NEVER)
    assert said == ["a", "b", "b", "a", "a", "b"]
    assert result.values == {"a": {"turn": [1, 4, 5]}, "b": {"turn": [2, 3, 6]}}


def test_one_who_fails_is_not_asked_again_and_spoils_it_for_nobody() -> None:
    said: list[str] = []

    def fail() -> Figures:
        said.append("broken")
        raise NotMeasured("no such thing here")

    result = measure("x", Case("y", {**heard(said, "a"), "broken": fail}, {"turn": ""}), 2, NEVER)
    assert said == ["a", "broken", "a"]
    assert result.failures == {"broken": "no such thing here"}
    assert list(result.values) == ["a"]


def test_a_case_that_takes_long_has_fewer_rounds() -> None:
    said: list[str] = []
    measure("x", Case("y", heard(said, "a"), {"turn": ""}, rounds=1), 5, NEVER)
    assert said == ["a"]


def test_when_time_is_over_the_round_that_was_promised_is_the_last() -> None:
    said: list[str] = []
    measure("x", Case("y", heard(said, "a", "b"), {"turn": ""}), 5, 0.0)
    assert said == ["a", "b"]
