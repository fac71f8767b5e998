"""A program's standard input: whole messages, in order, and no queue behind them."""

import contextlib
import errno
import os
from functools import cached_property

import anyio

INPUT_PATIENCE = 2.0
"""Seconds that a line may wait for room in the program's stdin."""

MOST_INPUT = 2 << 20
"""Bytes of one message to a program's stdin."""


class InputRefused(Exception):
    """The program takes no input; the message says why and how much of it was taken."""


class Stdin:
    """Our end of the pipe; it is non-blocking and ours alone."""

    enter = b"\n"
    """What ends a line that is typed."""

    def __init__(self, fd: int) -> None:
        self._gone = "it has ended" if fd >= 0 else "its input was lost with the supervisor that was killed"
        self.fd = fd
        """-1 once it is closed, and for a program whose pipes are lost."""
        self.owed = b""
        """The end of a message whose beginning was taken: it is still to be `pour`ed."""

    @cached_property
    def _turn(self) -> anyio.Lock:
        """Whose turn it is; most programs are never told anything, and do without."""
        return anyio.Lock()

    async def write(self, data: bytes) -> None:
        """Give a message to the program, whole or not at all, in order; raises `InputRefused`.

        It waits `INPUT_PATIENCE` for room. Once its beginning fits it is taken: half a message would join
        the next one. What does not fit yet is `owed`, and nothing else is taken meanwhile.
        """
        if len(data) > MOST_INPUT:
            raise InputRefused(f"a message of {len(data)} bytes is longer than {MOST_INPUT}")
        with anyio.move_on_after(INPUT_PATIENCE):
            async with self._turn:
                await self._pour()
                self._look(data)
                while not self._put(data):
                    await self._room()
                return
        raise InputRefused("it does not read its input")

    async def pour(self) -> None:
        """Write what is owed, as fast as the program reads, until it ends."""
        async with self._turn:
            with contextlib.suppress(InputRefused):
                await self._pour()

    def close(self) -> None:
        """Give up our end; the program reads what is in the pipe, and then its end."""
        if self.fd >= 0:
            anyio.notify_closing(self.fd)
            os.close(self.fd)
            self.fd = -1

    def _look(self, data: bytes) -> None:
        """Refuse what would be lost; called right before a message is written."""

    async def _pour(self) -> None:
        while self.owed:
            if not self._put(self.owed):
                await self._room()

    def _put(self, data: bytes) -> bool:
        """Write what fits, owing the rest; tell whether anything fitted."""
        if self.fd < 0:
            raise InputRefused(self._gone)
        try:
            self.owed = data[os.write(self.fd, data) :]
        except BlockingIOError:
            return False
        except OSError as exc:
            if exc.errno not in (errno.EPIPE, errno.EIO):  # EIO: of a terminal
                raise
            self.owed = b""
            raise InputRefused("it has closed its input") from exc
        return True

    async def _room(self) -> None:
        if self.fd < 0:
            raise InputRefused(self._gone)
        # It is closed when the program ends meanwhile, which the next round finds.
        with contextlib.suppress(anyio.ClosedResourceError):
            await anyio.wait_writable(self.fd)
