"""A request whose body is still coming has no rights that its sender has lost meanwhile."""

import json

import anyio
import pytest

from daemon import bodies

from .guest import GUEST, guest, said
from .house import House, program


async def held(house: House, token: str, method: str, path: str, body: bytes) -> anyio.abc.SocketStream:
    """Ask with all of a body but its last byte; return the connection."""
    stream = await anyio.connect_tcp("127.0.0.1", house.port)
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: x",
        f"Authorization: {token}",
        f"Content-Length: {len(body)}",
    ]
    await stream.send("\r\n".join([*lines, "", ""]).encode() + body[:-1])
    await anyio.sleep(3 * bodies.AT_ONCE)  # it is waited for by now
    return stream


async def answered(stream: anyio.abc.SocketStream) -> int:
    """Return the status of the answer."""
    with anyio.fail_after(20):
        return int((await stream.receive()).split()[1])


REQUESTS: dict[str, tuple[str, str, object]] = {
    "account": ("POST", "/accounts", {"username": "evil", "password": GUEST}),
    "password": ("PATCH", "/accounts?username=admin", {"password": "another secret"}),
    "key": ("POST", "/keys", {"name": "evil"}),
    "config": ("PATCH", "/config", {"servers": {}}),
    "operation": ("PATCH", "/server/app/file", {"operation": "cp", "src": "a", "dest": "b"}),
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_who_is_deleted_while_he_asks_gets_nothing(house: House, name: str) -> None:
    await house.configure(app=program("echo"))
    await guest(house, "*")
    users = dict(house.parts.people.accounts.items())
    method, path, body = REQUESTS[name]
    async with await held(
        house, await house.log_in("guest"), method, path, json.dumps(body).encode()
    ) as stream:
        said(await house.local.delete("/accounts?username=guest"))
        assert await answered(stream) == 401
    assert dict(house.parts.people.accounts.items()) == {"admin": users["admin"]}
    assert house.parts.people.keys.all() == []
    assert "app" in (await house.local.get("/servers")).json()["servers"]


async def test_a_body_that_does_not_come_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE", 0.2)
    async with await held(house, house.token, "POST", "/keys", b"{}") as stream:
        assert await answered(stream) == 408


async def test_a_body_that_comes_slowly_is_read(house: House) -> None:
    async with await held(house, house.token, "POST", "/keys", b'{"name":"bot"}') as stream:
        await stream.send(b"}")
        assert await answered(stream) == 200


async def test_who_is_demoted_cannot_take_it_back_with_what_he_has_asked_before(house: House) -> None:
    """His wish waits for argon2, and by the time that it is done he has no right to it."""
    token_of = await guest(house, "accounts.*", "keys.create", "server.*")
    key = house.client(str(said(await token_of.post("/keys", json={"name": "bot"}))["key"]))
    statuses: list[int] = []

    async def insist() -> None:
        wish = {"username": "guest", "grants": ["accounts.*", "keys.create", "server.*"]}
        statuses.append((await key.patch("/accounts", json=wish)).status_code)

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(insist)
        said(await house.local.patch("/accounts", json={"username": "guest", "grants": ["server.view"]}))
        for _ in range(10):
            tasks.start_soon(insist)
    account = house.parts.people.accounts.get("guest")
    assert account is not None
    assert account.privileges.to_dict()["grants"] == ["server.view"]


async def test_a_password_is_not_set_for_somebody_who_was_promoted_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = await guest(house, "accounts.*", "server.view")
    await guest(house, "server.view", name="bob")
    passwords, hashing, go_on = house.parts.people._passwords, anyio.Event(), anyio.Event()
    plain = passwords.hash

    async def slow(password: str) -> str:
        hashing.set()
        await go_on.wait()
        return await plain(password)

    monkeypatch.setattr(passwords, "hash", slow)
    answers: list[int] = []

    async def take_over() -> None:
        wish = {"username": "bob", "password": "a taken secret"}
        answers.append((await some.patch("/accounts", json=wish)).status_code)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(take_over)
        await hashing.wait()
        said(await house.local.patch("/accounts", json={"username": "bob", "grants": ["*"]}))
        go_on.set()
    assert answers == [403]


async def test_what_is_begun_while_an_account_is_renamed_stands_under_its_new_name(house: House) -> None:
    await guest(house, "keys.create")
    keys = house.parts.people.keys
    everything = house.parts.people.accounts.get("guest")
    assert everything is not None
    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(keys.create, f"key{number}", "guest", everything.privileges, None)
        await anyio.lowlevel.checkpoint()
        keys.rename("guest", "visitor")
    await keys._ledger.settle("look")
    rows = (await keys._ledger.open())["keys"]
    assert {row[3] for row in rows} == {"visitor"}
