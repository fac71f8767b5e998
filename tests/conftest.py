"""What holds for every test: it leaves nothing behind, and never blocks the event loop."""

import asyncio
import gc
import os
import time
from collections.abc import Iterator

import pytest

LONGEST_CALLBACK = 1.0
"""Seconds that one callback may hold the event loop; wide enough for a busy machine."""


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
        begin = time.monotonic()
        run(handle)
        if (took := time.monotonic() - begin) > LONGEST_CALLBACK:
            slow.append(f"{took:.2f} s: {handle!r}")

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
