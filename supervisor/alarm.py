"""A wait that can be put off, ended or begun anew at any moment, and whose rest travels as data."""

from collections.abc import Callable

import anyio


class Alarm:
    """Calls `elapsed` when the moment has come; there is one at most, and setting another replaces it."""

    def __init__(self, elapsed: Callable[[], None]) -> None:
        self.deadline: float | None = None
        """On the event loop's clock."""
        self._elapsed = elapsed
        self._rearmed = anyio.Event()
        self._closed = False

    def set(self, deadline: float | None) -> None:
        """Wait until then, or for nothing."""
        self.deadline = deadline
        self._rearmed.set()
        self._rearmed = anyio.Event()

    def remaining(self, now: float) -> float | None:
        """Return what is left of the wait in seconds; None if there is none."""
        return None if self.deadline is None else max(0.0, self.deadline - now)

    def put_off(self, deadline: float) -> None:
        """Let the wait, if there is one, end no sooner than then."""
        if self.deadline is not None:
            self.set(max(self.deadline, deadline))

    def resume(self, remaining: float | None, now: float) -> None:
        """Begin, before `run`, with what was left of a wait."""
        self.deadline = None if remaining is None else now + remaining

    def close(self) -> None:
        """Let `run` end."""
        self._closed = True
        self.set(None)

    async def run(self) -> None:
        """Watch the clock until closed."""
        while not self._closed:
            rearmed = self._rearmed
            with anyio.move_on_after(self.remaining(anyio.current_time())):
                await rearmed.wait()
            if not rearmed.is_set():
                self.deadline = None
                self._elapsed()
