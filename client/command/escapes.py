"""Output of programs on a terminal: its colours are kept, nothing else of it steers the terminal."""

import re

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")

_STEERING = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # ECMA-48: OSC, such as a title or a link,
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # DCS, SOS, PM, APC,
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"  # CSI, such as a colour,
    r"|\x1b[ -/]*[0-~]?"  # other escape sequences,
    r"|[\x00-\x08\x0a-\x1f\x7f-\x9f]"  # and control characters but for the tab
)

RESET = "\x1b[0m"


def harmless(line: str, *, coloured: bool) -> str:
    """Return a line of output as a terminal may have it; without colours if there shall be none.

    Of a line that was written again and again, as a progress bar is, the last state is left.
    """
    if line.isprintable():
        return line
    last = line.rstrip("\r").rpartition("\r")[2]

    def kept(found: re.Match[str]) -> str:
        return found[0] if coloured and _COLOUR.fullmatch(found[0]) else ""

    made = _STEERING.sub(kept, last)
    return made + RESET if "\x1b" in made else made
