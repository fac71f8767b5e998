"""`holdfast top`: the dashboard against a real Holdfast, through textual's pilot and in a terminal."""

import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import anyio
import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from client.clients import AsyncClient
from client.command.top.dashboard import Dashboard
from client.command.top.figures import BUCKET, KEPT, Figures
from client.command.top.screens import Details, Question
from client.command.top.serverlist import Column
from client.records import record
from client.servers import Server
from client.target import Target

from ..system.house import Holdfast
from ..system.processes import DEADLINE
from .typed import Typist, bare

Screen = Pilot[None]


@asynccontextmanager
async def dashboard(target: Target) -> AsyncIterator[tuple[Dashboard, Screen]]:
    app = Dashboard(lambda: AsyncClient(target), target, 0.2)
    async with app.run_test(size=(80, 24)) as pilot:
        yield app, pilot


async def until(pilot: Screen, holds: Callable[[], bool], what: str) -> None:
    with anyio.move_on_after(DEADLINE):
        while not holds():
            await pilot.pause(0.02)
        return
    raise AssertionError(f"not in time: {what}; {text(pilot)}")


def seen(pilot: Screen, pattern: str) -> bool:
    return re.search(pattern, text(pilot)) is not None


def text(pilot: Screen) -> str:
    app = pilot.app
    assert isinstance(app, Dashboard)
    lines = [app.list.render_line(y).text for y in range(app.list.size.height)]
    fixed = [
        str(app.screen_stack[0].query_one(f"#{name}", Static).content) for name in ("host", "why", "status")
    ]
    return "\n".join((*lines, *fixed))


@pytest.fixture
def anyio_backend() -> str:
    """That of textual."""
    return "asyncio"


@pytest.fixture
def local(running: Holdfast) -> Target:
    return Target(socket=running.path("api.sock"))


async def test_all_servers_are_shown_with_what_the_machine_does(local: Target) -> None:
    async with dashboard(local) as (app, pilot):
        for line in (r"(?m)^chat +running", r"(?m)^off +stopped", r"(?m)^web +running"):
            await until(pilot, partial(seen, pilot, line), line)
        await until(pilot, lambda: "load" in text(pilot), "the machine is shown")
        assert app.list.chosen == "chat"
        await pilot.press("down")
        await until(
            pilot, lambda: "off: never started" in text(pilot), "the reason of the chosen one is shown"
        )


async def test_keys_start_and_stop_the_chosen_one(local: Target, running: Holdfast) -> None:
    async with dashboard(local) as (app, pilot):
        await until(pilot, lambda: bool(app.list.chosen), "the servers are shown")
        await pilot.press("down")
        assert app.list.chosen == "off"
        await pilot.press("s")
        await until(pilot, lambda: running.about("off")["state"] == "running", "it runs")
        await until(pilot, lambda: "start off: done" in text(pilot), "that is told")
        await pilot.press("p")
        await until(pilot, lambda: running.about("off")["paused"] is True, "it stands still")
        await until(pilot, lambda: app.figures.servers["off"].paused, "that is seen")
        await pilot.press("p")
        await until(pilot, lambda: running.about("off")["paused"] is False, "it goes on")
        await pilot.press("k")
        await until(pilot, lambda: isinstance(app.screen, Question), "it asks")
        await pilot.press("n")
        await until(pilot, lambda: not isinstance(app.screen, Question), "it was a no")
        assert running.about("off")["state"] == "running"
        await pilot.press("k", "y")
        await until(pilot, lambda: running.about("off")["state"] == "stopped", "it is off")


async def test_what_is_refused_is_told_in_a_line(local: Target) -> None:
    async with dashboard(local) as (app, pilot):
        await until(pilot, lambda: bool(app.list.chosen), "the servers are shown")
        await pilot.press("end", "home", "down", "p")
        await until(pilot, lambda: "cannot pause off" in text(pilot), "it was refused")
        assert "stopped" in text(pilot).splitlines()[-1]


async def test_names_are_filtered_and_sorted(local: Target) -> None:
    async with dashboard(local) as (app, pilot):
        await until(pilot, lambda: bool(app.list.chosen), "the servers are shown")
        await pilot.press("slash", "w", "e", "enter")
        assert app.figures.shown == ["web"]
        assert app.list.chosen == "web"
        await pilot.press("escape", "n")
        assert app.figures.shown == ["web", "off", "chat"]
        await pilot.press("u")
        assert app.figures.shown[-1] == "off"
        await pilot.click("ServerList", offset=(2, 0))
        assert app.figures.shown == ["chat", "off", "web"]
        await pilot.click("ServerList", offset=(2, 3))
        assert app.list.chosen == "web"


