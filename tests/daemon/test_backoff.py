"""How long who fails must wait, with a clock of our own."""

from collections.abc import Iterable
from contextlib import ExitStack

import pytest

from daemon.accesssettings import LoginDelay
from daemon.backoff import Attempt, Backoff, TooSoon, place_of

HERE, THERE = "192.0.2.1", "198.51.100.7"


class World:
    """A backoff, its clock, and where accounts are logged in."""

    def __init__(self, most: int = 10_000) -> None:
        self.now = 1000.0
        self.sessions: dict[str, list[str]] = {}
        self.backoff = Backoff(lambda name: self.sessions.get(name, ()), lambda: self.now, most)

    def fail(self, name: str = "ada", address: str = HERE) -> None:
        with self.backoff.attempt([name], address) as attempt:
            attempt.failed()

    def succeed(self, name: str = "ada", address: str = HERE) -> None:
        with self.backoff.attempt([name], address) as attempt:
            attempt.succeeded(name)

    def wait(self, name: str = "ada", address: str = HERE) -> int:
        """Return how long one must wait; 0 for not at all."""
        try:
            with self.backoff.attempt([name], address):
                return 0
        except TooSoon as exc:
            return exc.retry_after

    def fail_on(self, names: Iterable[str], address: str) -> None:
        """Fail as often as that is heard."""
        for name in names:
            try:
                self.fail(name, address)
            except TooSoon:
                return


@pytest.fixture
def world() -> World:
    return World()


def test_within_the_free_failures_nobody_waits(world: World) -> None:
    for _ in range(5):
        assert world.wait() == 0
        world.fail()
    assert world.wait() == 1


def test_each_further_failure_doubles_the_wait_up_to_the_cap(world: World) -> None:
    for _ in range(5):
        world.fail()
    waits = []
    for _ in range(13):
        waits.append(world.wait())
        world.now += waits[-1]
        world.fail()
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_who_comes_too_soon_is_not_made_to_wait_longer_and_hears_how_long(world: World) -> None:
    for _ in range(7):
        world.now += 60
        world.fail()
    assert [world.wait() for _ in range(100)] == [4] * 100
    world.now += 1.5
    with pytest.raises(TooSoon, match=r"^Too many failed logins, try again in 3 seconds!$"):
        world.fail()
    world.now += 2.5
    assert world.wait() == 0


def test_names_that_do_not_exist_are_counted_like_all_others(world: World) -> None:
    """Here nobody knows which exist; what would tell is where one is logged in."""
    world.sessions["ada"] = [HERE]
    for name in ("ada", "nobody"):
        seen = []
        for _ in range(8):
            seen.append(world.wait(name))
            world.now += seen[-1]
            world.fail(name)
        assert seen == [0, 0, 0, 0, 0, 1, 2, 4]
        world.now += 10_000


def test_an_address_is_counted_over_all_names(world: World) -> None:
    for number in range(20):
        world.fail(f"name{number}")
    assert world.wait("another") == 1
    assert world.wait("another", THERE) == 0


def test_an_account_is_counted_over_all_addresses(world: World) -> None:
    for number in range(5):
        world.fail(address=f"192.0.2.{number}")
    assert world.wait(address=THERE) == 1
    assert world.wait("bob", THERE) == 0


def test_a_hundred_at_once_are_not_a_hundred_for_free(world: World) -> None:
    flying: list[Attempt] = []
    refused = 0
    with ExitStack() as stack:
        for _ in range(100):
            try:
                flying.append(stack.enter_context(world.backoff.attempt(["ada"], HERE)))
            except TooSoon:
                refused += 1
        assert (len(flying), refused) == (5, 95)
        for attempt in flying:
            attempt.failed()
    assert world.wait() == 1


def test_what_was_never_judged_does_not_count(world: World) -> None:
    for _ in range(4):
        world.fail()
    for _ in range(50):
        with pytest.raises(ZeroDivisionError), world.backoff.attempt(["ada"], HERE):
            raise ZeroDivisionError
        assert world.wait() == 0
    world.fail()
    assert world.wait() == 1


def test_success_makes_good_what_failed_there_on_that_account(world: World) -> None:
    for _ in range(4):
        world.fail()
    world.succeed()
    assert len(world.backoff) == 0
    for _ in range(5):
        assert world.wait() == 0
        world.fail()


