"""Calls by name who has not ended yet, while a service is being stopped."""

from collections.abc import Callable, Sequence

import anyio
import anyio.abc

from .child import Child
from .survivor import Survivor

PATIENCE = 5.0
"""Seconds after which is told who has not ended, and again after so many."""

FRESH = 1.0
"""Seconds for which a look at all processes serves: a thousand may be stopping."""

MOST_TOLD = 3

MOST_KEPT = 20


class RollCall:
    """Calls the roll of one service again and again while it is stopping."""

    def __init__(self, tasks: anyio.abc.TaskGroup, told: Callable[[str], None]) -> None:
        """`told` hears, in a sentence, who has not ended, whenever that has changed."""
        self.survivors: Sequence[Survivor] = ()
        """Who was there when the roll was called last."""
        self._tasks = tasks
        self._told = told
        self._scope: anyio.CancelScope | None = None

    def __str__(self) -> str:
        names = ", ".join(map(str, self.survivors[:MOST_TOLD]))
        more = len(self.survivors) - MOST_TOLD
        return f"still there: {names}{f' and {more} more' if more > 0 else ''}" if names else ""

    def call(self, child: Child | None, *, stopping: bool) -> None:
        """Call the roll of a child's tree from now on, until `end`, if it is stopping."""
        if stopping and child is not None and self._scope is None:
            self._scope = anyio.CancelScope()
            self._tasks.start_soon(self._run, child, self._scope)

    def end(self) -> None:
        """Everybody is gone, or nobody is asked to be."""
        if self._scope is not None:
            self._scope.cancel()
        self._scope = None
        self.survivors = ()

    async def _run(self, child: Child, scope: anyio.CancelScope) -> None:
        with scope:
            while True:
                await anyio.sleep(PATIENCE)
                members = child.tree.recent(FRESH)
                killed = child.tree.latest == 9
                self.survivors = [Survivor.of(member, killed=killed) for member in members[:MOST_KEPT]]
                if self.survivors:
                    self._told(str(self))
