"""How much of us anybody may take at once, and what who wants more is told."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import anyio
import anyio.abc
import httpx
import pytest
from anyio.abc import SocketStream
from websockets.exceptions import InvalidStatus

from .door import DEADLINE
from .guest import guest
from .house import House, eventually, living, program
from .loops import both_loops

anyio_backend = both_loops

APP = program("echo")
ASKED = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@asynccontextmanager
async def limited(folder: str, *proxies: str, **limits: int) -> AsyncIterator[House]:
    async with living(folder, servers={"app": APP}, limits=limits, proxies=proxies) as house:
        yield house


async def heard(stream: anyio.abc.ByteReceiveStream) -> bytes:
    """Return all that is said until the other side closes."""
    said = b""
    with anyio.fail_after(DEADLINE):
        try:
            while True:
                said += await stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return said


async def asked(stream: SocketStream, request: bytes = ASKED) -> int:
    """Ask on a connection that stays open; return the status."""
    await stream.send(request)
    said = b""
    with anyio.fail_after(DEADLINE):
        while not said.endswith(b"}"):
            said += await stream.receive()
    return int(said.split()[1])


def check(said: bytes, status: int, kind: str, key: str) -> None:
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), said
    assert b"\r\nconnection: close" in head.lower()
    assert (b"\r\nretry-after: 1" in head.lower()) == (status == 429)
    assert b"x-content-type-options: nosniff" in head
    answer = json.loads(body)
    assert answer["kind"] == kind
    assert key in answer["error"]
    assert answer["error"].endswith("!")


async def count(house: House) -> int:
    return house.parts.transport.quotas.connections


async def drained(house: House) -> None:
    await eventually(partial(count, house), lambda number: number == 0)


# Connections.


@pytest.mark.parametrize("key", ["connectionsPerAddress", "connections"])
async def test_a_connection_too_many_is_told_why_and_closed(folder: str, key: str) -> None:
    async with limited(folder, **{key: 3}) as house, AsyncExitStack() as stack:
        held = [
            await stack.enter_async_context(await anyio.connect_tcp("127.0.0.1", house.port))
            for _ in range(3)
        ]
        for stream in held:
            assert await asked(stream) == 200
        for _ in range(3):
            async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
                check(await heard(stream), 429, "too-many-connections", f"limits.{key}")
        for stream in held:
            assert await asked(stream) == 200  # below the limit nothing has changed
        assert (await house.local.get("/servers")).status_code == 200  # the way in when all others are full
        await held.pop().aclose()
        await eventually(partial(count, house), lambda number: number == 2)
        assert (await house.nobody.get("/")).status_code == 200


async def test_an_address_has_no_part_in_what_another_takes(folder: str) -> None:
    async with limited(folder, connectionsPerAddress=1) as house:
        async with await anyio.connect_tcp("127.0.0.1", house.port, local_host="127.0.0.2") as other:
            assert await asked(other) == 200
            async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
                assert await asked(stream) == 200
            async with await anyio.connect_tcp("127.0.0.1", house.port, local_host="127.0.0.2") as again:
                check(await heard(again), 429, "too-many-connections", "limits.connectionsPerAddress")
        await drained(house)


async def test_a_proxy_stands_for_many(folder: str) -> None:
    async with limited(folder, "127.0.0.1", connectionsPerAddress=1) as house, AsyncExitStack() as stack:
        for _ in range(5):
            stream = await stack.enter_async_context(await anyio.connect_tcp("127.0.0.1", house.port))
            assert await asked(stream) == 200


async def test_a_websocket_keeps_the_place_of_its_connection_until_it_closes(folder: str) -> None:
    async with limited(folder, connectionsPerAddress=1) as house:
        async with house.view(token=house.token) as viewer:
            assert (await viewer.message())["type"] == "settings"
            async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
                check(await heard(stream), 429, "too-many-connections", "limits.connectionsPerAddress")
        await drained(house)


async def test_refused_connections_do_not_fill_the_log(folder: str, caplog: pytest.LogCaptureFixture) -> None:
    async with limited(folder, connections=1) as house, AsyncExitStack() as stack:
        held = await stack.enter_async_context(await anyio.connect_tcp("127.0.0.1", house.port))
        assert await asked(held) == 200
        for _ in range(20):
            async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
                await heard(stream)
    assert caplog.text.count("a connection from 127.0.0.1 was refused") == 1


# Requests and WebSockets.


async def test_an_account_has_so_many_requests_under_way(folder: str) -> None:
    async with limited(folder, requestsPerAccount=2) as house, AsyncExitStack() as stack:
        base, headers = f"http://127.0.0.1:{house.port}", {"Authorization": house.token}
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=base, headers=headers, trust_env=False)
        )
        streams = AsyncExitStack()
        async with streams:
            for _ in range(2):
                await streams.enter_async_context(client.stream("GET", "/jobs/events"))
            answer = await client.get("/servers")
            assert (answer.status_code, answer.json()["kind"]) == (429, "too-many-requests")
            assert "limits.requestsPerAccount" in answer.json()["error"]
            assert answer.headers["retry-after"] == "1"
            assert (await house.nobody.get("/")).status_code == 200
            assert (await house.local.get("/servers")).status_code == 200
            await guest(house, "*", name="eve")
            other = await house.log_in("eve")
            assert (await house.client(other).get("/servers")).status_code == 200

        async def ask() -> int:
            return (await client.get("/servers")).status_code

        await eventually(ask, lambda status: status == 200)


@pytest.mark.parametrize("key", ["webSocketsPerAccount", "webSockets"])
async def test_an_account_has_so_many_websockets(folder: str, key: str) -> None:
    async with limited(folder, **{key: 2}) as house:
        async with AsyncExitStack() as stack:
            viewers = [await stack.enter_async_context(house.view(token=house.token)) for _ in range(2)]
            for viewer in viewers:
                assert (await viewer.message())["type"] == "settings"
            for protocol in ("console-v2", "console-v3"):
                async with house.view(token=house.token, protocol=protocol) as refused:
                    said = json.loads(await refused.receive())
                    assert said["type"] == "error"
                    assert f"limits.{key}" in said["message"]
                    assert await refused.close_code() == 4429
            with pytest.raises(InvalidStatus) as denied:
                async with house.view(token=house.token, protocol=None):
                    raise AssertionError("was let in")
            response = denied.value.response
            assert (response.status_code, response.headers["retry-after"]) == (429, "1")
            assert json.loads(response.body or b"")["kind"] == "too-many-websockets"
            async with house.view() as local:
                assert (await local.message())["type"] == "settings"
            await guest(house, "*", name="eve")
            eve = await house.log_in("eve")
            async with house.view(token=eve) as other:
                wanted = "settings" if key == "webSocketsPerAccount" else "error"
                assert (await other.message())["type"] == wanted
        async with house.view(token=house.token) as viewer:
            assert (await viewer.message())["type"] == "settings"


# Heads.

HALVES = [
    b"",
    b"\r\n\r\n",
    b"G",
    b"GET / HTTP/1.1\r\nHost: x\r\n",
    ASKED + b"GET / HTTP/1.1\r\nHo",
]


@pytest.mark.parametrize("said", HALVES)
async def test_a_head_that_does_not_come_to_an_end_is_given_up(folder: str, said: bytes) -> None:
    async with limited(folder, headSeconds=1) as house:
        async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
            if said:
                await stream.send(said)
            answers = re.split(rb"(?=HTTP/1\.1 )", await heard(stream))
        assert len(answers) == 1 + said.startswith(ASKED) + 1
        check(answers[-1], 408, "too-slow", "limits.headSeconds")
        await drained(house)


async def test_an_empty_line_after_an_answer_does_not_keep_a_connection_for_ever(folder: str) -> None:
    async with limited(folder, headSeconds=1) as house:
        async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
            assert await asked(stream) == 200
            await stream.send(b"\r\n")  # which ends the patience for idle connections
            check(await heard(stream), 408, "too-slow", "limits.headSeconds")
        await drained(house)


async def test_who_has_sent_the_head_may_take_his_time(folder: str) -> None:
    async with limited(folder, headSeconds=1) as house, AsyncExitStack() as stack:
        slow = await stack.enter_async_context(await anyio.connect_tcp("127.0.0.1", house.port))
        viewer = await stack.enter_async_context(house.view(token=house.token))
        await slow.send(head_of(house, "Content-Length: 5"))
        # Somebody who says nothing has been given up meanwhile: as much time has passed.
        async with await anyio.connect_tcp("127.0.0.1", house.port) as silent:
            check(await heard(silent), 408, "too-slow", "limits.headSeconds")
        assert await asked(slow, b"START") == 200
        await viewer.say(type="ping", id="x")
        assert (await viewer.answer())["type"] == "settings"
        assert await viewer.answer() == {"type": "pong", "id": "x"}


def head_of(house: House, line: str) -> bytes:
    """Return the head of a POST that starts the server."""
    who = f"Authorization: {house.token}"
    return f"POST /server/app HTTP/1.1\r\nHost: x\r\n{who}\r\n{line}\r\n\r\n".encode()


async def test_header_lines_are_counted(house: House) -> None:
    lines = [("x", "y")] * 150
    assert (await house.remote.get("/servers", headers=lines)).status_code == 200
    for number in (250, 10_000):
        async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
            await stream.send(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * number + b"\r\n")
            check(await heard(stream), 431, "too-large", "200 header lines")
        assert (await house.nobody.get("/")).status_code == 200


async def test_nonsense_behind_a_request_does_not_spoil_its_answer(house: House) -> None:
    async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
        await stream.send(ASKED + b"nonsense\0\r\n\r\n")
        said = await heard(stream)
    assert said.startswith(b"HTTP/1.1 200 ")
    assert said.count(b"HTTP/1.1") == 1


async def test_a_body_that_is_nonsense_is_refused(house: House) -> None:
    async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
        await stream.send(head_of(house, "Transfer-Encoding: chunked") + b"zz\r\n")
        check(await heard(stream), 400, "invalid-request", "")


@pytest.mark.parametrize("line", [b"X: " + b"x" * 8000 + b"\r\n", b"x" * 8000])
async def test_lines_behind_a_body_come_to_an_end(house: House, line: bytes) -> None:
    async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
        await stream.send(head_of(house, "Transfer-Encoding: chunked") + b"1\r\nx\r\n0\r\nX: ")
        with pytest.raises(anyio.BrokenResourceError):
            await flood(stream, line)


async def flood(stream: SocketStream, line: bytes) -> None:
    with anyio.fail_after(DEADLINE):
        while True:
            await stream.send(line)


async def test_large_bodies_are_no_heads(house: House) -> None:
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
        await stream.send(head_of(house, "Transfer-Encoding: chunked"))
        for _ in range(10):
            await stream.send(chunk)
        assert await asked(stream, b"5\r\nSTART\r\n0\r\n\r\n") == 200
