"""Terminals that programs get instead of pipes (pty(7)): how one is made, and how large it is.

Ours is the master. The kernel echoes what is typed, ends lines, and turns Ctrl-C into a signal, all as the
program has set it (termios(3)). Once the last copy of the master is closed, the program gets SIGHUP.
"""

import errno
import fcntl
import os
import select
import struct
import termios

from .cannot_spawn import CannotSpawn
from .execution import Terminal

TERM = "xterm-256color"
"""What a program may think of the viewers, unless its environment says something else."""

_SIZE = struct.Struct("=4H")  # rows, columns, and two sizes in pixels that nobody fills in
_IUTF8 = 0o40000  # asm-generic/termbits.h; Python has no name for it
_LIMIT = "/proc/sys/kernel/pty/max"
_NONE_LEFT = frozenset({errno.ENOSPC, errno.EAGAIN})


def make(size: Terminal) -> tuple[int, int]:
    """Return (master, slave) of a new terminal; raises `CannotSpawn`."""
    try:
        master, slave = os.openpty()
    except OSError as exc:
        if exc.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
            raise CannotSpawn(f"no terminal can be had: {exc.strerror}", passing=True) from exc
        if exc.errno in _NONE_LEFT:
            raise CannotSpawn(f"no terminal is left, the limit stands in {_LIMIT}", passing=True) from exc
        raise CannotSpawn(f"there are no terminals here (/dev/ptmx): {exc.strerror}") from exc
    set_size(master, size)
    # A backspace takes a whole character then, not its last byte.
    modes = termios.tcgetattr(slave)
    modes[0] |= _IUTF8
    termios.tcsetattr(slave, termios.TCSANOW, modes)
    return master, slave


def take() -> None:
    """Make standard input the controlling terminal; for a new process that leads a session of its own."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def size_of(fd: int) -> Terminal | None:
    """Return how large the terminal is to which this leads; None for a pipe, and for none at all."""
    try:
        rows, columns, _, _ = _SIZE.unpack(fcntl.ioctl(fd, termios.TIOCGWINSZ, bytes(_SIZE.size)))
    except (OSError, ValueError):
        return None
    return Terminal(rows, columns)


def set_size(fd: int, size: Terminal) -> None:
    """Make a terminal that large; who is in its foreground gets SIGWINCH, if it was not."""
    fcntl.ioctl(fd, termios.TIOCSWINSZ, _SIZE.pack(size.rows, size.columns, 0, 0))


def is_left(fd: int) -> bool:
    """Whether nobody has the terminal open; what is written then is kept for who opens it next."""
    watch = select.poll()
    watch.register(fd, 0)
    return bool(watch.poll(0))


def reads_lines(fd: int) -> bool:
    """Whether the kernel collects lines for the program, which edits none itself (termios(3), ICANON)."""
    try:
        modes = termios.tcgetattr(fd)
    except (OSError, termios.error):
        return False
    return bool(modes[3] & termios.ICANON)
