"""A Unix socket whose listener accepts nobody: the kernel refuses, and tells no moment to try again."""

import os
import socket
from collections.abc import Iterator
from dataclasses import replace

import anyio
import anyio.lowlevel
import pytest

from daemon.checksettings import Check, Kind
from daemon.probefailed import ProbeFailed
from daemon.probes import look

from ..supervisor.world import program, spec

CHECK = Check(Kind.UNIX, path="full.sock", timeout=0.5)


class Counting(socket.socket):
    """Counts how often the kernel is asked."""

    tries = 0

    def connect(self, address: str) -> None:  # type: ignore[override]
        Counting.tries += 1
        super().connect(address)


@pytest.fixture
def full(folder: str) -> Iterator[socket.socket]:
    """Return a listener that has no room for anybody."""
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as first:
        one.bind(os.path.join(folder, "full.sock"))
        one.listen(0)
        first.connect(one.getsockname())
        yield one


async def test_a_listener_with_a_full_queue_costs_no_time_and_is_ill(
    folder: str, full: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", Counting)
    Counting.tries = 0
    with pytest.raises(ProbeFailed, match=r"no answer within 0\.5 s"):
        await look(CHECK, replace(spec("a", program("echo")), directory=folder), None)
    assert Counting.tries < 50


async def test_a_look_waits_for_room_in_the_queue(folder: str, full: socket.socket) -> None:
    async with anyio.create_task_group() as tasks:
        patient = replace(CHECK, timeout=60.0)
        tasks.start_soon(look, patient, replace(spec("a", program("echo")), directory=folder), None)
        await anyio.lowlevel.checkpoint()
        full.accept()[0].close()
