"""`/accounts`: who can log in, and every way to ask for it wrongly."""

import json
import os
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager

import httpx
import pytest

from daemon import usersfile

from .house import PASSWORD, House, read, write

EXISTS = (409, "User already exists!")
UNKNOWN = (404, "User does not exist!")
NOTHING = (400, "Username or password not provided!")
NO_JSON = (400, "Invalid JSON body!")
FINE = (200, None)


def told(answer: httpx.Response) -> tuple[int, str | None]:
    said = answer.json()
    if answer.status_code == 200:
        assert said == {"success": True}
    return answer.status_code, said.get("error")


async def create(house: House, **wish: object) -> tuple[int, str | None]:
    return told(await house.remote.post("/accounts", content=json.dumps(wish)))


async def update(house: House, old: str | None, **wish: object) -> tuple[int, str | None]:
    params = {} if old is None else {"username": old}
    return told(await house.remote.patch("/accounts", params=params, content=json.dumps(wish)))


async def delete(house: House, name: str | None) -> tuple[int, str | None]:
    params = {} if name is None else {"username": name}
    return told(await house.remote.delete("/accounts", params=params))


async def names(house: House) -> list[str]:
    answer = await house.remote.get("/accounts")
    assert answer.status_code == 200
    found: list[str] = answer.json()
    return found


async def can_log_in(house: House, name: str, password: str) -> bool:
    headers = [(b"Username", name.encode()), (b"Password", password.encode())]
    return (await house.nobody.post("/login", headers=headers)).status_code == 200


async def test_a_new_account_can_log_in_at_once(house: House) -> None:
    assert await create(house, username="zoë", password="a b c d e") == FINE
    assert await names(house) == ["admin", "zoë"]
    assert await can_log_in(house, "zoë", "a b c d e")
    assert not await can_log_in(house, "zoë", "a  b")


async def test_an_account_is_made_once(house: House) -> None:
    assert await create(house, username="eve", password="x secret") == FINE
    assert await create(house, username="eve", password="y secret") == EXISTS
    assert await can_log_in(house, "eve", "x secret")


@pytest.mark.parametrize(
    "wish", [{}, {"username": "a"}, {"password": "a"}, {"username": "", "password": "a"}]
)
async def test_a_new_account_needs_both(house: House, wish: dict[str, str]) -> None:
    assert await create(house, **wish) == NOTHING


@pytest.mark.parametrize("name", ["@local", "@", "two words", " a", "a\n", "\ud800", "\u200b", "x" * 256])
async def test_a_bad_name_is_refused_everywhere(house: House, name: str) -> None:
    for status, message in (
        await create(house, username=name, password="x secret"),
        await update(house, "admin", username=name),
    ):
        assert status == 400
        assert message
    assert await names(house) == ["admin"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "1",
        '"a"',
        "{",
        '{"username": 1, "password": "a"}',
        "\ufeff",
        "NaN",
        '{"username": {}}',
    ],
)
async def test_a_body_that_is_no_object_of_strings_is_refused(house: House, body: str) -> None:
    for method in ("POST", "PATCH"):
        answer = await house.remote.request(method, "/accounts", content=body.encode())
        assert told(answer) == NO_JSON


async def test_a_body_needs_no_content_type(house: House) -> None:
    body = b'{"username": "eve", "password": "x secret"}'
    for headers in ({}, {"Content-Type": "text/plain"}, {"Content-Type": "application/json"}):
        answer = await house.remote.post("/accounts", content=body, headers=headers)
        assert told(answer) in (FINE, EXISTS)


@pytest.mark.parametrize("old", [None, "eve"])
async def test_a_password_is_changed(house: House, old: str | None) -> None:
    await house.parts.people.accounts.create("eve", "x secret")
    assert await update(house, old, username="eve", password="y secret") == FINE
    assert await can_log_in(house, "eve", "y secret")
    assert not await can_log_in(house, "eve", "x secret")


async def test_a_password_is_changed_without_naming_the_account_twice(house: House) -> None:
    await house.parts.people.accounts.create("eve", "x secret")
    assert await update(house, "eve", password="y secret") == FINE
    assert await update(house, "eve", username="", password="z secret") == FINE
    assert await can_log_in(house, "eve", "z secret")
    assert await names(house) == ["admin", "eve"]


async def test_an_account_is_renamed_and_keeps_its_password(house: House) -> None:
    await house.parts.people.accounts.create("eve", "x secret")
    assert await update(house, "eve", username="mallory") == FINE
    assert await can_log_in(house, "mallory", "x secret")
    assert await update(house, "mallory", username="trudy", password="") == FINE
    assert await can_log_in(house, "trudy", "x secret")
    assert await names(house) == ["admin", "trudy"]


