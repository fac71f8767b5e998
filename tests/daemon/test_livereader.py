"""Somebody who follows, at a pace of his own."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import anyio

from daemon.access import Identity
from daemon.livereader import LiveReader
from daemon.permissions import FULL
from daemon.standing import Holder

from .door import supervising
from .house import House, Json, eventually, program, serving


@asynccontextmanager
async def slow(house: House) -> AsyncIterator[tuple[anyio.Event, list[Json]]]:
    """A reader who takes the first message, and the others when told."""
    holder = Holder("@local:0", FULL)
    who = Identity("", holder, holder.standing)
    parts, go_on, told = house.parts, anyio.Event(), list[Json]()
    reader = LiveReader(parts.live, parts.sparks, parts.chronicle, parts.jobs, who, 0)

    async def send(_: str, text: str) -> None:
        told.append(cast("Json", json.loads(text)))
        if len(told) > 3:
            await go_on.wait()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(reader.run, send)
        yield go_on, told
        tasks.cancel_scope.cancel()


async def test_what_a_slow_reader_has_missed_is_told_once_as_it_is_then(house: House) -> None:
    await house.until("app", state="running")
    async with slow(house) as (go_on, told):
        await eventually_told(told, 3)
        for _ in range(5):
            await house.operate("app", "KILL")
            await house.operate("app", "START")
        await house.operate("app", "KILL")
        await house.configure(other=program("echo"))
        await house.until("other", state="running")
        for number in range(500):
            house.parts.chronicle.note("other", "health", {"check": str(number)})
        go_on.set()

        async def checks() -> list[object]:
            return [cast("Json", one.get("event", {})).get("check") for one in told]

        await eventually(checks, lambda seen: "499" in seen)

        async def gone() -> list[Json]:
            return [one for one in told if one["type"] == "removed"]

        removed = await eventually(gone)
    events = [one for one in told if one["type"] == "event"]
    assert len(events) <= 60
    assert any(one.get("skipped") for one in events)
    assert len([one for one in told if one["type"] == "server"]) <= 4
    assert removed == [{"type": "removed", "name": "app"}]


async def eventually_told(told: list[Json], count: int) -> None:
    async def look() -> int:
        return len(told)

    await eventually(look, lambda seen: seen >= count)


async def test_a_supervisor_that_is_lost_and_found_is_told_with_all_servers(folder: str) -> None:
    async with (
        supervising(folder, over_socket=True) as door,
        serving(folder, door, {"app": program("echo")}) as house,
    ):
        await house.until("app", state="running")
        async with slow(house) as (go_on, told):
            go_on.set()
            await eventually_told(told, 3)
            await door.shut()

            async def supervisors() -> list[object]:
                return [one["supervisor"] for one in told if one["type"] == "servers"]

            await eventually(supervisors, lambda seen: seen == [True, False])
            door.open()
            await eventually(supervisors, lambda seen: seen[-1] is True)
            last = [one for one in told if one["type"] == "servers"][-1]
            assert cast("Json", last["servers"]).keys() == {"app"}
