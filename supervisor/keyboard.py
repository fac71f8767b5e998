"""What is typed into a program's terminal: bytes as keys, among them Enter and Ctrl-C."""

import re

from . import tty
from .stdin import InputRefused, Stdin

MOST_LINE = 4095
"""Bytes of a line while the kernel collects it; of a longer one it would drop the rest (termios(3))."""

_ENDS = re.compile(rb"[\n\r\x03\x04\x15\x1a\x1c]")
"""What ends a line or throws it away: Enter, Ctrl-C, Ctrl-D, Ctrl-U, Ctrl-Z, Ctrl-\\."""


class Keyboard(Stdin):
    """Our end of a terminal; a copy, so that the program is hung up on only when the other is closed too."""

    # What the Enter key sends. The kernel makes a newline of it, except for programs that read keys.
    enter = b"\r"

    def __init__(self, fd: int) -> None:
        super().__init__(fd)
        self._begun = 0
        """Bytes of a line that was begun and not ended yet."""

    def _look(self, data: bytes) -> None:
        if self.fd >= 0 and tty.is_left(self.fd):
            raise InputRefused("it has closed its terminal")
        # Otherwise it fits: for the rest there is flow control, as with a pipe.
        if not tty.reads_lines(self.fd):
            self._begun = 0
            return
        first, *others = _ENDS.split(data)
        lengths = [self._begun + len(first), *map(len, others)]
        if (longest := max(lengths)) > MOST_LINE:
            raise InputRefused(f"a line of {longest} bytes: its terminal takes {MOST_LINE} now")
        self._begun = lengths[-1]
