"""Bytes for many viewers: each at its own offset, whatever becomes of the supervisor behind them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import anyio
import pytest

from daemon import rawconsoles, watched
from daemon.mirror import Mirror
from daemon.rawconsoles import Chunk, Place, RawConsoles, RawViewer
from daemon.watched import TooManyViewers
from supervisor import Attached, NoSuchService, Output, SupervisorUnreachable
from supervisor.console import MOST_FOLLOWED, Console, Follower

from .door import DEADLINE

BLOCK = 64 * 1024
PLENTY = 1 << 30


class Line:
    """A console that is followed until the line is cut."""

    def __init__(self, follower: Follower, stream: str, cut: anyio.Event, lines: set["Line"]) -> None:
        self.stream = stream
        self._follower = follower
        self.offset, self.end = self._follower.offset, self._follower.end
        self._cut = cut
        self._lines = lines
        lines.add(self)

    async def receive(self) -> Output:
        """Wait for output, or for the end of the line."""
        got: Output | None = None
        gone = False
        async with anyio.create_task_group() as tasks:

            async def until_cut() -> None:
                await self._cut.wait()
                tasks.cancel_scope.cancel()

            tasks.start_soon(until_cut)
            try:
                offset, data = await self._follower.receive()
                got = Output(offset, data, self._follower.end)
            except anyio.EndOfStream:
                gone = True
            tasks.cancel_scope.cancel()
        if gone or got is None or self._cut.is_set():
            raise anyio.EndOfStream
        return got

    async def aclose(self) -> None:
        """Follow no more."""
        self._lines.discard(self)


class Supervised(Mirror):
    """A mirror that knows one console, and no other thing."""

    def __init__(self, limit: int = PLENTY) -> None:
        self.limit = limit
        self.console: Console | None = Console(limit)
        self.asked: list[int | None] = []
        self.lines: set[Line] = set()
        self.most = 0
        """How many lines there were at the same time."""
        self.away = 0
        """How often nobody answers."""
        self.names = True
        """Whether streams have names, as those of older supervisors have not."""
        self._cut = anyio.Event()

    def say(self, data: bytes) -> None:
        """Have the program say something."""
        assert self.console is not None
        self.console.feed(data)

    @property
    def stream(self) -> str:
        """The name of the stream."""
        assert self.console is not None
        return self.console.scrollback.stream if self.names else ""

    async def attach(self, name: str, since: int | None, stream: str | None = None) -> Attached:
        """Follow the console."""
        self.asked.append(since)
        await anyio.lowlevel.checkpoint()
        if self.away > 0:
            self.away -= 1
            raise SupervisorUnreachable("nobody answers")
        if self.console is None:
            raise NoSuchService(name)
        begin = self.console.scrollback.tail(2) if since is None else since
        follower = Follower(self.console, begin, stream if self.names and since is not None else None)
        line = Line(follower, self.stream, self._cut, self.lines)
        self.most = max(self.most, len(self.lines))
        return line

    def hang_up(self) -> None:
        """Cut all lines."""
        self._cut.set()
        self._cut = anyio.Event()

    def replace(self, said: bytes) -> None:
        """Let another supervisor take over, whose program has said this much."""
        self.console = Console(self.limit)
        self.say(said)
        self.hang_up()

    def remove(self) -> None:
        """Let the service be no more."""
        assert self.console is not None
        self.console.close()
        self.console = None


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rawconsoles, "REATTACH", 0.001)


@asynccontextmanager
async def viewing(
    mirror: Supervised, since: int | None = None, consoles: RawConsoles | None = None
) -> AsyncIterator[tuple[RawViewer, RawConsoles]]:
    with anyio.fail_after(DEADLINE):
        async with anyio.create_task_group() as tasks:
            made = consoles or RawConsoles(mirror, tasks)
            async with made.view("a") as viewer:
                await viewer.begin(since)
                yield viewer, made
            tasks.cancel_scope.cancel()


async def read(viewer: RawViewer, size: int) -> bytes:
    """Return so many bytes, which come without a gap."""
    data = b""
    begin: int | None = None
    while len(data) < size:
        chunk = await viewer.receive()
        begin = chunk.offset if begin is None else begin
        assert chunk.offset == begin + len(data)
        assert not chunk.anew
        data += chunk.data
    return data


def numbered(count: int) -> bytes:
    return b"".join(b"%07d\n" % number for number in range(count))


async def test_a_place_is_the_replayed_tail_or_the_offset_that_was_asked_for() -> None:
    mirror = Supervised()
    mirror.say(b"one\ntwo\nthree\n")
    async with anyio.create_task_group() as tasks:
        made = RawConsoles(mirror, tasks)
        for since, offset, anew in ((None, 4, False), (0, 0, False), (5, 5, False), (14, 14, False)):
            async with made.view("a") as viewer:
                place = await viewer.begin(since)
                assert (place.offset, place.end, place.anew) == (offset, 14, anew)
        for stream in (mirror.stream, ""):
            async with made.view("a") as viewer:
                assert await viewer.begin(5, stream) == Place(5, 14, anew=False)
        for since, other in ((15, None), (15, mirror.stream), (5, "other"), (0, "other")):
            async with made.view("a") as viewer:
                assert await viewer.begin(since, other) == Place(0, 14, anew=True)
                assert viewer.stream == mirror.stream
        assert (mirror.lines, made.watched.relays) == (set(), {})
        tasks.cancel_scope.cancel()


async def test_one_line_serves_all_viewers_that_keep_up_and_ends_with_the_last() -> None:
    mirror = Supervised()
    async with viewing(mirror) as (one, made):
        async with viewing(mirror, 0, made) as (two, _), viewing(mirror, None, made) as (three, _):
            mirror.asked.clear()
            for number in range(100):
                mirror.say(b"line %05d\n" % number)
                for viewer in (one, two, three):
                    assert await read(viewer, 11) == b"line %05d\n" % number
            assert len(mirror.lines) == 1
            assert mirror.asked in ([], [0])  # that of the relay may have come before or after
        assert len(mirror.lines) == 1
    assert (mirror.lines, made.watched.relays) == (set(), {})


async def test_a_lost_connection_is_taken_up_where_it_ended() -> None:
    mirror = Supervised()
    async with viewing(mirror) as (viewer, _):
        mirror.say(b"first")
        assert await read(viewer, 5) == b"first"
        mirror.away = 3
        mirror.hang_up()
        mirror.say(b"second")
        assert await read(viewer, 6) == b"second"
        assert mirror.asked[-1] == 5


async def test_a_viewer_that_comes_to_a_supervisor_that_is_away_waits_for_it() -> None:
    mirror = Supervised()
    mirror.away = 5
    mirror.say(b"said\n")
    async with viewing(mirror) as (viewer, _):
        assert await read(viewer, 5) == b"said\n"


async def test_a_viewer_behind_the_relay_gets_the_rest_from_the_supervisor() -> None:
    mirror = Supervised()
    said = numbered(500_000)
    async with viewing(mirror) as (fast, made):
        async with viewing(mirror, 0, made) as (slow, _):
            for begin in range(0, len(said), BLOCK):
                mirror.say(said[begin : begin + BLOCK])
                await read(fast, len(said[begin : begin + BLOCK]))
            relay = made.watched.relays["a"]
            assert relay.ring.begin > 1 << 20
            mirror.hang_up()
            assert await read(slow, len(said)) == said
            assert len(mirror.lines) <= 1
        async with viewing(mirror, 12_345, made) as (late, _):
            assert await read(late, len(said) - 12_345) == said[12_345:]


async def test_only_so_many_ask_the_supervisor_at_the_same_time() -> None:
    mirror = Supervised()
    said = numbered(300_000)
    async with viewing(mirror) as (fast, made), anyio.create_task_group() as tasks:
        mirror.say(said)
        await read(fast, len(said))

        async def catch_up() -> None:
            async with viewing(mirror, 0, made) as (viewer, _):
                assert await read(viewer, len(said)) == said

        for _ in range(30):
            tasks.start_soon(catch_up)
    assert 1 < mirror.most <= rawconsoles.MOST_ASKING + 1


async def test_what_the_supervisor_has_lost_too_is_a_gap() -> None:
    mirror = Supervised(limit=100_000)
    said = numbered(500_000)
    mirror.say(said[:BLOCK])
    async with viewing(mirror, 8) as (viewer, _):
        for begin in range(BLOCK, len(said), BLOCK):
            mirror.say(said[begin : begin + BLOCK])
        assert mirror.console is not None
        chunk = await viewer.receive()
        assert chunk.offset >= len(said) - 100_000 - 2 * BLOCK
        rest = len(said) - chunk.offset - len(chunk.data)
        assert chunk.data + await read(viewer, rest) == said[chunk.offset :]


async def test_nobody_asks_the_supervisor_for_what_it_has_told_to_be_lost() -> None:
    mirror = Supervised(limit=100_000)
    async with viewing(mirror, 0) as (fast, made), viewing(mirror, 0, made) as (slow, _):
        mirror.say(b"read by one")
        assert await read(fast, 11) == b"read by one"
        said = numbered(500_000)
        for begin in range(0, len(said), BLOCK):
            mirror.say(said[begin : begin + BLOCK])
        begun = len(mirror.asked)
        first = await fast.receive()
        assert first.offset > 11
        again = await slow.receive()
        assert (again.offset, again.data) == (first.offset, first.data)
        assert again.frame is first.frame, "built once"
        assert mirror.asked[begun:] == []
        assert made.watched.tally.dropped["a"] == 2 * first.offset - 11


async def test_what_the_supervisor_has_lost_comes_from_the_relay_if_that_still_has_it() -> None:
    mirror = Supervised(limit=1)
    said = numbered(500_000)
    async with viewing(mirror) as (fast, made), viewing(mirror, 0, made) as (slow, _):
        for begin in range(0, len(said), BLOCK):
            mirror.say(said[begin : begin + BLOCK])
            await read(fast, len(said[begin : begin + BLOCK]))
        begin = made.watched.relays["a"].ring.begin
        assert mirror.console is not None
        assert 0 < begin < mirror.console.scrollback.begin
        chunk = await slow.receive()
        assert chunk.offset == begin
        assert chunk.data + await read(slow, len(said) - begin - len(chunk.data)) == said[begin:]


async def test_another_supervisor_begins_anew_and_everybody_is_told() -> None:
    mirror = Supervised()
    mirror.say(b"old and long\n")
    async with viewing(mirror) as (one, made), viewing(mirror, 4, made) as (two, _):
        assert await read(one, 13) == b"old and long\n"
        mirror.replace(b"new\n")
        assert await one.receive() == Chunk(0, b"", anew=True)
        assert await read(one, 4) == b"new\n"
        # That one has read nothing of the old one, and never will: nobody has it any more.
        assert await two.receive() == Chunk(0, b"", anew=True)
        assert await read(two, 4) == b"new\n"
        assert one.stream == two.stream == mirror.stream
        mirror.say(b"more\n")
        assert await read(two, 5) == await read(one, 5) == b"more\n"


async def test_a_viewer_that_comes_before_the_relay_knows_of_another_supervisor_gets_its_stream() -> None:
    mirror = Supervised()
    mirror.say(b"old and long\n")
    async with viewing(mirror) as (old, made):
        assert await read(old, 13) == b"old and long\n"
        await anyio.wait_all_tasks_blocked()
        mirror.replace(b"new\n")
        async with made.view("a") as viewer:
            place = await viewer.begin(2)
            assert (place.offset, place.end, place.anew) == (2, 4, False)
            assert old.stream != viewer.stream == mirror.stream
            assert await viewer.receive() == Chunk(2, b"w\n")
        assert await old.receive() == Chunk(0, b"", anew=True)


async def test_a_viewer_behind_the_relay_is_told_of_another_supervisor_too() -> None:
    mirror = Supervised()
    said = numbered(300_000)
    async with viewing(mirror) as (fast, made), viewing(mirror, 0, made) as (slow, _):
        mirror.say(said)
        await read(fast, len(said))
        mirror.replace(b"new\n")
        assert await slow.receive() == Chunk(0, b"", anew=True)
        assert await read(slow, 4) == b"new\n"


async def test_another_supervisor_whose_console_is_longer_already_begins_anew_too() -> None:
    """Only the name tells: the daemon's parent may be the same, and the offset is none of the future."""
    mirror = Supervised()
    mirror.say(b"old\n")
    async with viewing(mirror) as (one, made), viewing(mirror, 0, made) as (two, _):
        assert await read(one, 4) == b"old\n"
        old = one.stream
        mirror.replace(b"new and longer\n")
        async with made.view("a") as viewer:
            assert await viewer.begin(4, old) == Place(0, 15, anew=True)
            assert await read(viewer, 15) == b"new and longer\n"
        for each in (one, two):
            assert each.stream == old
            assert await each.receive() == Chunk(0, b"", anew=True)
            assert each.stream == mirror.stream != old
            assert await read(each, 15) == b"new and longer\n"


