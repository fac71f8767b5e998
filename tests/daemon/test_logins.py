"""`/login` under attack: who must wait, what that tells, and what a wrong login costs."""

import hashlib
import json
from collections.abc import AsyncIterator

import anyio
import pytest

from daemon.passwords import Verdict

from .device import Device, log_in, said, send, without_delay
from .house import PASSWORD, House, living

WRONG_CODE = (401, "wrong-code", "The code of your second factor is wrong!")
WRONG = (401, "wrong-credentials", "Invalid username or password!")
SOON = (429, "too-many-logins", "Too many failed logins, try again in 1 second!")


class Counted:
    """Counts the argon2 of a house."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.runs = self.inside = self.most = 0
        passwords = house.parts.people._passwords
        judge = passwords._judge

        def counting(stored: str | None, password: str) -> Verdict:
            self.runs += 1
            self.inside += 1
            self.most = max(self.most, self.inside)
            try:
                return judge(stored, password)
            finally:
                self.inside -= 1

        monkeypatch.setattr(passwords, "_judge", counting)


@pytest.fixture
def counted(house: House, monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(house, monkeypatch)


async def test_who_fails_too_often_must_wait_and_is_told_how_long(house: House, counted: Counted) -> None:
    for _ in range(5):
        assert said(await log_in(house, "wrong one")) == WRONG
    answer = await log_in(house)
    assert said(answer) == SOON
    assert answer.headers["Retry-After"] == "1"
    assert counted.runs == 5  # the sixth was not even looked at


async def test_the_wait_ends_and_a_success_makes_good(house: House) -> None:
    clock = [1000.0]
    house.parts.people.backoff._clock = lambda: clock[0]
    for _ in range(5):
        await log_in(house, "wrong one", name="eve")
        await log_in(house, "wrong one")
    assert (await log_in(house)).status_code == 429
    clock[0] += 1.0
    assert (await log_in(house)).status_code == 200
    for _ in range(5):
        assert said(await log_in(house, "wrong one")) == WRONG
    assert (await log_in(house)).status_code == 429


async def test_a_wait_does_not_tell_which_accounts_exist(house: House, counted: Counted) -> None:
    seen: dict[str, list[tuple[bytes, int, str | None, int]]] = {"admin": [], "nobody": []}
    clock = [1000.0]
    house.parts.people.backoff._clock = lambda: clock[0]
    for name, answers in seen.items():
        for password in ["wrong one"] * 7 + ["wrong 123456"]:
            counted.runs = 0
            answer = await log_in(house, password, name=name)
            waits = answer.headers.get("Retry-After")
            answers.append((answer.content, answer.status_code, waits, counted.runs))
            clock[0] += float(waits or 0) * 0.5
        clock[0] += 10_000
    assert seen["admin"] == seen["nobody"]
    assert {status for _, status, _, _ in seen["admin"]} == {401, 429}


async def test_a_hundred_at_once_get_five_tries(house: House, counted: Counted) -> None:
    statuses: list[int] = []

    async def attempt() -> None:
        statuses.append((await log_in(house, "wrong one")).status_code)

    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(attempt)
    assert (statuses.count(401), statuses.count(429)) == (counted.runs, 100 - counted.runs)
    assert counted.runs <= 5


async def test_the_address_waits_whatever_the_names(house: House) -> None:
    for number in range(20):
        assert said(await log_in(house, "wrong one", name=f"name{number}")) == WRONG
    assert said(await log_in(house)) == SOON


async def test_a_wrong_old_password_counts_as_well(house: House) -> None:
    wish = {"oldPassword": "wrong one", "password": "a new password"}
    for _ in range(5):
        assert (await send(house, "PATCH", "/account", **wish)).status_code == 403
    answer = await send(house, "PATCH", "/account", **wish)
    assert (said(answer), answer.headers["Retry-After"]) == (SOON, "1")
    assert said(await log_in(house)) == SOON


async def test_a_full_pool_says_when_to_come_back(house: House) -> None:
    house.parts.people._passwords._present = 1000
    answer = await log_in(house)
    assert said(answer) == (429, "too-many-logins", "Too many logins at once, try again in a moment!")
    assert answer.headers["Retry-After"] == "1"
    house.parts.people._passwords._present = 0
    assert (await log_in(house)).status_code == 200


async def test_a_page_may_read_how_long_to_wait_and_send_a_code(house: House) -> None:
    headers = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    answer = await house.nobody.options("/login", headers=headers)
    assert "X-OTP" in answer.headers["Access-Control-Allow-Headers"]
    assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]


@pytest.fixture
async def people(folder: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[House, Counted]]:
    """`admin` has a second factor, `plain` has none, `old` has a hash of an old kind and a factor."""
    async with living(folder) as house:
        await without_delay(house)
        device = Device(house)
        await device.turn_on()
        accounts = house.parts.people.accounts
        await accounts.create("plain", PASSWORD)
        await accounts.create("disabled", PASSWORD)
        await house.local.patch("/accounts", content=json.dumps({"username": "disabled", "disabled": True}))
        yield house, Counted(house, monkeypatch)


@pytest.mark.parametrize(
    ("password", "code", "runs"),
    [
        ("wrong one", None, 1),
        ("wrong one", "123456", 1),
        ("wrong one", "ABCD-EFGH-IJKL-MNOP", 1),
        ("wrong one", "nonsense", 1),
        ("wrong 123456", None, 2),
        ("123456", None, 1),
        ("wrong 123456", "123456", 1),
        ("wröng", None, 2),
        ("wröng123456", None, 4),
    ],
)
async def test_a_wrong_login_costs_the_same_whoever_is_asked_for(
    people: tuple[House, Counted], password: str, code: str | None, runs: int
) -> None:
    house, counted = people
    for name in ("admin", "plain", "disabled", "nobody"):
        counted.runs = 0
        sent = {b"Username": name.encode(), b"Password": password.encode()}
        sent |= {} if code is None else {b"X-OTP": code.encode()}
        answer = await house.nobody.post("/login", headers=sent)
        assert said(answer) == WRONG
        assert (name, counted.runs) == (name, runs)


async def test_the_right_password_with_a_wrong_code_costs_what_a_wrong_one_does(
    people: tuple[House, Counted],
) -> None:
    house, counted = people
    for password in (PASSWORD, "wrong one"):
        for code, behind, runs in (("000000", "", 1), (None, "000000", 2), ("A" * 16, "", 1)):
            counted.runs = 0
            assert said(await log_in(house, password + behind, code)) == (
                WRONG_CODE if password == PASSWORD else WRONG
            )
            assert counted.runs == runs


async def test_a_wrong_code_does_not_even_renew_an_old_hash(house: House) -> None:
    """That would take another argon2, and so tell that the password is right."""
    device = Device(house)
    await device.turn_on()
    stale, accounts = hashlib.sha256(PASSWORD.encode()).hexdigest(), house.parts.people.accounts

    def stored() -> str:
        account = accounts.get("admin")
        assert account is not None
        return account.hash

    await accounts.update("admin", change=lambda account: account.with_hash(stale))
    assert said(await log_in(house, code=device.wrong())) == WRONG_CODE
    assert stored() == stale
    assert (await log_in(house, code=device.later())).status_code == 200
    assert stored().startswith("$argon2id$")


async def test_many_first_logins_at_once_all_succeed_while_the_hash_is_renewed(house: House) -> None:
    await without_delay(house)
    statuses: list[int] = []

    async def attempt() -> None:
        statuses.append((await log_in(house)).status_code)

    async with anyio.create_task_group() as tasks:
        for _ in range(12):
            tasks.start_soon(attempt)
    assert statuses == [200] * 12
