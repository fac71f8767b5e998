"""`/account/factor`: how a second factor is turned on, what it changes, and how it goes."""

import json
import logging

import anyio
import pytest

from daemon.codes import digest_of

from .device import Device, log_in, said, send, without_delay
from .door import supervising
from .house import PASSWORD, House, program, read, serving, write
from .test_secrets import _files

WRONG_CODE = (401, "wrong-code", "The code of your second factor is wrong!")
WRONG = (401, "wrong-credentials", "Invalid username or password!")
NEEDED = (401, "second-factor-needed", "A code of your second factor is needed!")


@pytest.fixture
async def device(house: House) -> Device:
    """The device of `admin`, whose factor is on."""
    device = Device(house)
    await device.turn_on()
    return device


async def test_a_factor_is_on_when_its_first_code_has_come_back(house: House) -> None:
    given = (await send(house, "POST", "/account/factor", password=PASSWORD)).json()
    assert set(given) == {"secret", "uri", "qr"}
    assert given["uri"].startswith(f"otpauth://totp/Holdfast:admin?secret={given['secret']}")
    assert (await log_in(house)).status_code == 200  # nothing is on yet
    device = Device(house)
    device.secret = given["secret"]
    answer = await send(house, "POST", "/account/factor/confirm", code=device.wrong())
    assert said(answer) == (403, "wrong-code", "The code is wrong!")
    answer = await send(house, "POST", "/account/factor/confirm", code=device.code())
    assert len(answer.json()["recovery"]) == 10
    assert said(await log_in(house)) == NEEDED
    mine = (await house.remote.get("/account")).json()  # the old session stays
    assert (mine["secondFactor"], mine["recoveryCodes"]) == (True, 10)
    entry = json.loads(read(f"{house.folder}/users.json"))["admin"]
    assert entry["totp"]["secret"] == device.secret
    assert entry["totp"]["recovery"] == [digest_of(code) for code in answer.json()["recovery"]]
    assert house.done()[-1]["action"] == "accounts.factor.on"


async def test_a_login_carries_the_code_beside_or_behind_the_password(device: Device) -> None:
    house = device.house
    assert said(await log_in(house)) == NEEDED
    assert (await log_in(house, code=device.later())).status_code == 200
    assert (await log_in(house, f"{PASSWORD}{device.later()}")).status_code == 200
    code = device.later()
    assert (await log_in(house, code=f"{code[:3]} {code[3:]}")).status_code == 200
    assert said(await log_in(house, code=device.wrong())) == WRONG_CODE
    assert said(await log_in(house, f"{PASSWORD}{device.wrong()}")) == WRONG_CODE
    assert said(await log_in(house, f"{PASSWORD}x", device.later())) == WRONG


async def test_a_code_behind_the_password_of_who_has_no_factor_is_wrong(house: House) -> None:
    assert said(await log_in(house, f"{PASSWORD}123456")) == WRONG
    assert (await log_in(house, code="123456")).status_code == 200  # beside it, it says nothing


async def test_a_password_may_end_with_digits(house: House) -> None:
    await house.parts.people.accounts.update("admin", password="secret 123456")
    house.token = await house.log_in()
    assert (await log_in(house, "secret 123456")).status_code == 200
    device = Device(house)
    given = await send(house, "POST", "/account/factor", password="secret 123456")
    device.secret = given.json()["secret"]
    await send(house, "POST", "/account/factor/confirm", code=device.code())
    assert said(await log_in(house, "secret 123456")) == NEEDED
    assert (await log_in(house, f"secret 123456{device.later()}")).status_code == 200


async def test_a_code_is_good_once_also_for_a_hundred_at_a_time(device: Device) -> None:
    house = device.house
    await without_delay(house)
    house.parts.people._passwords._most = 1000
    code = device.later()
    statuses: list[int] = []

    async def attempt() -> None:
        statuses.append((await log_in(house, code=code)).status_code)

    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(attempt)
    assert sorted(statuses) == [200] + [401] * 99


async def test_a_recovery_code_is_good_once_also_for_a_hundred_at_a_time(device: Device) -> None:
    house = device.house
    await without_delay(house)
    house.parts.people._passwords._most = 1000
    statuses: list[int] = []

    async def attempt() -> None:
        statuses.append((await log_in(house, code=device.recovery[0].lower())).status_code)

    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(attempt)
    assert sorted(statuses) == [200] + [401] * 99
    assert (await house.remote.get("/account")).json()["recoveryCodes"] == 9
    assert (await log_in(house, code=device.recovery[1])).status_code == 200


