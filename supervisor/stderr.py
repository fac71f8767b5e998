"""Our own words go to standard error, and never hold us up: a terminal can be stopped, a pipe can be full.

Non-blocking is a property of what standard error is joined to, which others share; so a thread does the
waiting.
"""

import contextlib
import logging
import os
import queue
import signal
import sys
import threading

MOST = 1000
"""Lines that wait for a reader; what comes then is lost."""

LAST_WORDS = 1.0
"""Seconds in which the last lines are written at the end."""


class _Waiting(logging.Handler):
    """Gives lines to the thread."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: queue.Queue[str | None] = queue.Queue(MOST)
        self._thread = threading.Thread(target=self._write, name="stderr", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line, unless too many wait."""
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(self.format(record))

    def close(self) -> None:
        """Write the last lines, if somebody reads them; `logging` calls this at the end of the program."""
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(None)
        self._thread.join(LAST_WORDS)
        super().close()

    def _write(self) -> None:
        # Signals are for the main thread, which has to know that none is on its way elsewhere.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while (line := self._lines.get()) is not None:
            with contextlib.suppress(OSError):
                os.write(2, f"{line}\n".encode(errors="backslashreplace"))


def log_to_stderr() -> None:
    """Let `logging` write to standard error, from the level of information on."""
    handler = _Waiting()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def leave_quietly() -> None:
    """Keep the interpreter from complaining, by its exit code, that nobody reads its output."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), stream.fileno())
