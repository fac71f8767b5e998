"""The clock: schedules, sessions and second factors go by it."""

import ctypes
import struct
import time
from collections.abc import Iterator

from .findings import Finding, Level
from .subject import Subject

FAR = 30.0
"""Seconds by which two clocks may differ: a second factor allows for as much."""

FIRST = 1_767_225_600
"""The beginning of 2026: no clock that goes right shows less."""

COST = "schedules run at the wrong time, second factors are refused, tokens end too early or too late"

_STATUS = struct.Struct("@IllllI")  # struct timex up to status: adjtimex(2)
_UNSYNCHRONISED = 0x40


def clock(subject: Subject) -> Iterator[Finding]:
    """Look at whether it is right, as far as anybody knows."""
    now = time.time()
    if now < FIRST:
        shown = time.strftime("%Y-%m-%d", time.gmtime(now))
        yield Finding("clock", Level.BAD, f"shows {shown}", COST, "set it: timedatectl set-ntp true")
        return
    drift = subject.api.drift
    if drift is not None and abs(drift) > FAR:
        found = f"{subject.api.where} and this machine differ by {abs(drift):.0f} s"
        yield Finding("clock", Level.WARN, found, COST, "timedatectl set-ntp true, on both")
    timex = ctypes.create_string_buffer(512)
    if ctypes.CDLL(None, use_errno=True).adjtimex(timex) < 0:
        yield Finding("clock", Level.UNKNOWN, "the kernel does not say whether it is set by the network")
    elif _STATUS.unpack_from(timex)[5] & _UNSYNCHRONISED:
        found = "nothing sets it by the network"
        yield Finding(
            "clock", Level.WARN, found, COST, "timedatectl set-ntp true (systemd-timesyncd, chrony)"
        )
    else:
        yield Finding("clock", Level.OK, "is set by the network (NTP)")
