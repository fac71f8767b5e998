"""One line of a terminal while it is written: what was overwritten or erased is not in it any more.

A line that is longer than the terminal is wide goes on in the next row there. Here it stays one line; that it
has rows counts for a carriage return, which leads to the beginning of the row, and for what else moves.
"""

import re
import unicodedata
from itertools import groupby

from .sgr import PLAIN, Style, sequence

LONGEST = 64 * 1024
"""Columns of a line, after which another one begins."""

_PARTS = re.compile(r"[\x00-\x7f]+|.", re.DOTALL)

_MOST_MARKS = 16
"""Code points that stand in one place: a character and the marks on it."""


class TextLine:
    """Characters with their styles, and a cursor among them."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        """How wide the terminal is."""
        self.style: Style = PLAIN
        """What is written next gets it; it outlives the line."""
        self._texts: list[str] = []
        """What stands in each column: nothing in the second one of a wide character."""
        self._styles: list[Style] = []
        self._at = 0
        self._written = False
        """Whether the cursor is behind a character just written; in the last column it waits there."""

    @property
    def empty(self) -> bool:
        """Whether nothing was written."""
        return not self._texts

    @property
    def full(self) -> bool:
        """Whether it is so long that another one must begin."""
        return self._at >= LONGEST

    @property
    def cursor(self) -> int:
        """The column of the cursor, counted from the beginning of the line."""
        return self._at

    def write(self, text: str) -> str:
        """Write text without control characters; return what no longer fits, beginning with the next line."""
        for part in _PARTS.finditer(text):
            if self.full:
                return text[part.start() :]
            character = part[0]
            if character.isascii():
                room = LONGEST - self._at
                self._put(character[:room])
                if room < len(character):
                    return text[part.start() + room :]
            elif unicodedata.category(character) in ("Mn", "Me", "Cf"):
                self._mark(character)
            elif unicodedata.east_asian_width(character) in "WF":
                self._put([character, ""])
            else:
                self._put(character)
        return ""

    def to_row_start(self) -> None:
        """Return the carriage."""
        self._settle()
        self._at -= self._at % self.columns

    def move(self, by: int) -> None:
        """Move within the row."""
        self._settle()
        self.to_column(self._at % self.columns + by)

    def to_column(self, column: int) -> None:
        """Move within the row to a column, from 0."""
        self._settle()
        self._at += min(max(column, 0), self.columns - 1) - self._at % self.columns

    def to_row(self, by: int) -> bool:
        """Move up or down among the rows of this line; tell whether there are as many."""
        self._settle()
        target = self._at + by * self.columns
        if target < 0 or target // self.columns > max(0, len(self._texts) - 1) // self.columns:
            return False
        self._at = target
        return True

    def to(self, cursor: int) -> None:
        """Return to where the cursor was."""
        self._settle()
        self._at = min(cursor, LONGEST)

    def tab(self) -> None:
        """Move to the next column that is a multiple of eight."""
        self._written = False
        self._at += 8 - self._at % self.columns % 8

    def erase(self, how: int, *, row: bool) -> None:
        """Erase from the cursor on (0), up to it (1), or all (2): of the row, or of the line."""
        self._settle()
        start = self._at - self._at % self.columns if row else 0
        stop = min(start + self.columns, len(self._texts)) if row else len(self._texts)
        first = self._at if how == 0 else start
        last = min(self._at + 1, stop) if how == 1 else stop
        if last == len(self._texts):
            del self._texts[first:], self._styles[first:]
        else:
            self._blank(first, last)

    def erase_characters(self, count: int) -> None:
        """Erase so many, from the cursor on."""
        self._settle()
        self._blank(self._at, min(self._at + count, self._row_stop()))

    def insert(self, count: int) -> None:
        """Shift the rest of the row to the right."""
        self._settle()
        at, size, stop = self._at, self._row_stop() - self._at, min(self._row_stop(), len(self._texts))
        if at < stop:
            count = min(count, size)
            self._texts[at:stop] = ([" "] * count + self._texts[at:stop])[:size]
            self._styles[at:stop] = ([PLAIN] * count + self._styles[at:stop])[:size]

    def delete(self, count: int) -> None:
        """Shift the rest of the row to the left."""
        self._settle()
        at, stop = self._at, min(self._row_stop(), len(self._texts))
        if at < stop:
            # What stands in the next row stays there.
            blanks = min(count, stop - at) if stop < len(self._texts) else 0
            self._texts[at:stop] = self._texts[at + count : stop] + [" "] * blanks
            self._styles[at:stop] = self._styles[at + count : stop] + [PLAIN] * blanks

    def clear(self) -> None:
        """Begin a new line."""
        self._texts.clear()
        self._styles.clear()
        self._at = 0
        self._written = False

    def render(self) -> str:
        """Return it with its colours, which end with it; blanks at its end are left out."""
        stop = len(self._texts)
        while stop and self._texts[stop - 1] == " " and not self._styles[stop - 1]:
            stop -= 1
        if not any(self._styles):
            return "".join(self._texts[:stop])
        parts: list[str] = []
        style: Style = PLAIN
        for style, places in groupby(range(stop), self._styles.__getitem__):
            if style or parts:
                parts.append(sequence(style))
            parts.extend(self._texts[place] for place in places)
        if style:
            parts.append(sequence(PLAIN))
        return "".join(parts)

    def _put(self, texts: "str | list[str]") -> None:
        at, stop = self._at, self._at + len(texts)
        if at < len(self._texts):
            # Half of a wide character that is overwritten goes with the other.
            if not self._texts[at] and at:
                self._texts[at - 1] = " "
            if stop < len(self._texts) and not self._texts[stop]:
                self._texts[stop] = " "
        elif at > len(self._texts):
            self._pad(at)
        self._texts[at:stop] = texts
        self._styles[at:stop] = [self.style] * len(texts)
        self._at = stop
        self._written = self._written or stop > at

    def _mark(self, mark: str) -> None:
        place = self._at - 1
        while 0 < place < len(self._texts) and not self._texts[place]:
            place -= 1
        if 0 <= place < len(self._texts) and len(self._texts[place]) < _MOST_MARKS:
            self._texts[place] += mark

    def _pad(self, stop: int) -> None:
        missing = stop - len(self._texts)
        self._texts += [" "] * missing
        self._styles += [PLAIN] * missing

    def _blank(self, first: int, last: int) -> None:
        last = min(last, len(self._texts))
        if first < last:
            self._texts[first:last] = [" "] * (last - first)
            self._styles[first:last] = [PLAIN] * (last - first)

    def _row_stop(self) -> int:
        return self._at - self._at % self.columns + self.columns

    def _settle(self) -> None:
        # Behind the last column there is none: the cursor has waited in it.
        if self._written and self._at and self._at % self.columns == 0:
            self._at -= 1
        self._written = False
