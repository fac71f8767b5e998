"""The care for one child: its output is carried, and its end is awaited, with that of its whole tree."""

from collections.abc import Callable

import anyio

from .asking import Asking
from .bell import Bell, counters
from .child import Child
from .console import Console
from .errand import DRAIN
from .events import Exit, Exited
from .group import Group

_TROUBLES = (
    (
        "memory.events",
        "oom_kill",
        "out of memory: the kernel has killed a process of {name} (memory {limit})",
    ),
    ("pids.events", "max", "{name} has reached its limit of {limit} processes: it can start no more"),
)
_LIMITS = {"memory.events": "memory.max", "pids.events": "pids.max"}


async def tend(
    child: Child, console: Console, name: str, asking: Asking, left: Callable[[Exited], None]
) -> Exit:
    """Carry the output of a child until it and its tree are gone; return how the main process ended.

    `left` hears of a main process that has ended while so many of its tree live on. The commands that ask it
    to stop count among these.
    """
    async with anyio.create_task_group() as tasks:
        drained = anyio.Event()
        tasks.start_soon(child.pump, console.read_from, drained)
        if child.stdin.owed:
            tasks.start_soon(child.stdin.pour)
        if (group := child.tree.group) is not None:
            for file, counter, words in _TROUBLES:
                # Where there is no limit to run into, it needs neither a task nor descriptors.
                if group.value(_LIMITS[file]) not in ("", "max"):
                    tasks.start_soon(_listen, group, file, counter, words, name, console)
        ended = await child.wait()
        with anyio.move_on_after(DRAIN):
            await asking.ended()
        others = await child.survivors()
        if others or asking.at_work:
            child.pass_on(others)
            left(Exited(ended, len(others) + asking.at_work))
            await child.emptied()
            await asking.ended()
        with anyio.move_on_after(DRAIN):
            await drained.wait()
        tasks.cancel_scope.cancel()
    # On a busy machine the time was over before we came to read what had long been written.
    child.rest(console.read_from)
    return ended


async def _listen(group: Group, file: str, counter: str, words: str, name: str, console: Console) -> None:
    """Say what the kernel counts: each kill for memory, and once that no more processes can be had."""
    try:
        bell = Bell(f"{group.path}/{file}")
    except OSError:
        return
    try:
        before = counters(bell.read()).get(counter, 0)
        while True:
            await bell.rung()
            now = counters(bell.read()).get(counter, 0)
            if now > before:
                limit = group.value(_LIMITS[file])
                console.say(f"[Holdfast] {words.format(name=name, limit=limit)}")
                if file == "pids.events":
                    return
            before = now
    except OSError:
        return  # the group is gone
    finally:
        bell.close()
