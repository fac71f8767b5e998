"""Holdfast is asked to stop, and so are its programs, each in its own way."""

import os
import signal

import pytest

from . import processes
from .house import Holdfast, program, sleeper

NEVER = 1000
"""Seconds of grace that no test lives to see the end of."""


def wait_for_programs(house: Holdfast) -> None:
    """Return when the programs of these tests are prepared for signals."""
    for name in house.servers():
        if name != "sleeper":
            house.console(name).until("ready")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_every_program_ends_in_its_own_way_and_nothing_is_left(house: Holdfast, number: int) -> None:
    house.configure(farewell=program("farewell"), deaf=program("deaf"), sleeper=sleeper())
    house.start()
    wait_for_programs(house)
    house.signal(number)
    assert house.ended() == 0
    assert "Holdfast stops 3 programs" in house.output.until_end()
    assert processes.below(house.folder) == {}
    assert os.path.exists(house.path("programs", "farewell", "farewell"))
    assert not os.path.exists(house.path("api.sock"))
    assert not os.path.exists(house.path("state", "run", "supervisor.sock"))


def test_a_stubborn_program_is_killed_after_its_grace(house: Holdfast) -> None:
    house.configure(stubborn=program("stubborn", stopGrace=0.5), farewell=program("farewell"))
    house.start()
    wait_for_programs(house)
    assert house.stop() == 0
    assert processes.below(house.folder) == {}
    assert os.path.exists(house.path("programs", "farewell", "farewell"))


def test_the_viewer_of_a_console_sees_the_end_of_its_program(house: Holdfast) -> None:
    house.configure(slow=program("slow_stop", stopGrace=NEVER))
    house.start()
    console = house.console("slow")
    console.until("ready")
    house.signal(signal.SIGTERM)
    console.until("stopping")
    console.type("go on")
    console.until("saved")
    console.until("[Octyne] Server slow has stopped.")
    assert house.ended() == 0


def test_a_second_sigterm_changes_nothing(house: Holdfast) -> None:
    house.configure(slow=program("slow_stop", stopGrace=NEVER))
    house.start()
    console = house.console("slow")
    console.until("ready")
    pid = house.pid("slow")
    house.signal(signal.SIGTERM)
    console.until("stopping")
    house.signal(signal.SIGTERM)
    assert console.answers()
    assert house.pid("slow") == pid
    assert house.about("slow")["state"] == "stopping"
    console.type("go on")
    assert house.ended() == 0
    assert house.output.until_end().count("Holdfast stops") == 1


def test_a_second_sigint_kills_what_still_lives(house: Holdfast) -> None:
    house.configure(stubborn=program("stubborn", stopGrace=NEVER), sleeper=sleeper())
    house.start()
    wait_for_programs(house)
    house.signal(signal.SIGINT)
    house.output.until("Holdfast stops 2 programs")
    house.signal(signal.SIGINT)
    assert house.ended() == 0
    assert processes.below(house.folder) == {}


def test_two_sigints_at_once_do_not_leave_a_stubborn_program(house: Holdfast) -> None:
    house.configure(stubborn=program("stubborn", stopGrace=2), sleeper=sleeper())
    house.start()
    wait_for_programs(house)
    # The kernel may make one of two: then the grace ends it.
    house.signal(signal.SIGINT)
    house.signal(signal.SIGINT)
    assert house.ended() == 0
    assert processes.below(house.folder) == {}


def test_it_stops_while_its_daemon_is_dead(house: Holdfast) -> None:
    house.configure(farewell=program("farewell"))
    house.start()
    wait_for_programs(house)
    daemon = house.daemon
    assert daemon is not None
    processes.kill(daemon)
    assert house.stop() == 0
    assert processes.below(house.folder) == {}
    assert os.path.exists(house.path("programs", "farewell", "farewell"))


@pytest.mark.parametrize("sign", ["state/lock", "state/run/supervisor.sock", "users.json", "api.sock"])
def test_asked_to_stop_while_it_starts_it_leaves_nothing_running(house: Holdfast, sign: str) -> None:
    house.configure(farewell=program("farewell"), sleeper=sleeper())
    house.start(wait=False)
    house.until(lambda: os.path.exists(house.path(sign)), f"{sign} is made")
    # Before there is anything to stop, the signal may simply end it.
    assert house.stop() in (0, -signal.SIGTERM)
    house.output.until_end()
    assert processes.below(house.folder) == {}


def test_with_nobody_reading_its_output_any_more_it_runs_on_and_ends_in_good_order(house: Holdfast) -> None:
    house.configure(farewell=program("farewell"))
    house.start(unheard=True)
    wait_for_programs(house)
    daemon = house.daemon
    assert daemon is not None
    processes.kill(daemon)
    house.until_it_answers()
    assert house.servers() == {"farewell": 1}
    assert house.stop() == 0
    assert processes.below(house.folder) == {}
    assert os.path.exists(house.path("programs", "farewell", "farewell"))
