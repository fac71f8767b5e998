"""A line in the terminal that says what is waited for, and goes when that is over."""

import os
import sys
from types import TracebackType
from typing import Self

TIMEOUT = 300.0
"""Seconds that commands wait, unless told otherwise."""

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class WaitingLine:
    """Shown on standard error, if a person sees that."""

    def __init__(self) -> None:
        self._shown = False
        self._frame = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def show(self, text: str) -> None:
        """Show a line in place of the one before."""
        if not sys.stderr.isatty():
            return
        self._frame += 1
        unicode = (sys.stderr.encoding or "").lower().startswith("utf")
        frames = _FRAMES if unicode else "|/-\\"
        width = os.get_terminal_size(sys.stderr.fileno()).columns or 80
        fitting = text[: max(10, width - 3)]
        sys.stderr.write(f"\r\x1b[K{frames[self._frame % len(frames)]} {fitting}")
        sys.stderr.flush()
        self._shown = True

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False
