"""A regular expression that is looked for in what a program says."""

from .expression import compiled
from .values import Value

MOST = 1000
"""Characters of a pattern."""

_MEMORY = 1 << 20


class LinePattern:
    """Matches within lines: no match reaches over the end of one. Raises `ValueError` if it is none."""

    def __init__(self, text: str) -> None:
        self._compiled = compiled(b"(?m)" + text.encode(), _MEMORY, whole_lines=True)

    def line(self, block: bytes) -> bytes | None:
        """Return the first line of a block that matches, None without one."""
        found = self._compiled.search(block)
        if found is None:
            return None
        begin = block.rfind(b"\n", 0, found.start()) + 1
        end = block.find(b"\n", found.start())
        return block[begin : len(block) if end < 0 else end].rstrip(b"\r")


def read_pattern(value: Value) -> str:
    """Return the text of a pattern; raises `ConfigError`."""
    text = value.text()
    if not 1 <= len(text) <= MOST:
        raise value.error(f"expected a regular expression of 1 to {MOST} characters")
    try:
        LinePattern(text)
    except ValueError as exc:
        raise value.error(f"is no regular expression of RE2: {exc}") from exc
    return text