async def test_another_supervisor_of_whose_console_the_beginning_is_lost_already_begins_anew_too() -> None:
    mirror = Supervised(limit=100)
    mirror.say(b"old\n")
    async with viewing(mirror) as (viewer, _):
        assert await read(viewer, 4) == b"old\n"
        said = numbered(100_000)
        mirror.replace(said)
        assert mirror.console is not None
        begin = mirror.console.scrollback.begin
        assert begin > 4
        assert await viewer.receive() == Chunk(begin, b"", anew=True)
        assert viewer.stream == mirror.stream
        assert await read(viewer, len(said) - begin) == said[begin:]


async def test_who_waited_for_a_turn_is_told_of_another_stream_though_that_has_ended_too() -> None:
    mirror = Supervised()
    said = numbered(300_000)
    async with viewing(mirror) as (fast, made), viewing(mirror, 0, made) as (slow, _):
        mirror.say(said)
        await read(fast, len(said))
        heard: list[Chunk] = []

        async def hear() -> None:
            heard.append(await slow.receive())

        async with anyio.create_task_group() as tasks, AsyncExitStack() as others:
            for _ in range(rawconsoles.MOST_ASKING):
                await others.enter_async_context(made._asking)
            tasks.start_soon(hear)
            await anyio.wait_all_tasks_blocked()
            mirror.replace(b"new\n")
            assert await fast.receive() == Chunk(0, b"", anew=True)
            assert await read(fast, 4) == b"new\n"
            mirror.remove()
        assert heard == [Chunk(0, b"", anew=True)]
        assert await read(slow, 4) == b"new\n"


