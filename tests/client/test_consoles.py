"""Consoles in the library, waited for and awaited: nothing is lost, and refusals are exceptions."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from client import AsyncClient, Client
from client.asyncconsoles import AsyncConsole
from client.consoleevents import Event, Gap, Notice, Output, Reset, Settings, State, Taken, Unsure
from client.consoles import Console
from client.failures import CannotConnect, TimedOut
from client.refusals import NoSuchServer, NotAllowed, NotPermitted

from ..system.house import Holdfast, program, sleeper

TICKS = 300

asyncio_only = pytest.mark.parametrize("anyio_backend", ["asyncio"])


@pytest.fixture
def ticking(tmp_path: Path) -> Iterator[Holdfast]:
    """Holdfast whose `ticker` says a number a hundred times a second."""
    house = Holdfast(str(tmp_path))
    try:
        house.configure(ticker=program("ticker"))
        house.start()
        yield house
    finally:
        house.end()


@pytest.fixture
def local(running: Holdfast) -> Iterator[Client]:
    with Client(socket=running.path("api.sock")) as client:
        yield client


class Heard:
    """What was said, and whether something was lost."""

    def __init__(self) -> None:
        self.data = b""
        self.breaks = 0

    def take(self, event: Event) -> None:
        assert not isinstance(event, Gap | Reset), event
        if isinstance(event, Output):
            self.data += event.data

    @property
    def ticks(self) -> list[int]:
        lines = self.data.decode().split("\n")[:-1]
        return [int(line.split()[1]) for line in lines if line.startswith("tick ")]

    def note(self, failure: object) -> None:
        self.breaks += failure is not None


def until(console: Console, wanted: str) -> str:
    heard = ""
    for event in console:
        if isinstance(event, Output):
            heard += event.data.decode()
            if wanted in heard:
                return heard
    raise AssertionError(heard)


def test_a_line_is_given_and_its_echo_comes(local: Client) -> None:
    with local.console("chat") as console:
        assert not console.read_only
        assert console.terminal is None
        assert "echo: hello" in until(console, "ready") + "".join(_said(console, "hello"))


def _said(console: Console, line: str) -> list[str]:
    name = console.send_line(line)
    heard, taken = "", False
    while f"echo: {line}\n" not in heard or not taken:
        event = console.receive(10)
        if isinstance(event, Output):
            heard += event.data.decode()
        taken = taken or (isinstance(event, Taken) and event.id == name)
    return [heard]


def test_without_history_only_what_is_new_comes(local: Client) -> None:
    with local.console("chat") as console:
        until(console, "ready")
    with local.console("chat", history=False) as console:
        console.send_line("only this")
        assert until(console, "echo: only this\n").startswith("echo: only this")


def test_one_goes_on_at_a_byte_some_other_time(local: Client) -> None:
    with local.console("chat") as console:
        until(console, "ready")
        position, stream = console.position, console.stream
    local.say("chat", "in between")
    with local.console("chat", since=position, stream=stream) as console:
        assert until(console, "echo: in between\n") == "echo: in between\n"


def test_the_state_of_the_server_is_told(local: Client) -> None:
    with local.console("web") as console:
        states = [event for event in (console.receive(10), console.receive(10)) if isinstance(event, State)]
    assert [one.state for one in states][:1] == ["running"] or isinstance(console.settings, Settings)


def test_what_a_stopped_server_is_told_is_refused(local: Client) -> None:
    with pytest.raises(NotAllowed, match="not taken"):
        local.say("off", "hello")


def test_there_is_no_console_of_a_server_that_there_is_not(local: Client) -> None:
    with pytest.raises(NoSuchServer), local.console("nobody"):
        pass


def test_nobody_who_is_known_is_refused(running: Holdfast) -> None:
    with (
        Client(url=f"http://127.0.0.1:{running.port}", token="wrong") as stranger,
        pytest.raises(Exception, match=r".") as refused,
        stranger.console("chat"),
    ):
        pass
    assert getattr(refused.value, "kind", "") == "not-authenticated"


def test_where_nobody_listens_is_no_console(tmp_path: Path) -> None:
    with (
        Client(socket=str(tmp_path / "none.sock")) as client,
        pytest.raises(CannotConnect, match="no such file"),
        client.console("chat"),
    ):
        pass


def test_one_may_wait_for_a_while_only(local: Client) -> None:
    with local.console("web", history=False) as console:
        assert isinstance(console.receive(10), Settings)
        assert isinstance(console.receive(10), State)
        with pytest.raises(TimedOut):
            console.receive(0.1)


def test_another_thread_may_close_a_console(local: Client) -> None:
    with local.console("web") as console:
        closer = threading.Thread(target=console.close)
        events = iter(console)
        next(events)
        closer.start()
        assert all(isinstance(event, State | Output) for event in events)
        closer.join()


def test_who_may_only_look_is_told_so(running: Holdfast) -> None:
    running.log_in()
    made = running.remote.post(
        "/keys", json={"name": "looker", "grants": ["server.view", "server.console.view"]}
    ).raise_for_status()
    with Client(url=f"http://127.0.0.1:{running.port}", token=made.json()["key"]) as looker:
        with looker.console("chat") as console:
            assert console.read_only
            name = console.send_line("hello")
            notices = (event for event in console if isinstance(event, Notice))
            assert next(notices).id == name
        with pytest.raises(NotPermitted, match="read-only"):
            looker.say("chat", "hello")


def test_a_daemon_that_is_killed_costs_no_line_and_doubles_none(ticking: Holdfast) -> None:
    heard = Heard()
    with Client(socket=ticking.path("api.sock")) as client, client.console("ticker") as console:
        console.on_break = heard.note
        for goal in (TICKS // 3, TICKS * 2 // 3, TICKS):
            for event in console:
                heard.take(event)
                if heard.ticks[-1:] >= [goal]:
                    break
            if goal < TICKS:
                os.kill(ticking.daemon or 0, signal.SIGKILL)
    assert heard.ticks == list(range(heard.ticks[-1] + 1))
    assert heard.breaks >= 2


def test_a_line_of_which_nobody_knows_is_told_and_not_sent_again(ticking: Holdfast) -> None:
    with Client(socket=ticking.path("api.sock")) as client, client.console("ticker") as console:
        daemon = ticking.daemon or 0
        os.kill(daemon, signal.SIGSTOP)
        name = console.send_line("may be lost")
        os.kill(daemon, signal.SIGKILL)
        unsure = next(event for event in console if isinstance(event, Unsure))
        assert (unsure.lines, unsure.ids) == (["may be lost"], [name])
        assert next(event for event in console if isinstance(event, Settings))
        again = console.send_line("after that")
        assert next(event.id for event in console if isinstance(event, Taken)) == again


@asyncio_only
async def test_a_daemon_that_is_killed_costs_no_line_who_awaits_them(ticking: Holdfast) -> None:
    heard = Heard()
    async with (
        AsyncClient(socket=ticking.path("api.sock")) as client,
        client.console("ticker") as console,
    ):
        console.on_break = heard.note
        for goal in (TICKS // 2, TICKS):
            await _hear(console, heard, goal)
            if goal < TICKS:
                os.kill(ticking.daemon or 0, signal.SIGKILL)
    assert heard.ticks == list(range(heard.ticks[-1] + 1))
    assert heard.breaks >= 1


async def _hear(console: AsyncConsole, heard: Heard, goal: int) -> None:
    async for event in console:
        heard.take(event)
        if heard.ticks[-1:] >= [goal]:
            return


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_trio_is_told_that_it_cannot(running: Holdfast) -> None:
    async with AsyncClient(socket=running.path("api.sock")) as client:
        with pytest.raises(RuntimeError, match="under asyncio alone"):
            async with client.console("chat"):
                pass


@asyncio_only
async def test_a_line_is_given_by_who_awaits_that(running: Holdfast) -> None:
    async with AsyncClient(socket=running.path("api.sock")) as client:
        await client.say("chat", "hello from afar")
        async with client.console("chat") as console:
            heard = b""
            async for event in console:
                heard += event.data if isinstance(event, Output) else b""
                if b"echo: hello from afar" in heard:
                    break
        with pytest.raises(NoSuchServer):
            async with client.console("nobody"):
                pass


def test_a_server_that_is_removed_ends_its_console(tmp_path: Path) -> None:
    house = Holdfast(str(tmp_path))
    try:
        house.configure(chat=program("echo"), other=sleeper())
        house.start()
        with Client(socket=house.path("api.sock")) as client, client.console("chat") as console:
            until(console, "ready")
            house.configure(other=sleeper())
            house.local.post("/config/reload").raise_for_status()
            house.order("chat", "TERM")
            with pytest.raises(NoSuchServer, match="chat was removed"):
                for _ in console:
                    pass
    finally:
        house.end()
