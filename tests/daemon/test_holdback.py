"""What a target is told and what is only counted, on a clock that is ours."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from daemon.holdback import HELD, HOUR, Holdback
from daemon.notice import Kind, Notice

REPEAT = 900.0


def crash(server: str = "mc") -> Notice:
    return Notice(Kind.CRASHED, server)


def shown(told: Sequence[Notice]) -> list[tuple[str, dict[str, int]]]:
    return [(str(one.kind), dict(one.repeated)) for one in told]


def test_the_same_again_is_counted_and_told_with_the_next_one() -> None:
    holdback = Holdback(REPEAT, 100)
    assert shown(holdback.offer(crash(), 0)) == [("crashed", {})]
    for at in (10, 20, 30, 40):
        assert holdback.offer(crash(), at) == ()
    assert shown(holdback.offer(crash(), REPEAT)) == [("crashed", {"crashed": 4})]


def test_another_kind_is_told_at_once_and_says_what_was_counted() -> None:
    holdback = Holdback(REPEAT, 100)
    holdback.offer(crash(), 0)
    holdback.offer(crash(), 1)
    parked = holdback.offer(Notice(Kind.PARKED, "mc"), 2)
    assert shown(parked) == [("parked", {"crashed": 1})]
    assert holdback.next_due() is None


def test_another_server_is_another_matter() -> None:
    holdback = Holdback(REPEAT, 100)
    assert holdback.offer(crash("a"), 0)
    assert holdback.offer(crash("b"), 0)


def test_what_nothing_followed_is_told_when_the_time_is_over() -> None:
    """It recovered, as far as the target knows: it must hear that this is not so any more."""
    holdback = Holdback(REPEAT, 100)
    holdback.offer(crash(), 0)
    holdback.offer(Notice(Kind.RECOVERED, "mc"), 5)
    holdback.offer(crash(), 10)
    assert holdback.next_due() == REPEAT
    assert holdback.due(REPEAT - 1) == []
    assert shown(holdback.due(REPEAT)) == [("crashed", {})]
    assert holdback.due(REPEAT) == []


def test_without_repeat_everything_is_told() -> None:
    holdback = Holdback(0, 100)
    assert all(holdback.offer(crash(), 0) for _ in range(10))


def test_above_the_limit_one_word_says_so_and_the_next_says_how_many() -> None:
    holdback = Holdback(REPEAT, 3)
    told = [one for number in range(10) for one in holdback.offer(crash(f"s{number}"), number)]
    assert [str(one.kind) for one in told] == ["crashed"] * 3 + ["heldBack"]
    assert holdback.held == 7
    assert shown(holdback.offer(crash("late"), HOUR)) == [("crashed", {HELD: 7})]


@given(
    st.lists(
        st.tuples(st.floats(0, 600), st.sampled_from("ab"), st.sampled_from([Kind.CRASHED, Kind.RECOVERED])),
        max_size=60,
    )
)
def test_what_a_target_was_told_last_is_true_in_the_end_and_nothing_is_lost(
    events: list[tuple[float, str, Kind]],
) -> None:
    holdback, now = Holdback(REPEAT, 10_000), 0.0
    told: list[Notice] = []
    latest: dict[str, Kind] = {}
    for pause, server, kind in events:
        now += pause
        told += holdback.due(now)
        told += holdback.offer(Notice(kind, server), now)
        latest[server] = kind
    while (due := holdback.next_due()) is not None:
        assert due <= now + REPEAT
        told += holdback.due(due)
    for server, kind in latest.items():
        assert [one.kind for one in told if one.server == server][-1] is kind
    for kind in (Kind.CRASHED, Kind.RECOVERED):
        count = sum(1 for one in told if one.kind is kind) + sum(one.repeated.get(kind, 0) for one in told)
        assert count == sum(1 for event in events if event[2] is kind)
