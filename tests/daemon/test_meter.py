"""The meter: real programs are measured, restarts are gaps, and the numbers outlive the daemon."""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager

import pytest

from daemon.host import Host, disks_below
from daemon.meter import FILE, SHARE, Meter
from daemon.processtable import PAGE
from daemon.usage import Sampler
from supervisor import SupervisorUnreachable

from .house import House, eventually, living, python

BURN = python("print('burning', flush=True)\nwhile True: pass")
GROW = python(
    "x = bytearray(64 << 20); x[::4096] = b'1' * len(x[::4096]); print('grown', flush=True)\ninput()"
)
TREE = python("import subprocess, sys\nfor _ in range(3): subprocess.Popen(['sleep', '1000'])\ninput()")
WRITE = python(
    "import os\nwhile True:\n fd = os.open('written', os.O_WRONLY | os.O_CREAT | os.O_TRUNC)\n"
    " os.write(fd, b'x' * (1 << 20)); os.fsync(fd); os.close(fd)"
)
FAST = {"interval": 1}


@pytest.fixture
async def busy(folder: str) -> AsyncIterator[House]:
    servers = {"burn": BURN, "grow": GROW, "tree": TREE, "write": {**WRITE, "directory": folder}}
    async with living(folder, servers=servers, usage=FAST) as house:
        yield house


async def columns(house: House, name: str, query: str = "") -> dict[str, list[float]]:
    answer = await house.local.get(f"/server/{name}/usage{query}")
    assert answer.status_code == 200, answer.text
    told: dict[str, list[float]] = answer.json()["columns"]
    lengths = {len(values) for values in told.values()}
    assert len(lengths) == 1
    return told


async def until_seen(house: House, name: str, holds: Callable[[dict[str, list[float]]], object]) -> None:
    async def look() -> dict[str, list[float]]:
        await house.parts.meter.measure()
        return await columns(house, name)

    await eventually(look, holds)


async def test_what_programs_use_is_measured(busy: House) -> None:
    await until_seen(busy, "burn", lambda seen: any(cpu and cpu > 5 for cpu in seen["cpu"]))
    await until_seen(busy, "grow", lambda seen: any(size and size > 64 << 20 for size in seen["memory"]))
    await until_seen(busy, "tree", lambda seen: 4 in seen["processes"] and 4 in seen["threads"])
    if os.access("/proc/self/io", os.R_OK):
        await until_seen(busy, "write", lambda seen: any(rate is not None for rate in seen["written"]))


async def test_a_restart_is_a_gap(busy: House) -> None:
    await until_seen(busy, "burn", lambda seen: seen["time"])
    await busy.operate("burn", "KILL")
    await busy.until("burn", state="stopped")
    await busy.operate("burn", "START")
    await until_seen(busy, "burn", lambda seen: None in seen["cpu"] and seen["cpu"][-1] is not None)


async def test_who_is_removed_loses_his_numbers(busy: House) -> None:
    await until_seen(busy, "burn", lambda seen: seen["time"])
    await busy.configure(grow=GROW)
    await busy.operate("burn", "KILL")

    async def look() -> int:
        return (await busy.local.get("/server/burn/usage")).status_code

    await eventually(look, lambda status: status == 404)
    await busy.parts.meter.measure()
    await busy.configure(burn={**BURN, "enabled": False}, grow=GROW)
    assert (await columns(busy, "burn"))["time"] == []


async def test_it_can_be_switched_off(busy: House) -> None:
    busy.settings["usage"] = {"interval": 0}
    await busy.configure(burn=BURN)
    answer = (await busy.local.get("/server/burn/usage")).json()
    assert answer["interval"] == answer["configuredInterval"] == 0
    assert (await busy.local.get("/host")).json()["cores"] > 0
    assert (await busy.show("burn"))["memoryUsage"] != 0


@pytest.mark.parametrize("query", ["since=x", "until=nan", "step=inf", "since=1e999", "step=-60"])
async def test_a_time_that_is_none_is_refused(house: House, query: str) -> None:
    answer = await house.local.get(f"/server/app/usage?{query}")
    assert (answer.status_code, answer.json()["kind"]) == (400, "invalid-time")


