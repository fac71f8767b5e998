"""`/live`: what a page puts together from it is what there is."""

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import anyio
import httpx
import pytest
from websockets.asyncio.client import connect, unix_connect
from websockets.exceptions import InvalidStatus

from .door import DEADLINE
from .guest import guest, said
from .house import House, Json, eventually, program, python
from .livepage import Page, still

CRASH = "print('out of ideas', flush=True); raise SystemExit(3)"
IDLE = {**program("echo"), "enabled": False}


@asynccontextmanager
async def page(house: House, query: str = "", token: str | None = None) -> AsyncIterator[Page]:
    path = f"/live{query}"
    if token is None:
        opened = unix_connect(house.socket, f"ws://localhost{path}", ping_interval=None, max_size=None)
    else:
        url, headers = f"ws://127.0.0.1:{house.port}{path}", {"Authorization": token}
        opened = connect(url, additional_headers=headers, proxy=None, ping_interval=None, max_size=None)
    async with opened as connection:
        yield Page(connection)


async def details(client: httpx.AsyncClient) -> dict[str, Json]:
    return cast("dict[str, Json]", said(await client.get("/servers?details=true"))["servers"])


async def agrees(one: Page, client: httpx.AsyncClient) -> None:
    """Wait until the page shows what the API tells."""

    async def same() -> bool:
        with anyio.move_on_after(0.05):
            await one.until(lambda: False)
        told = await details(client)
        return {name: still(server) for name, server in told.items()} == {
            name: still(server) for name, server in one.servers.items()
        }

    await eventually(same)


async def test_all_that_a_page_shows_comes_at_once(house: House) -> None:
    await house.until("app", state="running")
    async with page(house) as one:
        await one.until(lambda: one.seen["jobs"])
        assert [kind for kind in one.order if kind != "event"] == ["servers", "usage", "sparks", "jobs"]
        assert one.supervisor is True
        assert still(one.servers["app"]) == still(await house.show("app"))
        figures = cast("dict[str, list[float]]", one.usage["servers"])["app"]
        assert figures[1] > 0
        assert figures[2] >= 1
        assert len(figures) == 6


async def test_it_is_told_when_the_config_gives_a_stop_another_time(house: House) -> None:
    app: Json = {"directory": ".", "command": ["sleep", "60"]}
    await house.configure(app=app, other=app)
    async with page(house) as one:
        await one.until(lambda: one.servers.get("app", {}).get("stopWithin") == 30)
        await house.configure(app={**app, "stopGrace": 7}, other=app)
        await one.until(lambda: one.servers["app"]["stopWithin"] == 7)
        assert one.servers["other"]["stopWithin"] == 30


async def test_a_server_is_told_of_when_it_changes_comes_and_goes(house: House) -> None:
    async with page(house, "?usage=0") as one:
        await one.until(lambda: one.seen["jobs"])
        await house.operate("app", "KILL")
        await one.until(lambda: one.servers["app"]["state"] == "stopped")
        assert one.servers["app"]["startedAt"] is None
        await house.configure(app=IDLE, other=IDLE)
        await one.until(lambda: "other" in one.servers)
        await house.configure(app=IDLE)
        await one.until(lambda: "other" not in one.servers)
        assert not one.seen["usage"]


async def test_what_happened_is_told_with_its_cause_and_its_reason(house: House) -> None:
    async with page(house) as one:
        await one.until(lambda: one.seen["jobs"])
        await house.configure(one={**python(CRASH), "restart": "never"})
        await one.until(lambda: [event for event in one.events if event.get("to") == "failed"])
        (failed,) = [event for event in one.events if event.get("to") == "failed"]
        assert failed["lines"] == ["out of ideas"]
        assert cast("Json", failed["cause"])["kind"] == "exit"
    async with page(house, f"?since={cast('int', failed['id']) - 1}") as again:
        await again.until(lambda: again.events)
        assert again.events[0] == failed


