"""The supervisor's client: who is hung up on without an answer asks the one that comes next, once."""

import os
import socket
from pathlib import Path

import anyio
import pytest

from supervisor import SupervisorClient, SupervisorUnreachable
from supervisor.wire import INTERFACE, Channel, UnixStream, listen


async def hang_up(listener: socket.socket) -> None:
    """Do as a supervisor that is being replaced: what it has not read it does not answer."""
    await anyio.wait_readable(listener)
    listener.accept()[0].close()


async def answer(listener: socket.socket) -> object:
    """Answer a call; return its method."""
    await anyio.wait_readable(listener)
    channel = Channel(UnixStream(listener.accept()[0]))
    call = await channel.receive()
    await channel.send({"parameters": {"services": []}})
    await channel.aclose()
    return call["method"]


async def test_a_call_that_was_not_read_is_for_the_next_supervisor(tmp_path: Path) -> None:
    path = os.path.join(tmp_path, "s")
    with listen(path) as listener:
        asked: list[object] = []

        async def supervisors() -> None:
            await hang_up(listener)
            asked.append(await answer(listener))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(supervisors)
            assert await SupervisorClient(path).list() == []
    assert asked == [f"{INTERFACE}.List"]


async def test_who_is_hung_up_on_twice_is_told(tmp_path: Path) -> None:
    path = os.path.join(tmp_path, "s")
    with listen(path) as listener:

        async def supervisors() -> None:
            for _ in range(2):
                await hang_up(listener)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(supervisors)
            with pytest.raises(SupervisorUnreachable, match="went away during List"):
                await SupervisorClient(path).list()


async def test_who_attaches_to_one_that_is_stuck_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supervisor.client.PATIENCE", 0.01)
    path = os.path.join(tmp_path, "s")
    with listen(path), pytest.raises(SupervisorUnreachable, match="did not answer Attach in time"):
        await SupervisorClient(path).attach("a")
