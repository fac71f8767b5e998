"""Our own terminal while its keys are not ours, and how it is put right again, whatever happened."""

import asyncio
import contextlib
import os
import re
import select
import sys
import termios
import tty
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

MOST_KEYS = 4096
"""Bytes of keys that are read at once."""

_PIECE = 16 * 1024
"""Bytes that are written at once: a key may come in between."""

_ALTERNATE = re.compile(rb"\x1b\[\?(?:1049|1047|47)([hl])")
_LONGEST = 8

_RIGHT = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l"  # the mouse is the terminal's own again
    "\x1b[?2004l\x1b[?1004l"  # a paste comes plain, and nobody is told of the focus
    "\x1b[>4;0m\x1b[?1l\x1b>\x1b[?7h"  # usual keys for cursor and number pad, lines are wrapped
    "\x1b[r\x1b[?25h\x1b[0m"  # the whole screen scrolls, with a cursor, in plain colours
)
"""What a program may have turned on, turned off."""

_SAVED, _BACK = "\x1b7", "\x1b8"


class Terminal:
    """Standard input and output, which are a terminal. To be used in `with`."""

    def __init__(self) -> None:
        self._in = sys.stdin.fileno()
        self._out = sys.stdout.fileno()
        self._before: list[object] = termios.tcgetattr(self._in)
        self._alternate = False
        self._seen = b""
        self._foreign = False
        """Whether what somebody else's program says has been written."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A terminal that has gone away needs nothing more.
        with contextlib.suppress(OSError):
            if self._foreign:
                self._write(self._put_right().encode())
        with contextlib.suppress(OSError, termios.error):
            # Keys that nobody has read yet were meant for the program, not for the shell.
            termios.tcsetattr(self._in, termios.TCSAFLUSH, self._before)  # type: ignore[arg-type]

    def raw(self) -> None:
        """Have every key come as it is."""
        tty.setraw(self._in, termios.TCSADRAIN)

    def silence(self) -> None:
        """Have every key come at once, Ctrl-C too, and be shown by nobody."""
        tty.setcbreak(self._in, termios.TCSADRAIN)
        modes = termios.tcgetattr(self._in)
        modes[tty.LFLAG] &= ~termios.ISIG
        termios.tcsetattr(self._in, termios.TCSADRAIN, modes)

    def size(self) -> tuple[int, int]:
        """Return rows and columns, as a terminal may have them."""
        columns, rows = os.get_terminal_size(self._out)
        return min(max(rows, 1), 1000), min(max(columns, 1), 1000)

    @property
    def alternate(self) -> bool:
        """Whether a full-screen program is shown."""
        return self._alternate

    async def keys(self) -> AsyncIterator[bytes]:
        """Return what is typed, as it comes, until the terminal goes away."""
        loop = asyncio.get_running_loop()
        some = asyncio.Event()
        loop.add_reader(self._in, some.set)
        try:
            while True:
                await some.wait()
                some.clear()
                # The loop may have told of the same keys twice, and to read none would be to wait for some.
                if not select.select([self._in], [], [], 0)[0]:
                    continue
                try:
                    data = os.read(self._in, MOST_KEYS)
                except OSError:
                    return
                if not data:
                    return
                yield data
        finally:
            loop.remove_reader(self._in)

    async def show(self, data: bytes) -> None:
        """Write what a program says, unchanged."""
        self._foreign = True
        self._note(data)
        for begin in range(0, len(data), _PIECE):
            self._write(data[begin : begin + _PIECE])
            await asyncio.sleep(0)

    def say(self, text: str) -> None:
        """Write a line of our own, below that which the program has written last."""
        above = "\r\n" if self._foreign else ""
        self._write(f"{above}\x1b[0m{text}\x1b[K\r\n".encode())

    def clear(self) -> None:
        """Begin with an empty screen."""
        self._alternate = False
        self._write(f"\x1b[?1049l{_RIGHT}\x1b[2J\x1b[H".encode())

    def _put_right(self) -> str:
        leave = "\x1b[?1049l" if self._alternate else ""
        # To give the whole screen back to scrolling moves the cursor to its corner.
        return f"{leave}{_SAVED}{_RIGHT}{_BACK}"

    def _note(self, data: bytes) -> None:
        seen = self._seen + data
        for found in _ALTERNATE.finditer(seen):
            self._alternate = found[1] == b"h"
        self._seen = seen[-_LONGEST + 1 :]

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._out, data) :]
