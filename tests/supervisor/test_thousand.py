"""A thousand services on one machine."""

import anyio
import pytest

from supervisor import State

from .world import House, alive, spec

MANY = 1000
GENEROUS = 60.0


@pytest.mark.parametrize("house", ["socket"], indirect=True)
async def test_a_thousand_services_start_list_and_stop(house: House) -> None:
    watch = await house.api.watch()
    up: set[str] = set()
    with anyio.fail_after(GENEROUS):
        await house.apply(*(spec(f"s{number}") for number in range(MANY)))
        while len(up) < MANY:
            changes = await watch.receive()
            up.update(status.name for status in changes.services if status.pid is not None)
        listed = await house.api.list()
        assert len({status.pid for status in listed}) == MANY
        await house.apply()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(house.supervisor.shutdown)
        assert list(await house.api.list()) == []
    await watch.aclose()
    assert not any(alive(status.pid) for status in listed if status.pid is not None)
    assert all(status.state in (State.STARTING, State.RUNNING) for status in listed)
