"""Viewers that do not read, while a program writes as fast as it can: nobody else notices."""

import os
import re
import socket
from typing import Self

import anyio
import anyio.to_thread
import pytest

from daemon import consoles, conversation

from .door import DEADLINE
from .house import House, eventually, program, python
from .loops import both_loops
from .viewer import Viewer

anyio_backend = both_loops

MANY = 20_000_000
FLOOD = f"""import os, sys
sys.stdin.readline()
block = (b"x" * 99 + b"\\n") * 1000
for _ in range({MANY // 100_000}):
    rest = memoryview(block)
    while rest:
        rest = rest[os.write(1, rest):]
os.write(1, b"all said\\n")
sys.stdin.readline()"""
"""Told to, writes `MANY` bytes in lines of a hundred, then says so."""

MISSED = re.compile(r"\[Holdfast\] (\d+) bytes of output were skipped: .*")


class Deaf:
    """A viewer that never reads."""

    def __init__(self, house: House, *, second: bool = True) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(house.socket)
        lines = ["GET /server/flood/console HTTP/1.1", "Host: x", "Connection: Upgrade", "Upgrade: websocket"]
        lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
        lines += ["Sec-WebSocket-Protocol: console-v2"] if second else []
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    async def until_cut(self) -> None:
        """Wait until the other end is closed: what was on its way can be read, then the end."""
        self.socket.setblocking(False)
        with anyio.fail_after(DEADLINE):
            while True:
                await anyio.wait_readable(self.socket)
                try:
                    if not self.socket.recv(1 << 20):
                        return
                except ConnectionResetError:
                    return


async def read_all(viewer: Viewer) -> int:
    """Read until the flood is over; check that shown and missed add up; return what was missed."""
    await viewer.until("all said")
    return await anyio.to_thread.run_sync(_add_up, viewer.lines)


def _add_up(shown: list[str]) -> int:
    lines = [len(line) for line in shown if line and not line.strip("x")]
    whole, parts = lines.count(99), [length for length in lines if length != 99]
    notices = [int(match[1]) for line in shown if (match := MISSED.fullmatch(line))]
    # Where bytes were missed, a line may have lost its newline, and a part of one may have kept it.
    least = 100 * whole + sum(parts) + sum(notices) - len(notices)
    assert least <= MANY <= least + len(notices) + len(parts)
    assert len(parts) <= 2 * len(notices) + 20
    return sum(notices)


async def started(house: House) -> None:
    await house.configure(app=program("echo"), flood=python(FLOOD))
    await house.until("flood", status=1)


def viewers(house: House) -> int:
    relay = house.parts.consoles.watched.relays.get("flood")
    return len(relay.viewers) if relay else 0


async def test_viewers_that_never_read_disturb_nobody(either: House) -> None:
    await started(either)
    with Deaf(either), Deaf(either, second=False):
        async with either.view("flood") as viewer, either.view("flood", protocol=None) as typist:
            await viewer.until("Started")
            await eventually(lambda: seen(either), lambda count: count == 4)
            await typist.connection.send("go")
            await read_all(viewer)
            relay = either.parts.consoles.watched.relays["flood"]
            assert relay._kept <= consoles.KEEP_BYTES + 64 * 1024
            assert (await either.show("flood"))["status"] == 1
            await viewer.type("end")
            await viewer.until("has stopped.")


async def seen(house: House) -> int:
    return viewers(house)


async def test_a_slow_viewer_is_told_how_much_it_missed(either: House) -> None:
    await started(either)
    async with either.view("flood") as fast, either.view("flood") as slow:
        await fast.until("Started")
        await slow.until("Started")
        await fast.type("go")
        await read_all(fast)
        assert await read_all(slow) > 0


async def test_a_flood_that_nobody_can_take_is_not_even_read(house: House) -> None:
    await started(house)
    with Deaf(house):
        await eventually(lambda: seen(house), lambda count: count == 1)
        await house.parts.mirror.write("flood", b"go\n")
        async with house.view("app") as other:
            await other.until("ready")
            await other.type("still here")
            await other.until("echo: still here")
        relay = house.parts.consoles.watched.relays["flood"]
        service = house.door.supervisor._services["flood"]
        await eventually(lambda: said(house), lambda end: end > MANY)
        assert relay._passed < MANY
        assert service.console.scrollback.end > MANY


async def said(house: House) -> int:
    return house.door.supervisor._services["flood"].console.scrollback.end


@pytest.mark.parametrize("second", [True, False])
async def test_a_viewer_that_takes_nothing_is_cut_off(
    either: House, monkeypatch: pytest.MonkeyPatch, second: bool
) -> None:
    monkeypatch.setattr(conversation, "STUCK", 1.0)
    await started(either)
    async with either.view("flood") as typist:
        await typist.until("Started")
        await anyio.to_thread.run_sync(either.parts.audit.flush)  # it opens its files at the first line
        before = len(os.listdir("/proc/self/fd"))
        with Deaf(either, second=second) as deaf:
            await eventually(lambda: seen(either), lambda count: count == 2)
            await typist.type("go")
            await read_all(typist)
            await eventually(lambda: seen(either), lambda count: count == 1)
            await deaf.until_cut()
        await eventually(descriptors, lambda count: count <= before)
        await typist.type("end")
        await typist.until("has stopped.")


async def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def test_a_stuck_viewer_is_cut_off_when_its_session_ends(house: House) -> None:
    await started(house)
    async with house.view("flood") as typist:
        await typist.until("Started")
        async with house.view("flood", token=house.token) as viewer:
            await viewer.until("Started")
            viewer.connection.transport.pause_reading()
            await typist.type("go")
            await read_all(typist)
            await house.parts.people.sessions.end([house.session])
            await eventually(lambda: seen(house), lambda count: count == 1)
            viewer.connection.transport.abort()


async def test_a_viewer_that_comes_into_a_flood_sees_it(either: House) -> None:
    await either.configure(endless=program("flood"))
    for _ in range(3):
        async with either.view("endless") as one, either.view("endless") as other:
            await one.message()
            while len(one.lines) < 5000:
                await one.message()
            while len(other.lines) < 5000:
                await other.message()
    assert (await either.operate("endless", "KILL")) == {"success": True}
