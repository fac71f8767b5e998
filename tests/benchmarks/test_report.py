"""What the table says, and what programs read."""

import json

from benchmarks.case import Case, Figures, Goal, Measured
from benchmarks.report import amount, as_json, goals, table


def nothing() -> Figures:
    return {}


def measured(*goals: Goal, **more: dict[str, list[float]]) -> Measured:
    case = Case(
        "GET /, TCP",
        dict.fromkeys(more, nothing),
        {"requests/s": "", "p99": "ms"},
        goals,
        targets=("new", "old"),
    )
    return Measured("requests", case, more)


def test_the_table_has_medians_and_the_way_from_the_least_to_the_most() -> None:
    result = measured(
        new={"requests/s": [3000, 1000, 2000], "p99": [0.5]}, old={"requests/s": [100], "p99": [12.34]}
    )
    assert list(table(result)) == [
        "requests: GET /, TCP",
        "                requests/s  p99, ms",
        "  new  2,000 (1,000-3,000)    0.500",
        "  old                  100     12.3",
        "",
    ]


def test_a_goal_is_set_to_each_target_and_to_nobody_else() -> None:
    result = measured(
        Goal("requests/s", at_least=500, octyne="Octyne: 9"),
        **{"new": {"requests/s": [600.0]}, "old": {"requests/s": [400.0]}, "limit: C": {"requests/s": [1.0]}},
    )
    assert [line for line in table(result) if "goal" in line] == [
        "  goal: requests/s >= 500 (Octyne: 9): new 600, met",
        "  goal: requests/s >= 500 (Octyne: 9): old 400, MISSED",
    ]


def test_a_goal_may_be_a_share_of_what_another_has_reached_in_the_same_run() -> None:
    result = measured(
        Goal("requests/s", at_least=0.9, of="cp"), new={"requests/s": [95]}, cp={"requests/s": [100]}
    )
    assert "  goal: requests/s >= 90% of cp: new 95%, met" in list(table(result))


def test_a_share_of_one_who_is_not_there_is_neither_met_nor_missed() -> None:
    result = measured(Goal("requests/s", at_least=0.9, of="cp"), new={"requests/s": [95]})
    assert "  goal: requests/s >= 90% of cp: new 95.0, unknown" in list(table(result))


def test_at_the_end_all_goals_stand_together_and_those_that_were_missed_come_last() -> None:
    slow = measured(Goal("p99", at_most=1.0), new={"p99": [2.0]})
    quick = measured(Goal("p99", at_most=1.0, octyne="Octyne: 4.2"), new={"p99": [0.5]})
    assert list(goals([slow, quick])) == [
        "met      requests: GET /, TCP: p99 <= 1.00 (Octyne: 4.2): new 0.500",
        "MISSED   requests: GET /, TCP: p99 <= 1.00: new 2.00",
    ]


def test_who_could_not_take_part_is_named_with_the_reason() -> None:
    result = measured(new={"requests/s": [1]})
    result.failures["nginx"] = "apt install nginx"
    assert "  nginx  not measured: apt install nginx" in list(table(result))


def test_programs_read_each_value_and_what_came_of_each_goal() -> None:
    told = as_json(measured(Goal("p99", at_most=1.0), new={"requests/s": [1, 3], "p99": [2.0]}))
    assert json.loads(json.dumps(told)) == {
        "section": "requests",
        "case": "GET /, TCP",
        "about": "",
        "units": {"requests/s": "", "p99": "ms"},
        "contenders": {
            "new": {
                "requests/s": {"median": 2, "least": 1, "most": 3, "values": [1, 3]},
                "p99": {"median": 2.0, "least": 2.0, "most": 2.0, "values": [2.0]},
            }
        },
        "failures": {},
        "goals": [{"contender": "new", "goal": "p99 <= 1.00", "reached": "2.00", "met": False, "octyne": ""}],
    }


def test_numbers_have_three_digits_that_count() -> None:
    assert [amount(value) for value in (0, 0.0123, 1.234, 12.34, 123.4, 1234567.0)] == [
        "0",
        "0.012",
        "1.23",
        "12.3",
        "123",
        "1,234,567",
    ]
