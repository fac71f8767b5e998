"""Alarms: one task waits for all of them, each rings once and at its time."""

import anyio
import anyio.lowlevel
import pytest

from supervisor.alarm import SPARE, Alarm, Clock

FAR = 1000.0


async def test_alarms_ring_in_the_order_of_their_moments_and_once_each() -> None:
    rung: list[str] = []
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            clock, now = Clock(tasks), anyio.current_time()
            for name, wait in (("late", 0.03), ("soon", 0.01), ("past", -5.0)):
                alarm = Alarm(lambda name=name: rung.append(name), clock)  # type: ignore[misc]
                alarm.set(now + wait)
                alarm.open()
    assert rung == ["past", "soon", "late"]


async def test_what_is_put_off_does_not_ring_at_the_old_moment() -> None:
    async with anyio.create_task_group() as tasks:
        rung: list[float] = []
        alarm = Alarm(lambda: rung.append(anyio.current_time()), Clock(tasks))
        alarm.open()
        begin = anyio.current_time()
        alarm.set(begin + 0.01)
        for _ in range(10_000):  # a program may ask for more time as often as it likes
            alarm.put_off(begin + 0.05)
        assert len(alarm._clock._due) == 1
    assert [moment >= begin + 0.05 for moment in rung] == [True]


async def test_a_sooner_moment_counts_though_a_later_one_was_waited_for() -> None:
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            alarm = Alarm(tasks.cancel_scope.cancel, Clock(tasks))
            alarm.open()
            alarm.set(anyio.current_time() + FAR)
            await anyio.lowlevel.checkpoint()
            alarm.set(anyio.current_time() + 0.01)


async def test_moments_that_do_not_count_any_more_do_not_pile_up() -> None:
    async with anyio.create_task_group() as tasks:
        rung = 0
        clock = Clock(tasks)

        def elapsed() -> None:
            nonlocal rung
            rung += 1
            # So goes a program that crashes again and again: it would have been stable one day, and is not.
            alarm.set(anyio.current_time() + FAR)
            alarm.set(anyio.current_time())

        alarm = Alarm(elapsed, clock)
        alarm.open()
        alarm.set(anyio.current_time())
        while rung < 10 * SPARE:
            await anyio.lowlevel.checkpoint()
        assert len(clock._due) <= SPARE + 2
        tasks.cancel_scope.cancel()


async def test_a_moment_that_passes_for_nothing_is_forgotten() -> None:
    async with anyio.create_task_group() as tasks:
        rung: list[str] = []
        clock, now = Clock(tasks), anyio.current_time()
        alarm = Alarm(lambda: rung.append("alarm"), clock)
        alarm.open()
        for wait in range(20, 0, -1):
            alarm.set(now + wait / 1000)
        alarm.set(now + FAR)
        other = Alarm(lambda: rung.append("other"), clock)
        other.open()
        other.set(now + 0.03)
        while not rung:
            await anyio.lowlevel.checkpoint()
        assert rung == ["other"]
        assert len(clock._due) == 1
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("ended", ["close", "none"])
async def test_who_waits_for_nothing_any_more_is_left_in_peace(ended: str) -> None:
    rung: list[str] = []
    async with anyio.create_task_group() as tasks:
        alarm = Alarm(lambda: rung.append("rung"), Clock(tasks))
        alarm.open()
        alarm.set(anyio.current_time() + 0.01)
        if ended == "close":
            alarm.close()
        else:
            alarm.set(None)
    assert rung == []


async def test_nothing_rings_before_it_is_opened() -> None:
    rung: list[str] = []
    async with anyio.create_task_group() as tasks:
        alarm = Alarm(lambda: rung.append("rung"), Clock(tasks))
        alarm.resume(0.0, anyio.current_time())
        await anyio.lowlevel.checkpoint()
        assert rung == []
        alarm.open()
    assert rung == ["rung"]
