"""Who waits for its start: a plan's services start one after the other, while others are served."""

from collections.abc import Callable, Sequence

import anyio.abc
import anyio.lowlevel

AT_ONCE = 16
"""Services that are started before the plan's sender is answered."""

IN_A_ROW = 4
"""Services that are started, a millisecond each, before others are served, who then hear of all at once."""


class Starts:
    """The queue; `start` starts one by name, if it is still there."""

    def __init__(self, tasks: anyio.abc.TaskGroup, start: Callable[[str], None]) -> None:
        self._tasks = tasks
        self._start = start
        self._waiting: dict[str, None] = {}

    @property
    def waiting(self) -> Sequence[str]:
        """Who waits, in order."""
        return list(self._waiting)

    def holds(self, name: str) -> bool:
        """Tell whether one waits."""
        return name in self._waiting

    def add(self, *names: str) -> None:
        """Put them at the end, as far as they do not wait already."""
        self._waiting |= dict.fromkeys(names)

    def forget(self, name: str) -> None:
        """Take one out, if it waits."""
        self._waiting.pop(name, None)

    def clear(self) -> None:
        """Start nobody any more."""
        self._waiting.clear()

    def begin(self) -> None:
        """Start the first ones, and go on with the rest."""
        self._start_some(AT_ONCE)
        self.go_on()

    def go_on(self) -> None:
        """Start all who wait, few in a row."""
        if self._waiting:
            self._tasks.start_soon(self._rest)

    async def _rest(self) -> None:
        while self._waiting:
            self._start_some(IN_A_ROW)
            await anyio.lowlevel.checkpoint()

    def _start_some(self, most: int) -> None:
        # A start can bring others along, or take them out: who waits is looked up each time.
        for _ in range(most):
            if not self._waiting:
                break
            name = next(iter(self._waiting))
            del self._waiting[name]
            self._start(name)
