"""`/health` and `/ready`: open to everybody, and they tell no more than they must."""

import os

import anyio
import httpx
import pytest

from daemon.config import ConfigFile

from .house import House, eventually, living, program, write


async def status(client: httpx.AsyncClient, path: str = "/ready") -> int:
    return (await client.get(path)).status_code


async def test_who_is_nobody_may_ask(house: House) -> None:
    await eventually(lambda: status(house.nobody), lambda seen: seen == 200)
    assert (await house.nobody.get("/ready")).json() == {"ready": True}
    assert (await house.nobody.get("/health")).json() == {"status": "ok"}
    assert await status(house.nobody, "/health") == 200
    assert not [line for line in house.audit() if "health" in str(line) or "ready" in str(line)]


async def test_it_is_not_ready_while_the_supervisor_is_gone(folder: str) -> None:
    async with living(folder, over_socket=True, servers={"secret-name": program("echo")}) as house:
        await eventually(lambda: status(house.nobody), lambda seen: seen == 200)
        await house.door.shut()
        await eventually(lambda: status(house.nobody), lambda seen: seen == 503)
        answer = await house.nobody.get("/ready")
        assert answer.json()["reasons"] == ["supervisor-unreachable"]
        assert answer.json()["kind"] == "not-ready"
        assert "secret-name" not in answer.text
        assert folder not in answer.text
        assert await status(house.nobody, "/health") == 200
        house.door.open()
        await eventually(lambda: status(house.nobody), lambda seen: seen == 200)


async def test_it_is_not_ready_while_nobody_can_log_in(folder: str) -> None:
    os.makedirs(os.path.join(folder, "state"))
    ConfigFile(os.path.join(folder, "config.json")).write(
        b'{"port": 0, "listen": "127.0.0.1", "webUI": {"enabled": false},'
        b' "unixSocket": {"location": "api.sock"}}'
    )
    write(os.path.join(folder, "users.json"), "garbage")
    os.chmod(os.path.join(folder, "users.json"), 0o600)
    async with living(folder) as house:
        answer = await eventually(
            lambda: house.local.get("/ready"), lambda seen: "accounts-unreadable" in seen.text
        )
        assert answer.status_code == 503


async def test_it_is_not_ready_while_the_supervisor_is_stuck(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stuck(_: object = None) -> None:
        await anyio.sleep_forever()

    await eventually(lambda: status(house.nobody), lambda seen: seen == 200)
    monkeypatch.setattr(house.door.supervisor, "heard", stuck)
    answer = await eventually(lambda: house.nobody.get("/ready"), lambda seen: seen.status_code == 503)
    assert answer.json()["reasons"] == ["supervisor-unreachable"]
    assert await status(house.nobody, "/health") == 200
    monkeypatch.undo()
    await eventually(lambda: status(house.nobody), lambda seen: seen == 200)
