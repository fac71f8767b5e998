"""Follows what one run of a server says, and notes when a line of it matches.

The line may have been said before anybody listened: a run is read from its beginning, as far as it is kept.
"""

import contextlib

import anyio

from supervisor import Attached, NoSuchService, SupervisorUnreachable

from .consoles import differ
from .linepattern import LinePattern
from .mirror import Mirror

REATTACH = 0.2
"""Seconds until another attempt to follow, when the supervisor is away."""

QUIET = 0.3
"""Seconds after which a line without an end counts as one: it may be a question."""

MOST_LINE = 64 << 10
"""Bytes of a line, from its end, that are looked at."""

_OURS = (b"[Octyne] ", b"[Holdfast] ")


class LineWatch:
    """Of one run; `matched` waits for the next line."""

    def __init__(self, mirror: Mirror, name: str, pattern: str, begin: int) -> None:
        """`begin` is where the run's output begins."""
        self._mirror = mirror
        self._name = name
        self._pattern = LinePattern(pattern)
        self._offset = begin
        self._stream = ""
        self._rest = b""
        self._looked = False
        self._matches = 0
        self._news = anyio.Event()

    async def matched(self) -> None:
        """Wait for lines that match since the last call; they may have been said already."""
        while not self._matches:
            self._news = anyio.Event()
            await self._news.wait()
        self._matches = 0

    async def run(self) -> None:
        """Follow until cancelled, or until the service is gone."""
        with contextlib.suppress(NoSuchService):
            while True:
                try:
                    attached = await self._mirror.attach(self._name, self._offset, self._stream)
                except SupervisorUnreachable:
                    await anyio.sleep(REATTACH)
                    continue
                if attached.offset != self._offset or differ(self._stream, attached.stream):
                    self._rest = b""
                self._stream, self._offset = attached.stream, attached.offset
                try:
                    await self._read(attached)
                except (anyio.EndOfStream, SupervisorUnreachable):
                    continue
                finally:
                    with anyio.CancelScope(shield=True):
                        await attached.aclose()

    async def _read(self, attached: Attached) -> None:
        while True:
            with anyio.move_on_after(QUIET if self._rest and not self._looked else None) as patience:
                output = await attached.receive()
            if patience.cancelled_caught:
                self._look(self._rest)
                self._looked = True
                continue
            if output.offset != self._offset:
                self._rest = b""  # what was between is lost
            self._offset = output.offset + len(output.data)
            lines, end, rest = (self._rest + output.data).rpartition(b"\n")
            self._rest, self._looked = rest[-MOST_LINE:], False
            if end:
                self._look(lines)

    def _look(self, block: bytes) -> None:
        if any(ours in block for ours in _OURS):
            # What we have said there ourselves does not tell how the program is.
            block = b"\n".join(line for line in block.split(b"\n") if not line.startswith(_OURS))
        if self._pattern.line(block) is not None:
            self._matches += 1
            self._news.set()
