"""`/login`, `/logout`, `/ott`: how a client comes to a token or a ticket, and how that ends."""

import base64
import re

import anyio
import httpx
import pytest
from websockets.exceptions import InvalidStatus

from daemon import tickets

from .door import supervising
from .house import PASSWORD, House, eventually, program, serving, write

LOCAL = "Auth endpoints cannot be called over Unix socket!"
ADMIN = {"Username": "admin", "Password": PASSWORD}
COOKIE = re.compile(r"X-Authentication=([A-Za-z0-9+/=]*); Path=/; Max-Age=(\d+); HttpOnly; SameSite=Strict")


async def log_in(house: House, **query: str) -> httpx.Response:
    return await house.nobody.get("/login", headers=ADMIN, params=query)


async def is_in(house: House, headers: dict[str, str]) -> bool:
    answer = await house.nobody.get("/accounts", headers=headers)
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_login_gives_a_token(house: House, method: str) -> None:
    answer = await house.nobody.request(method, "/login", headers=ADMIN)
    assert (answer.status_code, set(answer.json())) == (200, {"token"})
    token = answer.json()["token"]
    assert (len(token), len(base64.b64decode(token, validate=True))) == (128, 96)
    for header in (token, f"Bearer {token}", f"bearer  {token}"):
        assert await is_in(house, {"Authorization": header})


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
async def test_a_login_may_be_spelt_as_curl_or_a_browser_does(house: House, encoding: str) -> None:
    await house.parts.people.accounts.create("jürgen", "pässwörd")
    name, password = "jürgen".encode(encoding), "pässwörd".encode(encoding)
    for method in ("GET", "POST"):
        headers = [(b"Username", name), (b"Password", password)]
        answer = await house.nobody.request(method, "/login", headers=headers)
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("headers", [{}, {"Username": "admin"}, {"Password": "x"}, {**ADMIN, "Password": ""}])
async def test_a_login_without_a_name_or_password_is_400(house: House, headers: dict[str, str]) -> None:
    answer = await house.nobody.post("/login", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "Username or password not provided!")