async def test_a_time_may_be_so_long_ago(busy: House) -> None:
    await until_seen(busy, "burn", lambda seen: seen["time"])
    assert (await columns(busy, "burn", "?since=-3600"))["time"]
    assert not (await columns(busy, "burn", "?until=-3600"))["time"]
    assert len((await columns(busy, "burn", "?step=86400"))["time"]) == 1


async def test_the_numbers_outlive_the_daemon(folder: str) -> None:
    async with living(folder, servers={"burn": BURN}, usage=FAST) as house:
        await until_seen(house, "burn", lambda seen: seen["time"])
        before = (await columns(house, "burn"))["time"]
    async with living(folder) as house:
        after = (await columns(house, "burn"))["time"]
        assert after[: len(before)] == before
        await until_seen(house, "burn", lambda seen: None in seen["cpu"])  # nobody measured in between


async def test_a_damaged_file_costs_only_history(folder: str) -> None:
    os.makedirs(os.path.join(folder, "state"))
    with open(os.path.join(folder, "state", FILE), "wb") as file:  # noqa: ASYNC230
        file.write(b"garbage")
    async with living(folder, servers={"burn": BURN}, usage=FAST) as house:
        await until_seen(house, "burn", lambda seen: seen["time"])
    assert any(name.startswith(f"{FILE}.damaged") for name in os.listdir(os.path.join(folder, "state")))


