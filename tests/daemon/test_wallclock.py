"""Waiting for what the clock on the wall will show."""

import os
import time

import anyio
import pytest

from daemon.wallclock import FARTHEST, WallClock

from .door import DEADLINE


@pytest.mark.parametrize("kernel", [True, False])
async def test_it_waits_until_the_moment(kernel: bool) -> None:
    clock = WallClock(kernel=kernel)
    try:
        moment = clock.now() + 0.05
        with anyio.fail_after(DEADLINE):
            while clock.now() < moment:  # it may be sooner
                await clock.until(moment)
            await clock.until(moment)
        assert abs(clock.now() - time.time()) < DEADLINE
    finally:
        clock.close()


async def test_a_wait_can_be_given_up_and_begun_anew() -> None:
    clock = WallClock()
    try:
        for moment in (clock.now() + 1000, float(FARTHEST) * 2, float("inf")):
            with anyio.move_on_after(0) as patience:
                await clock.until(moment)
            assert patience.cancelled_caught
        with anyio.fail_after(DEADLINE):
            await clock.until(clock.now() + 0.01)
    finally:
        clock.close()


async def test_it_gives_its_timer_back() -> None:
    before = len(os.listdir("/proc/self/fd"))
    clock = WallClock()
    assert len(os.listdir("/proc/self/fd")) == before + 1
    clock.close()
    clock.close()
    assert len(os.listdir("/proc/self/fd")) == before
