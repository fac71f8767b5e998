"""How a program is asked to stop: by a signal, a line, or a command; and who hears if that cannot be done."""

from collections.abc import Awaitable, Callable
from functools import partial

import anyio.abc

from .child import Child
from .errand import ErrandFailed
from .policies import StopStep, Way
from .stdin import InputRefused


class Asking:
    """Asks one program after the other; an answer to an earlier way than the latest is of no use."""

    def __init__(self, tasks: anyio.abc.TaskGroup) -> None:
        self._tasks = tasks
        self._latest = 0

    def ask(
        self,
        step: StopStep,
        child: Child,
        run: Callable[[StopStep], Awaitable[None]],
        failed: Callable[[Child, str], None],
    ) -> None:
        """Begin to ask; never waits.

        `run` runs the command of a step; `failed` hears of a way that is of no use, and why.
        """
        self._latest += 1
        if step.way is Way.SIGNAL:
            child.signal(step.signal)
            return
        way = run if step.way is Way.COMMAND else partial(_write, child)
        self._tasks.start_soon(self._try, partial(way, step), partial(failed, child), step, self._latest)

    async def _try(
        self, way: Callable[[], Awaitable[None]], failed: Callable[[str], None], step: StopStep, number: int
    ) -> None:
        try:
            await way()
        except (InputRefused, ErrandFailed) as exc:
            if number == self._latest:
                failed(f"{step}: {exc}")


async def _write(child: Child, step: StopStep) -> None:
    await child.stdin.write(step.line.encode("utf-8", "surrogateescape") + child.stdin.enter)
    await child.stdin.pour()
