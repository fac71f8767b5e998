"""Links to one console or one file: read-only, for a while, until they are ended."""

import json
from pathlib import Path

import httpx
import pytest

from .guest import guest, said
from .house import House, Json, program


@pytest.fixture
async def chat(house: House) -> House:
    folder = Path(house.folder, "chat")
    (folder / "logs").mkdir(parents=True)
    (folder / "logs" / "latest.log").write_text("all is well")
    (folder / "logs" / "other.log").write_text("all is lost")
    await house.configure(chat={**program("echo"), "directory": str(folder)}, bot=program("echo"))
    return house


async def share(client: httpx.AsyncClient, kind: str = "file", **wish: object) -> Json:
    path = {"path": "/logs/latest.log"} if kind == "file" else {}
    return said(await client.post("/shares", json={"kind": kind, "server": "chat", **path, **wish}))


async def test_a_shared_file_is_read_by_whoever_has_the_link(chat: House) -> None:
    link = await share(chat.remote)
    for _ in range(2):
        assert (await chat.nobody.get(str(link["url"]))).text == "all is well"
    token = str(link["token"])
    for path in (
        "/server/chat/file?path=/logs/other.log&",
        "/server/chat/file?path=/logs/other.log&path=/logs/latest.log&",
        "/server/chat/file?path=/logs/latest.log/../other.log&",
        "/server/bot/file?path=/logs/latest.log&",
        "/server/chat/files?path=/logs&",
        "/server/chat?",
        "/servers?",
        "/ott?",
    ):
        answer = await chat.nobody.get(f"{path}share={token}")
        assert answer.status_code in (401, 403), (path, answer.text)
    upload = await chat.nobody.put(f"/server/chat/file?path=/logs/latest.log&share={token}", content=b"x")
    assert upload.status_code == 401
    (listed,) = (await chat.remote.get("/shares")).json()["shares"]
    assert (listed["kind"], listed["path"], listed["owner"]) == ("file", "/logs/latest.log", "admin")
    assert listed["lastUse"] is not None
    assert token not in json.dumps(chat.audit())


async def test_a_shared_console_is_read_only(chat: House) -> None:
    link = await share(chat.remote, "console")
    query = f"?share={link['token']}"
    async with chat.view("chat", query=query, local=False) as viewer:
        assert (await viewer.message())["readOnly"] is True
        await viewer.type("hello")
        await chat.operate("chat", "TERM")
        await viewer.until("has stopped")
        assert "hello" not in viewer.text
    async with chat.view("bot", query=query, local=False) as viewer:
        assert (await viewer.message())["type"] == "error"
    line = next(line for line in chat.audit() if line.get("action") == "server.console.access")
    assert (line["user"], line["sharedBy"], line["share"]) == ("@share", "admin", link["id"])


async def test_a_share_that_is_ended_closes_what_it_opened(chat: House) -> None:
    link = await share(chat.remote, "console")
    async with chat.view("chat", query=f"?share={link['token']}", local=False) as viewer:
        await viewer.message()
        assert (await chat.remote.delete(f"/shares?id={link['id']}")).status_code == 200
        assert await viewer.close_code() == 4401
    assert said(await chat.remote.get("/shares")) == {"shares": []}


async def test_a_share_ends_with_its_time_and_with_the_rights_of_who_made_it(chat: House) -> None:
    some = await guest(chat, "shares.create", "server.files.download")
    link = await share(some)
    assert (await chat.nobody.get(str(link["url"]))).status_code == 200
    await chat.local.patch("/accounts", json={"username": "guest", "grants": ["server.view"]})
    assert (await chat.nobody.get(str(link["url"]))).status_code == 403
    await chat.local.patch("/accounts", json={"username": "guest", "grants": ["*"]})
    assert (await chat.nobody.get(str(link["url"]))).status_code == 200
    (live,) = chat.parts.people.shares.all()
    live.expires = live.created - 1
    assert (await chat.nobody.get(str(link["url"]))).status_code == 401


async def test_nobody_shares_what_he_may_not_see(chat: House) -> None:
    some = await guest(chat, "shares.create", {"permissions": "server.files.*", "paths": "/logs"})
    wish = {"kind": "file", "server": "chat"}
    assert (await some.post("/shares", json={**wish, "path": "/secret"})).status_code == 403
    assert (await some.post("/shares", json={"kind": "console", "server": "chat"})).status_code == 403
    assert (await some.post("/shares", json={**wish, "path": "/logs/latest.log"})).status_code == 200
    other = await guest(chat, "server.*", name="other")
    assert (await other.post("/shares", json={**wish, "path": "/logs/latest.log"})).status_code == 403
    assert (await other.delete(f"/shares?id={chat.parts.people.shares.all()[0].id}")).status_code == 403


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"kind": "folder"}, 400),
        ({"server": "nobody"}, 404),
        ({"path": "/"}, 400),
        ({"path": "../x"}, 400),
        ({"path": 7}, 400),
        ({"expiresIn": -1}, 400),
        ({"expiresIn": 1e12}, 400),
    ],
)
async def test_a_wish_for_a_share_that_makes_no_sense_is_refused(
    chat: House, wish: dict[str, object], status: int
) -> None:
    whole = {"kind": "file", "server": "chat", "path": "/logs/latest.log", **wish}
    assert (await chat.remote.post("/shares", json=whole)).status_code == status


async def test_who_looks_is_cut_off_when_the_time_is_over(chat: House) -> None:
    link = await share(chat.remote, "console", expiresIn=1)
    async with chat.view("chat", query=f"?share={link['token']}", local=False) as viewer:
        await viewer.message()
        assert await viewer.close_code() == 4401
