"""`holdfast run` as a unit of systemd's: killed, it is followed by one that goes on, or begins anew."""

import os
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from ..supervisor.systemd import Systemd, systemd
from . import processes
from .asker import Asker, Moments
from .house import Holdfast, program
from .output import Output
from .rawconsole import RawConsole
from .unit import daemons

NAMES = ("ticker", "echo", "only")


@pytest.fixture
def by(tmp_path: Path) -> Iterator[Systemd]:
    """Somebody who plays systemd."""
    with systemd(str(tmp_path / "notify")) as one:
        yield one


def kill_the_supervisor(house: Holdfast) -> Output:
    """Kill it as a crash would; return what it has printed, to which its daemon may still add."""
    processes.kill(house.supervisor)
    house.ended()
    return house.output


def until_more(house: Holdfast, console: RawConsole) -> None:
    """Wait until a viewer has got some more."""
    seen = len(console.data)
    house.until(lambda: len(console.data) > seen + 100, "the viewer gets more")


def test_with_a_descriptor_store_its_successor_goes_on_with_all_that_there_is(
    house: Holdfast, by: Systemd
) -> None:
    house.configure(ticker=program("ticker"), echo=program("echo"), only=program("only_one"))
    outputs: list[Output] = []
    ticker = RawConsole(house.path("api.sock"), "ticker")
    with by.hearing():
        house.start(by=by)
        token = house.log_in()
        asker = Asker(house, Moments(), token)
        pids = {name: house.pid(name) for name in NAMES}
        (daemon,) = daemons(house)
        viewer = threading.Thread(target=ticker.visit, args=(b"tick 100000\n",))
        viewer.start()
    try:
        for times in range(1, 4):
            outputs.append(kill_the_supervisor(house))
            by.listen()
            with by.hearing():
                house.start(by=by)
                house.output.until("taken over from a supervisor that was killed: echo, only, ticker")
                assert {name: house.pid(name) for name in NAMES} == pids
                assert daemons(house) == [daemon]
                assert asker.get("/servers") == {"servers": dict.fromkeys(sorted(NAMES), 1)}
                until_more(house, ticker)
                assert viewer.is_alive(), "its connection was never cut"
                echo = house.console("echo", remote=True)
                echo.type(f"hello {times}")
                echo.until(f"echo: hello {times}")
        with by.hearing():
            processes.kill(daemon)
            assert asker.get("/servers") == {"servers": dict.fromkeys(sorted(NAMES), 1)}
            viewer.join(processes.DEADLINE)
            assert {name: house.pid(name) for name in NAMES} == pids
            ticker.follow(b"\n")
            assert house.stop() == 0
    finally:
        for pid in daemons(house):
            processes.kill(pid)
        viewer.join()
        for output in outputs:
            output.until_end()
    by.listen()
    assert by.kept == {}
    assert processes.below(house.folder) == {}
    assert not os.path.exists(house.path("programs", "only", "twice"))
    first, *lines = ticker.data[: ticker.data.rindex(b"\n")].decode().split("\n")
    assert first == "[Octyne] Started server ticker"
    ticks = [int(line.removeprefix("tick ")) for line in lines]
    # What a supervisor was reading at the very instant when it was killed is lost, and nothing else.
    jumps = [b - a for a, b in pairwise([-1, *ticks]) if b - a != 1]
    assert len(jumps) <= len(outputs)
    assert all(1 < jump <= 3 for jump in jumps)
    assert (ticker.gaps, ticker.resets) == (0, 0)


def test_without_one_it_ends_what_was_left_and_begins_anew_on_the_same_ports(
    house: Holdfast, by: Systemd
) -> None:
    house.configure(ticker=program("ticker"), echo=program("echo"), only=program("only_one"))
    ticker = RawConsole(house.path("api.sock"), "ticker")
    with by.hearing():
        house.start(by=by)
        token = house.log_in()
        house.console("only").until("ready")
        pids = {name: house.pid(name) for name in NAMES}
        (daemon,) = daemons(house)
        ticker.visit(b"tick 10\n")
        output = kill_the_supervisor(house)
    by.forget()
    processes.until_ended(daemon)
    output.until_end()
    with by.hearing():
        house.start(by=by)
        house.console("only").until("ready")
        now = {name: house.pid(name) for name in NAMES}
        assert not set(now.values()) & set(pids.values())
        assert not set(processes.below(house.folder)) & set(pids.values())
        assert not os.path.exists(house.path("programs", "only", "twice"))
        assert Asker(house, Moments(), token).get("/servers") == {"servers": dict.fromkeys(sorted(NAMES), 1)}
        ticker.follow(b"tick 10\n")
        assert (ticker.gaps, ticker.resets) == (0, 1)
        assert house.stop() == 0
    assert by.kept == {}
