"""Octyne itself, which answers with less, and a Holdfast of another time."""

import json
from collections.abc import Mapping

import pytest

from client import Client
from client.refusals import NotThere

from .asking import Play
from .peer import Line, answer

ANSWERS: Mapping[str, object] = {
    "/servers": {"servers": {"up": 1, "off": 0, "broken": 2}},
    "/server/up": {"status": 1, "uptime": 5, "cpuUsage": 0.5, "memoryUsage": 1.0, "totalMemory": 2.0},
    "/server/future": {"status": 1, "state": "dreaming", "cause": {"kind": "sheep", "count": 1}, "new": []},
}


def script(line: Line) -> None:
    while (heard := line.hear()) is not None:
        told = ANSWERS.get(heard.line.split(" ")[1].partition("?")[0])
        if told is None:
            line.say(answer(b'{"error": "This endpoint does not exist!"}', status="404 Not Found"))
        else:
            line.say(answer(json.dumps(told).encode()))


def test_octynes_numbers_are_states(play: Play) -> None:
    with play(script) as peer, Client(peer.target) as octyne:
        states = {name: one.state for name, one in octyne.servers.list().items()}
        assert states == {"up": "running", "off": "stopped", "broken": "failed"}
        one = octyne.servers.wait("up")
        assert (one.state, one.uptime, one.total_memory) == ("running", 5, 2)
        with pytest.raises(NotThere, match="does not exist"):
            octyne.system.host()


def test_what_is_new_is_in_raw_and_hinders_nothing(play: Play) -> None:
    with play(script) as peer, Client(peer.target) as holdfast:
        one = holdfast.servers.get("future")
        assert one.state == "dreaming"
        assert one.cause is not None
        assert (one.cause.kind, one.raw["new"]) == ("sheep", [])
