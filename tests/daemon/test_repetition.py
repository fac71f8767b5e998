"""The same bytes again, and what waits behind them: in order, true, counted, one at a time."""

import re
from dataclasses import replace

import anyio
import pytest
from anyio.abc import SocketStream

from daemon.mirror import Mirror

from .door import DEADLINE
from .house import House, program

SERVERS, HEALTH = b'{"servers":{"app":1}}', b'{"status":"ok"}'


def asked(path: str, token: str = "") -> bytes:
    """Return a request."""
    who = f"Authorization: {token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{who}\r\n".encode()


async def answers(stream: SocketStream, number: int) -> list[bytes]:
    """Return the bodies of as many answers."""
    said = b""
    with anyio.fail_after(DEADLINE):
        while len(bodies := re.findall(rb"\r\n\r\n(\{[^\r]*\})(?=HTTP/|\Z)", said)) < number:
            said += await stream.receive()
    return bodies


async def taken(house: House) -> None:
    """Wait until what was sent before is with the daemon: what comes behind it is answered."""
    for _ in range(10):
        assert (await house.nobody.get("/health")).status_code == 200


async def test_what_comes_again_and_has_to_wait_is_answered_before_what_comes_behind_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, waiting = anyio.Event(), 0

    async def wait(mirror: Mirror) -> object:
        nonlocal waiting
        waiting += 1
        await go_on.wait()
        return mirror.latest

    again = asked("/servers", house.token)
    async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
        await stream.send(again)
        assert await answers(stream, 1) == [SERVERS]
        monkeypatch.setattr(Mirror, "connected", False)
        monkeypatch.setattr(Mirror, "services", wait)
        for request in (again, again, asked("/health")):
            await stream.send(request)
            await taken(house)
        assert waiting == 1
        go_on.set()
        assert await answers(stream, 3) == [SERVERS, SERVERS, HEALTH]


async def test_who_asks_on_before_he_is_answered_asks_one_thing_at_once(house: House) -> None:
    quotas = house.parts.transport.quotas
    quotas.limits = replace(quotas.limits, requests_per_account=1)
    waits, account = asked("/config", house.token), asked("/account", house.token)
    async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
        await stream.send(waits + account + waits + account)
        said = b""
        with anyio.fail_after(DEADLINE):
            while len(statuses := re.findall(rb"HTTP/1\.1 (\d+)", said)) < 4:
                said += await stream.receive()
    assert statuses == [b"200"] * 4


async def test_who_sends_the_same_again_gets_what_is_true_by_then(house: House) -> None:
    again = asked("/servers", house.token)
    async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
        for _ in range(2):
            await stream.send(again)
            assert await answers(stream, 1) == [SERVERS]
        await house.configure(app=program("echo"), other={**program("echo"), "enabled": False})
        await stream.send(again)
        assert await answers(stream, 1) == [b'{"servers":{"app":1,"other":0}}']


async def test_each_of_the_same_requests_is_counted(house: House) -> None:
    counts, again = house.parts.metrics.requests, asked("/server/nope", house.token)
    key = "/server/{id}", "GET", 404
    before = counts._requests.get(key, 0)
    async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
        for _ in range(5):
            await stream.send(again)
            await answers(stream, 1)
    assert counts._requests[key] == before + 5
