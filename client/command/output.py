"""What a command says: tables and colours in a terminal, plain text elsewhere, JSON and CSV for programs."""

import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

GAP = 2
"""Blanks between the columns of a table."""

LEAST_LAST = 18
"""Places that the last column is given, if it wants so many."""

GOOD, BAD, WARN, DIM, BOLD = "green", "red", "yellow", "dim", "bold"

UNSEEN = "\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
"""Characters that steer a terminal or turn letters around, as a regular expression has them."""

_NOT_IN_JSON = re.compile(f"[{UNSEEN}\ud800-\udfff]")
"""What JSON may hold as it is, but no terminal should have, or UTF-8 cannot say."""


class Cell(str):
    """A text with a colour, which is seen in a terminal only."""

    __slots__ = ("style",)

    style: str

    def __new__(cls, text: str, style: str = "") -> Self:
        """Colour a text, as rich names colours."""
        made = super().__new__(cls, text)
        made.style = style
        return made


class Output:
    """Standard output, and standard error for what is not the result."""

    def __init__(self, colour: str = "auto") -> None:
        """`colour`: `auto`, `always` or `never`.

        What is said with --color is stronger than the environment, and there NO_COLOR (never) is stronger
        than FORCE_COLOR and CLICOLOR_FORCE (always, unless 0), as no-color.org and force-color.org have it.
        """
        self._colour = colour
        self._rich: Console | None = None
        self.listed = False
        """Whether something was told as CSV."""

    @property
    def terminal(self) -> bool:
        """Whether a person sees it at once."""
        return sys.stdout.isatty()

    @property
    def coloured(self) -> bool:
        """Whether there are colours."""
        if self._colour != "auto":
            return self._colour == "always"
        if os.environ.get("NO_COLOR"):
            return False
        forced = [os.environ.get(name) for name in ("FORCE_COLOR", "CLICOLOR_FORCE")]
        if any(said not in (None, "", "0") for said in forced):
            return True
        dull = os.environ.get("TERM") == "dumb" or os.environ.get("CLICOLOR") == "0" or "0" in forced
        return self.terminal and not dull

    @property
    def rich(self) -> "Console":
        """A terminal as rich knows it; imported only when it is needed."""
        if self._rich is None:
            from rich.console import Console  # noqa: PLC0415  (takes a while)

            self._rich = Console(
                color_system="auto" if self.coloured else None,  # without one, nothing is bold or dim either
                no_color=not self.coloured,
                highlight=False,
                emoji=False,
                markup=False,
                soft_wrap=True,
            )
        return self._rich

    def say(self, text: str = "", style: str = "") -> None:
        """Write a line of the result."""
        sys.stdout.write(f"{self.styled(text, style)}\n")

    def note(self, text: str) -> None:
        """Write a line that is not part of the result."""
        sys.stdout.flush()
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def styled(self, text: str, style: str) -> str:
        """Return a text with the escape sequences of a colour, if there are colours."""
        return f"\x1b[{_SGR[style]}m{text}\x1b[0m" if style and self.coloured else text

    def json(self, value: object) -> None:
        """Write a value as JSON: indented for people, in one line for programs."""
        sys.stdout.write(f"{as_json(value, indent=2 if self.terminal else None)}\n")

    def json_line(self, value: object) -> None:
        """Write one of several values as JSON: in one line, wherever it goes."""
        sys.stdout.write(f"{as_json(value)}\n")

    def csv(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Write comma-separated values with a header (RFC 4180)."""
        import csv  # noqa: PLC0415  (few want it)

        self.listed = True
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)

    def table(
        self,
        header: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        right: Sequence[str] = (),
        spare: Sequence[str] = (),
    ) -> None:
        """Write a table; the columns named in `right` are numbers.

        Nothing is cut off unless the terminal is too narrow for it; columns in `spare` are left out there.
        """
        if self.terminal:
            self.rich.print(self.drawn(header, rows, right=right, spare=spare))
        else:
            sys.stdout.write(plain(header, rows, right, self.styled))

    def drawn(
        self,
        header: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        right: Sequence[str] = (),
        spare: Sequence[str] = (),
    ) -> "Table":
        """Return a table as rich draws it; of `spare`, the first is left out first."""
        from rich.table import Table  # noqa: PLC0415  (takes a while)
        from rich.text import Text  # noqa: PLC0415

        drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        kept, first = _fitting(header, rows, spare, self.rich.width)
        for index in kept:
            last = index == len(header) - 1
            # A number that is cut off is another number: rather the first column takes a second line.
            drawn.add_column(
                header[index],
                justify="right" if header[index] in right else "left",
                no_wrap=not last and not (index == 0 and first),
                overflow="fold",
                width=first if index == 0 else None,
            )
        for row in rows:
            drawn.add_row(*(Text(shown(row[index]), getattr(row[index], "style", "")) for index in kept))
        return drawn

    def pairs(self, pairs: Mapping[str, str]) -> None:
        """Write names and values, a line each."""
        width = max((len(name) for name in pairs), default=0)
        for name, value in pairs.items():
            first, *more = value.split("\n")
            style = getattr(value, "style", "")
            self.say(f"{self.styled(name.rjust(width), BOLD)}  {self.styled(shown(first), style)}")
            for line in more:
                self.say(f"{' ' * width}  {shown(line)}")


def as_json(value: object, indent: int | None = None) -> str:
    """Return JSON that can be read, and does not steer a terminal."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return text if text.isascii() and "\x7f" not in text else _NOT_IN_JSON.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def shown(text: str) -> str:
    """Return a text without what would steer a terminal: names and output are whatever somebody wrote."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one == "\t" else f"\\x{ord(one):02x}" for one in text)


def wide(text: str) -> int:
    """Return how many places of a line a text takes: some characters take two, and some none."""
    if text.isascii():
        return len(text)
    import unicodedata  # noqa: PLC0415  (few need it)

    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in text
    )


def _fitting(
    header: Sequence[str], rows: Sequence[Sequence[str]], spare: Sequence[str], room: int
) -> tuple[Sequence[int], int | None]:
    """Return which columns stand in so narrow a terminal, and how wide the first is; None: as it likes.

    The last column is folded, so it needs no more than is left for it.
    """
    kept = list(range(len(header)))
    if not spare:
        return kept, None
    widths = [max(wide(shown(row[index])) for row in (header, *rows)) for index in kept]
    widths[-1] = min(widths[-1], LEAST_LAST)
    for name in spare:
        if sum(widths[index] + GAP for index in kept) - GAP <= room:
            return kept, None
        kept.remove(header.index(name))
    rest = sum(widths[index] + GAP for index in kept[1:])
    return kept, None if widths[0] + rest <= room else max(room - rest, 1)


def plain(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[str] = (),
    styled: Callable[[str, str], str] = lambda text, _: text,
) -> str:
    """Return a table as aligned text, two blanks between the columns; `styled` gives a text its colour."""
    lines = [[(shown(str(cell)), getattr(cell, "style", "")) for cell in row] for row in (header, *rows)]
    widths = [max(wide(line[index][0]) for line in lines) for index in range(len(header))]
    aligned = [
        [
            f"{' ' * (width - wide(cell))}{styled(cell, style)}"
            if name in right
            else f"{styled(cell, style)}{' ' * (width - wide(cell))}"
            for (cell, style), width, name in zip(line, widths, header, strict=True)
        ]
        for line in lines
    ]
    return "".join(f"{'  '.join(line).rstrip()}\n" for line in aligned)


_SGR = {
    "green": "32",
    "red": "31",
    "yellow": "33",
    "dim": "2",
    "bold": "1",
    "cyan": "36",
    "blue": "34",
    "magenta": "35",
}
