"""A service is its whole process tree: with control groups where they are to be had, and without."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import anyio
import pytest

from supervisor import (
    Cause,
    CauseKind,
    LeftBehind,
    Limits,
    NotAllowed,
    Plan,
    ServiceSpec,
    ServiceStatus,
    State,
    SupervisorClient,
)
from supervisor.cgroups import Cgroups, Place
from supervisor.group import Group

from .real import Program, eventually, started
from .world import DEADLINE, Reading, alive, end, program, spec, until, until_dead

PERSON = Cause(CauseKind.PERSON, "ada")


def writable() -> str:
    """Why control groups cannot be tested here; empty if they can."""
    place = Place.find()
    if place is None:
        return "no cgroup v2 is mounted"
    return "" if os.access(os.path.join(place.own, "cgroup.procs"), os.W_OK) else f"{place.own} is not ours"


WITHOUT = writable()

NEEDS_GROUPS = pytest.mark.skipif(bool(WITHOUT), reason=f"control groups: {WITHOUT}")

WAYS = [pytest.param("auto", marks=NEEDS_GROUPS, id="groups"), pytest.param("off", id="parenthood")]


@dataclass
class World:
    """A supervisor of its own process, with or without control groups."""

    program: Program
    api: SupervisorClient
    directory: str
    groups: bool

    @property
    def top(self) -> str:
        return top(os.path.join(self.directory, "state"))

    async def says(self, name: str, before: bytes) -> str:
        reading = Reading(await self.api.attach(name, 0))
        try:
            return await reading.word_after(before)
        finally:
            await reading.aclose()

    async def until(self, name: str, holds: Callable[[ServiceStatus], object]) -> ServiceStatus:
        return await until(self.api, name, holds)


def top(state: str) -> str:
    """The folder of the control groups of a supervisor."""
    groups = Cgroups(state)
    place = Place.find()
    return os.path.join(place.own, groups.name) if place is not None else "/nowhere"


@contextmanager
def swept(directory: str) -> Iterator[None]:
    """Leave no folder of a supervisor that a test has killed."""
    try:
        yield
    finally:
        Group(top(os.path.join(directory, "state"))).remove()


@asynccontextmanager
async def at_work(directory: str, way: str) -> AsyncIterator[World]:
    with swept(directory), started(directory, options=["--cgroups", way]) as running:
        yield World(running, await running.ready(), directory, way == "auto")


@pytest.fixture(params=WAYS)
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    async with at_work(str(tmp_path), str(request.param)) as world:
        yield world


async def apply(world: World, *specs: ServiceSpec) -> None:
    await world.api.apply(Plan(specs))


def state(pid: int) -> str:
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[0]


def is_zombie_of(pid: int, parent: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return fields[0] == "Z" and int(fields[1]) == parent


@pytest.mark.parametrize("arguments", [(), ("stay",), ("stubborn",), ("stay", "stubborn")])
async def test_who_forks_twice_and_makes_a_session_is_stopped_to_the_last_process(
    world: World, arguments: tuple[str, ...]
) -> None:
    """One that ends by itself is stopped without being asked to: the others are left of it."""
    await apply(
        world, spec("a", program("double", *arguments), grace=0.2 if "stubborn" in arguments else 30.0)
    )
    daemon = int(await world.says("a", b"daemon "))
    if "stay" in arguments:
        assert (await world.until("a", lambda status: status.state is State.RUNNING)).pid != daemon
        assert alive(daemon)
        await world.api.stop("a", PERSON)
    status = await world.until("a", lambda status: status.state is State.STOPPED)
    assert status.survivors == ()
    assert not alive(daemon)


@NEEDS_GROUPS
@pytest.mark.parametrize("arguments", [("bare",), ("bare", "stay")])
async def test_an_empty_environment_is_no_way_out_of_a_control_group(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    async with at_work(str(tmp_path), "auto") as world:
        await apply(world, spec("a", program("double", *arguments)))
        daemon = int(await world.says("a", b"daemon "))
        await world.api.stop("a", PERSON)
        await world.until("a", lambda status: status.state is State.STOPPED)
        assert not alive(daemon)
        assert os.listdir(world.top).count("s-a") == 0


async def test_orphans_are_reaped_and_no_known_child_loses_its_exit_code(world: World) -> None:
    script = (
        "import os\nfor _ in range(20):\n if os.fork() == 0:\n  os.fork() or os._exit(3)\n  os._exit(4)\n"
    )
    known = (sys.executable, "-S", "-c", f"{script}os._exit(7)")
    await apply(world, *(spec(f"s{number}", known) for number in range(5)))
    for number in range(5):
        status = await world.until(f"s{number}", lambda status: status.state is State.FAILED)
        assert status.exit is not None
        assert status.exit.code == 7
    parent = world.program.process.pid

    async def none_left() -> bool:
        return not any(is_zombie_of(int(name), parent) for name in os.listdir("/proc") if name.isdigit())

    await eventually(none_left)


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_a_paused_service_stands_still_and_goes_on_or_is_stopped(world: World, how: str) -> None:
    await apply(world, spec("a", program("double", "stay")))
    daemon = int(await world.says("a", b"daemon "))
    pid = (await world.until("a", lambda status: status.state is State.RUNNING)).pid
    assert pid is not None
    status = await world.api.pause("a", PERSON)
    assert (status.paused, status.state, status.reason, status.cause) == (
        True,
        State.RUNNING,
        "paused",
        PERSON,
    )
    assert (await world.api.pause("a", PERSON)).paused, "twice is as good as once"
    if world.groups:
        (name,) = [name for name in os.listdir(world.top) if name.startswith("s-a-")]

        async def stands_still() -> bool:
            return "frozen 1" in Path(world.top, name, "cgroup.events").read_text(encoding="ascii")
    else:

        async def stands_still() -> bool:
            return state(pid) == state(daemon) == "T"

    await eventually(stands_still)
    status = await world.api.resume("a", PERSON)
    assert (status.paused, status.reason) == (False, "resumed")

    async def goes_on() -> bool:
        return not await stands_still()

    await eventually(goes_on)
    with pytest.raises(NotAllowed, match="cannot resume a: it is not paused"):
        await world.api.resume("a", PERSON)
    await world.api.pause("a", PERSON)
    await getattr(world.api, how)("a", PERSON)
    status = await world.until("a", lambda status: status.state is State.STOPPED)
    assert not status.paused
    assert not alive(daemon)
    with pytest.raises(NotAllowed, match="cannot pause a: it is stopped"):
        await world.api.pause("a", PERSON)
    chronicle = await world.api.history()
    told = await chronicle.receive()
    await chronicle.aclose()
    causes = [(change.reason, change.cause) for change in told.transitions if change.reason == "paused"]
    assert causes == [("paused", PERSON)] * 2


async def test_a_pause_survives_an_upgrade(world: World) -> None:
    await apply(world, spec("a", program("double", "stay")))
    daemon = int(await world.says("a", b"daemon "))
    await world.until("a", lambda status: status.state is State.RUNNING)
    await world.api.pause("a", PERSON)
    world.program.process.send_signal(signal.SIGHUP)
    await world.program.says("took over")
    assert (await world.until("a", lambda status: True)).paused
    await world.api.resume("a", PERSON)
    await world.api.stop("a", PERSON)
    await world.until("a", lambda status: status.state is State.STOPPED)
    assert not alive(daemon)
    if world.groups:
        assert os.listdir(world.top).count("s-a") == 0


@pytest.mark.parametrize("leftovers", LeftBehind)
async def test_after_a_kill_of_the_supervisor_the_next_one_stops_them_all(
    world: World, leftovers: LeftBehind
) -> None:
    one = replace(spec("a", program("double", "stay")), leftovers=leftovers)
    await apply(world, one)
    daemon = int(await world.says("a", b"daemon "))
    await world.until("a", lambda status: status.state is State.RUNNING)
    world.program.process.kill()
    await world.program.ended()
    assert alive(daemon)
    with started(world.directory, options=["--cgroups", "auto" if world.groups else "off"]) as running:
        api = await running.ready()
        if leftovers is LeftBehind.KEEP:
            await until(api, "a", lambda status: status.state is State.RUNNING)
            assert alive(daemon)
            await api.stop("a", PERSON)
            await until(api, "a", lambda status: status.state is State.STOPPED)
        await until_dead(daemon)


@NEEDS_GROUPS
async def test_what_only_its_control_group_knows_is_found_after_a_kill(tmp_path: Path) -> None:
    """No note, no mark, no session, no parent: the group is left, and it has the service's name."""
    directory = str(tmp_path)
    async with at_work(directory, "auto") as world:
        await apply(world, spec("a b", program("double", "stay", "bare")))
        daemon = int(await world.says("a b", b"daemon "))
        status = await world.until("a b", lambda status: status.state is State.RUNNING)
        world.program.process.kill()
        await world.program.ended()
        assert status.pid is not None
        end(status.pid)
        await until_dead(status.pid)
        for note in (tmp_path / "state" / "children").iterdir():
            note.unlink()
        assert alive(daemon)
        with started(directory, options=["--cgroups", "auto"]) as running:
            await running.ready()
            await running.says("left behind: a b")
            await until_dead(daemon)