async def test_a_used_code_stays_used_over_a_restart(folder: str) -> None:
    async with supervising(folder, over_socket=True) as door:
        async with serving(folder, door, {"app": program("echo")}) as first:
            device = Device(first)
            await device.turn_on()
            code = device.later()
            assert (await log_in(first, code=code)).status_code == 200
        async with serving(folder, door) as second:
            second.parts.people.factors._clock = lambda: device.now
            assert said(await log_in(second, code=code)) == WRONG_CODE
            assert (await log_in(second, code=device.later())).status_code == 200


async def test_a_used_code_stays_used_under_a_new_name_and_goes_with_the_account(device: Device) -> None:
    house = device.house
    code = device.later()
    assert (await log_in(house, code=code)).status_code == 200
    await send(house, "PATCH", "/accounts?username=admin", username="root")
    assert said(await log_in(house, code=code, name="root")) == WRONG_CODE
    assert (await log_in(house, code=device.later(), name="root")).status_code == 200
    assert house.parts.people.factors.accounts() == {"root"}
    await house.local.delete("/accounts?username=root")
    assert house.parts.people.factors.accounts() == set()


async def test_wrong_codes_make_one_wait(device: Device) -> None:
    house = device.house
    for _ in range(5):
        assert said(await log_in(house)) == NEEDED  # neither a failure nor a success
        assert said(await log_in(house, code=device.wrong())) == WRONG_CODE
    assert (await log_in(house, code=device.later())).status_code == 429
    answer = await send(house, "DELETE", "/account/factor", password=PASSWORD, code=device.later())
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")


async def test_it_is_turned_off_with_password_and_code(device: Device) -> None:
    house = device.house
    no = (403, "wrong-credentials", "The password or the code is wrong!")
    code = device.later()
    assert said(await send(house, "DELETE", "/account/factor", password="wrong one", code=code)) == no
    assert said(await send(house, "DELETE", "/account/factor", password=PASSWORD, code=device.wrong())) == no
    answer = await send(house, "DELETE", "/account/factor", password=PASSWORD)
    assert said(answer) == (400, "no-credentials", "Password or code not provided!")
    answer = await send(house, "DELETE", "/account/factor", password=PASSWORD, code=code)
    assert answer.json() == {"success": True}
    assert (await log_in(house)).status_code == 200
    assert house.audit()[-2]["action"] == "accounts.factor.off"
    answer = await send(house, "DELETE", "/account/factor", password=PASSWORD, code=code)
    assert said(answer) == (404, "no-factor", "There is no second factor!")
    await device.turn_on()  # and on again at once


async def test_new_recovery_codes_replace_the_old_ones(device: Device) -> None:
    house = device.house
    answer = await send(house, "POST", "/account/recovery", password=PASSWORD, code=device.recovery[0])
    fresh = answer.json()["recovery"]
    assert len(fresh) == 10
    assert said(await log_in(house, code=device.recovery[1])) == WRONG_CODE
    assert (await log_in(house, code=fresh[0])).status_code == 200
    assert "accounts.factor.recovery" in [line.get("action") for line in house.audit()]


async def test_a_second_one_is_refused_while_one_is_on(device: Device) -> None:
    for path, wish in (("factor", {"password": PASSWORD}), ("factor/confirm", {"code": device.code()})):
        answer = await send(device.house, "POST", f"/account/{path}", **wish)
        assert said(answer)[:2] == (409, "factor-exists")


async def test_it_is_turned_on_with_the_password_only(house: House) -> None:
    assert said(await send(house, "POST", "/account/factor"))[:2] == (400, "no-credentials")
    answer = await send(house, "POST", "/account/factor", password="wrong one")
    assert said(answer) == (403, "wrong-credentials", "The password is wrong!")
    answer = await send(house, "POST", "/account/factor/confirm", code="123456")
    assert said(answer)[:2] == (404, "no-pending-factor")


async def test_another_session_cannot_finish_what_one_has_begun(house: House) -> None:
    device = Device(house)
    given = await send(house, "POST", "/account/factor", password=PASSWORD)
    device.secret = given.json()["secret"]
    other = house.client(await house.log_in())
    answer = await other.post("/account/factor/confirm", content=json.dumps({"code": device.code()}))
    assert said(answer)[:2] == (404, "no-pending-factor")