async def test_what_is_put_together_is_what_there_is_after_any_changes(house: House) -> None:
    luck = random.Random(9)
    checks = {"port": {"type": "tcp", "address": "127.0.0.1:1", "interval": 0.2, "as": "liveness"}}
    kinds: list[Json] = [
        program("echo"),
        {**python(CRASH), "backoff": {"initial": 0.01, "cap": 0.05}},
        {**program("echo"), "checks": checks},
        {**program("echo"), "requires": "app"},
    ]
    some = await guest(house, {"permissions": "server.view", "servers": ["app", "s1"]})
    token = some.headers["Authorization"]
    async with page(house) as all_of_it, page(house, "?usage=1", token) as some_of_it:
        for _ in range(4):
            names = luck.sample(["s0", "s1", "s2", "s3", "s4"], 3)
            await house.configure(app=program("echo"), **{name: luck.choice(kinds) for name in names})
            for name in (*names, "app"):
                await house.operate(name, luck.choice(["START", "KILL", "RESTART", "TERM"]))
        await house.configure(app=program("echo"), s1=IDLE)
        await house.operate("app", "START")
        await agrees(all_of_it, house.local)
        await agrees(some_of_it, some)
        assert set(some_of_it.servers) == {"app", "s1"}


async def test_a_loop_of_crashes_is_a_few_messages(house: House) -> None:
    quick = {"initial": 0.01, "cap": 0.01, "jitter": 0}
    async with page(house, "?usage=0") as one:
        await one.until(lambda: one.seen["jobs"])
        await house.configure(one={**python(CRASH), "backoff": quick, "budget": {"restarts": 12}})
        await one.until(lambda: one.servers.get("one", {}).get("state") == "failed")
        await eventually(lambda: house.show("one"), lambda seen: seen["state"] == "failed")
        # Each of thirteen runs has three states at least; `app` goes, too.
        assert one.seen["server"] < 30
        await agrees(one, house.local)


async def test_who_gets_other_rights_has_to_come_back_and_who_is_out_is_out(house: House) -> None:
    some = await guest(house, {"permissions": "server.view", "servers": "app"})
    token = some.headers["Authorization"]
    async with page(house, token=token) as one:
        await one.until(lambda: one.seen["jobs"])
        change = {"username": "guest", "grants": ["server.view"]}
        said(await house.local.patch("/accounts?username=guest", json=change))
        assert await one.end() == 1012
    async with page(house, token=token) as one:
        await one.until(lambda: one.seen["jobs"])
        said(await house.local.delete("/accounts?username=guest"))
        assert await one.end() == 4401


async def test_the_end_of_the_daemon_closes_it_in_good_order(house: House) -> None:
    async with page(house) as one:
        await one.until(lambda: one.seen["jobs"])
        house.parts.live.close()
        assert await one.end() == 1001


async def test_jobs_are_told_as_far_as_they_are_ones_business(folder: str, house: House) -> None:
    await house.configure(app={**IDLE, "directory": folder})
    none = await guest(house, "server.view")
    async with page(house) as one, page(house, token=none.headers["Authorization"]) as other:
        await one.until(lambda: one.seen["jobs"])
        answer = await house.local.post("/server/app/compress?path=a.zip&async=true", json=["config.json"])
        job = cast("str", said(answer)["job"])
        await one.until(lambda: one.jobs.get(job, {}).get("state") == "done")
        assert one.jobs[job] == said(await house.local.get(f"/jobs/{job}"))
        await house.operate("app", "START")
        await other.until(lambda: other.servers.get("app", {}).get("state") == "running")
        assert not other.jobs


async def test_server_sent_events_say_the_same(house: House) -> None:
    await house.until("app", state="running")
    kinds: list[str] = []
    with anyio.fail_after(DEADLINE):
        async with house.remote.stream("GET", "/live") as answer:
            assert answer.headers["content-type"] == "text/event-stream"
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    kinds.append(json.loads(line.removeprefix("data: "))["type"])
                    if kinds[-1] == "jobs":
                        break
    assert kinds[:4] == ["servers", "usage", "sparks", "jobs"]


@pytest.mark.parametrize("query", ["?usage=61", "?usage=x", "?since=-1"])
async def test_a_query_that_is_none_is_refused(house: House, query: str) -> None:
    assert said(await house.remote.get(f"/live{query}"), 400)["kind"] == "invalid-query"
    with pytest.raises(InvalidStatus) as refused:
        async with page(house, query, house.token):
            pass
    assert refused.value.response.status_code == 400


async def test_strangers_hear_nothing(house: House) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with page(house, token="x" * 128):
            pass
    assert refused.value.response.status_code == 401
