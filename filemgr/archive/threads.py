"""Work in threads whose results are taken in the order in which the work was given.

Rules:
- At most `ahead` pieces are under way or wait to be taken: that bounds the memory.
- Results are taken, and `Progress` is asked, by the thread that gives the work.
"""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

R = TypeVar("R")

MOST_THREADS = 16


def processors() -> int:
    """Return how many threads are of use; not more than `MOST_THREADS`, since each needs memory."""
    return min(len(os.sched_getaffinity(0)), MOST_THREADS)


MANY = 33
"""Pieces of 1 MiB that may be ahead: where files are small, threads wait for who opens them; where they are
large, he waits for them."""


class Ordered:
    """Threads; leaving the block waits for the pieces that have begun, and drops the others."""

    def __init__(self, threads: int, ahead: int = 0) -> None:
        self.ahead = max(ahead, 2 * threads + 1)
        self._threads = ThreadPoolExecutor(threads)
        self._waiting: deque[Callable[[], None]] = deque()
        self.given_up = False
        """Set when what is under way is of no use any more; long pieces ask for it."""

    def put(self, work: Callable[[], R], then: Callable[[R], None]) -> None:
        """Have work done, and `then` called with its result, in turn; raises what earlier pieces raised."""
        while len(self._waiting) >= self.ahead:
            self._waiting.popleft()()
        future = self._threads.submit(work)
        self._waiting.append(lambda: then(future.result()))

    def finish(self) -> None:
        """Take all results."""
        while self._waiting:
            self._waiting.popleft()()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.given_up = True
        self._threads.shutdown(cancel_futures=True)
        self._waiting.clear()