async def test_a_key_shows_all_about_a_server(local: Target) -> None:
    async with dashboard(local) as (app, pilot):
        await until(pilot, lambda: bool(app.list.chosen), "the servers are shown")
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, Details), "the details are shown")
        await until(pilot, lambda: bool(app.screen.query(Static)), "they have a text")
        said = str(app.screen.query_one(Static).content)
        assert re.search(r"name  chat\n *state  running", said)
        assert re.search(r"\d\d:\d\d:\d\d  starting", said)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Details), "they are closed")


async def test_over_tcp_a_token_opens_it(running: Holdfast) -> None:
    target = Target(url=f"http://127.0.0.1:{running.port}", token=running.log_in())
    async with dashboard(target) as (app, pilot):
        await until(pilot, lambda: "web" in app.figures.servers, "the servers are known")
    async with dashboard(Target(url=f"http://127.0.0.1:{running.port}", token="wrong")) as (app, pilot):
        await until(pilot, lambda: "not authenticated" in text(pilot), "it says why there are none")


async def test_it_comes_back_when_holdfast_does(house: Holdfast) -> None:
    async with dashboard(Target(socket=house.path("api.sock"))) as (app, pilot):
        await until(pilot, lambda: "cannot connect" in text(pilot), "it says that nobody is there")
        house.configure(late={"command": "sleep 1000"})
        await anyio.to_thread.run_sync(house.start)
        await until(pilot, lambda: "late" in app.figures.servers, "it found it")
        await until(pilot, lambda: "cannot connect" not in text(pilot), "nothing is wrong any more")


def test_in_a_terminal_it_is_left_by_a_key_and_the_terminal_is_as_before(shell: Typist) -> None:
    with shell.terminal("top", size=(24, 80), NO_COLOR="1") as child:
        child.expect_exact("\x1b[?1049h")
        child.expect("web.*?running")
        said = f"{child.before}{child.after}"
        child.send("q")
        child.expect_exact("\x1b[?1049l")
        child.expect_exact("\x1b[?25h")
        child.read()
        child.wait()
        assert child.exitstatus == 0
        assert not re.search(r"\x1b\[[\d;]*3[1-7]m", said), "NO_COLOR means none"
        assert "NAME" in bare(said)


def test_ctrl_z_stops_it_and_gives_the_shell_its_own_screen(shell: Typist) -> None:
    with shell.terminal("top") as seen:
        seen.expect("chat")
        seen.send("\x1a")
        seen.expect_exact("\x1b[?1049l")
        os.waitid(os.P_PID, seen.pid, os.WSTOPPED | os.WNOWAIT)
        seen.kill(signal.SIGCONT)
        seen.expect_exact("\x1b[?1049h")
        seen.send("q")
        seen.expect_exact("\x1b[?1049l")


def test_without_a_terminal_it_says_what_to_use_instead(shell: Typist) -> None:
    said = shell("top", code=2)
    assert said.err == "holdfast: top needs a terminal; without one there is holdfast list\n"


def _server(**told: object) -> Server:
    return record(Server, {"status": 1, "state": "running", "pid": 1, **told})


def test_a_sparkline_has_what_was_measured_before_and_what_is_seen_now() -> None:
    now = 1000 * BUCKET
    figures = Figures(lambda: now)
    figures.update({"web": _server(cpuUsage=100.0, memoryUsage=4.0)})
    columns: dict[str, list[float | None]] = {
        "time": [5000.0 - BUCKET, 5000.0],
        "cpu": [50.0, 7.0],
        "memory": [2.0, None],
    }
    figures.remember("web", columns)
    assert figures.cpu("web", 4) == "  ▄█"
    assert figures.memory("web", 4) == "  ▄█"
    figures.update({})
    assert figures.cpu("web", 4) == "    "


def test_a_sparkline_takes_no_more_memory_after_a_week() -> None:
    now = 0.0
    figures = Figures(lambda: now)
    for _ in range(5000):
        now += BUCKET
        figures.update({"web": _server(cpuUsage=1.0)})
    assert len(figures._cpu["web"]._sums) <= KEPT + 1


def test_wide_characters_do_not_push_the_columns_aside() -> None:
    name = Column("NAME", 6)
    assert [name.fit(text) for text in ("ab", "日本", "日本語日本語", "toolong")] == [
        "ab    ",
        "日本  ",
        "日本 …",
        "toolo…",
    ]
