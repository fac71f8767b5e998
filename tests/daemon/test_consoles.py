"""Consoles for many viewers: each at its own pace, whatever becomes of the supervisor behind them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import anyio
import pytest

from daemon import consoles, watched
from daemon.consoles import Consoles, Viewer, missed_notice
from daemon.mirror import Mirror
from daemon.watched import TooManyViewers
from supervisor import Attached, NoSuchService, Output, ServiceStatus, SupervisorUnreachable

from .door import DEADLINE
from .house import House, Json, eventually, living, program

LINES, SIZE = 100, 1 << 20


class Source:
    """A console that says what the test wants: bytes, or an exception."""

    def __init__(self, offset: int, end: int, stream: str = "") -> None:
        self.stream = stream
        self.offset = self._position = offset
        self.end = end
        self.closed = False
        self._send, self._receive = anyio.create_memory_object_stream[Output | Exception](1000)

    def say(self, data: bytes, *, skip: int = 0) -> None:
        """Say something, after something that was lost."""
        begin = self._position + skip
        self._position = begin + len(data)
        self._send.send_nowait(Output(begin, data, self._position))

    def fail(self, exc: Exception) -> None:
        """Say that the connection has ended."""
        self._send.send_nowait(exc)

    async def receive(self) -> Output:
        """Wait for what is said next."""
        said = await self._receive.receive()
        if isinstance(said, Exception):
            raise said
        return said

    async def aclose(self) -> None:
        """Follow no more."""
        self.closed = True
        self._send.close()
        self._receive.close()


class Sources(Mirror):
    """A mirror that knows nothing but consoles; each attachment is the next source or exception."""

    def __init__(self, *sources: Source | Exception) -> None:
        self.sources = list(sources)
        self.status: ServiceStatus | None = None
        self.asked: list[int | None] = []
        self.streams: list[str | None] = []
        self.more = anyio.Event()

    @property
    def latest(self) -> Mapping[str, ServiceStatus]:
        """Return what the test says."""
        return {} if self.status is None else {"a": self.status}

    async def attach(self, name: str, since: int | None, stream: str | None = None) -> Attached:
        """Return the next source."""
        self.asked.append(since)
        self.streams.append(stream)
        while not self.sources:
            await self.more.wait()
        source = self.sources.pop(0)
        if isinstance(source, Exception):
            raise source
        return source


@asynccontextmanager
async def viewing(mirror: Sources, *, size: int = SIZE) -> AsyncIterator[tuple[Viewer, Consoles]]:
    async with anyio.create_task_group() as tasks:
        made = Consoles(mirror, tasks)
        with anyio.fail_after(DEADLINE):
            async with made.view("a", LINES, size) as viewer:
                yield viewer, made
        tasks.cancel_scope.cancel()


async def shown(viewer: Viewer, count: int) -> list[str]:
    return [(await viewer.receive()).text for _ in range(count)]


async def test_a_lost_connection_is_taken_up_where_it_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consoles, "REATTACH", 0.0)
    one, other = Source(0, 0), Source(9, 9)
    one.say(b"first\nsec")
    one.fail(anyio.EndOfStream())
    other.say(b"ond\nthird\n")
    mirror = Sources(one, SupervisorUnreachable("no supervisor"), SupervisorUnreachable("no"), other)
    async with viewing(mirror) as (viewer, _):
        assert (await viewer.replay()).text == ""
        assert await shown(viewer, 2) == ["first", "second\nthird"]
        assert mirror.asked == [None, 9, 9, 9]
        assert one.closed


async def test_garbage_from_the_supervisor_is_a_lost_connection() -> None:
    one, other = Source(0, 0), Source(4, 4)
    one.say(b"one\n")
    one.fail(SupervisorUnreachable("the supervisor sent garbage"))
    other.say(b"two\n")
    async with viewing(Sources(one, other)) as (viewer, _):
        await viewer.replay()
        assert await shown(viewer, 2) == ["one", "two"]


async def test_another_supervisor_begins_anew() -> None:
    one, other = Source(1000, 1000), Source(0, 0)
    one.say(b"old\nhalf a line")
    one.fail(anyio.EndOfStream())
    other.say(b"new\n")
    async with viewing(Sources(one, other)) as (viewer, _):
        await viewer.replay()
        assert await shown(viewer, 3) == ["old", "half a line", "new"]


async def test_another_supervisor_is_noticed_wherever_its_console_is_by_now() -> None:
    """Nothing is lost then: offsets of two streams have nothing to do with each other."""
    one, two, three = Source(1000, 1000, "one"), Source(1004, 1004, "two"), Source(50, 50, "three")
    one.say(b"half")
    one.fail(anyio.EndOfStream())
    two.say(b"a line\nanother half")
    two.fail(anyio.EndOfStream())
    three.say(b"the end\n")
    mirror = Sources(one, two, three)
    async with viewing(mirror) as (viewer, _):
        await viewer.replay()
        assert await shown(viewer, 4) == ["half", "a line", "another half", "the end"]
        assert (mirror.asked[:3], mirror.streams[:3]) == ([None, 1004, 1023], ["", "one", "two"])


async def test_a_stream_that_gets_a_name_goes_on() -> None:
    one, other = Source(0, 0), Source(4, 4, "other")
    one.say(b"half")
    one.fail(anyio.EndOfStream())
    other.say(b" a line\n")
    async with viewing(Sources(one, other)) as (viewer, _):
        await viewer.replay()
        assert await shown(viewer, 1) == ["half a line"]


async def test_what_was_lost_is_told_by_its_size() -> None:
    one = Source(0, 0)
    one.say(b"one\ntw")
    one.say(b"ree\nfour\n", skip=30)
    async with viewing(Sources(one)) as (viewer, _):
        await viewer.replay()
        assert await shown(viewer, 4) == ["one", "tw", missed_notice(30), "ree\nfour"]


async def test_a_viewer_that_falls_behind_is_told_what_it_missed_and_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consoles, "KEEP_BYTES", 150)
    source = Source(0, 0)
    async with viewing(Sources(source), size=0) as (fast, made), made.view("a", LINES, 0) as slow:
        await fast.replay()
        await slow.replay()
        for number in range(20):
            source.say(b"line %05d\n" % number)
            assert await shown(fast, 1) == [f"line {number:05d}"]
        source.say(b"tw", skip=7)
        source.say(b"o\n")
        assert await shown(fast, 2) == [missed_notice(7), "two"]
        texts = await shown(slow, 7)
        assert texts[0] == missed_notice(14 * 11)
        assert texts[1:] == [f"line {number:05d}" for number in range(14, 20)]
        assert await shown(slow, 2) == [missed_notice(7), "two"]


async def test_nothing_is_read_while_no_viewer_waits() -> None:
    source = Source(0, 0)
    async with viewing(Sources(source)) as (viewer, made):
        await viewer.replay()
        for _ in range(10):
            source.say(b"x\n")
        await anyio.wait_all_tasks_blocked()
        assert made.watched.relays["a"].next == 0
        assert await shown(viewer, 1) == ["x"]
        await anyio.wait_all_tasks_blocked()
        assert made.watched.relays["a"].next <= 2


async def test_a_replay_waits_for_the_scrollback_and_no_longer() -> None:
    source = Source(10, 30)
    source.say(b"one\n" * 5)
    async with viewing(Sources(source)) as (viewer, _):
        assert (await viewer.replay()).text == "\n".join(["one"] * 5)
        source.say(b"two\n")
        assert await shown(viewer, 1) == ["two"]


async def test_a_replay_is_built_once_for_all_who_come_before_there_is_more() -> None:
    source = Source(0, 4)
    source.say(b"one\n")
    async with viewing(Sources(source)) as (viewer, made):
        first = await viewer.replay()
        async with made.view("a", LINES, SIZE) as other:
            assert (await other.replay()).json is first.json
            source.say(b"two\n")
            assert await shown(viewer, 1) == await shown(other, 1) == ["two"]
        async with made.view("a", LINES, SIZE) as other:
            assert (await other.replay()).text == "one\ntwo"


async def test_a_replay_ends_with_a_line_that_has_none() -> None:
    source = Source(0, 4)
    source.say(b"a\n> ")
    async with viewing(Sources(source)) as (viewer, _):
        assert (await viewer.replay()).text == "a\n> "


async def test_the_last_words_are_shown_when_the_service_is_gone() -> None:
    source = Source(0, 0)
    source.say(b"last words")
    source.fail(anyio.EndOfStream())
    async with viewing(Sources(source, NoSuchService("a"))) as (viewer, _):
        await viewer.replay()
        assert await shown(viewer, 1) == ["last words"]
        with pytest.raises(anyio.EndOfStream):
            await viewer.receive()


async def test_a_console_of_a_service_that_is_gone_is_empty_and_over() -> None:
    async with viewing(Sources(NoSuchService("a"))) as (viewer, made):
        assert (await viewer.replay()).text == ""
        with pytest.raises(anyio.EndOfStream):
            await viewer.receive()
        async with made.view("b", LINES, SIZE):
            assert set(made.watched.relays) == {"a", "b"}


async def test_one_attachment_serves_all_and_ends_with_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "MOST_VIEWERS", 3)
    source = Source(0, 0)
    mirror = Sources(source)
    async with viewing(mirror) as (viewer, made):
        async with made.view("a", LINES, SIZE), made.view("a", LINES, SIZE):
            with pytest.raises(TooManyViewers):
                await made.view("a", LINES, SIZE).__aenter__()
        await viewer.replay()
        assert mirror.asked == [None]
        assert not source.closed
    assert (source.closed, made.watched.relays) == (True, {})


async def test_the_program_is_heard_whole_though_the_supervisor_hangs_up_again_and_again(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consoles, "REATTACH", 0.0)
    count = 60_000
    server: Json = {
        **program("flood", str(count)),
        "scrollbackBytes": 16 << 20,
        "scrollbackLines": 10 * count,
    }
    async with living(folder, over_socket=True, servers={"app": {**server, "enabled": False}}) as house:
        async with house.view() as viewer:
            await viewer.message()
            await viewer.message()
            await house.operate("app", "START")
            for _ in range(5):
                seen = len(viewer.lines)
                while len(viewer.lines) <= seen:
                    await viewer.message()
                await _hang_up(house)
            await viewer.until("has stopped.")
        numbers = [int(line) for line in viewer.lines if line.isdigit()]
        assert numbers == list(range(count))
        assert "[Holdfast]" not in viewer.text


async def _hang_up(house: House) -> None:
    await house.door.shut()
    house.door.open()
    await eventually(lambda: house.local.get("/servers"), lambda answer: answer.status_code == 200)
