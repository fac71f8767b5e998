"""Streams: asked for anew where they were, closed by whoever has enough, and never left open."""

import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import anyio
import pytest

from client import streams
from client.asyncstreams import AsyncStream
from client.asyncweb import AsyncWeb
from client.drivers import AsyncDriver, Way
from client.exchange import Request
from client.failures import CannotConnect, ConnectionLost, Failure, NotHoldfast, TimedOut
from client.quick import Quick
from client.refusals import KINDS
from client.streams import Stream
from client.target import Target
from client.web import Web

from .asking import Play
from .carriers import PATIENCE
from .peer import Line, Script, answer

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"
MAKE: dict[str, Callable[[Target, float], Way]] = {"quick": Quick, "web": Web}


def chunk(text: str) -> bytes:
    return f"{len(text):x}\r\n{text}\r\n".encode()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked anew is so sooner than people would want it."""
    monkeypatch.setattr(streams, "FIRST_WAIT", 0.005)


class Numbers:
    """Counts: each line is a number, and it goes on after the last one that came."""

    def __init__(self, end: int) -> None:
        self._last = 0
        self._end = end
        self._rest = b""

    def request(self) -> Request:
        self._rest = b""
        return Request("GET", "/numbers", {"after": self._last})

    def feed(self, data: bytes) -> Sequence[int]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        try:
            found = [int(line) for line in lines]
        except ValueError as exc:
            raise NotHoldfast("no number") from exc
        self._last = found[-1] if found else self._last
        return found

    def ended(self) -> bool:
        return self._last >= self._end


def turns(*each: bytes | Callable[[Line], object]) -> tuple[Script, list[str]]:
    """Return a script that says something else on each connection, and what was asked."""
    left, asked = list(each), []

    def script(line: Line) -> None:
        heard = line.hear()
        if heard is None:
            return
        asked.append(heard.line.split()[1])
        turn = left.pop(0)
        line.say(turn) if isinstance(turn, bytes) else turn(line)

    return script, asked


def then_silent(said: bytes) -> Callable[[Line], object]:
    def turn(line: Line) -> None:
        line.say(said)
        line.until_closed()

    return turn


@pytest.fixture(params=list(MAKE))
def make(request: pytest.FixtureRequest) -> Callable[[Target, float], Way]:
    return MAKE[request.param]


class Follower:
    """Follows numbers by one of all ways, and tells what came and what broke."""

    def __init__(self, way: str) -> None:
        self._way = way
        self.came: list[int] = []
        self.breaks: list[type[Failure] | None] = []

    def __call__(
        self, target: Target, end: int, *, enough: int = 1000, patience: float = PATIENCE, away: float = 60.0
    ) -> None:
        """Follow until the end, or until it is enough; raises what the stream raises."""
        try:
            if self._way in MAKE:
                self._wait(MAKE[self._way](target, patience), end, enough, away)
            else:
                anyio.run(self._await, target, end, enough, patience, away, backend=self._way)
        finally:
            gc.collect()

    def _wait(self, way: Way, end: int, enough: int, away: float) -> None:
        try:
            with Stream(way.open, Numbers(end), away) as stream:
                stream.on_break = self._broke
                for number in stream:
                    self.came.append(number)
                    if len(self.came) == enough:
                        break
        finally:
            way.close()

    async def _await(self, target: Target, end: int, enough: int, patience: float, away: float) -> None:
        way = AsyncWeb(target, patience)
        try:
            async with AsyncStream(way.open, Numbers(end), away) as stream:
                stream.on_break = self._broke
                async for number in stream:
                    self.came.append(number)
                    if len(self.came) == enough:
                        break
        finally:
            await way.close()

    def _broke(self, failure: Failure | None) -> None:
        self.breaks.append(None if failure is None else type(failure))


@pytest.fixture(params=[*MAKE, "asyncio", "trio"])
def follow(request: pytest.FixtureRequest) -> Follower:
    return Follower(request.param)


def test_what_was_cut_goes_on_where_it_was(follow: Follower, play: Play) -> None:
    script, asked = turns(
        HEAD + chunk("1\n2\n3"),
        b"",
        HEAD + chunk("3\n4\n") + LAST,
        HEAD + chunk("5\n") + LAST,
    )
    with play(script) as peer:
        follow(peer.target, 5)
    assert follow.came == [1, 2, 3, 4, 5]
    assert asked == [f"/numbers?after={after}" for after in (0, 2, 2, 4)]
    assert follow.breaks == [ConnectionLost, None, ConnectionLost, None]


def test_who_says_nothing_for_too_long_is_asked_anew(follow: Follower, play: Play) -> None:
    script, _ = turns(then_silent(HEAD + chunk("1\n")), HEAD + chunk("2\n") + LAST)
    with play(script) as peer:
        follow(peer.target, 2, patience=0.3)
    assert (follow.came, follow.breaks) == ([1, 2], [TimedOut, None])


@pytest.mark.parametrize("status", ["503 Unavailable", "429 Too Many", "502 Bad Gateway"])
def test_a_daemon_that_is_not_ready_yet_is_asked_again(follow: Follower, play: Play, status: str) -> None:
    refusal = answer(b'{"error":"wait","kind":"supervisor-unreachable"}', status=status)
    script, _ = turns(HEAD + chunk("1\n"), refusal, HEAD + chunk("2\n") + LAST)
    with play(script) as peer:
        follow(peer.target, 2)
    assert follow.came == [1, 2]


def test_a_stream_that_is_refused_ends(follow: Follower, play: Play) -> None:
    refusal = answer(b'{"error":"gone","kind":"no-such-server"}', status="404 Not Found")
    script, _ = turns(HEAD + chunk("1\n"), refusal)
    with play(script) as peer, pytest.raises(KINDS["no-such-server"]):
        follow(peer.target, 2)
    assert follow.came == [1]


def test_a_first_attempt_is_not_repeated(follow: Follower, play: Play) -> None:
    script, asked = turns(b"")
    with play(script) as peer, pytest.raises(ConnectionLost):
        follow(peer.target, 2)
    assert len(asked) == 1


def test_nonsense_ends_a_stream(follow: Follower, play: Play) -> None:
    script, _ = turns(then_silent(HEAD + chunk("1\n") + chunk("x\n")))
    with play(script) as peer, pytest.raises(NotHoldfast):
        follow(peer.target, 2)


def test_who_is_away_for_too_long_is_given_up(follow: Follower, play: Play) -> None:
    script, _ = turns(HEAD + chunk("1\n"), *[b""] * 50)
    with play(script) as peer, pytest.raises(ConnectionLost):
        follow(peer.target, 2, away=0.5)
    assert follow.breaks == [ConnectionLost]


def test_who_has_enough_leaves_no_connection(follow: Follower, play: Play) -> None:
    script, _ = turns(then_silent(HEAD + chunk("1\n2\n3\n")))
    with play(script) as peer:
        follow(peer.target, 9, enough=2)
        peer.until_open(0)
    assert follow.came == [1, 2]


# Threads.


@pytest.mark.parametrize("said", [HEAD + chunk("1\n"), HEAD + chunk("1\n")[:2]])
def test_another_thread_closes_a_stream_and_wakes_its_reader(
    play: Play, make: Callable[[Target, float], Way], said: bytes
) -> None:
    script, _ = turns(then_silent(said))
    ended = threading.Event()

    def read(stream: Stream[int]) -> None:
        list(stream)
        ended.set()

    with play(script) as peer:
        way = make(peer.target, PATIENCE)
        stream = Stream(way.open, Numbers(9))
        reader = threading.Thread(target=read, args=(stream,))
        reader.start()
        peer.until_open(1)
        stream.close()
        assert ended.wait(PATIENCE / 2)
        reader.join()
        way.close()
    assert list(stream) == []


def test_a_stream_that_waits_to_be_asked_anew_can_be_closed(
    play: Play, make: Callable[[Target, float], Way]
) -> None:
    broken = threading.Event()
    script, _ = turns(HEAD + chunk("1\n"), *[b""] * 1000)
    with play(script) as peer:
        way = make(peer.target, PATIENCE)
        stream = Stream(way.open, Numbers(9))
        stream.on_break = lambda _: broken.set()
        reader = threading.Thread(target=lambda: list(stream))
        reader.start()
        assert broken.wait(PATIENCE)
        stream.close()
        reader.join(PATIENCE / 2)
        assert not reader.is_alive()
        way.close()


# Cancelled.


@pytest.fixture(params=["asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Iterator[Callable[..., object]]:
    yield partial(anyio.run, backend=request.param)
    gc.collect()


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"]
)
def test_an_operation_that_is_cancelled_leaves_no_connection(
    run: Callable[..., object], play: Play, said: bytes
) -> None:
    heard = threading.Event()

    def script(line: Line) -> None:
        line.hear()
        line.say(said)
        heard.set()
        line.until_closed()

    async def main() -> None:
        way = AsyncWeb(peer.target, PATIENCE)

        async def ask() -> None:
            await way.exchange(Request("GET", "/x"))

        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            await anyio.to_thread.run_sync(heard.wait, PATIENCE)
            group.cancel_scope.cancel()
        await anyio.to_thread.run_sync(peer.until_open, 0)
        await way.close()

    with play(script) as peer:
        run(main)


def test_an_upload_that_is_cancelled_leaves_no_connection(run: Callable[..., object], play: Play) -> None:
    closed: list[bool] = []

    class Endless:
        length = None

        def pieces(self) -> Iterator[bytes]:
            try:
                while True:
                    yield b"x" * 65_536
            finally:
                closed.append(True)

    async def main() -> None:
        way = AsyncWeb(peer.target, PATIENCE)
        with anyio.move_on_after(0.3):
            await way.exchange(Request("POST", "/x", body=Endless()))
        await anyio.to_thread.run_sync(peer.until_open, 0)
        await way.close()

    with play(Line.until_closed) as peer:
        run(main)
    gc.collect()
    assert closed == [True]


def test_who_is_cancelled_while_following_may_go_on(run: Callable[..., object], play: Play) -> None:
    script, asked = turns(then_silent(HEAD + chunk("1\n")), HEAD + chunk("2\n") + LAST)

    async def main() -> list[int]:
        way = AsyncWeb(peer.target, PATIENCE)
        async with AsyncStream(way.open, Numbers(2)) as stream:
            came = [await anext(stream)]
            with anyio.move_on_after(0.1):
                came.append(await anext(stream))
            await anyio.to_thread.run_sync(peer.until_open, 0)
            came += [one async for one in stream]
        await way.close()
        return came

    with play(script) as peer:
        assert run(main) == [1, 2]
    assert asked == ["/numbers?after=0", "/numbers?after=1"]


def test_an_answer_in_time_is_one_and_a_late_one_is_none(run: Callable[..., object], play: Play) -> None:
    """`anyio.fail_after` works with the client, as with everything else."""
    script, _ = turns(then_silent(b""))

    async def main() -> None:
        way = AsyncWeb(peer.target, PATIENCE)

        def steps() -> "Iterator[Request]":
            yield Request("GET", "/x")

        with pytest.raises(TimeoutError):
            with anyio.fail_after(0.2):
                await AsyncDriver(way).run(steps())  # type: ignore[arg-type]
        await way.close()

    with play(script) as peer:
        run(main)


def test_nobody_there_is_told_of_at_once(follow: Follower) -> None:
    with pytest.raises(CannotConnect):
        follow(Target(socket="/none"), 1)
