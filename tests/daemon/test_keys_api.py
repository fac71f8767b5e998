"""API keys: made once, shown once, for as long and as much as they shall be good."""

import json
from pathlib import Path

import pytest

from daemon.permissions import PERMISSIONS

from .guest import GUEST, guest, said
from .house import House, program


async def make(house: House, token: str | None = None, **wish: object) -> dict[str, object]:
    client = house.remote if token is None else house.client(token)
    return said(await client.post("/keys", json={"name": "bot", **wish}))


@pytest.mark.parametrize(
    "headers", [{"Authorization": "%s"}, {"Authorization": "Bearer %s"}, {"X-API-Key": "%s"}]
)
async def test_a_key_lets_a_program_in(house: House, headers: dict[str, str]) -> None:
    key = str((await make(house))["key"])
    sent = {name: value % key for name, value in headers.items()}
    told = said(await house.nobody.get("/account", headers=sent))
    assert (told["kind"], told["name"]) == ("key", "admin")
    (listed,) = (await house.remote.get("/keys")).json()["keys"]
    assert listed["lastAddress"] == "127.0.0.1"
    assert listed["lastUse"] is not None
    assert "key" not in listed


async def test_a_key_may_what_it_was_given_and_its_owner_may(house: House) -> None:
    await house.configure(mc=program("echo"), bot=program("echo"))
    await guest(house, "server.view", "keys.create", {"permissions": "server.*", "servers": ["mc"]})
    token = await house.log_in("guest")
    refused = await house.client(token).post("/keys", json={"name": "x", "grants": ["server.control"]})
    assert said(refused, 403)["error"] == "You cannot give rights that you do not have!"
    key = await make(house, token, grants=["server<mc>.control"])
    client = house.client(str(key["key"]))
    assert (await client.post("/server/mc", content="KILL")).status_code == 200
    assert (await client.post("/server/bot", content="KILL")).status_code == 403
    assert (await client.get("/server/mc")).status_code == 403
    assert (await client.get("/accounts")).status_code == 403
    await house.local.patch("/accounts", json={"username": "guest", "grants": ["server.view"]})
    assert (await client.post("/server/mc", content="KILL")).status_code == 403
    await house.local.patch("/accounts", json={"username": "guest", "disabled": True, "grants": ["*"]})
    assert (await client.post("/server/mc", content="KILL")).status_code == 403
    await house.local.patch("/accounts", json={"username": "guest", "disabled": False})
    assert (await client.post("/server/mc", content="KILL")).status_code == 200
    line = next(line for line in reversed(house.audit()) if line.get("action") == "server.kill")
    assert (line["user"], line["key"]) == ("guest", "bot")
    await house.local.delete("/accounts?username=guest")
    assert (await client.post("/server/mc", content="KILL")).status_code == 401


async def test_a_key_ends_when_it_is_told_to_and_when_its_time_has_come(house: House) -> None:
    key = await make(house, expiresIn=3600)
    client = house.client(str(key["key"]))
    assert (await client.get("/servers")).status_code == 200
    (live,) = house.parts.people.keys.all()
    live.expires = live.created - 1
    assert (await client.get("/servers")).status_code == 401
    other = await make(house, name="other")
    assert (await house.remote.delete(f"/keys?id={other['id']}")).status_code == 200
    assert (await house.client(str(other["key"])).get("/servers")).status_code == 401
    assert (await house.remote.delete(f"/keys?id={other['id']}")).status_code == 404
    assert said(await house.remote.get("/keys")) == {"keys": []}


async def test_a_new_password_leaves_keys_and_a_new_name_takes_them_along(house: House) -> None:
    await guest(house, "server.view", "keys.create")
    client = house.client(str((await make(house, await house.log_in("guest")))["key"]))
    await house.local.patch("/accounts", json={"username": "guest", "password": "another secret"})
    assert (await client.get("/servers")).status_code == 200
    await house.local.patch("/accounts?username=guest", json={"username": "visitor"})
    assert (await client.get("/servers")).status_code == 200
    (key,) = house.parts.people.keys.all()
    assert key.owner == "visitor"


async def test_keys_outlive_the_daemon_and_only_their_digest_is_kept(house: House) -> None:
    key = str((await make(house, grants=["server.view"]))["key"])
    people = house.parts.people
    people.keys._live.clear()
    rows = await people._ledger.open()
    people.keys.load(rows["keys"])
    assert (await house.client(key).get("/servers")).status_code == 200
    assert (await house.client(key).get("/accounts")).status_code == 403
    kept = b"".join(path.read_bytes() for path in Path(house.folder, "state").glob("sessions.db*"))
    assert key.encode() not in kept
    assert key[3:].encode() not in kept
    assert key not in json.dumps(house.audit())


async def test_a_key_makes_no_keys_and_changes_no_password(house: House) -> None:
    client = house.client(str((await make(house))["key"]))
    assert said(await client.post("/keys", json={"name": "x"}), 403)["error"] == "A key cannot make keys!"
    wish = {"oldPassword": "correct horse", "password": GUEST}
    assert (await client.patch("/account", json=wish)).status_code == 400
    assert (await client.get("/logout")).status_code == 400
    assert (await client.get("/ott")).status_code == 200


async def test_others_keys_are_seen_and_ended_by_who_may(house: House) -> None:
    key = await make(house)
    some = await guest(house, "keys.create")
    assert said(await some.get("/keys")) == {"keys": []}
    assert (await some.get("/keys?all=true")).status_code == 403
    assert (await some.delete(f"/keys?id={key['id']}")).status_code == 403
    chief = await guest(house, "keys.view", "keys.delete", name="chief")
    assert len(said(await chief.get("/keys?all=true"))["keys"]) == 1  # type: ignore[arg-type]
    assert (await chief.delete(f"/keys?id={key['id']}")).status_code == 200


async def test_a_key_of_somebody_local_is_his(house: House) -> None:
    key = said(await house.local.post("/keys", json={"name": "cron"}))
    assert str(key["owner"]).startswith("@local:")
    told = said(await house.client(str(key["key"])).get("/account"))
    assert told["kind"] == "key"
    assert len(told["permissions"]) == len(PERMISSIONS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wish",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"name": "a\nb"},
        {"name": 7},
        {"expiresIn": 0},
        {"expiresIn": "1 day"},
        {"expiresIn": True},
        {"grants": ["nothing"]},
        {"roles": ["nobody"]},
        {"grants": "x"},
    ],
)
async def test_a_wish_for_a_key_that_makes_no_sense_is_refused(house: House, wish: dict[str, object]) -> None:
    answer = await house.remote.post("/keys", json={"name": "bot", **wish})
    assert answer.status_code == 400, answer.text
    assert house.parts.people.keys.all() == []


async def test_two_keys_of_one_name_could_not_be_told_apart(house: House) -> None:
    await make(house)
    assert (await house.remote.post("/keys", json={"name": "bot"})).status_code == 409
