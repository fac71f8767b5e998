"""Disks that are getting full."""

import json
import os
import threading

import anyio
import pytest

from daemon import disks as module
from daemon.config import Config, parse_config
from daemon.disks import Disks, Room, look
from daemon.notice import Kind, Notice

from .house import Json, eventually

GIB = 1 << 30


def config(low: object = "10%", wanted: bool = True, **disk: object) -> Config:
    target: Json = {"type": "command", "command": "true", "on": ["diskLow"] if wanted else ["crashed"]}
    servers = {name: {"directory": f"/srv/{name}", "command": "x"} for name in ("a", "b", "c")}
    text = {"servers": servers, "notifications": {"targets": {"ops": target}, "disk": {"low": low, **disk}}}
    return parse_config(json.dumps(text).encode(), "c.json", "/")


class Machine:
    """A machine with a disk for `/srv/a` and `/srv/b`, and another for all else."""

    def __init__(self) -> None:
        self.free = {1: 50 * GIB, 2: 50 * GIB}
        self.told: list[Notice] = []
        self.looked: list[str] = []

    def look(self, folder: str) -> Room:
        self.looked.append(folder)
        disk = 1 if folder in ("/srv/a", "/srv/b") else 2
        return Room(disk, self.free[disk], 100 * GIB)

    def kinds(self) -> list[str]:
        return [str(notice.kind) for notice in self.told]


@pytest.fixture
def machine() -> Machine:
    return Machine()


async def watched(machine: Machine, of: Config) -> Disks:
    disks = Disks(machine.told.append, "/state", machine.look)
    await disks.configure(of)
    return disks


async def test_a_disk_that_is_low_is_told_once_with_all_its_servers(machine: Machine) -> None:
    disks = await watched(machine, config())
    await disks.check()
    assert machine.told == []
    machine.free[1] = 9 * GIB
    await disks.check()
    await disks.check()
    (notice,) = machine.told
    assert (notice.kind, notice.folder, notice.servers) == (Kind.DISK_LOW, "/srv/a", ("a", "b"))
    assert notice.reason == "9.0 GiB of 100.0 GiB are free at /srv/a, fewer than 10.0 GiB"


async def test_on_the_edge_nobody_is_told_twice(machine: Machine) -> None:
    disks = await watched(machine, config())
    for free in (9, 10, 9, 10.5, 9):
        machine.free[2] = int(free * GIB)
        await disks.check()
    assert machine.kinds() == ["diskLow"]
    machine.free[2] = 11 * GIB
    await disks.check()
    assert machine.kinds() == ["diskLow", "recovered"]
    assert machine.told[1].reason == "11.0 GiB of 100.0 GiB are free at /state again"


async def test_bytes_can_be_said_instead(machine: Machine) -> None:
    disks = await watched(machine, config(low=60 * GIB))
    await disks.check()
    assert machine.kinds() == ["diskLow", "diskLow"]


async def test_only_the_folders_that_were_named_are_looked_at(machine: Machine) -> None:
    disks = await watched(machine, config(folders=["/srv/a", "/data"]))
    machine.free[1] = 0
    await disks.check()
    assert machine.looked == ["/srv/a", "/data"]
    assert machine.told[0].servers == ("a",)


async def test_a_folder_that_is_not_there_is_no_disk(folder: str) -> None:
    told: list[Notice] = []
    disks = Disks(told.append, os.path.join(folder, "nowhere"))
    await disks.configure(config(low="99%", folders=[os.path.join(folder, "nowhere")]))
    await disks.check()
    assert told == []


async def test_the_kernel_is_asked(folder: str) -> None:
    room = look(folder)
    assert room.disk == os.stat(folder).st_dev
    assert 0 <= room.free <= room.total


async def test_a_file_system_that_hangs_holds_one_thread_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch, machine: Machine
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    hang, asked = threading.Event(), 0

    def hanging(folder: str) -> Room:
        nonlocal asked
        if folder == "/srv/a":
            asked += 1
            hang.wait()
        return Room(3, 0, 100)

    disks = Disks(machine.told.append, "/state", hanging)
    await disks.configure(config())
    try:
        await disks.check()
        await disks.check()
        assert asked == 1
        assert machine.kinds() == ["diskLow"]
    finally:
        hang.set()

    async def back() -> bool:
        await disks.check()
        return asked > 1

    await eventually(back)


async def test_nobody_looks_while_nobody_wants_to_know(machine: Machine) -> None:
    disks = await watched(machine, config(wanted=False))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(disks.run)
        await anyio.lowlevel.checkpoint()
        assert machine.looked == []
        machine.free[1] = 0
        await disks.configure(config())

        async def told() -> list[Notice]:
            return machine.told

        await eventually(told)
        tasks.cancel_scope.cancel()
