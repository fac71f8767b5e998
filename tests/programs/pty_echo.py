"""Says what terminal it has, how large it is whenever that changes, and what is typed.

`pty_echo.py` reads lines, `pty_echo.py raw` reads keys, each as it comes.
"""

import os
import select
import signal
import sys
import termios
import tty


def say_size(*_: object) -> None:
    """Say how large the terminal is."""
    columns, rows = os.get_terminal_size(0)
    os.write(1, f"size {rows}x{columns}\n".encode())


# A signal that comes just before read(2) would be heard only after it: so one waits for both.
woken, waking = os.pipe()
os.set_blocking(waking, False)
signal.set_wakeup_fd(waking)
signal.signal(signal.SIGWINCH, say_size)
if "raw" in sys.argv:
    tty.setraw(0, termios.TCSANOW)
    modes = termios.tcgetattr(0)
    modes[1] |= termios.OPOST
    termios.tcsetattr(0, termios.TCSANOW, modes)
controlling = os.open("/dev/tty", os.O_RDWR)
foreground = os.tcgetpgrp(controlling) == os.getpgrp()
os.write(1, f"terminals {[os.isatty(fd) for fd in (0, 1, 2)]} foreground {foreground}\n".encode())
os.write(1, f"TERM {os.environ.get('TERM')} leader {os.getsid(0) == os.getpid()}\n".encode())
say_size()
while True:
    ready, _, _ = select.select([0, woken], [], [])
    if woken in ready:
        os.read(woken, 4096)
    if 0 in ready:
        if not (data := os.read(0, 1 << 16)):
            break
        os.write(1, f"heard {data!r}\n".encode())
os.write(1, b"end of input\n")
