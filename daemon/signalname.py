"""Signals by the names that people give them, and which of them may be sent to a server.

Rules:
- A name may lack its SIG and be in any case; RTMIN+1 and RTMAX-1 name what lies between (signal(7)).
- A number names a signal as well, 0 does not: kill(2) sends nothing then.
- Who stops or continues processes by a signal would do it behind our back: that is PAUSE and RESUME.
"""

import re
import signal
from typing import NamedTuple

STANDSTILL = frozenset({signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGCONT})
"""Those by which processes stand still or go on."""

LONGEST = 40
"""Characters of what was said that are said back."""

_BETWEEN = re.compile(r"(RTMIN|RTMAX)([+-])([0-9]{1,2})")


class NotSendable(Exception):
    """There is no such signal, or it is not to be sent; the message says which and what to do instead."""


class Named(NamedTuple):
    """A signal, and how it is called, such as `SIGHUP`."""

    name: str
    number: int


def named(text: str) -> Named | None:
    """Return the signal of a name or a number; None if there is none."""
    word = text.strip().upper()
    if word.isascii() and word.isdecimal():
        return _numbered(int(word)) if len(word) <= 3 else None
    word = word.removeprefix("SIG")
    if (between := _BETWEEN.fullmatch(word)) is not None:
        base, sign, distance = between.groups()
        number = int(signal.Signals[f"SIG{base}"]) + int(f"{sign}{distance}")
        return _numbered(number) if signal.SIGRTMIN <= number <= signal.SIGRTMAX else None
    found = signal.Signals.__members__.get(f"SIG{word}")
    return None if found is None else Named(found.name, int(found))


def sendable(text: str) -> Named:
    """Return the signal that may be sent to a server; raises `NotSendable`."""
    found = named(text)
    if found is None:
        said = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
        what = f"there is no signal {said!r}" if said else "no signal is named"
        raise NotSendable(f"{what}: expected a name such as HUP or SIGUSR1, or a number")
    if found.number in STANDSTILL:
        raise NotSendable(f"{found.name} is not sent: PAUSE lets a server stand still, RESUME lets it go on")
    return found


def _numbered(number: int) -> Named | None:
    if number not in signal.valid_signals():
        return None
    try:
        return Named(signal.Signals(number).name, number)
    except ValueError:
        return Named(f"SIGRTMIN+{number - signal.SIGRTMIN}", number)
