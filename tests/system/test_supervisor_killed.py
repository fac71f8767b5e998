"""The supervisor dies without a word: the API ends with it, and its successor makes no second copy."""

import os
import socket

import pytest

from . import processes
from .house import Holdfast, program, sleeper


def test_the_daemon_ends_with_its_supervisor_and_frees_its_port(house: Holdfast) -> None:
    house.configure(sleeper=sleeper(), ticker=program("ticker"))
    house.start()
    daemon = house.daemon
    assert daemon is not None
    console = house.console("ticker")
    console.until_number("tick", 5)
    processes.kill(house.supervisor)
    processes.until_ended(daemon)
    assert house.daemon is None
    with socket.create_server(("127.0.0.1", house.port)):
        pass
    house.sweep()
    assert "the supervisor is gone" in house.output.until_end()


@pytest.mark.parametrize("first", ["supervisor", "daemon"])
def test_after_both_were_killed_it_starts_again(house: Holdfast, first: str) -> None:
    house.configure(echo=program("echo"))
    house.start()
    token = house.log_in()
    daemon = house.daemon
    assert daemon is not None
    for pid in (house.supervisor, daemon) if first == "supervisor" else (daemon, house.supervisor):
        processes.kill(pid)
    house.sweep()
    house.ended()
    house.output.until_end()

    house.start()
    assert house.remote.get("/servers", headers={"Authorization": token}).json() == {"servers": {"echo": 1}}
    house.console("echo").until("ready")


def test_its_successor_ends_what_it_left_before_it_starts_it_again(house: Holdfast) -> None:
    house.configure(only=program("only_one"), stubborn=program("stubborn", stopGrace=0.5), sleeper=sleeper())
    house.start()
    for name in ("only", "stubborn"):
        house.console(name).until("ready")
    pids = [house.pid(name) for name in ("only", "stubborn", "sleeper")]
    daemon = house.daemon
    assert daemon is not None
    processes.kill(house.supervisor)
    house.ended()
    processes.until_ended(daemon)  # or it would be asked below, and it knows the old output
    house.start()
    for name in ("only", "stubborn"):
        house.console(name).until("ready")
    # The sleeper says nothing when it begins, and the one before has the name until it has ended.
    house.until(lambda: house.about("sleeper")["pid"] not in (None, *pids), "a new sleeper runs")
    assert not os.path.exists(house.path("programs", "only", "twice"))
    now = [house.pid(name) for name in ("only", "stubborn", "sleeper")]
    assert not set(now) & set(pids)
    assert not set(processes.below(house.folder)) & set(pids)


def test_a_daemon_that_ends_late_leaves_its_successors_socket_alone(house: Holdfast) -> None:
    house.configure(sleeper=sleeper())
    house.start()
    late = house.daemon
    assert late is not None
    with socket.socket(socket.AF_UNIX) as half:
        half.connect(house.path("api.sock"))
        # It waits for the rest of this request, while it has stopped listening.
        half.sendall(b"POST /server/sleeper HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
        assert house.answers()
        processes.kill(house.supervisor)
        house.ended()
        house.start()
        processes.until_ended(late)
    assert house.answers()
