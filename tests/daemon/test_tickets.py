import string
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from daemon.sessions import Session
from daemon.tickets import LIFETIME, Tickets

HOME, AWAY = "192.0.2.1", "192.0.2.2"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tickets(clock: Callable[[], float]) -> Tickets:
    return Tickets(clock)


@pytest.fixture
def session() -> Session:
    return new_session()


def new_session() -> Session:
    return Session(b"key", "ada", 0.0, 1e12, HOME, "test")


def test_a_ticket_gives_its_session_once(tickets: Tickets, session: Session) -> None:
    ticket = tickets.issue(session, HOME)
    assert tickets.redeem(ticket, HOME) is session
    assert tickets.redeem(ticket, HOME) is None


def test_of_100_parallel_tries_one_succeeds(tickets: Tickets, session: Session) -> None:
    ticket = tickets.issue(session, HOME)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: tickets.redeem(ticket, HOME), range(100)))
    assert answers.count(session) == 1
    assert answers.count(None) == 99


def test_a_ticket_is_url_safe_and_has_at_least_128_bits(tickets: Tickets, session: Session) -> None:
    issued = {tickets.issue(session, HOME) for _ in range(50)}
    assert len(issued) == 50
    assert all(len(ticket) * 6 >= 128 for ticket in issued)
    assert set("".join(issued)) <= set(string.ascii_letters + string.digits + "-_")


def test_a_ticket_shown_from_elsewhere_is_spent(tickets: Tickets, session: Session) -> None:
    ticket = tickets.issue(session, HOME)
    assert tickets.redeem(ticket, AWAY) is None
    assert tickets.redeem(ticket, HOME) is None


@pytest.mark.parametrize(("later", "good"), [(0.0, True), (LIFETIME - 0.01, True), (LIFETIME, False)])
def test_a_ticket_lasts_30_seconds(
    tickets: Tickets, session: Session, clock: Clock, later: float, good: bool
) -> None:
    ticket = tickets.issue(session, HOME)
    clock.now += later
    assert (tickets.redeem(ticket, HOME) is session) is good


async def test_a_ticket_dies_with_its_session_and_not_with_another(tickets: Tickets) -> None:
    one, other = new_session(), new_session()
    first, second = tickets.issue(one, HOME), tickets.issue(other, HOME)
    one.end()
    assert tickets.redeem(first, HOME) is None
    assert tickets.redeem(second, HOME) is other


@pytest.mark.parametrize("ticket", ["", "x", "x" * 64, "x" * 1_000_000, "é", "\ud800", "\0"])
def test_any_string_may_be_shown(tickets: Tickets, session: Session, ticket: str) -> None:
    tickets.issue(session, HOME)
    assert tickets.redeem(ticket, HOME) is None


def test_a_session_has_100_tickets_and_the_oldest_makes_room(tickets: Tickets, session: Session) -> None:
    other = new_session()
    kept = tickets.issue(other, HOME)
    issued = [tickets.issue(session, HOME) for _ in range(105)]
    assert [tickets.redeem(ticket, HOME) for ticket in issued] == [None] * 5 + [session] * 100
    assert tickets.redeem(kept, HOME) is other


def test_all_tickets_together_are_bounded_and_the_oldest_makes_room(clock: Clock) -> None:
    tickets = Tickets(clock, most=3)
    sessions = [new_session() for _ in range(5)]
    issued = [tickets.issue(session, HOME) for session in sessions]
    assert [tickets.redeem(ticket, HOME) for ticket in issued] == [None, None, *sessions[2:]]


def test_tickets_nobody_used_are_forgotten(clock: Clock) -> None:
    tickets = Tickets(clock)
    for _ in range(10):
        tickets.issue(new_session(), HOME)
        clock.now += LIFETIME
    assert len(tickets._out) == 1
