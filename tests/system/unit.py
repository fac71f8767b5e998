"""Holdfast as systemd runs it: what it tells is heard, and what it gives is kept."""

import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ..supervisor.systemd import Systemd
from . import processes
from .house import Holdfast

BREATH = 0.05
"""Seconds after which the listener looks whether it is to end."""


@contextmanager
def hearing(by: Systemd) -> Iterator[None]:
    """Listen meanwhile; afterwards `kept` is what was kept by then, the last words included."""
    enough = threading.Event()

    def listen() -> None:
        while not enough.is_set():
            if select.select([by], [], [], BREATH)[0]:
                by.listen()

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()
        by.listen()


def daemons(house: Holdfast) -> list[int]:
    """Return the pids of the API daemons, whoever is their parent."""
    found = processes.below(house.folder).items()
    return [pid for pid, command in found if " -m daemon " in command and " -m supervisor " not in command]