async def test_the_relay_is_in_the_stream_of_the_first_who_was_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though another supervisor comes while that one still hangs up, and answers the next."""
    let_go = anyio.Event()

    async def hang_up(line: Line) -> None:
        line._lines.discard(line)
        await let_go.wait()

    monkeypatch.setattr(Line, "aclose", hang_up)
    mirror = Supervised()
    mirror.say(b"old\n")
    with anyio.fail_after(DEADLINE):
        async with anyio.create_task_group() as tasks:
            made = RawConsoles(mirror, tasks)
            async with made.view("a") as one, made.view("a") as two:
                async with anyio.create_task_group() as beginning:
                    beginning.start_soon(one.begin, 2)
                    await anyio.wait_all_tasks_blocked()
                    old = one.stream
                    mirror.replace(b"new and longer\n")
                    beginning.start_soon(two.begin, 0)
                    await anyio.wait_all_tasks_blocked()
                    let_go.set()
                assert (one.stream, two.stream) == (old, mirror.stream)
                assert await one.receive() == Chunk(0, b"", anew=True)
                assert await read(one, 15) == await read(two, 15) == b"new and longer\n"
            tasks.cancel_scope.cancel()


@pytest.mark.parametrize("said", [b"new\n", b"new and longer than before\n"])
async def test_a_viewer_of_a_service_that_was_added_again_gets_nothing_of_the_new_one(said: bytes) -> None:
    """Unless the relay meets the new one itself: it hears of the end of the old one."""
    mirror = Supervised()
    whole = numbered(300_000)
    async with viewing(mirror) as (fast, made), viewing(mirror, 0, made) as (slow, _):
        mirror.say(whole)
        await read(fast, len(whole))
        relay = made.watched.relays["a"]
        mirror.remove()
        with pytest.raises(anyio.EndOfStream):
            await fast.receive()
        mirror.console = Console(PLENTY)
        mirror.say(said if said == b"new\n" else whole + said)
        chunk = await slow.receive()
        assert chunk.offset == relay.ring.begin
        rest = len(whole) - chunk.offset - len(chunk.data)
        assert chunk.data + await read(slow, rest) == whole[chunk.offset :]
        with pytest.raises(anyio.EndOfStream):
            await slow.receive()


async def test_a_service_that_is_added_again_at_once_begins_anew() -> None:
    mirror = Supervised()
    mirror.say(b"old\n")
    async with viewing(mirror) as (viewer, _):
        assert await read(viewer, 4) == b"old\n"
        mirror.remove()
        mirror.console = Console(PLENTY)
        mirror.say(b"new and longer\n")
        assert await viewer.receive() == Chunk(0, b"", anew=True)
        assert viewer.stream == mirror.stream
        assert await read(viewer, 15) == b"new and longer\n"


async def test_streams_of_a_supervisor_that_names_none_are_known_by_their_end() -> None:
    mirror = Supervised()
    mirror.names = False
    mirror.say(b"old and long\n")
    async with viewing(mirror) as (viewer, made):
        assert await read(viewer, 13) == b"old and long\n"
        async with made.view("a") as other:
            assert await other.begin(4, "other") == Place(4, 13, anew=False)
            assert other.stream == ""
        mirror.hang_up()
        mirror.say(b"more\n")
        assert await read(viewer, 5) == b"more\n"
        mirror.replace(b"new\n")
        assert await viewer.receive() == Chunk(0, b"", anew=True)
        assert await read(viewer, 4) == b"new\n"


async def test_a_stream_that_gets_a_name_goes_on() -> None:
    """The supervisor was handed over to a version that names them."""
    mirror = Supervised()
    mirror.names = False
    mirror.say(b"before\n")
    async with viewing(mirror) as (viewer, made):
        assert await read(viewer, 7) == b"before\n"
        mirror.names = True
        mirror.hang_up()
        mirror.say(b"after\n")
        assert await read(viewer, 6) == b"after\n"
        async with made.view("a") as other:
            assert await other.begin(7, viewer.stream) == Place(7, 13, anew=False)
            assert other.stream == mirror.stream
        mirror.replace(b"new and longer than that\n")
        assert await viewer.receive() == Chunk(0, b"", anew=True)


async def test_nothing_is_read_while_no_viewer_waits() -> None:
    mirror = Supervised()
    async with viewing(mirror) as (viewer, made):
        for _ in range(10):
            mirror.say(b"x" * BLOCK)
        await anyio.wait_all_tasks_blocked()
        assert made.watched.relays["a"].ring.end == 0
        assert len(await read(viewer, 1)) == MOST_FOLLOWED
        await anyio.wait_all_tasks_blocked()
        assert made.watched.relays["a"].ring.end <= 3 * MOST_FOLLOWED


async def test_a_viewer_that_begins_ahead_of_the_relay_waits_for_it() -> None:
    mirror = Supervised()
    said = numbered(100_000)
    mirror.say(said)
    async with viewing(mirror, 0) as (slow, made), viewing(mirror, 700_000, made) as (late, _):
        assert await read(late, 100_000) == said[700_000:]
        assert await read(slow, len(said)) == said


async def test_the_last_words_are_shown_when_the_service_is_gone() -> None:
    mirror = Supervised()
    async with viewing(mirror) as (viewer, made), viewing(mirror, 0, made) as (slow, _):
        mirror.say(b"last words")
        assert await read(viewer, 10) == b"last words"
        mirror.remove()
        with pytest.raises(anyio.EndOfStream):
            await viewer.receive()
        assert await read(slow, 10) == b"last words"
        with pytest.raises(anyio.EndOfStream):
            await slow.receive()


async def test_a_viewer_behind_a_service_that_is_gone_gets_what_the_relay_has() -> None:
    mirror = Supervised()
    said = numbered(300_000)
    async with viewing(mirror) as (fast, made), viewing(mirror, 0, made) as (slow, _):
        mirror.say(said)
        await read(fast, len(said))
        begin = made.watched.relays["a"].ring.begin
        mirror.remove()
        chunk = await slow.receive()
        assert 0 < chunk.offset == begin
        assert chunk.data + await read(slow, len(said) - begin - len(chunk.data)) == said[begin:]
        with pytest.raises(anyio.EndOfStream):
            await slow.receive()


async def test_a_console_of_a_service_that_is_gone_is_empty_and_over() -> None:
    mirror = Supervised()
    mirror.remove()
    async with viewing(mirror, 7) as (viewer, _):
        with pytest.raises(anyio.EndOfStream):
            await viewer.receive()


async def test_there_are_only_so_many_viewers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "MOST_VIEWERS", 2)
    mirror = Supervised()
    async with viewing(mirror) as (_, made), viewing(mirror, None, made):
        with pytest.raises(TooManyViewers):
            await made.view("a").__aenter__()
        async with made.view("b"):
            assert set(made.watched.relays) == {"a", "b"}