async def test_a_fork_bomb_is_killed_to_the_last_process(world: World) -> None:
    name = os.path.basename(world.directory)
    await apply(world, spec(name, program("bomb", "30"), grace=0.2))
    status = await world.until(name, lambda status: status.state is State.RUNNING)
    await world.says(name, b"forked")
    assert len(of_service(name)) > 30
    await world.api.stop(name, PERSON)
    await world.until(name, lambda status: status.state is State.STOPPED)
    assert not of_service(name)
    assert status.pid is not None
    assert not alive(status.pid)


def of_service(name: str) -> list[int]:
    """All processes that carry the mark of a service of this name."""
    found: list[int] = []
    for pid in [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]:
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                marked = any(
                    word.startswith(b"HOLDFAST_SERVICE=") and word.endswith(f":{name}".encode())
                    for word in file.read().split(b"\0")
                )
        except OSError:
            continue
        if marked and alive(pid):
            found.append(pid)
    return found


async def test_limits_that_cannot_be_kept_are_named_and_stop_nobody(world: World) -> None:
    limited = replace(spec("a"), limits=Limits(memory=1 << 30, pids=100))
    await apply(world, limited)
    status = await world.until("a", lambda status: status.pid is not None)
    missing = {"memory", "pids"} if not world.groups else set(status.limits)
    assert set(status.limits) == missing
    assert all(why.startswith("not enforced: ") for why in status.limits.values())
    if missing:
        await world.says("a", b"runs without some of its limits: ")
    await apply(world, replace(limited, limits=Limits(cpu=0.5)))
    status = await world.until("a", lambda status: "memory" not in status.limits)
    assert not status.outdated, "limits count at once"


