"""`/server/{id}/history` and `/events`, of real programs."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import cast

import anyio
import httpx
import pytest
from websockets.asyncio.client import connect, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from .door import DEADLINE
from .guest import guest, said
from .house import House, Json, eventually, program, python

CRASH = "print('out of ideas', flush=True); raise SystemExit(3)"


async def history(house: House, client: httpx.AsyncClient, name: str = "one", query: str = "") -> list[Json]:
    return cast("list[Json]", said(await client.get(f"/server/{name}/history{query}"))["history"])


@asynccontextmanager
async def listening(
    client: httpx.AsyncClient, query: str = "", **headers: str
) -> AsyncIterator[AsyncIterator[Json]]:
    """Server-sent events, as they come."""

    async def read(answer: httpx.Response) -> AsyncIterator[Json]:
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))

    async with client.stream("GET", f"/events{query}", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream"
        yield read(answer)


async def test_three_crashes_tell_cause_lines_and_what_comes_next(house: House) -> None:
    backoff = {"initial": 0.01, "cap": 0.01, "jitter": 0}
    await house.configure(one={**python(CRASH), "backoff": backoff, "budget": {"restarts": 2}})
    await house.until("one", state="failed")
    found = await eventually(
        lambda: history(house, house.local), lambda told: bool(told) and told[0]["to"] == "failed"
    )
    ends = [one for one in reversed(found) if one["exit"]]
    assert [(one["to"], one["run"], one["restarts"]) for one in ends] == [
        ("backoff", 1, 1),
        ("backoff", 2, 2),
        ("failed", 3, 2),
    ]
    for one in ends:
        assert one["lines"] == ["out of ideas"]
        assert cast("Json", one["exit"])["code"] == 3
        assert cast("Json", one["cause"])["kind"] == "exit"
    assert cast("Json", ends[0]["next"])["action"] == "restart"
    assert ends[-1]["next"] is None
    assert "restarted 2 times already" in cast("str", ends[-1]["reason"])


async def test_what_comes_next_and_when_is_told_of_one_that_waits_to_be_up_to_stop_or_for_others(
    house: House,
) -> None:
    up = {"checks": {"up": {"type": "output", "pattern": "never said"}}}
    slow = {**program("stubborn"), "stop": [{"signal": "TERM", "wait": 500}, {"signal": "INT", "wait": 0.01}]}
    await house.configure(
        one={**program("echo"), **up, "startTimeout": 300},
        two={**slow, "terminal": {"rows": 7, "columns": 70}},
        three={**program("echo"), "requires": "one"},
    )
    waiting = cast("Json", (await house.until("one", state="starting"))["next"])
    assert waiting["action"] == "fail"
    assert 0 < cast("float", waiting["in"]) <= 300
    assert (await house.until("two", state="running"))["next"] is None
    await house.operate("two", "TERM")
    shown = await house.until("two", state="stopping")
    stopping = cast("Json", shown["next"])
    assert stopping["action"] == "step"
    assert 0 < cast("float", stopping["in"]) <= 500
    assert shown["terminal"] == {"rows": 7, "columns": 70}
    others = await house.until("three", waitsFor=["one"])
    assert others["next"] == {"action": "start", "in": None, "at": None}
    assert others["terminal"] is None
    assert (await house.local.get("/server/three/history")).json()["next"] == others["next"]
    await house.operate("two", "KILL")
    await house.configure(
        four={**program("stubborn"), "stopGrace": 500, "requires": "five"}, five=program("echo")
    )
    await house.until("four", state="running")
    await house.operate("five", "TERM")
    held = await house.until("five", waitsFor=["four"])
    assert (held["state"], held["next"]) == ("running", {"action": "stop", "in": None, "at": None})
    await house.operate("four", "KILL")


async def test_who_asked_stands_there_by_name(house: House) -> None:
    await house.configure(one={**program("echo"), "enabled": False})
    assert (await house.remote.post("/server/one", content="START")).json() == {"success": True}
    assert (await house.local.post("/server/one", content="RESTART")).json() == {"success": True}
    told = await eventually(
        lambda: history(house, house.local), lambda told: [one["run"] for one in told[:1]] == [2]
    )
    causes = [cast("Json", one["cause"]) for one in reversed(told)]
    assert (causes[0]["kind"], causes[0]["who"], causes[0]["detail"]) == ("person", "admin", "from 127.0.0.1")
    assert (causes[-1]["kind"], causes[-1]["who"]) == ("person", "@local")
    assert [line["action"] for line in house.done()][-2:] == ["server.start", "server.restart"]


async def test_pages_go_back_without_a_gap(house: House) -> None:
    for number in range(25):
        house.parts.chronicle.note("one", "health", {"check": str(number)})
    await house.configure(one={**program("echo"), "enabled": False})
    first = await history(house, house.local, query="?limit=10")
    second = await history(house, house.local, query=f"?limit=500&before={first[-1]['id']}")
    assert [one["check"] for one in (*first, *second) if one["type"] == "health"] == [
        str(number) for number in range(24, -1, -1)
    ]


@pytest.mark.parametrize("query", ["?limit=501", "?limit=-1", "?before=x", f"?before={1 << 60}"])
async def test_a_query_that_is_none_is_refused(house: House, query: str) -> None:
    await house.configure(one={**program("echo"), "enabled": False})
    answer = await house.local.get(f"/server/one/history{query}")
    assert said(answer, 400)["kind"] == "invalid-query"


async def test_events_come_as_they_happen_and_from_where_one_stopped(house: House) -> None:
    await house.configure(one={**program("echo"), "enabled": False})
    with anyio.fail_after(DEADLINE):
        async with listening(house.remote) as events:
            await house.operate("one", "START")
            first = await anext(events)
            assert (first["server"], first["to"]) == ("one", "starting")
        await house.operate("one", "KILL")
        async with listening(house.remote, **{"Last-Event-ID": str(first["id"])}) as events:
            told = [await anext(events) for _ in range(2)]
            assert told[-1]["to"] in ("stopping", "stopped")
        async with listening(house.remote, f"?since={first['id']}") as events:
            assert await anext(events) == told[0]


async def test_one_sees_the_events_of_the_servers_that_one_may_see(house: House) -> None:
    await house.configure(
        mine={**program("echo"), "enabled": False}, other={**program("echo"), "enabled": False}
    )
    some = await guest(house, {"permissions": "server.view", "servers": "mine"})
    with anyio.fail_after(DEADLINE):
        async with listening(some) as events:
            await house.operate("other", "START")
            await house.operate("mine", "START")
            assert (await anext(events))["server"] == "mine"
    assert (await some.get("/server/other/history")).status_code == 403


async def test_last_lines_are_for_who_may_see_the_console(house: House) -> None:
    await house.configure(one={**python(CRASH), "restart": "never"})
    await house.until("one", state="failed")
    some = await guest(house, "server.view")
    told = await eventually(
        lambda: history(house, some), lambda told: bool(told) and told[0]["to"] == "failed"
    )
    assert "lines" not in told[0]
    assert (await history(house, house.local))[0]["lines"] == ["out of ideas"]


async def test_a_web_socket_tells_the_same(house: House) -> None:
    await house.configure(one={**program("echo"), "enabled": False})
    with anyio.fail_after(DEADLINE):
        async with unix_connect(house.socket, "ws://localhost/events", ping_interval=None) as one:
            await house.operate("one", "START")
            event = json.loads(await one.recv())
            assert (event["server"], event["to"]) == ("one", "starting")
        address = f"ws://127.0.0.1:{house.port}/events?since=0&server=one"
        headers = {"Authorization": house.token}
        async with connect(address, additional_headers=headers, proxy=None, ping_interval=None) as one:
            assert json.loads(await one.recv())["id"] >= 1
            await house.parts.people.sessions.end([house.session])
            with suppress(ConnectionClosed):
                async for _ in one:
                    pass  # what came before the end
            assert one.close_code == 4401


@pytest.mark.parametrize(("query", "status"), [("", 401), ("?since=x", 401)])
async def test_strangers_get_no_web_socket(house: House, query: str, status: int) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"ws://127.0.0.1:{house.port}/events{query}", proxy=None):
            pass
    assert refused.value.response.status_code == status


async def test_a_web_socket_that_asks_for_nonsense_is_refused(house: House) -> None:
    headers = {"Authorization": house.token}
    address = f"ws://127.0.0.1:{house.port}/events?since=x"
    with pytest.raises(InvalidStatus) as refused:
        async with connect(address, additional_headers=headers, proxy=None):
            pass
    assert refused.value.response.status_code == 400


async def test_a_check_that_fails_stands_in_the_history(house: House) -> None:
    checks = {
        "port": {"type": "tcp", "address": "127.0.0.1:1", "as": "liveness", "interval": 0.2, "failures": 1}
    }
    await house.configure(one={**program("echo"), "checks": checks})
    told = await eventually(
        lambda: history(house, house.local), lambda told: any(one["type"] == "health" for one in told)
    )
    (failed,) = [one for one in told if one["type"] == "health"]
    assert (failed["check"], failed["healthy"], failed["run"]) == ("port", False, 1)


async def test_events_say_at_once_where_they_begin_and_end_if_nobody_wants_to_wait(house: House) -> None:
    await house.configure(one=program("echo"))
    await house.until("one", state="running")
    text = (await house.local.get("/events?from=1h&follow=false")).text
    begin, *events = text.removeprefix(": events\n\n").removesuffix("\n\n").split("\n\n")
    assert begin == "id: 0"
    ids = [int(one.split("\n")[0].removeprefix("id: ")) for one in events]
    assert ids == list(range(1, len(ids) + 1))
    assert ids
    later = (await house.local.get("/events", params={"from": "2100-01-01", "follow": "false"})).text
    assert later == f": events\n\nid: {ids[-1]}\n\n"
    refused = await house.local.get("/events?from=yesterday")
    assert (refused.status_code, refused.json()["kind"]) == (400, "invalid-query")
