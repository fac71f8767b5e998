"""The clock on the wall, and how to wait for what it will show: also if somebody sets it meanwhile.

Rules:
- A timer of the kernel (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET) wakes us at the moment, and at once when
  the clock is set or the machine wakes up. So nothing is looked at in between.
- Where there is no such timer, we look again every 30 seconds.
"""

import ctypes
import math
import os
import time
from contextlib import suppress

import anyio
import anyio.lowlevel

LOOK = 30.0
"""Seconds between two looks where the kernel has no timer for us."""

FARTHEST = 1 << 33
"""The latest moment that a timer is set to; nobody waits that long."""

_REALTIME = 0
_ABSOLUTE_AND_CANCELLED_ON_SET = 1 | 2
_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC


class _Timer(ctypes.Structure):
    """struct itimerspec, where time_t is a long."""

    _fields_ = (
        ("interval_seconds", ctypes.c_long),
        ("interval_nanoseconds", ctypes.c_long),
        ("seconds", ctypes.c_long),
        ("nanoseconds", ctypes.c_long),
    )


class WallClock:
    """Tells the time of day, and waits for it."""

    def __init__(self, *, kernel: bool = True) -> None:
        """With `kernel` False, do as where it has no timer."""
        self._fd = _open() if kernel else -1

    def now(self) -> float:
        """Return the seconds since 1970."""
        return time.time()

    async def until(self, moment: float) -> None:
        """Wait until the clock shows a moment, or until it was set; it may be sooner, so look again."""
        left = moment - self.now()
        if left <= 0:
            await anyio.lowlevel.checkpoint()
        elif self._fd >= 0 and self._set(moment):
            await anyio.wait_readable(self._fd)
            with suppress(OSError):  # ECANCELED: the clock was set
                os.read(self._fd, 8)
        else:
            await anyio.sleep(min(left, LOOK))

    def close(self) -> None:
        """Give the timer back."""
        if self._fd >= 0:
            anyio.notify_closing(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _set(self, moment: float) -> bool:
        fraction, whole = math.modf(min(moment, FARTHEST))
        # A little later: what the clock shows is rounded, and must not be before the moment.
        timer = _Timer(0, 0, int(whole), min(int(fraction * 1e9) + 1000, 999_999_999))
        libc = ctypes.CDLL(None, use_errno=True)
        flags = _ABSOLUTE_AND_CANCELLED_ON_SET
        return bool(libc.timerfd_settime(self._fd, flags, ctypes.byref(timer), None) == 0)


def _open() -> int:
    if ctypes.sizeof(ctypes.c_long) < 8:
        return -1  # which size time_t has there is the library's secret
    try:
        return int(ctypes.CDLL(None, use_errno=True).timerfd_create(_REALTIME, _FLAGS))
    except (OSError, AttributeError):
        return -1
