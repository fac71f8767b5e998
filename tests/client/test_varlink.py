"""The supervisor's private socket as the command asks it: also where something else answers there."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from client.failures import CannotConnect, NotHoldfast, TimedOut
from client.varlink import Declined, Varlink


class Answering:
    """Listens at a path, and answers the first call with these bytes."""

    def __init__(self, folder: Path) -> None:
        # The path is longer than an address may be.
        self.path = folder.joinpath(*["deep" * 10] * 4, "supervisor.sock")
        self.path.parent.mkdir(parents=True)
        self._listener = socket.socket(socket.AF_UNIX)
        here = os.open(self.path.parent, os.O_PATH)
        self._listener.bind(f"/proc/self/fd/{here}/{self.path.name}")
        os.close(here)
        self._listener.listen()
        self._threads: list[threading.Thread] = []
        self.asked: list[object] = []

    def answer(self, *pieces: bytes, silent: bool = False) -> Varlink:
        def run() -> None:
            peer, _ = self._listener.accept()
            with peer:
                data = b""
                while not data.endswith(b"\0"):
                    data += peer.recv(1024)
                self.asked.append(json.loads(data[:-1]))
                for piece in pieces:
                    peer.sendall(piece)
                if silent:
                    peer.recv(1)  # until the other side leaves

        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()
        return Varlink(str(self.path), 0.2 if silent else 20)

    def close(self) -> None:
        for one in self._threads:
            one.join()
        self._listener.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Answering]:
    other = Answering(tmp_path)
    try:
        yield other
    finally:
        other.close()


def test_an_answer_may_come_in_pieces(other: Answering) -> None:
    assert other.answer(b'{"parameters":', b'{"services":[]}}\0').call("List") == {"services": []}
    assert other.asked == [{"method": "org.holdfast.Supervisor.List", "parameters": {}}]
    found = other.answer(b'{"parameters":{"a":1}}\0{"parameters":{"a":2}}\0').follow("Attach", name="web")
    assert list(found) == [{"a": 1}, {"a": 2}]


def test_what_is_refused_is_told_by_its_name(other: Answering) -> None:
    ask = other.answer(b'{"error":"org.holdfast.Supervisor.NotAllowed","parameters":{"reason":"no"}}\0')
    with pytest.raises(Declined, match=r"^no$") as caught:
        ask.call("Marks", name="web")
    assert caught.value.error == "NotAllowed"


def test_garbage_an_end_and_silence_are_told_apart(other: Answering) -> None:
    with pytest.raises(NotHoldfast):
        other.answer(b"SSH-2.0\0").call("List")
    with pytest.raises(CannotConnect, match="it hangs up"):
        other.answer(b'{"param').call("List")
    with pytest.raises(TimedOut):
        other.answer(silent=True).call("List")
    with pytest.raises(CannotConnect, match="there is no such file"):
        Varlink(str(other.path.with_name("none")), 1).call("List")
