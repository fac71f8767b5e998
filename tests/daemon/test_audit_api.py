"""`GET /audit`: who may see which entries, which ones fit, and how they come."""

import json
import os
import sqlite3
import tracemalloc
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import anyio
import anyio.to_thread
import httpx
import pytest

from daemon.audit import Audit
from daemon.auditsearch import AuditSearch, Search

from .guest import guest
from .house import House, Json, living, program

ACTIONS = ("server.start", "server.files.upload", "server.files.move", "auth.login", "server.filesystem")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the audit log, which is set by hand."""
    now = [1_700_000_000.0]
    init = Audit.__init__

    def made(self: Audit, **options: object) -> None:
        init(self, lambda: now[0], **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Audit, "__init__", made)
    return now


async def ask(house: House, who: httpx.AsyncClient | None = None, **query: object) -> list[Json]:
    await anyio.to_thread.run_sync(house.parts.audit.flush)
    wanted = {key: str(value) for key, value in query.items()}
    answer = await (who or house.remote).get("/audit", params=wanted)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


async def numbers(house: House, **query: object) -> list[object]:
    """Return the numbers that a test has given to the entries that fit."""
    return [line["number"] for line in await ask(house, None, **query) if "number" in line]


def fill(house: House, count: int = 10) -> None:
    """Record entries that differ in everything."""
    for number in range(count):
        house.parts.audit.record(
            ACTIONS[number % 5],
            {"server": f"s{number % 2}", "number": number} if number % 5 != 3 else {"number": number},
            ip=f"192.0.2.{number % 3}",
            user=("ada", "bob")[number % 2],
            result=("success", "success", "failed", "denied")[number % 4],
        )


async def test_the_answer_is_the_log_itself_the_newest_first(house: House) -> None:
    fill(house)
    told = await ask(house)
    logged = house.audit()
    assert told == [line for line in reversed(logged) if line.get("action") != "audit.view"]
    assert {"seq", "prev", "result", "ts"} <= told[0].keys()


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({"user": "ada"}, lambda n: n % 2 == 0),
        ({"user": "nobody"}, lambda _: False),
        ({"server": "s1"}, lambda n: n % 2 == 1 and n % 5 != 3),
        ({"action": "server.files"}, lambda n: n % 5 in (1, 2)),
        ({"action": "server.files.move"}, lambda n: n % 5 == 2),
        ({"action": "server"}, lambda n: n % 5 != 3),
        ({"action": "serve"}, lambda _: False),
        ({"address": "192.0.2.1"}, lambda n: n % 3 == 1),
        ({"result": "success"}, lambda n: n % 4 < 2),
        ({"result": "denied", "user": "bob"}, lambda n: n % 4 == 3),
        ({"user": "", "result": "", "limit": ""}, lambda _: True),
        ({"unknown": "x"}, lambda _: True),
    ],
)
async def test_each_filter_leaves_what_fits(house: House, query: dict[str, str], fits: object) -> None:
    assert callable(fits)
    fill(house, 30)
    assert await numbers(house, **query) == [number for number in range(29, -1, -1) if fits(number)]


async def test_since_and_until_are_moments_in_either_form(clock: list[float], folder: str) -> None:
    async with living(folder, servers={"app": program("echo")}) as house:
        for number in range(10):
            clock[0] = 1_700_000_000.0 + number
            house.parts.audit.record("server.start", {"number": number}, ip="@", user="ada")
        clock[0] += 100
        iso = datetime.fromtimestamp(1_700_000_004, UTC)
        forms = (
            1_700_000_004,
            iso.isoformat(),
            iso.strftime("%Y-%m-%dT%H:%M:%S"),
            f"{iso:%Y-%m-%dT%H:%M:%S}Z",
        )
        for moment in forms:
            assert await numbers(house, since=moment, action="server.start") == [9, 8, 7, 6, 5, 4]
            assert await numbers(house, until=moment) == [3, 2, 1, 0]
        assert await numbers(house, since=1_700_000_002.5, until=1_700_000_004) == [3]


async def test_pages_are_asked_for_by_the_last_number_seen(house: House) -> None:
    fill(house, 25)
    seen: list[object] = []
    before = 1 << 40
    while page := await ask(house, limit=10, before=before, user="ada"):
        assert len(page) <= 10
        before = int(str(page[-1]["seq"]))
        seen += [line["number"] for line in page if "number" in line]
    assert seen == [*range(24, -1, -2)]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "100001"},
        {"limit": "ten"},
        {"limit": "-1"},
        {"limit": "9" * 5000},
        {"before": "0"},
        {"before": str(1 << 63)},
        {"since": "yesterday"},
        {"since": "nan"},
        {"until": "inf"},
        {"until": "9" * 400},
        {"since": "0000-00-00"},
        {"result": "maybe"},
    ],
)
async def test_what_means_nothing_is_400_with_a_sentence(house: House, query: dict[str, str]) -> None:
    answer = await house.remote.get("/audit", params=query)
    assert (answer.status_code, answer.json()["kind"]) == (400, "invalid-search")
    assert answer.json()["error"].startswith(next(iter(query)))


async def test_who_sees_one_server_sees_its_entries_alone(house: House) -> None:
    fill(house, 30)
    some = await guest(house, {"permissions": "audit.view", "servers": "s1"})
    told = await ask(house, some, limit=5)
    assert {line["server"] for line in told} == {"s1"}
    assert len(told) == 5, "the limit counts what is shown"
    assert {line.get("server") for line in await ask(house, some)} == {"s1"}


async def test_who_may_not_is_refused(house: House) -> None:
    assert (await house.nobody.get("/audit")).status_code == 401
    some = await guest(house, "server.*", "accounts.*", "config.*")
    assert (await some.get("/audit")).status_code == 403


async def test_that_it_was_read_is_noted(house: House) -> None:
    assert await ask(house, action="audit") == []
    (line,) = await ask(house, action="audit")
    assert (line["user"], line["result"]) == ("admin", "success")


async def test_fifty_thousand_entries_come_one_after_the_other_and_stay_nowhere(house: House) -> None:
    fill(house, 50_000)
    await anyio.to_thread.run_sync(house.parts.audit.flush)
    expected, rest = 49_999, b""
    async with house.remote.stream("GET", "/audit", params={"limit": "100000"}) as answer:
        tracemalloc.start()
        try:
            async for chunk in answer.aiter_bytes():
                *whole, rest = (rest + chunk).split(b"\n")
                for line in whole:
                    if b'"number":' in line:
                        assert b'"number":%d,' % expected in line
                        expected -= 1
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert expected == -1
    assert peak < 8 << 20


async def test_a_reader_who_goes_away_leaves_nothing_behind(house: House) -> None:
    fill(house, 20_000)
    await anyio.to_thread.run_sync(house.parts.audit.flush)
    async with house.remote.stream("GET", "/audit", params={"limit": "100000"}) as answer:
        async for _ in answer.aiter_bytes():
            break
    assert len(await ask(house, limit=3)) == 3


async def test_without_a_database_nothing_was_recorded_and_a_broken_one_is_told(house: House) -> None:
    path = Path(house.folder, "state", "audit.db")
    assert await ask(house) == []
    fill(house)
    await anyio.to_thread.run_sync(house.parts.audit.flush)
    with closing(sqlite3.connect(f"{path}.new")) as fresh:
        fresh.execute("PRAGMA journal_mode=WAL")  # what there is before there are tables
    with closing(AuditSearch(f"{path}.new", Search())) as search:
        assert search.next() == []
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(f"{path}{suffix}"):
            os.rename(f"{path}{suffix}", f"{path}.gone{suffix}")
    path.write_text("this is no database, whatever it is called" * 100)
    answer = await house.remote.get("/audit")
    assert (answer.status_code, answer.json()["kind"]) == (503, "no-audit-log")
