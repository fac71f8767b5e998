import base64
import hashlib
import logging
import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from daemon import ledgerfile
from daemon.ledger import CannotKeep, Ledger
from daemon.sessions import IDLE, Session, Sessions

from .kept import opened

HOME = "192.0.2.1"


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "sessions.db")


def rows(path: str) -> list[tuple[bytes, str]]:
    with closing(sqlite3.connect(path)) as database:
        return list(database.execute("SELECT token_hash, account FROM sessions ORDER BY rowid"))


def found(sessions: Sessions, token: str) -> Session:
    session = sessions.find(token)
    assert session is not None
    return session


async def test_a_session_is_found_by_its_token_and_survives_a_restart(path: str, clock: Clock) -> None:
    async with opened(path, clock) as sessions:
        token, session = await sessions.create("ada", HOME, "curl")
        assert sessions.find(token) is session
    async with opened(path, clock) as sessions:
        again = found(sessions, token)
        assert (again.account, again.address, again.agent) == ("ada", HOME, "curl")
        assert (again.created, sessions.expires(again)) == (clock.now, clock.now + IDLE)
        assert not again.ended.is_set()
        assert sessions.owners() == {"ada"}


async def test_a_token_is_octynes_and_only_its_digest_is_on_disk(path: str, clock: Clock) -> None:
    async with opened(path, clock) as sessions:
        token, _ = await sessions.create("ada", HOME, "curl")
        assert len(token) == 128
        assert len(base64.b64decode(token, validate=True)) == 96
        assert rows(path) == [(hashlib.sha256(token.encode()).digest(), "ada")]
        on_disk = b"".join(file.read_bytes() for file in Path(path).parent.iterdir())
        assert token.encode() not in on_disk
        assert base64.b64decode(token) not in on_disk


@pytest.mark.parametrize(
    "token", ["", "x", "x" * 128, "x" * 10_000_000, "é" * 128, "\ud800" * 128, "\0" * 128]
)
async def test_any_string_may_be_looked_up(path: str, clock: Clock, token: str) -> None:
    async with opened(path, clock) as sessions:
        await sessions.create("ada", HOME, "curl")
        assert sessions.find(token) is None


async def test_the_session_is_committed_when_its_token_is_given_out(path: str, clock: Clock) -> None:
    async with opened(path, clock) as sessions:
        await sessions.create("ada", HOME, "curl")
        assert len(rows(path)) == 1  # read by another connection, which sees only what is committed


async def test_logout_ends_this_session_at_once_and_no_other(path: str, clock: Clock) -> None:
    async with opened(path, clock) as sessions:
        token, session = await sessions.create("ada", HOME, "curl")
        other, _ = await sessions.create("ada", HOME, "curl")
        await sessions.end([session])
        assert session.ended.is_set()
        assert sessions.find(token) is None
        assert sessions.find(other) is not None
        await sessions.end([session])  # twice is no error
    async with opened(path, clock) as sessions:
        assert sessions.find(token) is None
        assert sessions.find(other) is not None


async def test_a_deleted_account_loses_all_its_sessions_also_on_disk(path: str, clock: Clock) -> None:
    async with opened(path, clock) as sessions:
        gone = [await sessions.create("ada", HOME, "curl") for _ in range(3)]
        kept, _ = await sessions.create("bob", HOME, "curl")
        sessions.end_owner("ada")
        await sessions._ledger.settle("end sessions")
        assert all(session.ended.is_set() for _, session in gone)
        assert [sessions.find(token) for token, _ in gone] == [None] * 3
        assert [account for _, account in rows(path)] == ["bob"]
        assert sessions.find(kept) is not None


async def test_a_renamed_accounts_sessions_go_on(path: str, clock: Clock) -> None:
    async with opened(path, clock) as sessions:
        token, session = await sessions.create("ada", HOME, "curl")
        sessions.rename("ada", "lovelace")
        assert sessions.find(token) is session
        assert session.account == "lovelace"
    async with opened(path, clock) as sessions:
        assert found(sessions, token).account == "lovelace"


async def test_an_account_that_ends_during_a_login_takes_the_new_session_along(
    path: str, clock: Clock
) -> None:
    async with opened(path, clock) as sessions:
        tokens: list[str] = []

        async def log_in() -> None:
            token, _ = await sessions.create("ada", HOME, "curl")
            tokens.append(token)

        async with anyio.create_task_group() as tg:
            for _ in range(5):
                tg.start_soon(log_in)
            while not sessions.owners():
                await anyio.lowlevel.checkpoint()
            sessions.end_owner("ada")
        assert len(tokens) == 5
        assert [sessions.find(token) for token in tokens] == [None] * 5
        assert rows(path) == []


async def test_one_who_hangs_up_during_a_login_leaves_no_session(path: str, clock: Clock) -> None:
    async with opened(path, clock) as sessions:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await sessions.create("ada", HOME, "curl")
        assert sessions.owners() == set()
        assert rows(path) == []