async def test_a_wrong_password_and_an_unknown_name_look_alike(house: House) -> None:
    wrong = await house.nobody.get("/login", headers={**ADMIN, "Password": "x"})
    unknown = await house.nobody.get("/login", headers={**ADMIN, "Username": "x"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.content == unknown.content
    assert wrong.json()["error"] == "Invalid username or password!"


async def test_a_cookie_is_set_and_cleared_in_the_form_that_clients_know(house: House) -> None:
    answer = await log_in(house, cookie="true")
    assert answer.json() == {"success": True}
    match = COOKIE.fullmatch(answer.headers["set-cookie"])
    assert match is not None
    token, age = match.groups()
    assert (len(token), age) == (128, "8035200")
    cookie = {"Cookie": f"X-Authentication={token}"}
    assert await is_in(house, cookie)
    answer = await house.nobody.get("/logout", headers=cookie)
    assert answer.json() == {"success": True}
    cleared = COOKIE.fullmatch(answer.headers["set-cookie"])
    assert cleared is not None
    assert cleared.groups() == ("", "0")
    assert not await is_in(house, cookie)


async def test_a_cookie_is_given_only_for_the_word_true(house: House) -> None:
    for word in ("false", "1", "True", ""):
        answer = await log_in(house, cookie=word)
        assert set(answer.json()) == {"token"}
        assert "set-cookie" not in answer.headers


async def test_a_header_wins_over_a_cookie_unless_it_is_empty(house: House) -> None:
    good, bad = {"Cookie": f"X-Authentication={house.token}"}, {"Cookie": "X-Authentication=x"}
    assert await is_in(house, {**good, "Authorization": ""})
    assert not await is_in(house, {**good, "Authorization": "x"})
    assert not await is_in(house, {**good, "Authorization": "Bearer"})
    assert await is_in(house, {**bad, "Authorization": house.token})


async def test_strange_tokens_are_just_wrong(house: House) -> None:
    for token in ("ü" * 128, "\x7f", "x" * 30_000, "null", "Basic YWRtaW46eA==", house.token[:-1]):
        answer = await house.nobody.get("/accounts", headers=[(b"Authorization", token.encode())])
        assert answer.status_code in (400, 401), token[:10]


@pytest.mark.parametrize("path", ["/login", "/logout", "/ott"])
async def test_who_is_local_has_no_session(house: House, path: str) -> None:
    for headers in ({}, {**ADMIN, "Authorization": house.token}):
        answer = await house.local.get(path, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, LOCAL)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_logout_ends_one_token_at_once(house: House, method: str) -> None:
    one, other = await house.log_in(), await house.log_in()
    answer = await house.nobody.request(method, "/logout", headers={"Authorization": one})
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert not await is_in(house, {"Authorization": one})
    assert await is_in(house, {"Authorization": other})


async def test_a_deleted_account_is_out_at_once_and_its_consoles_close(either: House) -> None:
    await either.parts.people.accounts.create("eve", "secret")
    token = await either.log_in("eve")
    async with either.view(token=token) as second, either.view(token=token, protocol=None) as first:
        await second.until("ready")
        await first.until_raw("ready")
        assert (await either.remote.delete("/accounts?username=eve")).status_code == 200
        assert not await is_in(either, {"Authorization": token})
        assert await second.close_code() == 4401
        assert await first.close_code() == 4401


async def test_a_new_password_ends_the_sessions(house: House) -> None:
    body = '{"username": "admin", "password": "another one"}'
    assert (await house.remote.patch("/accounts", content=body)).status_code == 200
    assert not await is_in(house, {"Authorization": house.token})
    assert (await log_in(house)).status_code == 401
    answer = await house.nobody.get("/login", headers={**ADMIN, "Password": "another one"})
    assert answer.status_code == 200


async def test_a_renamed_account_stays_logged_in(house: House) -> None:
    answer = await house.remote.patch("/accounts?username=admin", content='{"username": "root"}')
    assert answer.status_code == 200
    assert (await house.remote.get("/accounts")).json() == ["root"]
    await house.remote.get("/config")
    assert house.audit()[-1]["user"] == "root"


async def test_a_token_outlives_the_daemon(folder: str) -> None:
    async with supervising(folder, over_socket=True) as door:
        async with serving(folder, door, {"app": program("echo")}) as first:
            pid = (await first.until("app", status=1))["pid"]
            gone = await first.log_in()
            await first.nobody.get("/logout", headers={"Authorization": gone})
        async with serving(folder, door) as second:
            assert await is_in(second, {"Authorization": first.token})
            assert not await is_in(second, {"Authorization": gone})
            assert (await second.until("app", status=1))["pid"] == pid


# Tickets.


async def ticket(house: House, token: str | None = None) -> str:
    headers = {"Authorization": token or house.token}
    answer = await house.nobody.get("/ott", headers=headers)
    assert (answer.status_code, set(answer.json())) == (200, {"ticket"})
    shown: str = answer.json()["ticket"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{22,}", shown)
    return shown


async def view(house: House, shown: str) -> int:
    """Return 101, or the status with which the console was refused."""
    try:
        async with house.view(protocol=None, query=f"?ticket={shown}") as viewer:
            await viewer.until_raw("ready")
            return 101
    except InvalidStatus as exc:
        return exc.response.status_code


async def test_a_ticket_is_good_once(house: House) -> None:
    shown = await ticket(house)
    assert [await view(house, shown), await view(house, shown)] == [101, 401]


async def test_a_ticket_is_good_once_also_for_many_at_a_time(house: House) -> None:
    shown = await ticket(house)
    results: list[int] = []

    async def attempt() -> None:
        results.append(await view(house, shown))

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(attempt)
    assert sorted(results) == [101] + [401] * 49


async def test_a_ticket_dies_with_its_session(house: House) -> None:
    token = await house.log_in()
    shown = await ticket(house, token)
    await house.nobody.get("/logout", headers={"Authorization": token})
    assert await view(house, shown) == 401


async def test_a_ticket_is_good_from_its_address_only(house: House) -> None:
    shown = house.parts.people.tickets.issue(house.session, "192.0.2.1")
    assert await view(house, shown) == 401


async def test_a_ticket_is_good_for_a_while_only(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "LIFETIME", 0.0)
    assert await view(house, await ticket(house)) == 401


async def test_a_ticket_opens_a_console_and_nothing_else(house: House) -> None:
    shown = await ticket(house)
    for path in ("/servers", "/server/app", "/config", "/accounts", "/ott"):
        assert (await house.nobody.get(f"{path}?ticket={shown}")).status_code == 401
    assert await view(house, shown) == 101  # not even spent


async def test_a_console_that_was_opened_by_ticket_closes_with_the_session(house: House) -> None:
    token = await house.log_in()
    async with house.view(query=f"?ticket={await ticket(house, token)}") as viewer:
        await viewer.until("ready")
        await house.nobody.get("/logout", headers={"Authorization": token})
        assert await viewer.close_code() == 4401


async def test_an_account_that_was_removed_by_hand_is_out(house: House) -> None:
    write(f"{house.folder}/users.json", "{}")
    house.parts.people.accounts.refresh()  # run.py does so when the file changes
    await eventually(lambda: is_in(house, {"Authorization": house.token}), lambda inside: not inside)
