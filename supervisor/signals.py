"""The signals that have arrived, in order, none of them lost on the way.

Python's own handlers rather than the event loop's: those leave a byte in a pipe for later, and one that lies
there when the process becomes another program is lost.
"""

import contextlib
import os
import signal
from collections.abc import Iterable
from types import FrameType

import anyio


class Signals:
    """Hears signals from its making on; use it in the main thread."""

    def __init__(self, numbers: Iterable[signal.Signals]) -> None:
        self.waiting: list[signal.Signals] = []
        """What has arrived and was not `receive`d yet."""
        self._pipe, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        # Whichever thread the kernel chose, the byte wakes the event loop, and with it the handler.
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, self._take)

    async def receive(self) -> signal.Signals:
        """Wait for a signal."""
        while not self.waiting:
            await anyio.wait_readable(self._pipe)
            with contextlib.suppress(BlockingIOError):
                os.read(self._pipe, 4096)
        return self.waiting.pop(0)

    def _take(self, number: int, _: FrameType | None) -> None:
        self.waiting.append(signal.Signals(number))
