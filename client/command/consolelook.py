"""A console at which one may only look."""

import sys
from functools import partial

from .consolelines import Batch, show_all
from .consolemode import Breaks, Detached, Ended, Ending, Killed, Mode, Sitting
from .racing import until_killed, whichever
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
                partial(show_all, sitting, batch, Mode.LOOK),
                partial(_until_left, terminal),
                _killed,
                partial(_carry, batch),
            )
        finally:
            batch.flush()


async def _until_left(terminal: Terminal) -> Ending:
    async for keys in terminal.keys():
        if any(key in keys for key in LEAVING):
            break
    return Detached()


async def _killed() -> Ending:
    return Killed(await until_killed())


async def _carry(batch: Batch) -> Ending:
    await batch.carry()
    return Ended()
