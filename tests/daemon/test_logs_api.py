"""`/server/{id}/logs`: files and memory as one text, by time, expression and tail; streamed, and ended."""

import gzip
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import anyio
import httpx
import pytest

from daemon import logreading, serverlog
from daemon.permissions import Grant
from daemon.privileges import Privileges
from daemon.serverlogs import SEARCHING
from daemon.sink import ANEW

from .guest import GUEST
from .house import House, Json, eventually, living, python

SILENT = "import sys; sys.stdin.read()"
FILE = {"to": "file", "size": 4096, "keep": 1000}


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GATHER", "RETRY", "REATTACH", "ABSENT", "QUIET"):
        monkeypatch.setattr(serverlog, name, 0.01)
    monkeypatch.setattr(logreading, "REATTACH", 0.01)


def app(logs: Json | None = None, **more: object) -> Json:
    return {**python(SILENT), **({"logs": logs} if logs else {}), **more}


@pytest.fixture(params=["ring", "file", "packed", "stamped"])
async def kept(request: pytest.FixtureRequest, folder: str) -> AsyncIterator[House]:
    """A daemon whose server's lines are kept in one way or another."""
    logs: Json = {
        "ring": {},
        "file": {**FILE, "compress": "off"},
        "packed": FILE,
        "stamped": {**FILE, "compress": "zstd", "timestamps": True},
    }[request.param]
    async with living(folder, servers={"app": app(logs)}) as house:
        await house.until("app", status=1)
        yield house


@pytest.fixture
async def house(folder: str) -> AsyncIterator[House]:
    async with living(folder, servers={"app": app(FILE)}) as house:
        await house.until("app", status=1)
        yield house


def feed(house: House, data: bytes, ago: float = 0.0) -> None:
    """Have the server say something, some seconds ago."""
    console = house.door.supervisor._services["app"].console
    clock = console.marks._clock
    console.marks._clock = lambda: time.time() - ago
    console.feed(data)
    console.marks._clock = clock


def kind(house: House) -> Path:
    return Path(house.folder, "logs", "servers", "app")


async def ask(house: House, query: str = "") -> str:
    answer = await house.remote.get(f"/server/app/logs?{query}", timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.text


async def logged(house: House, last: str) -> None:
    """Wait until a line stands in the files, if there are any."""
    if house.parts.reloader.config.servers["app"].logs.to == "off":
        return

    async def look() -> bool:
        for file in kind(house).glob("0*.log"):
            with suppress(FileNotFoundError):  # it is being compressed
                if last in file.read_text():
                    return True
        return False

    await eventually(look)


def ours(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith(("[Holdfast]", "[Octyne]"))]


async def test_it_is_one_text_whatever_it_lies_in(kept: House) -> None:
    lines = [f"line {number:05d}" for number in range(3000)]
    for start in range(0, 3000, 500):
        feed(kept, "".join(f"{line}\n" for line in lines[start : start + 500]).encode())
        await logged(kept, lines[start + 499])
    assert ours(await ask(kept)) == lines
    for tail in (1, 7, 400, 2999, 5000):
        assert ours(await ask(kept, f"tail={tail}"))[-min(tail, 3000) :] == lines[-tail:]
    assert await ask(kept, "tail=0") == ""
    assert ours(await ask(kept, "grep=line%20000.5$")) == [f"line 000{n}5" for n in range(10)]
    assert ours(await ask(kept, "grep=LINE%200000&case=false")) == lines[:10]
    assert ours(await ask(kept, "grep=5$&tail=2")) == ["line 02985", "line 02995"]
    found = [json.loads(line) for line in (await ask(kept, "format=json&grep=line")).splitlines()]
    assert [one["line"] for one in found] == lines
    assert [two["offset"] - one["offset"] for one, two in pairwise(found)] == [11] * 2999
    stamped = (await ask(kept, "timestamps=true&tail=1")).strip()
    assert stamped.startswith(time.strftime("%Y-%m-%dT", time.gmtime()))
    assert stamped.endswith("Z line 02999")


async def test_lines_are_found_by_when_they_came(kept: House) -> None:
    # What the first lines tell of is the start; the files were opened then already.
    await logged(kept, "Started")
    kept.door.supervisor._services["app"].console.marks._latest -= 7200
    feed(kept, b"an hour ago\n", 3600)
    feed(kept, b"a minute ago\n", 60)
    feed(kept, b"now\n")
    if kept.parts.reloader.config.servers["app"].logs.to == "off":
        assert ours(await ask(kept, "since=10m")) == ["a minute ago", "now"]
        since, until = time.time() - 4000, time.time() - 30
        assert ours(await ask(kept, f"since={since}&until=30s")) == ["an hour ago", "a minute ago"]
        until_iso = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(until))
        assert "now" not in ours(await ask(kept, f"until={until_iso}"))
    await logged(kept, "now")
    assert ours(await ask(kept, "since=10m"))[-1] == "now"
    assert ours(await ask(kept, "until=2h")) == []
    assert await ask(kept, f"since={time.time() + 3600}") == ""


