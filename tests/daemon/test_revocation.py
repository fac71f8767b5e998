"""Whoever may no longer is out at once: each way to lose a right, with a connection of each kind open."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import anyio
import anyio.to_thread
import httpx
import pytest

from .door import DEADLINE
from .guest import GUEST, guest, said
from .house import House, eventually, program
from .viewer import V2

V3 = "console-v3"
LARGE = 4 << 30

Way = Callable[[House], Awaitable[None]]


async def log_out(house: House) -> None:
    (session,) = house.parts.people.sessions.of("guest")
    await house.parts.people.sessions.end([session])


async def end_session(house: House) -> None:
    (session,) = house.parts.people.sessions.of("guest")
    said(await house.local.delete(f"/sessions?id={session.id}"))


def patched(**wish: object) -> Way:
    async def patch(house: House) -> None:
        said(await house.local.patch("/accounts", json={"username": "guest", **wish}))

    return patch


async def delete(house: House) -> None:
    said(await house.local.delete("/accounts?username=guest"))


async def edit_by_hand(house: House) -> None:
    users = Path(house.folder, "users.json")
    users.write_text(
        json.dumps({name: entry for name, entry in json.loads(users.read_text()).items() if name == "admin"})
    )
    house.parts.people.accounts.refresh()


async def change_the_role(house: House) -> None:
    config = json.loads((await house.local.get("/config")).text)
    config["roles"]["all"] = []
    said(await house.local.patch("/config", json=config))


WAYS: dict[str, Way] = {
    "logout": log_out,
    "session ended": end_session,
    "password changed": patched(password="another secret"),
    "account disabled": patched(disabled=True),
    "account deleted": delete,
    "account deleted by hand": edit_by_hand,
    "fewer grants": patched(grants=["server.view"]),
    "a role changed": change_the_role,
}


@pytest.fixture
async def app(house: House) -> House:
    folder = Path(house.folder, "app")
    folder.mkdir()
    with (folder / "large").open("wb") as file:
        file.truncate(LARGE)
    text = json.loads(house.text(app={**program("ticker"), "directory": str(folder)}))
    house.settings["roles"] = {"all": ["server.*"]}
    said(await house.local.patch("/config", json={**text, "roles": {"all": ["server.*"]}}))
    await guest(house, roles=["all"])
    await house.parts.people.sessions.end(house.parts.people.sessions.of("guest"))
    return house


class Opened:
    """Connections of one session, each of which must end."""

    def __init__(self, house: House, token: str) -> None:
        self._house = house
        self._token = token
        self.open: set[str] = set()
        self.ends: dict[str, object] = {}

    async def console(self, name: str, protocol: str | None) -> None:
        async with self._house.view("app", protocol=protocol, token=self._token) as viewer:
            await viewer.receive()
            self.open.add(name)
            with anyio.fail_after(DEADLINE):
                try:
                    while True:
                        await viewer.connection.recv()
                except Exception:
                    self.ends[name] = viewer.connection.close_code

    async def stream(self, name: str, path: str) -> None:
        try:
            async with self._house.client(self._token).stream("GET", path) as answer:
                assert answer.status_code == 200
                async for _ in answer.aiter_raw():
                    self.open.add(name)
                    await anyio.sleep(0.01)  # a reader that is slower than the file is short
                self.ends[name] = "whole"
        except httpx.HTTPError as exc:
            self.ends[name] = type(exc).__name__

    async def upload(self, name: str, path: str) -> None:
        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 1000
                self.open.add(name)
                await anyio.sleep(0.01)

        try:
            answer = await self._house.client(self._token).put(path, content=endless())
            self.ends[name] = answer.status_code
        except httpx.HTTPError as exc:
            self.ends[name] = type(exc).__name__


@pytest.mark.parametrize("way", WAYS)
async def test_everything_that_a_session_has_opened_ends_with_it(app: House, way: str) -> None:
    token = await app.log_in("guest")
    client = app.client(token)
    ticket = said(await client.get("/ott"))["ticket"]
    opened = Opened(app, token)
    names = {"v1", "v2", "v3", "download", "events", "live", "upload"}
    async with anyio.create_task_group() as tasks:
        for name, protocol in (("v1", None), ("v2", V2), ("v3", V3)):
            tasks.start_soon(opened.console, name, protocol)
        tasks.start_soon(opened.stream, "download", "/server/app/file?path=/large")
        tasks.start_soon(opened.stream, "events", "/jobs/events")
        tasks.start_soon(opened.stream, "live", "/live")
        tasks.start_soon(opened.upload, "upload", "/server/app/file?path=/new")

        async def look() -> set[str]:
            return opened.open

        await eventually(look, lambda seen: seen == names)
        await WAYS[way](app)
        refused = await client.get("/server/app/files?path=/")
        assert refused.status_code in (401, 403)
    assert opened.ends.keys() == names
    assert opened.ends["download"] != "whole"
    code = 4403 if way in ("fewer grants", "a role changed") else 4401
    assert [opened.ends[name] for name in ("v1", "v2", "v3")] == [code] * 3
    assert not Path(app.folder, "app", "new").exists()
    used = await app.nobody.get(f"/server/app/file?path=/large&ticket={ticket}")
    assert used.status_code == 401


async def test_who_keeps_his_right_comes_back_with_the_new_ones(app: House) -> None:
    token = await app.log_in("guest")
    async with app.view("app", token=token) as viewer:
        assert (await viewer.message())["readOnly"] is False
        await patched(grants=["server.console.view"])(app)
        assert await viewer.close_code() == 1012
    async with app.view("app", token=token) as viewer:
        assert (await viewer.message())["readOnly"] is True


async def test_nothing_ends_for_others_or_if_nothing_changes(app: House) -> None:
    token = await app.log_in("guest")
    said(await app.local.post("/accounts", json={"username": "eve", "password": GUEST}))
    async with app.view("app", token=token) as viewer:
        await viewer.message()
        said(await app.local.patch("/accounts", json={"username": "eve", "grants": []}))
        said(await app.local.patch("/accounts", json={"username": "guest", "roles": ["all"], "grants": []}))
        said(await app.local.patch("/accounts?username=guest", json={"username": "visitor"}))
        said(await app.local.delete("/accounts?username=eve"))
        await viewer.say(type="ping", id="still")
        assert (await viewer.answer())["id"] == "still"


@pytest.mark.parametrize("ends", [True, False])
async def test_jobs_end_with_their_session_if_the_config_says_so(app: House, ends: bool) -> None:
    config = json.loads((await app.local.get("/config")).text)
    said(await app.local.patch("/config", json={**config, "login": {"endJobs": ends}}))
    token = await app.log_in("guest")
    query = "path=/large.zip&archiveType=zip&async=true"
    job = said(await app.client(token).post(f"/server/app/compress?{query}", json=["/large"]))["job"]
    await log_out(app)

    async def state() -> object:
        return said(await app.local.get(f"/jobs/{job}"))["state"]

    if ends:
        assert await eventually(state, lambda seen: seen not in ("waiting", "running")) == "cancelled"
    else:
        assert await eventually(state, lambda seen: seen != "waiting") == "running"
        said(await app.local.delete(f"/jobs/{job}"))
    assert not Path(app.folder, "app", "large.zip").exists()
