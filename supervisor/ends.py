"""The two ends of what leads to and from a program: ours and its own."""

import contextlib
import fcntl
import os
from dataclasses import dataclass

from . import tty
from .descriptors import leave_some
from .execution import Terminal

PIPE_SIZE = 1 << 20
"""Bytes asked of the kernel per output pipe; with the default of 64 KiB a flood waits for us more often."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Descriptors, -1 where there is none: its standard input and output, and our ends of them."""

    stdin: int
    output: int
    stdin_ours: int
    output_ours: int

    @classmethod
    def pipes(cls, *, attached: bool) -> "Ends":
        """Open two pipes, or only the one to its input if its output is `attached` to our own.

        Raises `OSError`; nothing is left open then.
        """
        with contextlib.ExitStack() as opened:
            stdin, stdin_ours = _pipe(opened)
            output_ours, output = (-1, -1) if attached else _pipe(opened)
            if not attached:
                _enlarge(output_ours)
                leave_some(max(stdin_ours, output_ours))
            # Non-blocking is a property of a pipe's end, and these two ends are ours alone.
            for fd in (stdin_ours, output_ours):
                if fd >= 0:
                    os.set_blocking(fd, False)
            opened.pop_all()
            return cls(stdin, output, stdin_ours, output_ours)

    @classmethod
    def terminal(cls, size: Terminal) -> "Ends":
        """Open a terminal: one end for both of theirs, and two copies of our own.

        Raises `OSError`, `CannotSpawn`; nothing is left open then.
        """
        with contextlib.ExitStack() as opened:
            ours, theirs = tty.make(size)
            for fd in (ours, theirs):
                opened.callback(os.close, fd)
            # Everything that knows pipes keeps, carries and closes these two by themselves.
            typing = os.dup(ours)
            opened.callback(os.close, typing)
            leave_some(max(ours, typing))
            os.set_blocking(ours, False)  # of both copies
            opened.pop_all()
            return cls(theirs, theirs, typing, ours)

    @property
    def theirs(self) -> tuple[int, ...]:
        """What the program gets."""
        return tuple(fd for fd in {self.stdin, self.output} if fd >= 0)

    def give_away(self) -> None:
        """Close what the program has by now."""
        for fd in self.theirs:
            os.close(fd)

    def give_up(self) -> None:
        """Close what is ours: there is no program."""
        for fd in (self.stdin_ours, self.output_ours):
            if fd >= 0:
                os.close(fd)


def _pipe(opened: contextlib.ExitStack) -> tuple[int, int]:
    ends = os.pipe2(os.O_CLOEXEC)
    for fd in ends:
        opened.callback(os.close, fd)
    return ends


def _enlarge(pipe: int) -> None:
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    except OSError:
        return  # pipe(7): an ordinary user has a quota; the default size works, more slowly
