"""Several things at once, of which the first to end ends the others."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def whichever(*jobs: Callable[[], Awaitable[T]]) -> T:
    """Carry out several until one of them ends; return what came of it, or raise what it has raised.

    They begin one after the other: who waits for signals is named first, since one that comes sooner kills.
    """
    import anyio  # noqa: PLC0415

    results: list[T] = []
    faults: list[Exception] = []
    async with anyio.create_task_group() as tasks:

        async def carry(job: Callable[[], Awaitable[T]]) -> None:
            try:
                results.append(await job())
            except Exception as exc:  # noqa: BLE001  (raised below, out of the group)
                faults.append(exc)
            tasks.cancel_scope.cancel()

        for job in jobs:
            tasks.start_soon(carry, job)
    if faults:
        raise faults[0]
    return results[0]


async def until_killed() -> int:
    """Wait for a signal that asks us to end, and return its number: a terminal is to be put right first."""
    import signal  # noqa: PLC0415

    import anyio  # noqa: PLC0415

    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGHUP) as signals:
        async for number in signals:
            return int(number)
    raise AssertionError
