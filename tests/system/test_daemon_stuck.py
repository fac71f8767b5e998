"""The daemon lives and does nothing: the programs do not notice, and it is replaced; a slow one is not."""

import os
import signal
import threading

import pytest

from . import processes
from .asker import Asker, Moments
from .house import ROOT, Holdfast, program
from .rawconsole import RawConsole

PATCHES = os.path.join(ROOT, "tests", "system", "stuck")

LINES = 200_000


def start(house: Holdfast, watchdog: float) -> int:
    """Start it with a watchdog that bites after so many seconds; return the daemon's pid."""
    house.environment |= {"PYTHONPATH": f"{PATCHES}:{ROOT}", "WATCHDOG": f"{watchdog}"}
    house.start()
    daemon = house.daemon
    assert daemon is not None
    return daemon


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGUSR1])
def test_a_daemon_that_is_stuck_is_replaced_and_viewers_get_exactly_the_rest(
    house: Holdfast, number: signal.Signals
) -> None:
    flood = program("flood", str(LINES), scrollbackBytes=32 << 20, enabled=False)
    house.configure(flood=flood, ticker=program("ticker"))
    daemon = start(house, 2.0)
    token = house.log_in()
    console = RawConsole(house.path("api.sock"), "flood")
    pid = house.pid("ticker")
    viewer = threading.Thread(target=console.follow, args=(b"Server flood has stopped.\n",))
    viewer.start()
    try:
        assert house.order("flood", "START")
        running = house.pid("flood")
        os.kill(daemon, number)
        processes.until_ended(running)  # it has written 20 MB, with nobody reading
        # Who asks now is answered, by the next one.
        for asker in (Asker(house, Moments()), Asker(house, Moments(), token)):
            assert asker.get("/servers") == {"servers": {"flood": 0, "ticker": 1}}
    finally:
        viewer.join(processes.DEADLINE)
    assert not viewer.is_alive()
    lines = "".join(f"{line:099d}\n" for line in range(LINES))
    assert (
        console.data == f"[Octyne] Started server flood\n{lines}[Octyne] Server flood has stopped.\n".encode()
    )
    assert (console.gaps, console.resets) == (0, 0)
    assert house.daemon not in (None, daemon)
    assert house.pid("ticker") == pid
    numbers = house.console("ticker").until_number("tick", 100)
    assert numbers == list(range(len(numbers)))
    house.output.until("the API daemon has been stuck for ")


def test_a_daemon_that_is_merely_slow_is_left_alone(house: Holdfast) -> None:
    house.configure(ticker=program("ticker"))
    daemon = start(house, 5.0)
    for _ in range(15):  # half a second each: longer than the watchdog's patience in all
        os.kill(daemon, signal.SIGUSR2)
        assert house.answers()
    assert house.daemon == daemon
    assert "stuck" not in house.output.text