def controllers() -> set[str]:
    """What groups could be limited by here, if the supervisor can have it."""
    place = Place.find()
    with suppress(OSError):
        return set(Path(place.own if place else "", "cgroup.controllers").read_text(encoding="ascii").split())
    return set()


@pytest.mark.skipif(
    "pids" not in controllers() or bool(WITHOUT), reason="there is no controller pids to be had"
)
async def test_a_fork_bomb_reaches_its_limit_and_that_is_told_once(tmp_path: Path) -> None:
    async with at_work(str(tmp_path), "auto") as world:
        await apply(world, replace(spec("a", program("bomb", "500"), grace=0.2), limits=Limits(pids=20)))
        status = await world.until("a", lambda status: status.state is State.RUNNING)
        if status.limits:
            pytest.skip(f"pids: {status.limits['pids']}")
        await world.says("a", b"has reached its limit of 20 processes")
        await world.api.stop("a", PERSON)
        await world.until("a", lambda status: status.state is State.STOPPED)


@pytest.mark.skipif(
    "memory" not in controllers() or bool(WITHOUT), reason="there is no controller memory to be had"
)
async def test_who_eats_more_memory_than_it_may_is_named(tmp_path: Path) -> None:
    async with at_work(str(tmp_path), "auto") as world:
        limits = Limits(memory=32 << 20, swap=0)
        await apply(world, replace(spec("a", program("eater", "256")), limits=limits))
        status = await world.until("a", lambda status: status.exit or "memory" in status.limits)
        if "memory" in status.limits:
            pytest.skip(f"memory: {status.limits['memory']}")
        assert status.exit is not None
        assert status.exit.note == "out of memory: killed by the kernel, limit was 32 MiB"


async def test_a_slow_stop_names_who_is_still_there(world: World) -> None:
    await apply(world, spec("a", program("double", "stubborn"), grace=1000.0))
    daemon = int(await world.says("a", b"daemon "))
    status = await world.until("a", lambda status: status.survivors)
    (survivor,) = status.survivors
    assert (survivor.pid, survivor.reason) == (daemon, "was asked to stop, and has not")
    assert sys.executable in survivor.command
    assert f"; still there: {daemon} (" in status.reason
    assert status.state is State.STOPPING
    await world.says("a", b"[Holdfast] a is being stopped; still there: ")
    await world.api.kill("a", PERSON)
    status = await world.until("a", lambda status: status.state is State.STOPPED)
    assert status.survivors == ()


async def test_a_signal_to_a_run_reaches_its_whole_tree(world: World) -> None:
    await apply(world, spec("a", program("double", "stay")))
    daemon = int(await world.says("a", b"daemon "))
    status = await world.until("a", lambda status: status.state is State.RUNNING)
    await world.api.signal("a", status.run, signal.SIGKILL)
    await until_dead(daemon)
    await world.until("a", lambda status: status.state is State.FAILED)


@NEEDS_GROUPS
async def test_each_service_has_a_group_of_its_own_whatever_its_name(tmp_path: Path) -> None:
    names = ["a", "a/b", "..", "ä" * 200, "cgroup.procs", "x y", "\n"]
    async with at_work(str(tmp_path), "auto") as world:
        await apply(world, *(spec(name) for name in names))
        for name in names:
            await world.until(name, lambda status: status.state is State.RUNNING)
        status = {status.name: status.pid for status in await world.api.list()}
        paths: set[str] = set()
        for name in names:
            lines = Path(f"/proc/{status[name]}/cgroup").read_text(encoding="utf-8").splitlines()
            paths.update(line for line in lines if line.startswith("0::"))
        assert len(paths) == len(names)
        top_folder = world.top
    assert not os.path.exists(top_folder), "it is gone with the last of them"


async def test_nothing_is_left_when_the_supervisor_ends(world: World) -> None:
    """Not even one that nobody can know: it is a child of the supervisor by then."""
    await apply(world, spec("a", program("double", "bare", "stay")), spec("b", program("double", "stay")))
    pids = [int(await world.says(name, b"daemon ")) for name in "ab"]
    world.program.process.terminate()
    with anyio.fail_after(DEADLINE):
        assert await world.program.ended() == 0
    assert not any(alive(pid) for pid in pids)
