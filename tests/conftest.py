"""What holds for every test: it leaves nothing behind, and never blocks the event loop."""

import asyncio
import gc
import os
import resource
import time
from collections.abc import Iterator

import pytest

LONGEST_CALLBACK = 2.0
"""Seconds that one callback may hold the event loop; wide enough to start a program on a busy machine."""


@pytest.fixture(autouse=True)
def _leaves_nothing_behind() -> Iterator[None]:
    """Each test leaves the children (also unreaped ones) and the descriptors that it found."""
    children, descriptors = _children(), _descriptors()
    yield
    if _descriptors().keys() - descriptors.keys():
        gc.collect()  # what only a cycle still holds is not left behind
    assert _children() <= children, "processes were left behind"
    now = _descriptors()
    left = {fd: now[fd] for fd in now.keys() - descriptors.keys()}
    assert not left, f"descriptors were left open: {left}"


@pytest.fixture(autouse=True)
def _never_blocks_the_loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No callback holds the event loop; cheaper than asyncio's debug mode, and fails instead of logging."""
    slow: list[str] = []
    run = asyncio.events.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        begin, before = time.monotonic(), resource.getrusage(resource.RUSAGE_THREAD)
        run(handle)
        if (took := time.monotonic() - begin) > LONGEST_CALLBACK:
            after = resource.getrusage(resource.RUSAGE_THREAD)
            worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            # Who neither waited for anything nor worked was kept waiting by the machine.
            if after.ru_nvcsw > before.ru_nvcsw or worked > LONGEST_CALLBACK:
                slow.append(f"{took:.2f} s, {worked:.2f} s of them at work: {handle!r}")

    monkeypatch.setattr(asyncio.events.Handle, "_run", timed)
    yield
    assert not slow, f"the event loop was blocked: {slow}"


def _children() -> set[int]:
    found: set[int] = set()
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/children", encoding="ascii") as file:
                found.update(map(int, file.read().split()))
        except FileNotFoundError:
            continue  # a thread that has just ended
    return found


def _descriptors() -> dict[int, str]:
    found: dict[int, str] = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            continue  # the descriptor with which the directory was read
    return found
