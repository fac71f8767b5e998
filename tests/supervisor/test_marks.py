"""When bytes came: marks, one a second, bounded, known through a freeze and over the socket."""

import json
import time
from itertools import pairwise

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor import Mark, NoSuchService
from supervisor.console import Console
from supervisor.marks import APART, MOST, Marks
from supervisor.record import InvalidRecord, Record
from supervisor.scrollback import Scrollback

from .world import House, program, spec


class Clock:
    """A wall clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def thawed(marks: Marks, oldest: int, end: int, now_end: int) -> Marks:
    return Marks.thaw(Record(json.loads(json.dumps(marks.freeze(oldest, end)))), now_end)


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(1, 100)), max_size=60))
def test_each_byte_came_within_a_second_after_its_mark(feeds: list[tuple[float, int]]) -> None:
    clock = Clock()
    marks = Marks(clock)
    end = 0
    came: list[tuple[int, float]] = []
    for pause, size in feeds:
        clock.now += pause
        marks.note(end, 0)
        came.append((end, clock.now))
        end += size
    known = marks.known(0)
    for offset, moment in came:
        mark = max((one for one in known if one.offset <= offset), key=lambda one: one.offset)
        assert 0 <= moment - mark.time < APART


def test_a_clock_that_is_set_back_makes_a_mark() -> None:
    clock = Clock()
    marks = Marks(clock)
    marks.note(0, 0)
    clock.now = 10.0
    marks.note(5, 0)
    assert marks.known(0) == [Mark(0, 1000.0), Mark(5, 10.0)]


def test_there_are_never_too_many_and_the_oldest_time_is_kept() -> None:
    clock = Clock()
    marks = Marks(clock)
    for number in range(3 * MOST):
        clock.now = 1000.0 + number
        marks.note(number, 0)
        assert len(marks._offsets) <= MOST
    known = marks.known(0)
    assert known[0] == Mark(0, 1000.0)
    for mark in known:
        assert mark.time == 1000.0 + mark.offset
    assert max(b.offset - a.offset for a, b in pairwise(known)) <= 8


def test_marks_that_are_far_apart_go_from_the_oldest_on() -> None:
    clock = Clock()
    marks = Marks(clock)
    for number in range(MOST + 1):
        clock.now += 1e7
        marks.note(number, 0)
    assert len(marks.known(0)) <= MOST
    assert marks.known(0)[-1].offset == MOST


def test_what_tells_nothing_of_kept_bytes_is_not_told() -> None:
    clock = Clock()
    marks = Marks(clock)
    for offset in (0, 10, 20):
        clock.now += 5
        marks.note(offset, 0)
    assert [mark.offset for mark in marks.known(0)] == [0, 10, 20]
    assert [mark.offset for mark in marks.known(10)] == [10, 20]
    assert [mark.offset for mark in marks.known(19)] == [10, 20]
    assert [mark.offset for mark in marks.known(99)] == [20]


def test_they_outlive_a_freeze() -> None:
    clock = Clock()
    marks = Marks(clock)
    marks.note(0, 0)
    clock.now += 5.125
    marks.note(10, 0)
    assert thawed(marks, 0, 20, 20).known(0) == marks.known(0)
    assert thawed(marks, 10, 20, 20).known(0) == [Mark(10, 1005.125)]


def test_what_came_after_the_freeze_came_now_at_the_latest() -> None:
    clock = Clock()
    marks = Marks(clock)
    marks.note(0, 0)
    before = time.time()
    known = thawed(marks, 0, 20, 30).known(0)
    assert [mark.offset for mark in known] == [0, 20]
    assert before <= known[1].time <= time.time()


def test_an_old_record_has_none() -> None:
    assert Marks.thaw(Record({}), 100).known(0) == []


@pytest.mark.parametrize(
    "data",
    [
        {"offsets": [1], "times": []},
        {"offsets": [2, 1], "times": [1, 1]},
        {"offsets": [-1], "times": [1]},
        {"offsets": [1e300], "times": [1]},
        {"offsets": ["1"], "times": [1]},
    ],
)
def test_nonsense_is_refused(data: object) -> None:
    with pytest.raises(InvalidRecord):
        Marks.thaw(Record(data), 100)


def test_a_console_is_frozen_with_its_marks() -> None:
    console = Console(1000)
    console.feed(b"one\n")
    record = Record(json.loads(json.dumps(console.freeze())))
    scrollback = Scrollback(1000, 0, console.scrollback.stream)
    scrollback.feed(b"one\n")
    other = Console.thaw(record, lambda: scrollback)
    assert [mark.offset for mark in other.marks.known(0)] == [0]
    assert abs(other.marks.known(0)[0].time - console.marks.known(0)[0].time) < 0.001


async def test_whoever_asks_is_told_when_the_output_came(house: House) -> None:
    before = time.time()
    await house.apply(spec("a", program("echo")))
    reading = await house.console("a")
    await reading.more()
    known = await house.api.marks("a")
    assert known.stream == reading.attachment.stream
    assert known.marks[0].offset == 0
    assert before <= known.marks[0].time <= time.time()
    with anyio.fail_after(5), pytest.raises(NoSuchService):
        await house.api.marks("nobody")
