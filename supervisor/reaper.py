"""Orphans of our programs become our children, and are reaped when they end (PR_SET_CHILD_SUBREAPER).

What is known to somebody here (`KIN`) is left to him: a child that two parties wait for loses its exit status
to one of them. The kernel shows one ended child at a time; where that is a known one, we look again when it
was waited for, which is at once.
"""

import contextlib
import ctypes
import logging
import os
import signal
from collections.abc import Sequence

import anyio

from .population import Population
from .process import KIN, Member, gone
from .survivor import command_line

_PR_SET_CHILD_SUBREAPER = 36

PATIENCE = 5.0
"""Seconds in which a stray is to end that was asked to."""

log = logging.getLogger("holdfast.supervisor")


def adopt_orphans() -> bool:
    """Let those who lose their parents become our children; tell whether the kernel does that."""
    done = ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    if not done:
        log.warning("orphans of programs are lost to us: %s", os.strerror(ctypes.get_errno()))
    return bool(done)


def reap() -> None:
    """Reap the children that have ended and that nobody here knows, unless one that is known hides them."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
            if ended.si_pid in KIN:
                return  # whoever knows it is about to wait for it, and then we are called again
            os.waitid(os.P_PID, ended.si_pid, os.WEXITED | os.WNOHANG)


async def end_strays() -> None:
    """End our orphans of whom nobody knows to which program they belonged: at the end all of them go."""
    for number, patience in ((signal.SIGTERM, PATIENCE), (signal.SIGKILL, PATIENCE)):
        strays = _strays()
        if not strays:
            return
        if number == signal.SIGTERM:
            named = ", ".join(f"{one.identity.pid} ({command_line(one.identity.pid)})" for one in strays[:10])
            log.warning("ending what programs that are gone have left: %s", named)
        for member in strays:
            member.signal(number)
        with anyio.move_on_after(patience):
            for member in strays:
                await gone(member)


def _strays() -> Sequence[Member]:
    found, waiting = [], [*(population := Population.now()).children.get(os.getpid(), ())]
    while waiting:
        member = waiting.pop()
        if member.identity.pid not in KIN:
            found.append(member)
            waiting += population.children.get(member.identity.pid, ())
    return found


def begin() -> None:
    """Adopt and reap from now on: `reap` is to be called at each SIGCHLD. For a process that is all ours."""
    adopt_orphans()
    KIN.waited = reap
    reap()