async def test_on_a_full_disk_all_goes_on(
    busy: House, full_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    await busy.until("burn", status=1)  # a plan needs the disk, too
    with full_disk():
        busy.parts.meter._save()
    await until_seen(busy, "burn", lambda seen: seen["time"])


async def test_the_machine_is_measured_too(house: House) -> None:
    await house.parts.meter.measure()
    told = (await house.local.get("/host")).json()
    assert told["memory"]["total"] >= told["memory"]["used"] > 0
    assert told["uptime"] > 0
    assert told["disks"][0]["total"] > 0
    assert told["disks"][0]["servers"] == ["app"]
    assert len(told["columns"]["time"]) > 0


class Nobody:
    """A mirror without a supervisor."""

    connected = False

    def __init__(self) -> None:
        self.latest: dict[str, object] = {}

    async def services(self) -> None:
        raise SupervisorUnreachable("nobody is there")


class Dear(Sampler):
    """A sampler that takes as much time as it says."""

    async def sample(self, live: object) -> dict[int, object]:  # type: ignore[override]
        return {}


async def test_what_takes_long_is_done_less_often(folder: str) -> None:
    sampler = Dear()
    meter = Meter(Nobody(), sampler, folder)  # type: ignore[arg-type]
    sampler.cost = 0.010
    await meter.measure()
    assert meter.wanted == meter.interval == 10
    sampler.cost = 1.0
    for _ in range(40):
        await meter.measure()
    assert meter.interval >= 0.99 / SHARE
    sampler.cost = 0.0
    for _ in range(80):
        await meter.measure()
    assert meter.interval == 10


async def test_what_cannot_be_measured_ends_nothing(folder: str, caplog: pytest.LogCaptureFixture) -> None:
    meter = Meter(Nobody(), Sampler(proc=os.path.join(folder, "none")), folder)  # type: ignore[arg-type]
    for _ in range(2):
        await meter._try_to_measure()
    assert caplog.text.count("cannot be measured") == 1


# A machine of our own: where the kernel's numbers must be ours.


def stat(pid: int, parent: int, session: int, ticks: int = 0, waited: int = 0, start: int = 100) -> str:
    fields = ["S", str(parent), "0", str(session), *["0"] * 7]
    fields += [str(ticks), "0", str(waited), "0", "20", "0", "2", "0", str(start), "0", "3", *["0"] * 10]
    return f"{pid} (a) b (c) {' '.join(fields)}\n"


class Machine:
    """A /proc that says what it is told."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def put(self, pid: int, text: str, io: Sequence[int] | None = None) -> None:
        os.makedirs(os.path.join(self.folder, str(pid)), exist_ok=True)
        self._write(f"{pid}/stat", text)
        if io is not None:
            self._write(f"{pid}/io", f"syscw: 1\nread_bytes: {io[0]}\nwrite_bytes: {io[1]}\ncancelled: 0\n")

    def remove(self, pid: int) -> None:
        os.unlink(os.path.join(self.folder, str(pid), "stat"))

    def _write(self, name: str, text: str) -> None:
        with open(os.path.join(self.folder, name), "w", encoding="ascii") as file:
            file.write(text)


@pytest.fixture
def machine(folder: str) -> Machine:
    return Machine(folder)


async def test_what_a_reaped_child_has_used_counts_once(machine: Machine) -> None:
    tick = os.sysconf("SC_CLK_TCK")
    sampler = Sampler(proc=machine.folder)
    machine.put(10, stat(10, 1, 10, ticks=tick), (100, 0))
    machine.put(11, stat(11, 10, 10, ticks=2 * tick), (50, 7))
    first = (await sampler.sample([10]))[10]
    assert (first.seconds, first.processes, first.threads, first.memory) == (3, 2, 4, 6 * PAGE)
    assert (first.read, first.written) == (150, 7)
    machine.remove(11)
    machine.put(10, stat(10, 1, 10, ticks=tick, waited=5 * tick), (180, 9))  # it used more before it ended
    second = (await sampler.sample([10]))[10]
    assert (second.seconds, second.processes, second.read, second.written) == (6, 1, 180, 9)


async def test_what_a_child_of_nobody_had_used_is_not_taken_off(machine: Machine) -> None:
    tick = os.sysconf("SC_CLK_TCK")
    sampler = Sampler(proc=machine.folder)
    machine.put(10, stat(10, 1, 10, ticks=tick))
    machine.put(11, stat(11, 1, 10, ticks=9 * tick))  # of its session, but its parent is another
    assert (await sampler.sample([10]))[10].seconds == 10
    machine.remove(11)
    machine.put(10, stat(10, 1, 10, ticks=2 * tick))
    assert (await sampler.sample([10]))[10].seconds == 11


async def test_where_io_may_not_be_known_it_is_none(machine: Machine) -> None:
    machine.put(10, stat(10, 1, 10))
    usage = (await Sampler(proc=machine.folder).sample([10]))[10]
    assert (usage.read, usage.written) == (None, None)


async def test_another_process_with_the_same_pid_is_another_run(machine: Machine) -> None:
    sampler = Sampler(proc=machine.folder)
    machine.put(10, stat(10, 1, 10, ticks=500))
    first = (await sampler.sample([10]))[10]
    machine.put(10, stat(10, 1, 10, ticks=1, start=200))
    second = (await sampler.sample([10]))[10]
    assert first.run != second.run
    assert second.seconds < first.seconds


async def test_who_belongs_to_a_tree_can_be_told_by_somebody_else(machine: Machine) -> None:
    for pid in (10, 11, 12):
        machine.put(pid, stat(pid, 1, pid))
    sampler = Sampler(members=lambda _, pid: (pid, 12, 99), proc=machine.folder)
    assert (await sampler.sample([10]))[10].processes == 2


def test_a_machine_that_shows_nothing_is_no_error(folder: str) -> None:
    for _ in range(2):
        usage = Host(folder).measure()
    assert (usage.cpu, usage.received, usage.memory_total) == (None, None, 0)
    assert set(usage.pressure.values()) == {None}


def test_pressure_is_read_as_the_kernel_writes_it(folder: str) -> None:
    os.makedirs(os.path.join(folder, "pressure"))
    with open(os.path.join(folder, "pressure", "io"), "w", encoding="ascii") as file:
        file.write(
            "some avg10=1.50 avg60=2.25 avg300=0.00 total=1\nfull avg10=0.10 avg60=0.00 avg300=0.00 total=1\n"
        )
    told = Host(folder).measure().pressure["io"]
    assert told is not None
    assert told.some == (1.5, 2.25, 0.0)
    assert told.full == (0.1, 0.0, 0.0)


def test_folders_on_one_disk_are_one_disk(folder: str) -> None:
    os.makedirs(os.path.join(folder, "a"))
    (disk,) = disks_below([folder, os.path.join(folder, "a"), os.path.join(folder, "none")])
    assert disk.folders == (folder, os.path.join(folder, "a"))
    assert disk.total >= disk.used
