"""The daemon is killed, and the client goes on: against the real programs."""

import os
import select
import signal
from collections.abc import Callable, Sequence

import pytest

from client.exchange import Request, Steps
from client.failures import CannotConnect
from client.quick import Quick
from client.servers import Servers
from client.streams import Stream
from client.target import Target
from client.web import Web

from ..system.house import Holdfast, sleeper
from ..system.processes import DEADLINE
from .carriers import Carrier


def kill_daemon(house: Holdfast) -> None:
    daemon = house.daemon
    assert daemon is not None
    end = os.pidfd_open(daemon)
    try:
        os.kill(daemon, signal.SIGKILL)
        # Only then are its sockets closed, and nobody is left at whom a request could be addressed.
        assert select.select([end], [], [], DEADLINE)[0]
    finally:
        os.close(end)


def test_operations_go_on_when_the_daemon_was_killed(carry: Carrier, house: Holdfast) -> None:
    house.configure(web=sleeper())
    house.start()

    def steps() -> Steps[str]:
        yield from Servers.get.steps("web")
        kill_daemon(house)
        yield from Servers.get.steps("web")
        kill_daemon(house)
        yield from Servers.stop.steps("web")  # nobody has heard it before, so it is asked again
        stopped = yield from Servers.wait.steps("web", frozenset({"stopped"}))
        return stopped.state

    try:
        assert carry(Target(socket=house.path("api.sock")), steps()) == "stopped"
    finally:
        house.until_it_answers()


class Happenings:
    """The events of all servers, as lines of text; the next daemon tells them anew from the beginning."""

    def request(self) -> Request:
        return Request("GET", "/events")

    def feed(self, data: bytes) -> Sequence[bytes]:
        return [data]

    def ended(self) -> bool:
        return False


@pytest.mark.parametrize("make", [Quick, Web])
def test_a_stream_goes_on_when_the_daemon_was_killed(
    make: Callable[[Target, float], Quick | Web], house: Holdfast
) -> None:
    house.configure(web=sleeper())
    house.start()
    way = make(Target(socket=house.path("api.sock")), 20.0)
    breaks: list[object] = []
    with Stream(way.open, Happenings()) as stream:
        stream.on_break = breaks.append
        next(stream)
        kill_daemon(house)
        while None not in breaks:
            next(stream)
    way.close()
    house.until_it_answers()
    assert [type(one).__name__ for one in breaks] == ["ConnectionLost", "NoneType"]


def test_where_nobody_ever_was_nobody_is_waited_for(carry: Carrier, house: Holdfast) -> None:
    with pytest.raises(CannotConnect):
        carry(Target(socket=house.path("api.sock")), Servers.list.steps())