async def test_a_line_at_the_seam_is_one(house: House) -> None:
    feed(house, b"one\nthe first half, ")
    await logged(house, "the first half")
    house.parts.logs._kept["app"].log.scope.cancel()
    await house.parts.logs._kept["app"].log.ended.wait()
    feed(house, b"the second half\n")
    assert ours(await ask(house)) == ["one", "the first half, the second half"]


async def test_what_nobody_has_any_more_is_counted(house: House) -> None:
    feed(house, b"one\n")
    await logged(house, "one")
    house.parts.logs._kept["app"].log.scope.cancel()
    await house.parts.logs._kept["app"].log.ended.wait()
    feed(house, b"x" * 3_000_000 + b"\nlast\n")
    text = await ask(house)
    assert "bytes of output are missing here: the supervisor no longer has them" in text
    assert ours(text)[-1] == "last"
    (notice,) = [
        one
        for one in map(json.loads, (await ask(house, "format=json")).splitlines())
        if one.get("notice") and "missing" in one["line"]
    ]
    assert notice["offset"] > 1_000_000


async def test_what_comes_is_told_until_the_client_leaves(kept: House) -> None:
    feed(kept, b"before\n")
    async with kept.remote.stream("GET", "/server/app/logs?follow=true&tail=1", timeout=60) as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == "before"
        feed(kept, b"half a ")
        feed(kept, b"line\nnext\n")
        assert [await anext(lines), await anext(lines)] == ["half a line", "next"]


async def test_following_goes_on_through_a_supervisor_that_is_replaced(folder: str) -> None:
    async with living(folder, over_socket=True, servers={"app": app(FILE)}) as house:
        await house.until("app", status=1)
        feed(house, b"before\n")
        async with house.remote.stream("GET", "/server/app/logs?follow=true&tail=1", timeout=60) as answer:
            lines = answer.aiter_lines()
            assert await anext(lines) == "before"
            await house.door.shut()
            feed(house, b"meanwhile\n")
            house.door.open()
            assert await anext(lines) == "meanwhile"
        await logged(house, "meanwhile")


async def test_following_ends_with_the_standing(house: House) -> None:
    people = house.parts.people
    grants = (Grant(("server.console.view",)),)
    await people.accounts.create("guest", GUEST, Privileges(grants=grants))
    token = await house.log_in("guest")
    headers = {"Authorization": token}
    feed(house, b"before\n")
    async with house.nobody.stream("GET", "/server/app/logs?follow=true&tail=1", headers=headers) as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == "before"
        (session,) = people.sessions.of("guest")
        await people.sessions.end([session])
        with anyio.fail_after(20), pytest.raises(httpx.RemoteProtocolError):
            await anext(lines)


async def test_following_ends_with_the_server(house: House) -> None:
    feed(house, b"before\n")
    async with house.remote.stream("GET", "/server/app/logs?follow=true&tail=1", timeout=60) as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == "before"
        await house.operate("app", "KILL")
        await house.until("app", status=0)
        await house.configure()
        with anyio.fail_after(20):
            assert [line async for line in lines][-1] != "before"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("after=here", "after is the stream of a line, a colon, and its end"),
        ("since=yesterday", "since is a moment: Unix seconds, ISO 8601"),
        ("until=nan", "until is a moment"),
        ("tail=-1", "tail is a whole number from 0 to 100000!"),
        ("tail=100001", "tail is a whole number"),
        ("grep=(", "grep is no regular expression: missing ): ("),
        ("grep=" + "a" * 1001, "grep has at most 1000 characters"),
        ("grep=(((a{100}){100}){100})", "grep is no regular expression"),
        ("grep=" + quote(r"(\pL+\s*){50}"), "grep is too large"),
        ("format=xml", "format is text or json!"),
        ("follow=true&until=1m", "follow and until exclude each other!"),
    ],
)
async def test_nonsense_is_refused(house: House, query: str, sentence: str) -> None:
    answer = await house.remote.get(f"/server/app/logs?{query}")
    assert (answer.status_code, answer.json()["kind"]) == (400, "invalid-search")
    assert sentence in answer.json()["error"]


async def test_no_expression_takes_for_ever(house: House) -> None:
    feed(house, b"a" * 500_000 + b"!\n")
    assert await ask(house, "grep=(a%2B)%2B%24") == ""


async def test_a_search_keeps_nobody_from_reading(kept: House) -> None:
    feed(kept, b"one\n")
    places = [object() for _ in range(SEARCHING)]
    for place in places:
        kept.parts.logs._searching.acquire_on_behalf_of_nowait(place)
    assert ours(await ask(kept, "tail=1")) == ["one"]
    with anyio.move_on_after(0):
        assert not await ask(kept, "grep=one")
    for place in places:
        kept.parts.logs._searching.release_on_behalf_of(place)
    assert ours(await ask(kept, "grep=one")) == ["one"]


async def test_a_server_that_there_is_not_has_no_log(house: House) -> None:
    answer = await house.remote.get("/server/nobody/logs")
    assert (answer.status_code, answer.json()["kind"]) == (404, "no-such-server")


