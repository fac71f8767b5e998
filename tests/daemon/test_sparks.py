"""Lines of an hour, from a ring."""

from daemon.meter import COLUMNS
from daemon.sparks import POINTS, line
from daemon.usagering import Ring

BEGIN = 1_800_000_000


def filled(interval: int, begin: int, end: int) -> Ring:
    ring = Ring(COLUMNS, interval, 86_400)
    for time in range(begin, end, interval):
        ring.add(time, (float((time - BEGIN) // 60 + 1), 1000.0, 0, 0, 1, 1))
    return ring


def test_each_minute_has_its_average_also_the_one_that_is_not_over() -> None:
    ring = filled(10, BEGIN - 7200, BEGIN + 59 * 60 + 30)
    told = line(ring, BEGIN, 60, 0, 0.01)
    assert [round(one or 0) for one in told] == list(range(1, POINTS + 1))


def test_nothing_is_made_up_for_what_is_not_known() -> None:
    told = line(filled(10, BEGIN + 30 * 60, BEGIN + 40 * 60), BEGIN, 60, 1, 1.0)
    assert [one is not None for one in told] == [30 <= at < 40 for at in range(POINTS)]


def test_measurements_that_come_seldom_make_wider_columns() -> None:
    told = line(filled(300, BEGIN, BEGIN + 59 * 300), BEGIN, 300, 1, 1.0)
    assert [one is not None for one in told] == [at < 59 for at in range(POINTS)]
