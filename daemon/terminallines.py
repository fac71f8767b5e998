"""A terminal's output for viewers of lines; to them it looks as `Lines` does for what comes from a pipe."""

import re

from .plaintext import PlainText

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")


class TerminalLines:
    """Lines that have ended, and questions that have not.

    A line without an end is shown once: the first time that somebody has waited for more of it, since it may
    be a question; and then as a whole when it has ended, unless that is the same. What has neither letter nor
    digit, such as the prompt of a console, asks nothing and is not shown before.
    """

    pending = 0
    """Bytes that are not shown yet: nobody counts them in what is drawn over again and again."""

    def __init__(self, columns: int) -> None:
        self._text = PlainText(columns)
        self._shown: str | None = None

    @property
    def columns(self) -> int:
        """How wide the terminal is."""
        return self._text.columns

    @columns.setter
    def columns(self, columns: int) -> None:
        self._text.columns = columns

    @property
    def unfinished(self) -> bool:
        """Whether there is a line without an end that is to be shown after a while."""
        return self._shown is None and any(map(str.isalnum, _COLOUR.sub("", self._text.unfinished)))

    def feed(self, data: bytes) -> str | None:
        """Take in bytes; return the lines that are complete, joined by newlines, or None if none is."""
        return self._joined(self._text.feed(data))

    def flush(self) -> str | None:
        """Return the unfinished line if it may be a question, or None."""
        if not self.unfinished:
            return None
        self._shown = self._text.unfinished
        return self._shown

    def finish(self) -> str | None:
        """Return what is left; nothing that belongs to it will come."""
        return self._joined(self._text.finish())

    def _joined(self, lines: list[str]) -> str | None:
        if lines and self._shown is not None:
            again = lines[0] == self._shown
            self._shown = None
            lines = lines[1:] if again else lines
        return "\n".join(lines) if lines else None
