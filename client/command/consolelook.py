"""A console at which one may only look."""

import sys
from functools import partial

from .consolelines import Batch, show_all
from .consolemode import Breaks, Detached, Ending, Mode, Sitting, killed
from .racing import whichever
from .terminals import Terminal

LEAVING = (b"q", b"\x03", b"\x04")
"""q, Ctrl-C, Ctrl-D."""


class _Screen:
    def write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


async def look(sitting: Sitting) -> Ending:
    """Show a console; of the keys, only those count by which one leaves."""
    batch = Batch(_Screen())
    sitting.console.on_break = Breaks(lambda text: batch.add([sitting.show.remark(text)]))
    batch.add([sitting.show.remark("read-only: you may not type here; q leaves")])
    with Terminal() as terminal:
        terminal.silence()
        try:
            return await whichever(
                killed,
                partial(show_all, sitting, batch, Mode.LOOK),
                partial(_until_left, terminal),
                batch.carry,
            )
        finally:
            batch.flush()


async def _until_left(terminal: Terminal) -> Ending:
    async for keys in terminal.keys():
        if any(key in keys for key in LEAVING):
            break
    return Detached()
