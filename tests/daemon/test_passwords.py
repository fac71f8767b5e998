import hashlib
import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import anyio
import argon2
import pytest

from daemon.argon import Argon
from daemon.passwords import Passwords, TooManyLogins, UnusablePassword, Verdict, is_hash

# As Octyne makes them: golang.org/x/crypto/argon2, IDKey(password, salt, 1, 51200, 4, 32), a salt of 16
# readable characters, base64 without padding.
OCTYNE = {
    "correct horse battery staple": (
        "$argon2id$v=19$m=51200,t=1,p=4$Wm05dlltRnlZbUY2Y1hWNA$KGMAf8yP6cb8QYfee0VNlQT7gazS0qYic/yEtMsqXO8"
    ),
    "Pässwörd €": (
        "$argon2id$v=19$m=51200,t=1,p=4$Wm05dlltRnlZbUY2Y1hWNA$WQHuf2bOO6EaYuBTvVtAM1zbA9JrgyvRQmovXoB7fMY"
    ),
}
WRONG = Verdict(ok=False)


def sha256(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


class Counted(Argon):
    """The real one; remembers against which hashes it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def verify(self, stored: str, secret: bytes) -> None:
        self.asked.append(stored)
        super().verify(stored, secret)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    counted = Counted()
    monkeypatch.setattr("daemon.passwords.Argon", lambda: counted)
    return counted


@pytest.mark.parametrize("password", OCTYNE)
async def test_a_hash_made_by_octyne_is_understood_and_needs_no_replacement(password: str) -> None:
    passwords = Passwords()
    assert await passwords.verify(OCTYNE[password], password) == Verdict(ok=True, stale=False)
    assert await passwords.verify(OCTYNE[password], password + " ") == WRONG


async def test_our_hash_has_octynes_form_and_its_password_is_right() -> None:
    passwords = Passwords()
    stored = await passwords.hash("pw")
    assert stored.startswith("$argon2id$v=19$m=51200,t=1,p=4$")
    assert stored != await passwords.hash("pw")
    assert await passwords.verify(stored, "pw") == Verdict(ok=True)


@pytest.mark.parametrize("spelling", [str.lower, str.upper])
async def test_a_sha256_of_any_case_is_right_and_stale(spelling: "type[str]") -> None:
    stored = spelling(sha256("grüße"))
    assert await Passwords().verify(stored, "grüße") == Verdict(ok=True, stale=True)
    assert await Passwords().verify(stored, "gruesse") == WRONG


@pytest.mark.parametrize(
    "weaker",
    [
        argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1),
        argon2.PasswordHasher(time_cost=2, memory_cost=51200, parallelism=4),
        argon2.PasswordHasher(time_cost=1, memory_cost=51200, parallelism=4, type=argon2.Type.I),
    ],
)
async def test_other_parameters_are_right_and_stale(weaker: argon2.PasswordHasher) -> None:
    stored = weaker.hash("pw")
    assert await Passwords().verify(stored, "pw") == Verdict(ok=True, stale=True)
    assert await Passwords().verify(stored, "wp") == WRONG


@pytest.mark.parametrize(
    ("stored", "password"),
    [
        pytest.param(None, "pw", id="unknown user"),
        pytest.param(sha256("pw"), "pw", id="old hash, right"),
        pytest.param(sha256("pw"), "wp", id="old hash, wrong"),
        pytest.param(sha256(""), "", id="empty password"),
        pytest.param(sha256("x" * 1025), "x" * 1025, id="over-long password"),
        pytest.param(sha256("pw"), "\ud800", id="half a character"),
        pytest.param("", "pw", id="empty hash"),
        pytest.param("$argon2id$v=19$m=51200,t=1,p=4$", "pw", id="cut hash"),
        pytest.param("$argon2id$v=19$m=4194304,t=1,p=4$MDEyMzQ1Njc$MDEyMzQ1Njc", "pw", id="4 GiB hash"),
        pytest.param("grüße", "pw", id="garbage"),
        pytest.param(OCTYNE["Pässwörd €"], "x" * 1025, id="known user, over-long password"),
    ],
)
async def test_every_check_costs_exactly_one_argon2_of_full_strength(
    counted: Counted, stored: str | None, password: str
) -> None:
    await Passwords().verify(stored, password)
    assert len(counted.asked) == 1
    assert counted.asked[0].startswith("$argon2id$v=19$m=51200,t=1,p=4$")


@pytest.mark.parametrize("password", ["", "x" * 1025, "é" * 513, "\udc80", "a\ud800"])
async def test_no_account_can_have_such_a_password(password: str) -> None:
    passwords = Passwords()
    with pytest.raises(UnusablePassword) as caught:
        await passwords.hash(password)
    assert not password or password not in str(caught.value)
    stored = hashlib.sha256(password.encode("utf-8", "surrogatepass")).hexdigest()
    assert await passwords.verify(stored, password) == WRONG


@pytest.mark.parametrize("password", ["a\0b", "\0", " ", "x" * 1024, "e\u0301"])
async def test_odd_passwords_are_taken_byte_for_byte(password: str) -> None:
    passwords = Passwords()
    stored = await passwords.hash(password)
    assert (await passwords.verify(stored, password)).ok
    assert not (await passwords.verify(stored, password.split("\0", maxsplit=1)[0][:-1])).ok


async def test_a_hash_with_broken_base64_is_wrong_and_says_so_without_quoting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stored = "$argon2id$v=19$m=51200,t=1,p=4$!!!!!!!!!!!!$????????????"
    with caplog.at_level(logging.WARNING):
        assert await Passwords().verify(stored, "secret") == WRONG
    assert "could not be computed" in caplog.text
    assert "secret" not in caplog.text
    assert "????" not in caplog.text


async def test_two_are_computed_at_once_some_wait_and_the_rest_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passwords = Passwords(at_once=2, waiting=4)
    pair, inside, most, lock = threading.Barrier(2, timeout=10), 0, 0, threading.Lock()

    def slow(*_: object) -> Verdict:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        pair.wait()  # breaks, and fails the test, if two are never inside together
        with lock:
            inside -= 1
        return WRONG

    monkeypatch.setattr(passwords, "_judge", slow)
    refused = 0

    async def attempt() -> None:
        nonlocal refused
        try:
            await passwords.verify(None, "pw")
        except TooManyLogins:
            refused += 1

    async with anyio.create_task_group() as tg:
        for _ in range(12):
            tg.start_soon(attempt)
    assert (most, refused) == (2, 6)
    monkeypatch.undo()
    assert await passwords.verify(None, "pw") == WRONG  # the queue is empty again


async def test_one_who_hangs_up_while_waiting_leaves_the_queue() -> None:
    passwords = Passwords(at_once=1, waiting=0)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await passwords.verify(None, "pw")
    assert scope.cancelled_caught
    assert await passwords.verify(None, "pw") == WRONG


@pytest.mark.parametrize(
    ("stored", "known"),
    [
        (OCTYNE["Pässwörd €"], True),
        ("a" * 64, True),
        ("A" * 64, True),
        ("a" * 63, False),
        ("a" * 64 + "\n", False),
        ("g" * 64, False),
        ("", False),
        ("$argon2id$", False),
        ("$2b$12$abcdefghijklmnopqrstuv", False),
        ("$argon2id$v=19$m=0,t=1,p=1$MDEyMzQ1Njc$MDEyMzQ1Njc", False),
        ("$argon2id$v=19$m=51200,t=100000,p=1$MDEyMzQ1Njc$MDEyMzQ1Njc", False),
        ("$argon2id$v=19$m=51200,t=1,p=4$MDEy\0$MDEy", False),
        ("٣" * 64, False),
    ],
)
def test_what_is_a_hash(stored: str, known: bool) -> None:
    assert is_hash(stored) is known


def test_hashes_are_computed_without_an_event_loop_in_the_way() -> None:
    """Two loops in two threads do not share a queue."""
    with ThreadPoolExecutor(2) as pool:
        stored = list(pool.map(lambda _: anyio.run(Passwords().hash, "pw"), range(2)))
    assert all(map(is_hash, stored))


async def test_passwords_are_checked_by_threads_that_yield_to_all_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passwords, seen = Passwords(), list[int]()

    def look(*_: object) -> Verdict:
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return WRONG

    before = os.getpriority(os.PRIO_PROCESS, 0)
    monkeypatch.setattr(passwords, "_judge", look)
    await passwords.verify(None, "pw")
    assert seen == [min(19, before + 5)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