async def test_reading_is_noted(house: House) -> None:
    await ask(house, "tail=1")
    assert [line["server"] for line in house.done() if line["action"] == "server.console.logs"] == ["app"]


async def test_an_ended_program_is_read_on(house: House) -> None:
    feed(house, b"last words")
    await house.operate("app", "KILL")
    await house.until("app", status=0)
    assert "last words" in ours(await ask(house))


async def test_a_log_begins_and_ends_by_the_config(folder: str) -> None:
    async with living(folder, servers={"app": app()}) as house:
        await house.until("app", status=1)
        feed(house, b"early\n")
        assert not kind(house).exists()
        await house.configure(app=app(FILE))
        await logged(house, "early")
        await house.configure(app=app({"to": "off"}))
        feed(house, b"unheard\n")
        await house.configure(app=app({**FILE, "path": "elsewhere"}))

        async def there() -> bool:
            return any(
                "unheard" in one.read_text() for one in Path(folder, "elsewhere", "app").glob("0*.log")
            )

        await eventually(there)
        assert house.parts.logs.missed() == {"app": 0}


async def test_a_strange_name_has_a_folder_of_its_own(folder: str) -> None:
    name = "… ~ %2e Ünï"
    async with living(folder, servers={name: app(FILE)}) as house:
        await house.until(name, status=1)
        servers = Path(folder, "logs", "servers")

        async def there() -> bool:
            return servers.exists() and any(servers.glob("*~*/0*.log"))

        await eventually(there)
        answer = await house.remote.get(f"/server/{quote(name, safe='')}/logs")
        assert answer.status_code == 200
        assert "Started server" in answer.text


async def test_old_parts_are_compressed_and_go(folder: str) -> None:
    async with living(folder, servers={"app": app({**FILE, "keep": 2})}) as house:
        await house.until("app", status=1)
        for number in range(20):
            feed(house, b"%04d\n" % number * 800)
            await logged(house, f"{number:04d}\n")

        async def tidied() -> bool:
            names = sorted(one.name for one in kind(house).glob("0*.log*"))
            return len(names) == 3 and [name.endswith(".gz") for name in names] == [True, True, False]

        await eventually(tidied)
        packed = min(kind(house).glob("0*.log.gz"))
        assert b"0017\n" in gzip.decompress(packed.read_bytes()) or packed.exists()
        assert ours(await ask(house, "tail=3")) == ["0019"] * 3


async def test_a_new_supervisor_begins_another_stream(folder: str, tmp_path: Path) -> None:
    async with living(folder, servers={"app": app(FILE)}) as house:
        await house.until("app", status=1)
        feed(house, b"of the first\n")
        await logged(house, "of the first")
        console = house.door.supervisor._services["app"].console
        console.scrollback._set_stream(12345)
        await house.configure(app=app({"to": "off"}))
        await house.configure(app=app(FILE))
        await logged(house, ANEW)
    assert os.listdir(tmp_path) == []


async def told(house: House, query: str) -> list[Json]:
    return [json.loads(line) for line in (await ask(house, f"format=json&{query}")).splitlines()]


async def test_who_was_cut_off_goes_on_at_the_very_byte(kept: House) -> None:
    lines = [f"line {number:05d}" for number in range(2000)]
    for start in range(0, 2000, 500):
        feed(kept, "".join(f"{line}\n" for line in lines[start : start + 500]).encode())
        await logged(kept, lines[start + 499])
    feed(kept, b"no end")
    found = await told(kept, "grep=line")
    for number in (0, 1, 700, 1998, 1999):
        place = f"after={found[number]['stream']}:{found[number]['end']}"
        assert [one["line"] for one in await told(kept, place)] == [*lines[number + 1 :], "no end"]
    (last,) = await told(kept, "tail=1")
    feed(kept, b" yet\n")
    (rest,) = await told(kept, f"after={last['stream']}:{last['end']}")
    assert rest["line"] == " yet"


async def test_a_place_that_nobody_knows_begins_with_all_there_is(kept: House) -> None:
    feed(kept, b"one\ntwo\n")
    await logged(kept, "two")
    answer = await told(kept, "after=00000000000000ff:3")
    assert [one["line"] for one in answer][-2:] == ["one", "two"]


async def test_marks_tell_how_far_it_has_come(kept: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logreading, "HEARTBEAT", 0.01)
    feed(kept, b"one\nhalf")
    query = "/server/app/logs?follow=true&tail=0&format=json&marks=true&grep=never"
    async with kept.remote.stream("GET", query, timeout=60) as answer:
        lines = answer.aiter_lines()
        mark = json.loads(await anext(lines))
        assert json.loads(await anext(lines)) == mark
    feed(kept, b" a line\n")
    rest = await told(kept, f"after={mark['stream']}:{mark['end']}")
    assert [one["line"] for one in rest] == ["half a line"]


async def test_a_line_that_is_no_text_is_there_in_full(house: House) -> None:
    feed(house, b"caf\xe9\n")
    (line,) = await told(house, "tail=1")
    assert (line["line"], line["bytes"]) == ("caf\ufffd", "Y2Fm6Q==")
