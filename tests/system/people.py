"""Clients at work, each a thread, while the test does something else."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class People:
    """Clients, each a thread that goes on until it is told that it is enough."""

    def __init__(self) -> None:
        self._enough = threading.Event()
        self._faults: list[BaseException] = []
        self._threads: list[threading.Thread] = []

    def go_on(self, work: Callable[[], None]) -> None:
        """Let one do this again and again."""

        def run() -> None:
            try:
                while not self._enough.is_set():
                    work()
            except BaseException as exc:
                self._faults.append(exc)

        thread = threading.Thread(target=run)
        self._threads.append(thread)
        thread.start()

    def complain(self) -> None:
        """Raise the first of what went wrong with them."""
        for fault in self._faults:
            raise fault

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let them go home at the end."""
        try:
            yield
        finally:
            self.go_home()
        self.complain()

    def go_home(self) -> None:
        """Let them finish what they do, and no more."""
        self._enough.set()
        for thread in self._threads:
            thread.join()
