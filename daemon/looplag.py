"""How late the event loop is: a task that wants to be woken each second, and looks how much later it was.

Whoever holds the loop (a slow callback, a busy machine) delays all consoles and requests by as much.
"""

from collections import deque
from collections.abc import Callable

import anyio

EVERY = 1.0
"""Seconds between two looks."""

REMEMBERED = 60
"""Looks of which the latest maximum is told."""


class LoopLag:
    """Looks for as long as it runs."""

    def __init__(self, note: Callable[[float], object] = lambda _: None) -> None:
        """`note` is given each delay, in seconds."""
        self._note = note
        self._latest: deque[float] = deque([0.0], REMEMBERED)

    @property
    def worst(self) -> float:
        """The longest delay of the latest minute, in seconds."""
        return max(self._latest)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            due = anyio.current_time() + EVERY
            await anyio.sleep(EVERY)
            late = max(0.0, anyio.current_time() - due)
            self._latest.append(late)
            self._note(late)