async def test_one_who_hangs_up_during_a_logout_is_logged_out(path: str, clock: Clock) -> None:
    async with opened(path, clock) as sessions:
        _, session = await sessions.create("ada", HOME, "curl")
        with anyio.CancelScope() as scope:
            scope.cancel()
            await sessions.end([session])
        assert session.ended.is_set()
        assert rows(path) == []


async def test_an_expired_session_is_not_found_and_leaves_memory_and_disk(path: str, clock: Clock) -> None:
    async with opened(path, clock) as sessions:
        token, session = await sessions.create("ada", HOME, "curl")
        clock.now += IDLE - 1
        assert sessions.find(token) is session
        clock.now += 1
        assert sessions.find(token) is None
        sessions.expire()
        assert session.ended.is_set()
        await sessions.create("bob", HOME, "curl")
        assert [account for _, account in rows(path)] == ["bob"]
    clock.now += IDLE
    async with opened(path, clock) as sessions:
        assert sessions.owners() == set()
        assert rows(path) == []


async def test_a_clock_that_jumps_ends_nothing_that_is_still_good(path: str, clock: Clock) -> None:
    async with opened(path, clock) as sessions:
        token, _ = await sessions.create("ada", HOME, "curl")
    clock.now = 0.0  # a machine without a battery, before it has asked for the time
    async with opened(path, clock) as sessions:
        assert sessions.find(token) is not None
        later, _ = await sessions.create("ada", HOME, "curl")
        assert sessions.find(later) is not None
        clock.now = 1_700_000_060.0
        assert sessions.find(token) is not None
        assert sessions.find(later) is None


async def test_one_login_too_many_ends_the_accounts_oldest_session(path: str, clock: Clock) -> None:
    async with opened(path, clock, per_account=3) as sessions:
        bob, _ = await sessions.create("bob", HOME, "curl")
        made = []
        for _ in range(4):
            made.append(await sessions.create("ada", HOME, "curl"))
            clock.now -= 10  # the oldest is the first, whatever the clock says
        assert [session.ended.is_set() for _, session in made] == [True, False, False, False]
        assert sessions.find(bob) is not None
    async with opened(path, clock, per_account=3) as sessions:
        assert [sessions.find(token) is None for token, _ in made] == [True, False, False, False]
        await sessions.create("ada", HOME, "curl")
        assert sessions.find(made[1][0]) is None


async def test_parallel_logins_stay_within_the_bound(path: str, clock: Clock) -> None:
    async with opened(path, clock, per_account=3) as sessions:
        async with anyio.create_task_group() as tg:
            for _ in range(20):
                tg.start_soon(sessions.create, "ada", HOME, "curl")
        assert len(rows(path)) == 3
        assert {session.digest for session in sessions._live.values()} == {key for key, _ in rows(path)}


@pytest.mark.parametrize("agent", ["", "x" * 100_000, "a\nb\0c", "\ud800", "ü😀"])
async def test_any_agent_can_log_in(path: str, clock: Clock, agent: str) -> None:
    async with opened(path, clock) as sessions:
        token, session = await sessions.create("ada", HOME, agent)
        assert len(session.agent) <= 256
    async with opened(path, clock) as sessions:
        assert found(sessions, token).agent == session.agent


@pytest.mark.usefixtures("no_umask")
async def test_the_files_are_the_owners_alone(path: str, clock: Clock) -> None:
    async with opened(path, clock) as sessions:
        await sessions.create("ada", HOME, "curl")
        modes = {name: stat.S_IMODE(os.stat(path + name).st_mode) for name in ("", "-wal", "-shm")}
        assert modes == {"": 0o600, "-wal": 0o600, "-shm": 0o600}


async def test_the_file_is_made_safe_against_power_loss(path: str, clock: Clock) -> None:
    async with opened(path, clock) as sessions:
        database = sessions._ledger._file._database
        assert database is not None
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("PRAGMA synchronous").fetchone() == (2,)