async def test_an_account_is_renamed_and_has_a_new_password(house: House) -> None:
    await house.parts.people.accounts.create("eve", "x secret")
    assert await update(house, "eve", username="mallory", password="y secret") == FINE
    assert await can_log_in(house, "mallory", "y secret")
    assert not await can_log_in(house, "eve", "x secret")


async def test_an_update_of_nobody_or_nothing_is_refused(house: House) -> None:
    await house.parts.people.accounts.create("eve", "x secret")
    assert await update(house, "nobody", password="y secret") == UNKNOWN
    assert await update(house, "nobody", username="admin") == UNKNOWN
    assert await update(house, None, username="nobody", password="y secret") == UNKNOWN
    assert await update(house, "eve", username="admin") == EXISTS
    assert await update(house, None) == NOTHING
    assert await update(house, None, username="eve") == NOTHING
    assert await update(house, None, password="y secret") == NOTHING
    assert await update(house, "eve") == NOTHING
    assert await update(house, "eve", username="eve") == NOTHING
    assert await update(house, "eve", username="eve", password="") == NOTHING
    assert await can_log_in(house, "eve", "x secret")


async def test_an_account_is_deleted(house: House) -> None:
    await house.parts.people.accounts.create("eve", "x secret")
    assert await delete(house, "eve") == FINE
    assert await delete(house, "eve") == UNKNOWN
    assert not await can_log_in(house, "eve", "x secret")
    for none in (None, ""):
        assert await delete(house, none) == (400, "Username not provided!")
    assert await names(house) == ["admin"]


async def test_accounts_that_were_edited_by_hand_are_noticed(house: House) -> None:
    path = os.path.join(house.folder, "users.json")
    entries = json.loads(read(path))
    write(path, json.dumps({**entries, "by-hand": entries["admin"], "odd": 1}))
    assert await names(house) == ["admin", "by-hand"]
    assert await create(house, username="eve", password="x secret") == FINE
    assert set(json.loads(read(path))) == {"admin", "by-hand", "odd", "eve"}
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


async def test_a_file_that_breaks_changes_nothing_and_is_not_written_over_while_somebody_edits_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usersfile, "_SETTLED_NS", 10**18)  # it was touched just now, however slow we are
    path = os.path.join(house.folder, "users.json")
    write(path, "{")
    assert not await can_log_in(house, "admin", "x secret")
    for status, message in (
        await create(house, username="eve", password="x secret"),
        await delete(house, "admin"),
    ):
        assert (status, bool(message)) == (500, True)
    assert await names(house) == ["admin"]
    assert await can_log_in(house, "admin", PASSWORD)
    assert read(path) == "{"
    assert (await house.remote.get("/servers")).status_code == 200


async def test_a_file_that_is_broken_for_long_is_set_aside_by_a_change(house: House) -> None:
    path = os.path.join(house.folder, "users.json")
    write(path, "{")
    os.utime(path, (1e9, 1e9))
    assert await create(house, username="eve", password="x secret") == FINE
    assert set(json.loads(read(path))) == {"admin", "eve"}
    (kept,) = (name for name in os.listdir(house.folder) if name.startswith("users.json.damaged-"))
    assert read(os.path.join(house.folder, kept)) == "{"
    assert await can_log_in(house, "admin", PASSWORD)


async def test_a_full_disk_leaves_the_accounts_as_they_are(
    house: House, full_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    with full_disk():
        status, message = await create(house, username="eve", password="x secret")
    assert (status, bool(message)) == (507, True)
    assert await names(house) == ["admin"]
    assert await create(house, username="eve", password="x secret") == FINE


async def test_what_was_done_to_accounts_is_in_the_audit_log(house: House) -> None:
    await create(house, username="eve", password="first secret")
    await update(house, "eve", username="mallory", password="second secret")
    await delete(house, "mallory")
    await delete(house, "mallory")
    told = [line for line in house.audit() if str(line.get("action")).startswith("accounts.")]
    done = [line for line in told if line["result"] == "success"]
    assert [(line["action"], line["user"], line["ip"]) for line in done] == [
        ("accounts.create", "admin", "127.0.0.1"),
        ("accounts.update", "admin", "127.0.0.1"),
        ("accounts.delete", "admin", "127.0.0.1"),
    ]
    assert "secret" not in json.dumps(told)
