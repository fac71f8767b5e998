"""The API daemon dies; the programs and what they say do not notice."""

import os
import signal
import threading

import httpx

from . import processes
from .house import Holdfast, program, sleeper


def kill_the_daemon(house: Holdfast) -> None:
    """Kill it as a crash would; return when the next one answers."""
    before = house.daemon
    assert before is not None
    processes.kill(before)
    house.until_it_answers()
    assert house.daemon not in (None, before)


def test_the_programs_outlive_the_daemon_and_tokens_stay_valid(house: Holdfast) -> None:
    house.configure(ticker=program("ticker"), sleeper=sleeper())
    house.start()
    house.log_in()
    supervisor, pids = house.supervisor, [house.pid("ticker"), house.pid("sleeper")]
    console = house.console("ticker", remote=True)
    seen = console.until_number("tick", 20)[-1]

    kill_the_daemon(house)

    assert house.remote.get("/servers").json() == {"servers": {"sleeper": 1, "ticker": 1}}
    assert [house.pid("ticker"), house.pid("sleeper")] == pids
    assert house.supervisor == supervisor
    again = house.console("ticker", remote=True)
    numbers = again.until_number("tick", seen + 50)
    assert numbers == list(range(numbers[-1] + 1))


def test_five_daemons_die_under_load_and_no_line_is_lost(house: Holdfast) -> None:
    house.configure(
        ticker=program("ticker", scrollbackLines=100_000),
        flood=program("flood"),
        echo=program("echo"),
    )
    house.start()
    house.log_in()
    pids = {name: house.pid(name) for name in ("ticker", "flood", "echo")}
    enough = threading.Event()
    statuses: set[int] = set()

    def ask() -> None:
        while not enough.is_set():
            try:
                statuses.add(house.remote.get("/servers").status_code)
            except httpx.TransportError:
                continue  # the daemon is dead just now

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    try:
        for _ in range(5):
            viewer = house.console("flood")
            for _ in range(10):
                viewer.receive()
            kill_the_daemon(house)
    finally:
        enough.set()
        for asker in askers:
            asker.join()

    assert {name: house.pid(name) for name in pids} == pids
    assert statuses == {200}
    console = house.console("ticker")
    numbers = console.until_number("tick", 0)
    numbers = console.until_number("tick", numbers[-1] + 10)
    assert numbers == list(range(numbers[-1] + 1))
    echo = house.console("echo")
    echo.type("still you?")
    echo.until("echo: still you?")


def test_a_command_given_to_the_next_daemon_reaches_the_same_program(house: Holdfast) -> None:
    house.configure(only=program("only_one"))
    house.start()
    house.console("only").until("ready")
    kill_the_daemon(house)
    assert house.order("only", "START")
    assert house.order("only", "TERM")
    house.until_status("only", 0)
    assert house.order("only", "START")
    house.until(lambda: len(starts(house)) == 2, "it has noted its second start")
    assert starts(house)[1] == house.pid("only")


def test_a_daemon_that_hangs_stops_no_program(house: Holdfast) -> None:
    house.configure(flood=program("flood", "400000", enabled=False), farewell=program("farewell"))
    house.start()
    house.console("farewell").until("ready")
    with house.bare_viewer("flood"):
        assert house.order("flood", "START")
        flood, daemon = house.pid("flood"), house.daemon
        assert daemon is not None
        os.kill(daemon, signal.SIGSTOP)
        processes.until_ended(flood)  # it has written 40 MB
        os.kill(daemon, signal.SIGCONT)
        house.until_status("flood", 0)
        os.kill(daemon, signal.SIGSTOP)
    assert house.stop() == 0
    assert processes.below(house.folder) == {}


def starts(house: Holdfast) -> list[int]:
    """Return the pids that the one program has had."""
    with open(house.path("programs", "only", "starts"), encoding="ascii") as file:
        return [int(line) for line in file]