async def test_on_a_full_disk_nobody_logs_in_and_nothing_is_half_made(
    path: str, clock: Clock, full_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    async with opened(path, clock, per_account=1) as sessions:
        token, session = await sessions.create("ada", HOME, "curl")
        with full_disk(), pytest.raises(CannotKeep):
            await sessions.create("ada", HOME, "curl")
        assert sessions.find(token) is session
        assert not session.ended.is_set()
        assert len(sessions._live) == len(rows(path)) == 1
        again, _ = await sessions.create("ada", HOME, "curl")
        assert sessions.find(again) is not None


async def test_on_a_full_disk_logout_works_and_reaches_the_disk_later(
    path: str,
    clock: Clock,
    full_disk: Callable[[], AbstractContextManager[None]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with opened(path, clock) as sessions:
        token, session = await sessions.create("ada", HOME, "curl")
        bob, _ = await sessions.create("bob", HOME, "curl")
        with full_disk():
            await sessions.end([session])
            sessions.rename("bob", "rob")
        assert session.ended.is_set()
        assert sessions.find(token) is None
        assert len(rows(path)) == 2
        assert "will try again" in caplog.text
        assert token not in caplog.text
        await sessions.create("eve", HOME, "curl")
        assert [account for _, account in rows(path)] == ["rob", "eve"]
        assert found(sessions, bob).account == "rob"


async def test_what_the_disk_refused_is_written_at_the_latest_when_closing(
    path: str, clock: Clock, full_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    async with opened(path, clock) as sessions:
        _, session = await sessions.create("ada", HOME, "curl")
        with full_disk():
            await sessions.end([session])
    assert rows(path) == []


def not_a_database(path: str) -> None:
    Path(path).write_bytes(b"this is no database at all" * 1000)


def torn_pages(path: str) -> None:
    data = bytearray(Path(path).read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    Path(path).write_bytes(data)


def later_version(path: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")


def other_shape(path: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("ALTER TABLE sessions DROP COLUMN agent")


@pytest.mark.parametrize("damage", [not_a_database, torn_pages, later_version, other_shape])
async def test_a_damaged_file_is_set_aside_and_a_fresh_one_begins(
    path: str, clock: Clock, damage: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(path, clock) as sessions:
        for _ in range(50):
            await sessions.create("ada", HOME, "curl" * 50)
    damage(path)
    damaged = Path(path).read_bytes()
    async with opened(path, clock) as sessions:
        token, _ = await sessions.create("ada", HOME, "curl")
        assert sessions.find(token) is not None
        assert len(rows(path)) == 1
    (kept,) = Path(path).parent.glob("sessions.db.damaged-*")
    assert kept.read_bytes() == damaged
    assert f"kept as {kept}" in caplog.text


@pytest.mark.parametrize("leftover", [b"", b"\0" * 50])
async def test_a_file_that_was_cut_short_does_not_stop_the_start(
    path: str, clock: Clock, leftover: bytes
) -> None:
    Path(path).write_bytes(leftover)
    async with opened(path, clock) as sessions:
        await sessions.create("ada", HOME, "curl")
        assert len(rows(path)) == 1


async def test_a_row_of_odd_types_is_ignored(path: str, clock: Clock) -> None:
    async with opened(path, clock) as sessions:
        token, _ = await sessions.create("ada", HOME, "curl")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO sessions VALUES (x'00', NULL, 'yesterday', 'never', 7, x'ff')")
    async with opened(path, clock) as sessions:
        assert sessions.owners() == {"ada"}
        assert sessions.find(token) is not None


async def test_a_file_that_cannot_be_opened_is_said_and_may_be_tried_again(path: str, clock: Clock) -> None:
    os.mkdir(path)
    ledger = Ledger(path)
    sessions = Sessions(ledger, clock=clock)
    with pytest.raises(CannotKeep, match=r"sessions\.db"):
        await ledger.open()
    with pytest.raises(CannotKeep):
        await sessions.create("ada", HOME, "curl")
    assert sessions.owners() == set()
    os.rmdir(path)
    await ledger.open()
    token, _ = await sessions.create("ada", HOME, "curl")
    assert sessions.find(token) is not None
    await ledger.close()


async def test_after_closing_nothing_crashes(
    path: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(path, clock) as sessions:
        token, session = await sessions.create("ada", HOME, "curl")
    with pytest.raises(CannotKeep):
        await sessions.create("ada", HOME, "curl")
    with caplog.at_level(logging.ERROR):
        await sessions.end([session])
    assert sessions.find(token) is None
    assert "closed" in caplog.text


def test_a_session_does_not_show_its_digest() -> None:
    session = Session(b"digest", "ada", 0.0, 1.0, HOME, "curl")
    assert "digest" not in repr(session)


def of_version_1(path: str) -> str:
    """Leave a file as the first version made it; return the token of its session."""
    token = base64.b64encode(b"\0" * 96).decode()
    row = hashlib.sha256(token.encode()).digest(), "ada", 1_700_000_000.0, 1_708_035_200.0, HOME, "curl"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "CREATE TABLE sessions(token_hash BLOB PRIMARY KEY, account TEXT, created REAL,"
            " expires REAL, address TEXT, agent TEXT)"
        )
        database.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)", row)
        database.execute("PRAGMA user_version=1")
    return token


async def test_sessions_of_the_first_version_go_on(path: str, clock: Clock) -> None:
    token = of_version_1(path)
    for _ in range(2):
        async with opened(path, clock) as sessions:
            session = found(sessions, token)
            assert (session.account, session.created, session.used) == ("ada", clock.now, clock.now)
            await sessions.create("ada", HOME, "curl")


async def test_an_upgrade_that_is_cut_short_is_done_from_the_beginning(path: str, clock: Clock) -> None:
    token = of_version_1(path)
    with pytest.MonkeyPatch.context() as patch:
        cut = replace(ledgerfile._SHAPE, schema=["this is no SQL"])
        patch.setattr(ledgerfile, "_SHAPE", cut)
        with pytest.raises(CannotKeep):
            await Ledger(path).open()
    async with opened(path, clock) as sessions:
        assert found(sessions, token).account == "ada"
