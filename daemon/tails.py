"""The last lines of a console, for who wants to see how something ended."""

import contextlib
from collections.abc import Sequence

import anyio

from supervisor import Attached, NoSuchService, SupervisorUnreachable

from .lines import Lines
from .mirror import Mirror

MOST = 64 << 10
"""Bytes from the end of a console that are looked at."""

OURS = ("[Octyne] ", "[Holdfast] ")
"""What the supervisor's own lines in a console begin with."""

PATIENCE = 2.0
"""Seconds until it is done without."""


async def last_lines(mirror: Mirror, name: str, count: int) -> Sequence[str]:
    """Return the last lines that a program has said; none if they cannot be had in time."""
    if count <= 0:
        return ()
    data = bytearray()
    cut = False
    with anyio.move_on_after(PATIENCE):
        with contextlib.suppress(SupervisorUnreachable, NoSuchService, anyio.EndOfStream):
            cut = await _read(mirror, name, data)
    lines = Lines()
    text = "\n".join(part for part in (lines.feed(bytes(data)), lines.finish()) if part is not None)
    found = [line for line in text.split("\n") if line.strip() and not line.startswith(OURS)]
    return found[1:][-count:] if cut else found[-count:]


async def _read(mirror: Mirror, name: str, data: bytearray) -> bool:
    """Take the end of a console; tell whether it begins within a line."""
    attached = await mirror.attach(name, None)
    try:
        begin, cut = attached.end - MOST, attached.offset < attached.end - MOST
        if cut:
            again = await mirror.attach(name, begin, attached.stream)
            await _close(attached)
            attached = again
        end = attached.end
        while attached.offset < end:
            data += (await attached.receive()).data
    finally:
        await _close(attached)
    return cut


async def _close(attached: Attached) -> None:
    with anyio.CancelScope(shield=True):
        await attached.aclose()
