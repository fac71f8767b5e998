"""Random commands to real programs: of each service there is never more than one copy."""

import os
import random
import uuid
from collections import Counter

import anyio
import anyio.lowlevel
import pytest

from supervisor import NoSuchService, NotAllowed, RestartPolicy, ServiceSpec

from .world import NEVER, House, spec

STEPS = 150

QUICK = RestartPolicy(first=0.0, cap=0.01, budget=-1)

COMMANDS = {
    "sleeper": ("/bin/sleep", "1000"),
    "crasher": ("/bin/sh", "-c", "exit 3"),
    "stubborn": ("/bin/sh", "-c", "trap '' TERM; while :; do sleep 1000; done"),
    "forker": ("/bin/sh", "-c", "sleep 1000 & exit 0"),
    "missing": ("/no/such/program",),
}


def service(kind: str, mark: str) -> ServiceSpec:
    known = spec(kind, COMMANDS[kind], environment={"HOLDFAST_MARK": f"{mark}.{kind}"}, grace=0.02)
    return ServiceSpec(
        known.name,
        known.command,
        "/",
        known.environment,
        stop=known.stop,
        restart=QUICK if kind in ("crasher", "sleeper") else NEVER,
    )


def mains(mark: str) -> Counter[str]:
    """Count the living leaders of sessions that carry the mark, by service."""
    found: Counter[str] = Counter()
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                variables = file.read().split(b"\0")
            if os.getsid(int(name)) != int(name):
                continue
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        for variable in variables:
            if variable.startswith(f"HOLDFAST_MARK={mark}.".encode()):
                found[variable.rpartition(b".")[2].decode()] += 1
    return found


@pytest.mark.parametrize("seed", range(3))
async def test_random_commands_never_make_a_second_copy(house: House, seed: int) -> None:
    chance = random.Random(seed)
    mark = uuid.uuid4().hex
    specs = {kind: service(kind, mark) for kind in COMMANDS}
    await house.apply(*specs.values())
    log: list[str] = []

    async def command() -> None:
        kind = chance.choice(list(specs))
        action = chance.choice(["start", "start", "start", "stop", "kill", "without", "with", "with"])
        log.append(f"{action} {kind}")
        try:
            match action:
                case "start":
                    await house.api.start(kind)
                case "stop":
                    await house.api.stop(kind)
                case "kill":
                    await house.api.kill(kind)
                case "without":
                    await house.apply(*(known for name, known in specs.items() if name != kind))
                case "with":
                    await house.apply(*specs.values())
        except (NoSuchService, NotAllowed):
            pass  # it was removed, and is not back yet

    for _ in range(STEPS):
        async with anyio.create_task_group() as tasks:
            for _ in range(chance.choice((1, 1, 2, 4))):
                tasks.start_soon(command)
        for _ in range(chance.choice((0, 1, 10))):
            await anyio.lowlevel.checkpoint()
        found = mains(mark)
        assert all(count == 1 for count in found.values()), (found, log[-20:])
        reported = {status.name: status.pid for status in await house.supervisor.list() if status.pid}
        assert len(set(reported.values())) == len(reported)
    for status in await house.supervisor.list():
        await house.api.kill(status.name)
    await house.supervisor.shutdown()
    assert mains(mark) == Counter()
