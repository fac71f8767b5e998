"""The queue of a plan's starts."""

from itertools import pairwise

import anyio
import anyio.lowlevel

from supervisor.starts import AT_ONCE, IN_A_ROW, Starts


async def test_a_few_start_in_a_row_and_then_others_are_served() -> None:
    started: list[str] = []
    names = [f"s{number}" for number in range(AT_ONCE + 2 * IN_A_ROW + 1)]
    seen: list[int] = []
    async with anyio.create_task_group() as tasks:
        starts = Starts(tasks, started.append)
        starts.add(*names)
        starts.begin()
        assert started == names[:AT_ONCE], "before the plan's sender is answered"
        while starts.waiting:
            seen.append(len(started))
            await anyio.lowlevel.checkpoint()
    assert started == names
    assert all(later - sooner <= IN_A_ROW for sooner, later in pairwise(seen))


async def test_who_is_forgotten_while_others_start_is_not_started() -> None:
    started: list[str] = []

    def start(name: str) -> None:
        started.append(name)
        starts.forget("b")

    async with anyio.create_task_group() as tasks:
        starts = Starts(tasks, start)
        starts.add("a", "b", "c")
        starts.go_on()
    assert started == ["a", "c"]