def test_an_account_of_ones_own_does_not_clear_ones_address(world: World) -> None:
    for number in range(19):
        world.fail(f"victim{number}")
        world.succeed("eve")
    world.fail("victim")
    assert world.wait("eve") == 1


def test_an_owners_logins_give_no_tries_to_those_who_attack_him(world: World) -> None:
    world.succeed(address=HERE)
    for number in range(5):
        world.fail(address=f"198.51.100.{number}")
        world.succeed(address=HERE)
    assert world.wait(address=THERE) == 1


@pytest.mark.parametrize("how", ["a session", "an earlier login"])
def test_strangers_cannot_lock_an_owner_out(world: World, how: str) -> None:
    if how == "a session":
        world.sessions["ada"] = [HERE]
    else:
        world.succeed(address=HERE)
    for _ in range(30):
        world.fail(address=THERE)
        world.now += 900
    assert world.wait(address="203.0.113.1") == 0  # the wait is over, and the next failure begins it anew
    world.fail(address=THERE)
    assert world.wait(address="203.0.113.1") == 900
    assert world.wait(address=HERE) == 0
    for _ in range(5):
        world.fail(address=HERE)
    assert world.wait(address=HERE) == 1  # yet at home nobody has more tries than elsewhere


def test_where_an_account_came_from_is_remembered_for_some_places(world: World) -> None:
    for number in range(40):
        world.succeed(address=f"192.0.2.{number}")
    for _ in range(5):
        world.fail(address=THERE)
    assert [world.wait(address=f"192.0.2.{number}") > 0 for number in (23, 24)] == [True, False]


def test_what_failed_is_forgotten_after_a_quiet_while(world: World) -> None:
    for _ in range(6):
        world.now += 1
        world.fail()
    world.now += 1799
    world.fail()
    assert world.wait() == 4
    world.now += 1800
    for _ in range(5):
        world.fail()
    assert world.wait() == 1


def test_one_household_is_one_address(world: World) -> None:
    assert place_of("2001:db8:1:2::1") == place_of("2001:db8:1:2:ffff::2") != place_of("2001:db8:1:3::1")
    assert place_of("::ffff:192.0.2.1") == place_of("192.0.2.1")
    assert place_of("fe80::1%eth0") == place_of("fe80::2%eth1")
    assert place_of("?") == "?"


def test_the_numbers_are_those_of_the_config(world: World) -> None:
    world.backoff.delay = LoginDelay(account=1, address=3, first=10, cap=15)
    seen = []
    for _ in range(4):
        seen.append(world.wait())
        world.now += seen[-1]
        world.fail()
    assert seen == [0, 10, 15, 15]
    world.backoff.delay = LoginDelay(cap=0)
    for _ in range(100):
        world.fail()
    assert world.wait() == 0


def test_a_million_made_up_names_take_a_bounded_room_and_push_nobody_out() -> None:
    world = World(most=1000)
    world.backoff.delay = LoginDelay(address=1_000_000_000)
    for _ in range(7):
        world.now += 60
        world.fail("ada")
    world.now += 0.5
    most = 0
    for number in range(1_000_000):
        world.fail(f"name{number}", THERE)
        if number % 1000 == 0:
            most = max(most, len(world.backoff))
    assert 1000 < most <= 2002  # names, each with its address, and two addresses
    assert world.wait("ada") == 4


def test_a_million_addresses_take_a_bounded_room_and_push_nobody_out() -> None:
    world = World(most=1000)
    for number in range(21):
        world.now += 10
        world.fail(f"victim{number}", HERE)
    for number in range(100_000):
        world.now += 1e-6
        world.fail(f"name{number}", f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1")
    assert len(world.backoff) <= 3000
    assert world.wait("another", HERE) == 2


def test_a_name_may_be_spelt_in_two_ways_and_both_count(world: World) -> None:
    for _ in range(5):
        with world.backoff.attempt(["jürgen", "jÃ¼rgen"], HERE) as attempt:
            attempt.failed()
    assert [world.wait(name, THERE) for name in ("jürgen", "jÃ¼rgen", "ada")] == [1, 1, 0]


def test_no_name_is_kept_as_it_was_typed(world: World) -> None:
    world.fail("my password")
    kept = [*world.backoff._accounts._counts, *world.backoff._pairs._counts]
    assert kept
    assert not any("password" in key for key in kept)