async def test_an_api_key_cannot_touch_it(house: House) -> None:
    key = (await send(house, "POST", "/keys", name="robot")).json()["key"]
    for method, path in (
        ("POST", "/account/factor"),
        ("POST", "/account/factor/confirm"),
        ("DELETE", "/account/factor"),
        ("POST", "/account/recovery"),
    ):
        answer = await house.client(key).request(method, path, content="{}")
        assert said(answer)[:2] == (400, "no-session")


async def test_who_may_change_accounts_takes_it_away_but_puts_none_on(device: Device) -> None:
    house = device.house
    answer = await house.local.patch("/accounts", content='{"username": "admin", "secondFactor": true}')
    assert said(answer)[:2] == (400, "own-factor")
    people = house.parts.people
    await people.accounts.create("helper", PASSWORD)
    grants = [{"permissions": ["accounts.*"]}]
    await house.local.patch("/accounts", content=json.dumps({"username": "helper", "grants": grants}))
    helper = house.client(await house.log_in("helper"))
    answer = await helper.patch("/accounts", content='{"username": "admin", "secondFactor": false}')
    assert said(answer)[:2] == (403, "not-permitted")
    assert said(await log_in(house)) == NEEDED
    answer = await house.local.patch("/accounts", content='{"username": "admin", "secondFactor": false}')
    assert answer.json() == {"success": True}
    assert (await log_in(house)).status_code == 200
    actions = [line.get("action") for line in house.audit()]
    assert "accounts.factor.off" in actions
    assert (await house.remote.get("/account")).status_code == 200  # the old session stays


async def test_who_is_on_this_machine_turns_it_on_for_others(house: House) -> None:
    assert said(await house.local.post("/account/factor", content="{}"))[:2] == (400, "no-username")
    answer = await house.local.post("/account/factor?username=nobody", content="{}")
    assert said(answer)[:2] == (404, "no-such-account")
    device = Device(house)
    device.secret = (await house.local.post("/account/factor?username=admin", content="{}")).json()["secret"]
    body = json.dumps({"code": device.code()})
    answer = await house.local.post("/account/factor/confirm?username=admin", content=body)
    assert len(answer.json()["recovery"]) == 10
    assert said(await log_in(house)) == NEEDED
    assert len((await house.local.post("/account/recovery?username=admin")).json()["recovery"]) == 10
    assert (await house.local.delete("/account/factor?username=admin")).json() == {"success": True}
    assert (await log_in(house)).status_code == 200


async def test_a_factor_that_was_spoilt_by_hand_lets_nobody_in_without_it(house: House) -> None:
    path = f"{house.folder}/users.json"
    entry = {"hash": json.loads(read(path))["admin"], "totp": {"secret": "not base 32!"}}
    write(path, json.dumps({"admin": entry}))
    assert said(await log_in(house)) == WRONG


async def test_no_code_and_no_secret_reaches_a_log(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    for name in ("httpx", "uvicorn.access"):
        monkeypatch.setattr(logging.getLogger(name), "disabled", True)
    device = Device(house)
    await device.turn_on()
    used = [device.later() for _ in range(3)]
    answers = [
        await log_in(house, code=used[0]),
        await log_in(house, code=used[0]),
        await log_in(house, f"{PASSWORD}{used[1]}"),
        await log_in(house, code=device.recovery[0]),
        await log_in(house, code=device.recovery[0]),
        await send(house, "POST", "/account/recovery", password=PASSWORD, code=used[2]),
        await send(house, "DELETE", "/account/factor", password=PASSWORD, code=device.recovery[1]),
        await send(house, "POST", "/account/factor/confirm", code=device.code()),
    ]
    texts = [caplog.text, json.dumps(house.audit()), *(one.text for one in answers if "error" in one.json())]
    texts += [text for text in _files(house) if '"totp"' not in text]
    assert "accounts.factor.on" in texts[1]
    for secret in (device.secret, PASSWORD, *device.recovery):
        assert not any(secret in text for text in texts)
    # Six digits are found by chance in any database.
    assert not any(code in text for code in used for text in texts[: -len(_files(house))])
    assert repr(house.parts.people.accounts.get("admin")).count(device.secret) == 0
