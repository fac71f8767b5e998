"""Garbage on every listener: in the first 4 KB, in WebSocket frames, in JSON messages.

Whatever is said: it is answered with an HTTP error or closed, no traceback stands in the log, and the next
request is served.
"""

import contextlib
import json
import logging
import os
import random
import re
from collections.abc import AsyncIterator, Callable, Iterator

import anyio
import pytest
from anyio.abc import ByteStream
from anyio.streams.tls import TLSStream

from daemon.main import STRANGERS

from .door import DEADLINE
from .house import House, living, program
from .loops import both_loops
from .pki import connect, make_pair

anyio_backend = both_loops

SEED = int(os.environ.get("FUZZ_SEED", "5"))
CASES = int(os.environ.get("FUZZ_CASES", "120"))
AT_ONCE = 8
MOST = 4096

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
UPGRADE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY
)
SEEDS = (
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /servers HTTP/1.0\r\nHost: x\r\nAuthorization: x\r\nCookie: X-Authentication=x; a=b\r\n\r\n",
    b"POST /login?cookie=true HTTP/1.1\r\nUsername: a\r\nPassword: b\r\nContent-Length: 2\r\n\r\nhi",
    b"PATCH /config HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n1\r\nh\r\n0\r\n",
    b"OPTIONS /servers HTTP/1.1\r\nHost: x\r\nOrigin: http://y\r\nAccess-Control-Request-Method: GET\r\n\r\n",
    b"GET /server/app/console?ticket=%41&since=5 HTTP/1.1\r\n" + UPGRADE + b"\r\n\r\n",
    b"GET /server/app/console HTTP/1.1\r\nSec-WebSocket-Protocol: console-v3\r\n" + UPGRADE + b"\r\n\r\n",
    b"GET /server/app/file?path=%2e%2e HTTP/1.1\r\nRange: bytes=0-\r\nX-Forwarded-For: 1, 2\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
)
PIECES = (
    b"\r\n", b"\n", b"\0", b"\xff\xfe", b"%00", b"%ff", b"..", b"//", b"?", b"#", b" ", b"\t", b":", b",",
    b"Host: y\r\n", b"Content-Length: 99999999999999999999\r\n", b"Content-Length: -1\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n", b"Connection: close, Upgrade\r\n", b"Upgrade: h2c\r\n",
    b"Sec-WebSocket-Key: x\r\n", b"Sec-WebSocket-Extensions: permessage-deflate; x=\"\r\n",
    b"X: " + b"a" * 3000, b";",
    b"X: y\r\n" * 300, b"http://[::1", b"\xc3\x28", b"HTTP/1.1", b"GET ", b"{" * 500, b"\x80" * 9,
)  # fmt: skip


def mutated(chance: random.Random, seed: bytes) -> bytes:
    data = bytearray(seed)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0:
                data[at:at] = chance.choice(PIECES)
            case 1:
                data[at : at + chance.randrange(20)] = b""
            case 2:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 3:
                data[at:at] = data[chance.randrange(len(data) + 1) :][: chance.randrange(200)]
            case 4:
                data = data[: max(1, at)]
    return bytes(data[:MOST])


def garbage(chance: random.Random) -> bytes:
    if chance.random() < 0.1:
        return chance.randbytes(chance.randint(1, MOST))
    return mutated(chance, chance.choice(SEEDS))


def frames(chance: random.Random) -> bytes:
    """WebSocket frames, some of them as they should be (RFC 6455, 5.2)."""
    said = b""
    for _ in range(chance.randint(1, 5)):
        payload = messages(chance) if chance.random() < 0.5 else chance.randbytes(chance.randrange(200))
        opcode = chance.choice((0, 1, 1, 2, 2, 3, 8, 8, 9, 10, 11, 15))
        first = opcode | chance.choice((0x80, 0x80, 0x80, 0, 0xC0, 0x90))
        masked = chance.choice((0x80, 0x80, 0x80, 0x80, 0))
        length = len(payload) if chance.random() < 0.9 else chance.randrange(1 << 63)
        size = (
            bytes([masked | length])
            if length < 126
            else bytes([masked | 126]) + length.to_bytes(2, "big")
            if length < 1 << 16
            else bytes([masked | 127]) + length.to_bytes(8, "big")
        )
        said += bytes([first]) + size + (bytes(4) if masked else b"") + payload
    return said[:MOST]


def messages(chance: random.Random) -> bytes:
    """What may be JSON, and a message."""
    value: object = chance.choice((None, 5, "x", [], {}, "\ud800", 1e400, "a" * 500))
    if chance.random() < 0.8:
        keys = ("type", "data", "id", "since", "x")
        kinds: tuple[object, ...] = ("ping", "input", "output", "", 7, None, [])
        value = {chance.choice(keys): value, "type": chance.choice(kinds)}
    said = json.dumps(value).encode()
    return said if chance.random() < 0.7 else mutated(chance, said)


