"""Our own words go to standard error, and never hold us up: a terminal can be stopped, a pipe can be full.

Non-blocking is a property of what standard error is joined to, which others share; so a thread does the
waiting. Where standard error is the journal's, the journal gets records instead of lines.
"""

import contextlib
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from typing import TypeAlias

from . import journal

MOST = 10_000
"""Records that wait for a reader, several for each program; what comes then is lost."""

LAST_WORDS = 1.0
"""Seconds in which the last records are written at the end."""


Fields: TypeAlias = Mapping[str, str]


class _Waiting(logging.Handler):
    """Gives records to the thread, which writes them."""

    def __init__(self, write: Callable[[Fields], None]) -> None:
        super().__init__()
        # Its size is looked at by us: `Queue` takes three locks for each record, and this one none.
        self._items: queue.SimpleQueue[Fields | threading.Event | None] = queue.SimpleQueue()
        self._write = write
        self._thread = threading.Thread(target=self._run, name="stderr", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record, unless too many wait."""
        if self._items.qsize() < MOST:
            self._items.put(journal.fields(record, self.format(record)))

    def written(self, patience: float) -> bool:
        """Wait until all that was taken is written, for `patience` seconds; tell whether it is."""
        done = threading.Event()
        self._items.put(done)
        return done.wait(patience)

    def close(self) -> None:
        """Write the last records, if somebody reads them; `logging` calls this at the end of the program."""
        self._items.put(None)
        self._thread.join(LAST_WORDS)
        super().close()

    def _run(self) -> None:
        # Signals are for the main thread, which has to know that none is on its way elsewhere.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while (item := self._items.get()) is not None:
            if isinstance(item, threading.Event):
                item.set()
                continue
            with contextlib.suppress(OSError):
                self._write(item)


def log_to_stderr() -> None:
    """Let `logging` write to standard error, or the journal behind it, from the level of information on."""
    told = journal.Journal(journal.SOCKET).write if journal.leads_to_journal() else _write_line
    handler = _Waiting(told)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def write_last_words() -> None:
    """Wait until what was logged is written, but not long; for who is about to become another program."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _Waiting):
            handler.written(LAST_WORDS)


def _write_line(fields: Fields) -> None:
    os.write(2, f"{fields['MESSAGE']}\n".encode(errors="backslashreplace"))


def leave_quietly() -> None:
    """Keep the interpreter from complaining, by its exit code, that nobody reads its output."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), stream.fileno())
