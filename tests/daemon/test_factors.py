"""Which codes were used: across restarts, renames, deletions, and clocks that jump."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from daemon import codes
from daemon.factors import Factors, NoPendingFactor, WrongCode
from daemon.ledger import Ledger
from daemon.standing import Holder

from .kept import HASH, people

NOW = 1_700_000_000.0
SECRET = codes.new_secret()


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now

    def code(self, drift: int = 0, secret: str = SECRET) -> str:
        return codes.code_at(secret, codes.step_at(self.now) + drift)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@asynccontextmanager
async def opened(folder: Path, clock: Clock) -> AsyncIterator[Factors]:
    ledger = Ledger(str(folder / "sessions.db"))
    factors = Factors(ledger, clock)
    factors.load((await ledger.open())["factors"])
    try:
        yield factors
    finally:
        await ledger.close()


async def test_a_code_is_good_once_and_so_is_any_before_it(tmp_path: Path, clock: Clock) -> None:
    async with opened(tmp_path, clock) as factors:
        early = clock.code(-1)
        assert factors.accept("ada", SECRET, clock.code())
        assert not factors.accept("ada", SECRET, clock.code())
        assert not factors.accept("ada", SECRET, early)
        assert factors.accept("ada", SECRET, clock.code(1))
        assert not factors.accept("ada", SECRET, clock.code(1))
        assert factors.accept("bob", SECRET, clock.code())
        clock.now += 60
        assert factors.accept("ada", SECRET, clock.code())


async def test_a_used_code_stays_used_over_a_restart(tmp_path: Path, clock: Clock) -> None:
    async with opened(tmp_path, clock) as factors:
        assert factors.accept("ada", SECRET, clock.code())
    async with opened(tmp_path, clock) as factors:
        assert not factors.accept("ada", SECRET, clock.code())
        assert not factors.accept("ada", SECRET, clock.code(-1))
        assert factors.accept("ada", SECRET, clock.code(1))


async def test_a_renamed_account_keeps_what_it_has_used(tmp_path: Path, clock: Clock) -> None:
    async with opened(tmp_path, clock) as factors:
        assert factors.accept("eve", SECRET, clock.code(-1))  # a row of the new name is in the way
        assert factors.accept("ada", SECRET, clock.code())
        factors.rename("ada", "eve")
        assert not factors.accept("eve", SECRET, clock.code())
    async with opened(tmp_path, clock) as factors:
        assert factors.accounts() == {"eve"}
        assert not factors.accept("eve", SECRET, clock.code())


async def test_a_deleted_account_leaves_nothing(tmp_path: Path, clock: Clock) -> None:
    async with opened(tmp_path, clock) as factors:
        assert factors.accept("ada", SECRET, clock.code())
        factors.forget("ada")
        assert factors.accounts() == set()
    async with opened(tmp_path, clock) as factors:
        assert factors.accounts() == set()


async def test_a_clock_that_was_ahead_locks_nobody_out(tmp_path: Path, clock: Clock) -> None:
    async with opened(tmp_path, clock) as factors:
        clock.now = NOW + 10 * 365 * 86_400
        assert factors.accept("ada", SECRET, clock.code())
        clock.now = NOW
        assert factors.accept("ada", SECRET, clock.code())
        assert not factors.accept("ada", SECRET, clock.code())


async def test_a_new_secret_needs_a_code_of_it_from_the_same_caller(tmp_path: Path, clock: Clock) -> None:
    async with opened(tmp_path, clock) as factors:
        one, other = Holder("ada"), Holder("ada")
        secret = factors.propose("ada", one)
        with pytest.raises(NoPendingFactor):
            factors.confirm("ada", other, clock.code(secret=secret))
        with pytest.raises(NoPendingFactor):
            factors.confirm("bob", one, clock.code(secret=secret))
        assert factors.confirm("ada", one, clock.code(secret=secret)).secret == secret
        assert not factors.accept("ada", secret, clock.code(secret=secret))  # used by that
        with pytest.raises(NoPendingFactor):
            factors.confirm("ada", one, clock.code(1, secret))


async def test_a_new_secret_may_follow_an_old_one_at_once(tmp_path: Path, clock: Clock) -> None:
    async with opened(tmp_path, clock) as factors:
        assert factors.accept("ada", SECRET, clock.code(1))
        secret, holder = factors.propose("ada", holder := Holder("ada")), holder
        factors.confirm("ada", holder, clock.code(secret=secret))
        assert factors.accept("ada", secret, clock.code(1, secret))


async def test_a_new_secret_is_gone_after_five_wrong_codes(tmp_path: Path, clock: Clock) -> None:
    async with opened(tmp_path, clock) as factors:
        holder = Holder("ada")
        secret = factors.propose("ada", holder)
        for wrong in ("", "abcdef", clock.code(2, secret), "\ud800", "1" * 100_000):
            with pytest.raises(WrongCode):
                factors.confirm("ada", holder, wrong)
        with pytest.raises(NoPendingFactor):
            factors.confirm("ada", holder, clock.code(secret=secret))


async def test_a_new_secret_waits_for_ten_minutes(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path, clock) as factors:
        holder = Holder("ada")
        secret = factors.propose("ada", holder)
        late = anyio.current_time() + 600
        monkeypatch.setattr("daemon.factors.anyio.current_time", lambda: late)
        with pytest.raises(NoPendingFactor):
            factors.confirm("ada", holder, clock.code(secret=secret))


async def test_rows_of_accounts_that_went_while_we_were_away_go_too(tmp_path: Path, clock: Clock) -> None:
    async with opened(tmp_path, clock) as factors:
        for name in ("eve", "gone"):
            assert factors.accept(name, SECRET, clock.code())
    async with people(str(tmp_path), eve=HASH) as everybody:
        assert everybody.factors.accounts() == {"eve", "gone"}
        with anyio.move_on_after(0.5):
            await everybody.run()
        assert everybody.factors.accounts() == {"eve"}
    async with opened(tmp_path, clock) as factors:
        assert factors.accounts() == {"eve"}
