"""Whole numbers in queries: within their bounds, or none at all."""

import pytest

from daemon.query import whole_number


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("10", 10), ("007", 7)])
def test_a_number_within_its_bounds_is_read(text: str, number: int) -> None:
    assert whole_number(text, 1, 10) == number


@pytest.mark.parametrize("text", ["", "0", "11", "-1", "+1", "1.0", " 1", "1_0", "٣", "²", "9" * 5000])
def test_anything_else_is_none(text: str) -> None:
    assert whole_number(text, 1, 10) is None


def test_zeros_in_front_do_not_hide_a_number_beyond_its_bound() -> None:
    assert whole_number("0" * 20 + "99999999999", 1, 10) is None
