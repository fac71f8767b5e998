"""Lines and events as a library gives them: waited for, awaited, and through cuts."""

import anyio
import pytest

from client import AsyncClient, Client
from client.events import Event, Happenings
from client.failures import NotHoldfast
from client.logs import Line, Lines, Mark, Marked
from client.refusals import NoSuchServer

from ..system.house import Holdfast, program
from ..system.processes import DEADLINE, kill


@pytest.fixture
def ticking(house: Holdfast) -> Holdfast:
    house.configure(tick=program("ticker", logs={"to": "file", "size": 4096}), chat=program("echo"))
    house.start()
    house.until_status("tick", 1)
    return house


def kill_daemon(house: Holdfast) -> None:
    daemon = house.daemon
    assert daemon is not None
    kill(daemon)


def test_lines_are_followed_through_a_cut_each_once(ticking: Holdfast) -> None:
    said: list[int] = []
    broken: list[bool] = []
    with Client(socket=ticking.path("api.sock")) as holdfast:
        with holdfast.logs.follow("tick", grep="^tick ", tail=0) as lines:
            lines.on_break = lambda failure: broken.append(failure is not None)
            for line in lines:
                said.append(int(line.line.split()[1]))
                if len(said) in (50, 150):
                    kill_daemon(ticking)
                if len(said) == 300:
                    break
        before = holdfast.logs.read("tick", grep=f"^tick ({said[0]}|{said[-1]})$")
        assert [one.line for one in before] == [f"tick {said[0]}", f"tick {said[-1]}"]
        (rest,) = holdfast.logs.read("tick", after=before[0].place, grep=f"^tick {said[1]}$")
        assert rest.offset >= before[0].end
        assert [one.line for one in holdfast.logs.read("tick", tail=1, until="1h")] == []
        with holdfast.logs.each("tick", grep="^tick 7$") as found:
            assert [one.line for one in found] == ["tick 7"]
        text: list[bytes] = []
        holdfast.logs.text("tick", text.append, grep="TICK 7$", case=False)
        assert b"".join(text).splitlines()[0] == b"tick 7"
        with pytest.raises(NoSuchServer), holdfast.logs.follow("nobody") as lines:
            next(lines)
    assert said == list(range(said[0], said[0] + 300))
    assert broken[:2] == [True, False]


# With trio, httpx leaves generators behind when a stream is left before its end, and trio warns of them.
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_they_are_awaited_as_well(ticking: Holdfast) -> None:
    async with AsyncClient(socket=ticking.path("api.sock")) as holdfast:
        with anyio.fail_after(DEADLINE):
            async with holdfast.logs.watch("tick", tail=3) as lines:
                found = [await anext(lines) for _ in range(4)]
        assert [type(one) for one in found] == [Line, Line, Line, Mark]
        assert isinstance(found[2], Line)
        assert found[2].place == found[3].place or found[2].end <= found[3].end
        with anyio.fail_after(DEADLINE):
            async with holdfast.events.follow(since=0, server="chat") as events:
                first = await anext(events)
        assert (first.server, first.to) == ("chat", "starting")
        assert (await holdfast.history.whole("chat"))[0].id == first.id
        assert (await holdfast.events.known(begin="1h", server="chat"))[0].id == first.id
        assert (await holdfast.usage.get("tick", since=-60)).columns["time"] is not None
        assert (await holdfast.checks.get("tick")).checks == ()


def test_half_a_line_of_a_connection_that_is_cut_is_forgotten() -> None:
    lines = Lines("web", {"tail": 5, "since": "1h"}, follow=True)
    query = "follow=true&format=json&marks=true"
    assert set(lines.request().target.partition("?")[2].split("&")) == {
        *query.split("&"),
        "tail=5",
        "since=1h",
    }
    text = b'{"time":1.5,"offset":0,"line":"one","stream":"00000000000000ff","end":4}\n{"time":1.5,"off'
    assert [one.line for one in lines.feed(text)] == ["one"]
    asked = lines.request().target.partition("?")[2].split("&")
    assert set(asked) == {*query.split("&"), "after=00000000000000ff%3A4"}
    again = b'{"time":1.5,"offset":4,"line":"two","stream":"00000000000000ff","end":8,"bytes":"dHfv"}\n'
    (two,) = lines.feed(again)
    assert (two.line, two.data, two.place) == ("two", b"tw\xef", "00000000000000ff:8")
    assert not lines.ended()
    with pytest.raises(NotHoldfast):
        Marked("web", {}, follow=False).feed(b"garbage\n")


def event(number: int, at: float) -> bytes:
    body = f'{{"id":{number},"at":{at},"server":"web","type":"state","to":"running","reason":"","run":1}}'
    return f"id: {number}\nevent: state\ndata: {body}\n\n".encode()


def test_events_that_the_next_daemon_numbers_anew_are_told_once_and_none_is_missing() -> None:
    events = Happenings({}, follow=True)

    def told(data: bytes) -> list[float]:
        found: list[Event] = list(events.feed(data))
        return [one.at for one in found]

    assert told(b": events\n\nid: 40\n\n" + event(41, 1.0) + event(42, 2.0)) == [1.0, 2.0]
    # The daemon was killed before 41 was on disk, and 41 was its own: the next one calls 42 so.
    assert events.request().query["since"] == 40
    assert told(b": events\n\nid: 40\n\n" + event(41, 2.0) + event(42, 3.0)) == [3.0]
    assert told(event(43, 4.0)[:20]) == []
    assert told(event(43, 4.0)[20:]) == [4.0]
