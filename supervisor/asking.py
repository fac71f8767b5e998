"""How a program is asked to stop: by a signal, a line, or a command; and who hears if that cannot be done."""

from collections.abc import Awaitable, Callable
from functools import partial

import anyio.abc

from .child import Child
from .errand import ErrandFailed
from .policies import StopStep, Way
from .stdin import InputRefused


class Asking:
    """Asks one program after the other; an answer to an earlier way than the latest is of no use.

    A command may have work left when the program has ended, such as a copy of its files: it is part of the
    stop, which is over when it is. Otherwise it would meet the next run, and stop that.
    """

    def __init__(self, tasks: anyio.abc.TaskGroup) -> None:
        self._tasks = tasks
        self._latest = 0
        self._commands: dict[int, tuple[anyio.CancelScope, anyio.Event]] = {}

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
        number, way = self._latest, partial(_write, child, step)
        if step.way is Way.COMMAND:
            self._commands[number] = anyio.CancelScope(), anyio.Event()
            way = partial(self._command, partial(run, step), number)
        self._tasks.start_soon(self._try, way, partial(failed, child), step, number)

    @property
    def at_work(self) -> int:
        """How many commands have not ended."""
        return len(self._commands)

    def kill(self, child: Child) -> None:
        """Kill it, and with it the commands that ask it and have not ended."""
        self._latest += 1
        for scope, _ in self._commands.values():
            scope.cancel()
        child.signal(9)

    async def ended(self) -> None:
        """Wait until no command is at work."""
        for _, over in list(self._commands.values()):
            await over.wait()

    async def _command(self, run: Callable[[], Awaitable[None]], number: int) -> None:
        scope, over = self._commands[number]
        try:
            with scope:
                await run()
        finally:
            del self._commands[number]
            over.set()

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