@contextlib.contextmanager
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing worse than a refusal is logged meanwhile."""
    with caplog.at_level(logging.WARNING):
        yield
    # What uvicorn says of strangers never comes into the daemon's log.
    told = [record for record in caplog.records if str(record.msg).strip() not in STRANGERS]
    bad = [one for one in told if one.exc_info or one.levelno >= logging.ERROR]
    assert not bad, "\n".join(record.getMessage() + str(record.exc_info) for record in bad)


@pytest.fixture(params=["tcp", "tls"])
async def house(folder: str, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    https = (await make_pair(folder, "one")).settings if request.param == "tls" else {"enabled": False}
    async with living(folder, servers={"app": program("echo")}, https=https) as house:
        yield house


def tls(house: House) -> bool:
    return any(one.startswith("https") for one in house.listeners.addresses)


async def opened(house: House, way: str) -> ByteStream:
    if way == "unix":
        return await anyio.connect_unix(house.socket)
    if way == "tls":
        return await connect(house.port)
    return await anyio.connect_tcp("127.0.0.1", house.port)


async def say(stream: ByteStream, said: bytes) -> bytes:
    """Say it, and hear what comes until the other side closes; it may hang up on us."""
    heard = b""
    with anyio.fail_after(DEADLINE):
        try:
            await stream.send(said)
            # Of TLS nobody can close one half; of what it goes over, one can.
            await (stream.transport_stream if isinstance(stream, TLSStream) else stream).send_eof()
            while len(heard) < 1 << 20:
                heard += await stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            pass
    return heard


async def each(cases: list[bytes], check: Callable[[bytes], object]) -> None:
    """Check all cases, some of them at once."""
    left = iter(cases)

    async def worker() -> None:
        for case in left:
            await check(case)  # type: ignore[misc]

    async with anyio.create_task_group() as tasks:
        for _ in range(AT_ONCE):
            tasks.start_soon(worker)


@pytest.mark.parametrize("usual", [True, False])
async def test_garbage_on_a_listener(house: House, usual: bool, caplog: pytest.LogCaptureFixture) -> None:
    """With TLS: within it and in its place. Without: over TCP and over the Unix socket."""
    way = ("tls", "tcp")[not usual] if tls(house) else ("tcp", "unix")[not usual]
    chance = random.Random(SEED)

    async def check(said: bytes) -> None:
        async with await opened(house, way) as stream:
            heard = await say(stream, said)
        # To what is no TLS, TLS answers with an alert.
        assert re.match(rb"(HTTP/1\.1 (100|101|20\d|4\d\d) |\Z|\x15)", heard), (said, heard[:500])

    with quiet(caplog):
        await each([garbage(chance) for _ in range(CASES)], check)
    async with await opened(house, "tls" if tls(house) else "tcp") as stream:
        await stream.send(SEEDS[0])
        assert (await stream.receive()).startswith(b"HTTP/1.1 200 ")
    assert (await house.local.get("/servers")).json() == {"servers": {"app": 1}}


@pytest.mark.parametrize("protocol", ["console-v2", "console-v3", None])
async def test_garbage_in_websocket_frames(
    house: House, protocol: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(SEED)
    offered = f"Authorization: {house.token}\r\n".encode()
    offered += f"Sec-WebSocket-Protocol: {protocol}\r\n".encode() if protocol else b""
    head = b"GET /server/app/console HTTP/1.1\r\nHost: x\r\n" + offered + UPGRADE + b"\r\n\r\n"

    async def check(said: bytes) -> None:
        async with await opened(house, "tls" if tls(house) else "tcp") as stream:
            await stream.send(head)
            assert (await stream.receive()).startswith(b"HTTP/1.1 101 ")
            heard = await say(stream, said)
        assert b"HTTP/1.1" not in heard, (said, heard)

    with quiet(caplog):
        await each([frames(chance) for _ in range(CASES)], check)
    async with house.view(protocol=protocol) as viewer:
        assert await viewer.receive()


async def test_what_is_no_text_may_come_together_with_a_closing_frame(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    head = f"GET /server/app/console HTTP/1.1\r\nAuthorization: {house.token}\r\n".encode() + UPGRADE
    closing, no_text = b"\x88\x80" + bytes(4), b"\x81\x81" + bytes(4) + b"\xff"
    with quiet(caplog):
        async with await opened(house, "tls" if tls(house) else "tcp") as stream:
            await stream.send(head + b"\r\n\r\n")
            assert (await stream.receive()).startswith(b"HTTP/1.1 101 ")
            await say(stream, no_text + closing)
