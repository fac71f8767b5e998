"""What is said again, word by word, is not parsed again: who says it, and what he may, is asked each time."""

from contextlib import closing
from functools import partial

import anyio
import httpx
import pytest

from daemon.prompt import PromptProtocol

from .guest import guest
from .house import House, eventually, living, program
from .line import asked, head, line


async def test_who_has_other_rights_sees_others_though_he_says_the_same_again(folder: str) -> None:
    async with living(folder, servers={"app": program("echo"), "other": program("echo")}) as house:
        ann = await guest(house, {"permissions": ["server.view"], "servers": ["app"]}, name="ann")
        text = head("GET", "/servers", f"Authorization: {ann.headers['authorization']}")
        admin = head("GET", "/servers", f"Authorization: {house.token}")
        mine, all_of_them = await asked(house, text, admin)
        assert b'"app"' in mine
        assert b'"other"' not in mine
        assert b'"other"' in all_of_them
        one = await anyio.to_thread.run_sync(partial(line, house))
        try:
            assert await anyio.to_thread.run_sync(one.ask, text) == mine
            grants = [{"permissions": ["server.view"], "servers": ["other"]}]
            changed = await house.local.patch("/accounts?username=ann", json={"grants": grants})
            assert changed.status_code == 200, changed.text
            now = await anyio.to_thread.run_sync(one.ask, text)
        finally:
            one.close()
        assert b'"app"' not in now
        assert b'"other"' in now


async def test_the_list_that_is_kept_follows_each_change_of_a_server(house: House) -> None:
    async def code() -> object:
        return (await house.remote.get("/servers")).json()["servers"].get("app")

    await eventually(code, lambda found: found == 1)
    await house.operate("app", "TERM")
    await eventually(code, lambda found: found == 0)
    await house.configure()
    await eventually(code, lambda found: found is None)


async def test_a_config_that_says_otherwise_is_heeded_though_one_says_the_same_again(house: House) -> None:
    text = head("GET", "/", "Origin: http://elsewhere")
    one = await anyio.to_thread.run_sync(partial(line, house))
    try:
        before = [await anyio.to_thread.run_sync(one.ask, text) for _ in range(2)]
        house.settings["cors"] = {"origins": ["https://panel.example"]}
        await house.configure(app=program("echo"))
        after = await anyio.to_thread.run_sync(one.ask, text)
    finally:
        one.close()
    assert all(b"access-control-allow-origin: *" in answer for answer in before)
    assert b"access-control-allow-origin" not in after
    assert b"vary: Origin" in after


async def test_what_is_said_again_counts_like_all_else(house: House) -> None:
    used = house.session.used
    text = head("GET", "/servers", f"Authorization: {house.token}")
    house.parts.people.sessions._clock = lambda: used + 100
    await asked(house, *[text] * 5)
    assert house.session.used == used + 100
    counted = house.parts.metrics.requests._requests["/servers", "GET", 200]
    assert counted == 5
    house.parts.people.sessions._clock = lambda: used + 100 * 86_400.0 * 365
    (late,) = await asked(house, text)
    assert late.startswith(b"HTTP/1.1 401 ")


async def test_one_that_is_answered_at_once_is_refused_too_if_there_are_too_many(folder: str) -> None:
    async with living(folder, servers={}, limits={"requestsPerAccount": 1}) as house:
        text = head("GET", "/servers", f"Authorization: {house.token}")
        async with house.remote.stream("GET", "/events"):
            one, again = await asked(house, text, text)
        assert one.startswith(b"HTTP/1.1 429 ")
        assert again == one

        async def status() -> int:
            return (await house.remote.get("/servers")).status_code

        await eventually(status, lambda found: found == 200)


async def test_a_connection_that_is_not_used_is_closed_after_the_same_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[float] = []
    real = PromptProtocol.timeout_keep_alive_handler

    def handler(self: PromptProtocol) -> None:
        real(self)
        if self.transport.is_closing():
            closed.append(self.loop.time() - self._idle_since)

    monkeypatch.setattr(PromptProtocol, "timeout_keep_alive_handler", handler)
    made = PromptProtocol.connection_made

    def connection_made(self: PromptProtocol, transport: object) -> None:
        made(self, transport)  # type: ignore[arg-type]
        self.timeout_keep_alive = 1  # seconds: whole ones, as uvicorn has it

    monkeypatch.setattr(PromptProtocol, "connection_made", connection_made)
    text = head("GET", "/servers", f"Authorization: {house.token}")

    def talk() -> bytes:
        with closing(line(house)) as one:
            for _ in range(3):
                one.ask(text)
            return one.rest()

    assert await anyio.to_thread.run_sync(talk) == b""
    assert len(closed) == 1
    assert closed[0] >= 1


async def test_a_browser_that_keeps_its_connection_is_heard_in_between(house: House) -> None:
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{house.port}", headers={"Authorization": house.token}, trust_env=False
    ) as client:
        for _ in range(3):
            assert (await client.get("/servers")).json() == {"servers": {"app": 1}}
            assert (await client.get("/server/app")).json()["status"] == 1
            assert (await client.post("/server/app", content="NONSENSE")).status_code == 400
            assert (await client.get("/servers")).status_code == 200


async def test_who_comes_in_the_moment_in_which_we_begin_is_answered(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = PromptProtocol.connection_made

    def connection_made(self: PromptProtocol, transport: object) -> None:
        made(self, transport)  # type: ignore[arg-type]
        self.server_state.default_headers = []  # as uvicorn has it until its clock has ticked

    monkeypatch.setattr(PromptProtocol, "connection_made", connection_made)
    (answer,) = await asked(house, head("GET", "/"))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\ncontent-length: ")
