"""How our own lines stand among a program's output: plainly, or so that a terminal shows them as lines."""

from dataclasses import dataclass

from .child import Child
from .spec import ServiceSpec


@dataclass(frozen=True, slots=True)
class Manner:
    """What comes before a line of ours, and what ends it."""

    before: bytes = b""
    newline: bytes = b"\n"


PLAIN = Manner()

ON_TERMINAL = Manner(newline=b"\r\n")
"""A newline alone goes down, and not back to the left."""

AFTERWARDS = Manner(b"\x1b[?47l\x1b[?2004l\x1b[?1l\x1b[?25h\x1b[m", b"\r\n")
"""A program that was killed leaves viewers in its full screen, without a cursor and in its colours.

Mode 47, since the newer 1049 would also move the cursor where no full screen is shown.
"""


def manner(spec: ServiceSpec, child: Child | None) -> Manner:
    """Return how to speak of a program that was started by a spec; with no child it has ended."""
    if spec.terminal is None:
        return PLAIN
    return AFTERWARDS if child is None or child.ended else ON_TERMINAL
