"""A client that asks on before it is answered: in order, as far ahead as it likes, at its own expense."""

import logging
import re
import socket
from collections.abc import Iterator
from functools import partial

import anyio
import pytest
from anyio.abc import SocketStream
from starlette.types import Receive, Scope, Send

from daemon import assembly, pipelining
from daemon.app import Application, Tables
from daemon.parts import Parts

from .door import DEADLINE
from .house import House, eventually, living, program
from .loops import both_loops

anyio_backend = both_loops

LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
MANY = 12_000


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that the application was asked for."""
    paths: list[str] = []

    def counted(parts: Parts, tables: Tables, _: object) -> object:
        app = Application(parts, tables)

        async def call(scope: Scope, receive: Receive, send: Send) -> None:
            paths.append(scope.get("path", ""))
            await app(scope, receive, send)

        return call

    monkeypatch.setattr(assembly, "ApiPort", counted)
    return paths


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that a client does here is an error of ours."""
    yield
    assert [one for one in caplog.records if one.levelno >= logging.ERROR or one.exc_info] == []


async def heard(stream: SocketStream) -> bytes:
    said = bytearray()
    with anyio.fail_after(DEADLINE):
        while True:
            try:
                said += await stream.receive(1 << 20)
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return bytes(said)


def deaf(house: House) -> socket.socket:
    """Return a connection whose end takes next to nothing."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", house.port))
    connection.setblocking(False)
    return connection


async def held(house: House, calls: list[str]) -> None:
    """Wait until the daemon takes no more: others are answered again and again, and no call is added."""
    before = -1
    while before != calls.count("/docs"):
        before = calls.count("/docs")
        for _ in range(10):
            assert (await house.nobody.get("/")).status_code == 200


@pytest.mark.parametrize("number", [pipelining.MOST_WAITING, pipelining.MOST_WAITING + 1, 1000])
async def test_whoever_reads_is_answered_in_order_however_far_he_is_ahead(house: House, number: int) -> None:
    asked = b"".join(b"GET /server/%d HTTP/1.1\r\nHost: x\r\n\r\n" % place for place in range(number))
    async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
        await stream.send(asked + LAST)
        said = await heard(stream)
    assert said.count(b"HTTP/1.1 ") == number + 1
    assert re.findall(rb"HTTP/1\.1 (\d+)", said) == [b"401"] * number + [b"404"]


async def test_bodies_stay_with_their_requests(folder: str) -> None:
    text = "\r\n\r\n".join(f"line {place}" for place in range(100))
    async with living(folder, servers={"app": program("echo")}) as house:
        who = f"Authorization: {house.token}"
        asked = b"".join(
            f"POST /server/app HTTP/1.1\r\n{who}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
            for place in range(60)
            for body in (["START"] if place % 2 else [text[: place * 20] + "\r\n\r\nGET / HTTP/1.1\r\n\r\n"])
        )
        async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
            await stream.send(asked[:-3])
            await stream.send(asked[-3:] + LAST)
            said = await heard(stream)
        statuses = re.findall(rb"HTTP/1\.1 (\d+)", said)
        assert len(statuses) == 61
        assert statuses[:60:2] == [b"400"] * 30
        assert b"400" not in statuses[1:60:2]


async def test_whoever_does_not_read_has_one_answer_made_and_others_are_served(
    calls: list[str], folder: str
) -> None:
    async with living(folder) as house:
        connections = [deaf(house) for _ in range(20)]
        try:
            for connection in connections:
                connection.send(
                    b"GET /docs HTTP/1.1\r\nHost: x\r\n\r\n" * MANY
                )  # as much as there is room for
            await held(house, calls)
            # What the kernel takes for a client is no business of ours; a few MB are about 40 answers.
            assert calls.count("/docs") < len(connections) * 100
            assert await count(house) >= len(connections)
        finally:
            for connection in connections:
                connection.close()
        await eventually(partial(count, house), lambda number: number == 0)


async def count(house: House) -> int:
    return house.parts.transport.quotas.connections


async def test_requests_that_wait_are_few(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    depths: list[int] = []
    parse = pipelining.PipelinedProtocol.hear

    def hear(self: pipelining.PipelinedProtocol, data: bytes) -> None:
        parse(self, data)
        depths.append(len(self.pipeline))

    monkeypatch.setattr(pipelining.PipelinedProtocol, "hear", hear)
    async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
        await stream.send(b"GET / HTTP/1.1\r\n\r\n" * 2000 + LAST)
        assert (await heard(stream)).count(b"HTTP/1.1 ") == 2001
    assert pipelining.MOST_WAITING <= max(depths) <= pipelining.MOST_WAITING + 1


@pytest.mark.parametrize("closing", [b"", b"Connection: close\r\n"])
async def test_whoever_takes_nothing_for_long_is_cut_off(
    house: House, monkeypatch: pytest.MonkeyPatch, closing: bytes
) -> None:
    monkeypatch.setattr(pipelining, "UNTAKEN", 0.3)
    connection = deaf(house)
    with connection:
        connection.setblocking(True)
        asked = b"GET /docs HTTP/1.1\r\n\r\n" * 100 + b"GET /docs HTTP/1.1\r\n" + closing + b"\r\n"
        await anyio.to_thread.run_sync(connection.sendall, asked)
        await eventually(partial(count, house), lambda number: number == 1)
        await eventually(partial(count, house), lambda number: number == 0)


async def test_whoever_goes_while_answers_wait_leaves_no_trace(house: House) -> None:
    for _ in range(5):
        connection = deaf(house)
        connection.setblocking(True)
        await anyio.to_thread.run_sync(connection.sendall, b"GET /docs HTTP/1.1\r\n\r\n" * 200)
        connection.close()  # with bytes unread: a reset
    await eventually(partial(count, house), lambda number: number == 0)
    assert (await house.nobody.get("/")).status_code == 200


async def test_a_websocket_does_not_begin_before_earlier_answers_have_ended(house: House) -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
        await stream.send(
            b"GET / HTTP/1.1\r\n\r\n" * 3 + b"GET /server/app/console HTTP/1.1\r\n" + upgrade + key
        )
        said = await heard(stream)
    assert re.findall(rb"HTTP/1\.1 (\d+)", said) == [b"200"] * 3
