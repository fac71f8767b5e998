"""A command that is run for a service, such as one that asks it to stop: bounded, heard in its console."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import anyio

from .cannot_spawn import CannotSpawn
from .child import Child
from .events import Exit
from .execution import Limits
from .spec import ServiceSpec

DRAIN = 0.2
"""Seconds in which the end of the output must come once a program has ended; another may hold the pipe."""


class ErrandFailed(Exception):
    """It could not be run, failed, or took too long; the message says which."""


async def run_briefly(
    command: Sequence[str],
    spec: ServiceSpec,
    environment: Mapping[str, str],
    seconds: float,
    take: Callable[[int], int],
) -> None:
    """Do the same as `run_errand`, for what is run again and again: nobody looks through all processes.

    What it has started is killed with its process group as soon as it ends. Raises `ErrandFailed`.
    """
    child = _spawned(command, spec, environment)
    try:
        with anyio.move_on_after(seconds) as patience:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(child.pump, take)
                await anyio.wait_readable(child.pidfd)
                tasks.cancel_scope.cancel()
    finally:
        child.signal(9)  # before it is reaped: until then its number stands for its group
        with anyio.CancelScope(shield=True):
            ended = await child.wait()
        child.rest(take)
        child.close()
    _judge(command, None if patience.cancelled_caught else ended, seconds)


async def run_errand(
    command: Sequence[str],
    spec: ServiceSpec,
    environment: Mapping[str, str],
    seconds: float,
    take: Callable[[int], int],
) -> None:
    """Run a command where and as whom the service runs, its output taken by `take`; raises `ErrandFailed`.

    It and all that it started in its session is killed after so many seconds, or when we are cancelled.
    """
    child = _spawned(command, spec, environment)
    try:
        with anyio.move_on_after(seconds) as patience:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(child.pump, take)
                ended = await child.wait()
                with anyio.move_on_after(DRAIN):
                    await child.emptied()
                tasks.cancel_scope.cancel()
        _judge(command, None if patience.cancelled_caught else ended, seconds)
    finally:
        child.signal(9)
        with anyio.CancelScope(shield=True):
            await child.wait()  # killed: it is reaped at once
        child.rest(take)
        child.close()


def _spawned(command: Sequence[str], spec: ServiceSpec, environment: Mapping[str, str]) -> Child:
    what = replace(spec, command=tuple(command), terminal=None, limits=Limits())
    try:
        child = Child.spawn(what, environment=environment, attached=False)
    except CannotSpawn as exc:
        raise ErrandFailed(f"{command[0]}: {exc.reason}") from exc
    child.stdin.close()
    return child


def _judge(command: Sequence[str], ended: Exit | None, seconds: float) -> None:
    """Raise `ErrandFailed` unless it has ended well, in time."""
    if ended is None:
        raise ErrandFailed(f"{command[0]} did not end within {seconds:g} s")
    if ended.code != 0:
        raise ErrandFailed(f"{command[0]} {ended}")
