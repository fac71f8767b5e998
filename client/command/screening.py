"""What a program says, as lines that a terminal can be shown: with its colours, and nothing else that steers.

What is taken out could move the cursor, write the title or the clipboard, answer in the user's name, or turn
letters around. A carriage return shows what comes after it, as a progress bar wants.
"""

import codecs
import re
from collections.abc import Sequence

from .output import UNSEEN

MOST_LINE = 16 * 1024
"""Characters of a line; the rest goes on in another one."""

_MOST_COLOUR = 64

_SEQUENCES = re.compile(
    r"(?P<colour>\x1b\[[0-9;:]*m)"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: the cursor, modes, questions
    r"|\x1b[PX\]^_][^\x07\x1b\x9c\n]*(?:\x07|\x9c|\x1b\\)?"  # strings: titles, the clipboard, links
    r"|\x1b[ -/]*[0-~]?"
    r"|\x9b[0-?]*[ -/]*[@-~]?"
    rf"|[\x00-\x08\x0b-\x1a\x1c-\x1f{UNSEEN}]"
)

_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[PX\]^_][^\x07\x1b\x9c\n]*\x1b?)?$")
"""The beginning of a sequence whose end has not come yet."""

_RESET = "\x1b[0m"
_RESETS = frozenset({"\x1b[m", _RESET})


class Screening:
    """Turns bytes into lines as they come; keeps what has no end yet."""

    def __init__(self, *, coloured: bool = True) -> None:
        self._coloured = coloured
        self._begin()

    def _begin(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._colour = ""
        """What coloured the end of the last whole line: it colours the next one, too."""

    def feed(self, data: bytes) -> Sequence[str]:
        """Take bytes, and return the lines that have become whole, without their ends."""
        *lines, self._rest = (self._rest + self._decoder.decode(data)).split("\n")
        while len(self._rest) > MOST_LINE:
            lines.append(self._rest[:MOST_LINE])
            self._rest = self._rest[MOST_LINE:]
        return [self.whole(line) for line in lines]

    @property
    def rest(self) -> str:
        """The beginning of a line that has no end yet: a question, perhaps."""
        shown, _ = self._cleaned(_UNFINISHED.sub("", self._rest))
        return shown

    def reset(self) -> Sequence[str]:
        """Begin anew, and return what had no end."""
        rest = self.rest
        self._begin()
        return [rest] if rest else []

    def whole(self, line: str) -> str:
        """Return the next whole line as it is shown."""
        shown, self._colour = self._cleaned(line)
        return shown

    def _cleaned(self, line: str) -> tuple[str, str]:
        """Return a line as it is shown, and the colour at its end."""
        *before, last = line.removesuffix("\r").split("\r")
        kept = last if _plain(last) or not before else before[-1]
        colour = self._colour

        def screen(found: re.Match[str]) -> str:
            nonlocal colour
            given = found["colour"]
            if given is None or not self._coloured:
                return ""
            if given in _RESETS:
                colour = ""
            else:
                colour = colour + given if len(colour) + len(given) <= _MOST_COLOUR else given
            return given

        shown = colour + _SEQUENCES.sub(screen, kept)
        return (shown + _RESET if colour else shown), colour


def screened(line: str, *, coloured: bool) -> str:
    """Return a line that stands alone, such as one of several servers."""
    return line if line.isprintable() else Screening(coloured=coloured).whole(line)


def _plain(text: str) -> str:
    return _SEQUENCES.sub("", text)


def is_ours(line: str) -> bool:
    """Tell whether a line is Holdfast's own, not the program's."""
    return line.startswith(("[Octyne]", "[Holdfast]"))
