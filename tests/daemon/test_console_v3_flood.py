"""`console-v3` under a flood: who comes back, who is slow, and who does not read at all."""

import os
import random
from collections.abc import Iterable

import anyio
import pytest

from daemon import conversation, rawconsoles

from .door import DEADLINE
from .house import House, Json, eventually, living, program, python
from .loops import both_loops
from .rawviewer import RawViewer, watch

anyio_backend = both_loops

COUNT = 100_000
"""Lines of a hundred bytes."""

ON_DEMAND = (
    "import os, sys\n"
    "for line in sys.stdin:\n"
    "    first, _, last = line.partition(' ')\n"
    "    for start in range(int(first), int(last), 1000):\n"
    "        lines = ''.join(f'{number:099d}\\n' for number in range(start, start + 1000))\n"
    "        rest = memoryview(lines.encode())\n"
    "        while rest: rest = rest[os.write(1, rest):]\n"
    "    print('said', last, flush=True, end='')"
)
"""Told `0 1000`, writes so many numbered lines of a hundred bytes; then says so."""


def whole(name: str, numbers: Iterable[int]) -> bytes:
    """Return all that is said by a server that writes these numbers."""
    lines = "".join(f"{number:099d}\n" for number in numbers)
    return f"[Octyne] Started server {name}\n{lines}".encode()


def check(viewer: RawViewer, said: bytes) -> None:
    """Check every byte by its offset."""
    for begin, data in viewer.parts:
        rest = data[: max(0, len(said) - begin)]
        assert rest == said[begin : begin + len(rest)]


async def roam(house: House, chance: random.Random, said: bytes) -> int:
    """Come and go, each time with the offset of before; return how often. Every byte must come once."""
    got = bytearray()
    visits = 0
    stream: str | None = None
    while len(got) < len(said):
        visits += 1
        async with watch(house, "flood", since=len(got), stream=stream) as viewer:
            assert viewer.begin == len(got)
            stream = viewer.stream
            for _ in range(chance.randrange(30)):
                await viewer.message()
                if viewer.position >= len(said):
                    break
            assert len(viewer.parts) == 1, viewer.said
            got += viewer.data
            if chance.random() < 0.5:
                viewer.connection.transport.abort()
    assert got[: len(said)] == said
    return visits


@pytest.mark.parametrize("over_socket", [False, True])
async def test_who_comes_back_at_random_moments_of_a_flood_has_lost_nothing(
    folder: str, over_socket: bool
) -> None:
    flood: Json = {**program("flood", str(COUNT)), "scrollbackBytes": 32 << 20, "enabled": False}
    said = whole("flood", range(COUNT))
    visits: list[int] = []

    async def come_and_go(house: House, seed: int) -> None:
        visits.append(await roam(house, random.Random(seed), said))

    async with (
        living(folder, over_socket=over_socket, servers={"flood": flood}) as house,
        house.view("flood") as second,
        watch(house, "flood") as steady,
    ):
        async with anyio.create_task_group() as tasks:
            for seed in range(4):
                tasks.start_soon(come_and_go, house, seed)
            await house.operate("flood", "START")
            if over_socket:
                for _ in range(3):
                    await steady.until_offset(steady.position + len(said) // 5)
                    await house.door.shut()
                    house.door.open()
        await steady.until(b"has stopped.\n")
        assert len(steady.parts) == 1
        check(steady, said)
        await second.until("has stopped.")
    assert all(count > 1 for count in visits)


async def started(house: House, **more: object) -> None:
    await house.configure(app=program("echo"), flood={**python(ON_DEMAND), **more})
    await house.until("flood", status=1)


async def test_a_slow_viewer_is_told_where_bytes_are_missing_and_nobody_else_notices(either: House) -> None:
    await started(either)
    said = whole("flood", range(COUNT))
    async with watch(either, "flood") as slow, watch(either, "flood") as other:
        await slow.until(b"Started server flood\n")
        slow.connection.transport.pause_reading()
        await slow.say(type="input", data=f"0 {COUNT}")
        await other.until(b"said 100000\n")
        slow.connection.transport.resume_reading()
        await slow.until(b"said 100000\n")
        assert slow.gaps
        check(slow, said)
        check(other, said)
        assert slow.position == other.position
        parts = sum(len(data) for _, data in slow.parts)
        assert parts + sum(end - begin for begin, end in slow.gaps) == slow.position


async def test_a_slow_viewer_loses_nothing_that_the_supervisor_keeps(either: House) -> None:
    await started(either, scrollbackBytes=32 << 20)
    said = whole("flood", range(COUNT))
    async with watch(either, "flood") as slow, watch(either, "flood") as fast:
        await slow.until(b"Started server flood\n")
        slow.connection.transport.pause_reading()
        await fast.type(f"0 {COUNT}")
        await fast.until(b"said 100000\n")
        relay = either.parts.raw_consoles.watched.relays["flood"]
        assert rawconsoles.KEEP_BYTES <= relay.ring.end - relay.ring.begin < 2 * rawconsoles.KEEP_BYTES
        slow.connection.transport.resume_reading()
        await slow.until(b"said 100000\n")
        assert slow.data == fast.data == said + b"said 100000\n"


async def test_a_viewer_that_does_not_read_is_cut_off(either: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "STUCK", 1.0)
    await started(either)
    async with watch(either, "flood") as other:
        await other.until(b"Started server flood\n")
        await anyio.to_thread.run_sync(either.parts.audit.flush)  # it has opened its files by now
        before = len(os.listdir("/proc/self/fd"))
        async with watch(either, "flood") as deaf:
            deaf.connection.transport.pause_reading()
            await other.type(f"0 {COUNT}")
            await other.until(b"said 100000\n")
            await eventually(lambda: viewers(either), lambda count: count == 1)
            deaf.connection.transport.abort()
        await eventually(descriptors, lambda count: count <= before)
        await other.type("0 1000")
        await other.until(b"said 1000\n")


async def viewers(house: House) -> int:
    return len(house.parts.raw_consoles.watched.relays["flood"].viewers)


async def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def test_a_flood_that_nobody_can_take_is_not_even_read(house: House) -> None:
    await started(house)
    async with watch(house, "flood") as deaf:
        deaf.connection.transport.pause_reading()
        await deaf.type(f"0 {COUNT}")
        console = house.door.supervisor._services["flood"].console
        with anyio.fail_after(DEADLINE):
            while console.scrollback.end < COUNT * 100:
                await console.news()
        async with house.view("app") as other:
            await other.type("still here")
            await other.until("echo: still here")
        assert house.parts.raw_consoles.watched.relays["flood"].ring.end < COUNT * 100
        deaf.connection.transport.abort()


async def test_garbage_disturbs_nobody(house: House) -> None:
    chance = random.Random(3)
    await started(house, scrollbackBytes=8 << 20)
    async with watch(house, "flood") as steady:
        await steady.type("0 20000")
        for _ in range(60):
            async with watch(house, "flood") as viewer:
                for _ in range(chance.randrange(6)):
                    garbage = chance.randbytes(chance.randrange(200))
                    await viewer.connection.send(garbage.decode("latin-1"))
                if chance.random() < 0.5:
                    viewer.connection.transport.write(chance.randbytes(100))
        await steady.until(b"said 20000\n")
        assert len(steady.parts) == 1
        check(steady, whole("flood", range(20_000)))
