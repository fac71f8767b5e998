"""What a command says: tables and colours in a terminal, plain text elsewhere, JSON and CSV for programs."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

GOOD, BAD, WARN, DIM, BOLD = "green", "red", "yellow", "dim", "bold"


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
        """`colour`: `auto`, `always` or `never`; NO_COLOR means never, unless it was said to be always."""
        self._colour = colour
        self._rich: Console | None = None

    @property
    def terminal(self) -> bool:
        """Whether a person sees it at once."""
        return sys.stdout.isatty()

    @property
    def coloured(self) -> bool:
        """Whether there are colours."""
        if self._colour != "auto":
            return self._colour == "always"
        return self.terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    @property
    def rich(self) -> "Console":
        """A terminal as rich knows it; imported only when it is needed."""
        if self._rich is None:
            from rich.console import Console  # noqa: PLC0415  (takes a while)

            self._rich = Console(
                no_color=not self.coloured, highlight=False, emoji=False, markup=False, soft_wrap=True
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
        indent = 2 if self.terminal else None
        sys.stdout.write(f"{json.dumps(value, indent=indent, ensure_ascii=False)}\n")

    def csv(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Write comma-separated values with a header (RFC 4180)."""
        import csv  # noqa: PLC0415  (few want it)

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)

    def table(
        self, header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()
    ) -> None:
        """Write a table; the columns named in `right` are numbers.

        Nothing is cut off unless the terminal is too narrow for it.
        """
        if self.terminal:
            self.rich.print(self.drawn(header, rows, right=right))
        else:
            sys.stdout.write(plain(header, rows, right))

    def drawn(
        self, header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()
    ) -> "Table":
        """Return a table as rich draws it."""
        from rich.table import Table  # noqa: PLC0415  (takes a while)
        from rich.text import Text  # noqa: PLC0415

        drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        for index, name in enumerate(header):
            last = index == len(header) - 1
            drawn.add_column(
                name, justify="right" if name in right else "left", no_wrap=not last, overflow="fold"
            )
        for row in rows:
            drawn.add_row(*(Text(shown(cell), getattr(cell, "style", "")) for cell in row))
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


def shown(text: str) -> str:
    """Return a text without what would steer a terminal: names and output are whatever somebody wrote."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one == "\t" else f"\\x{ord(one):02x}" for one in text)


def plain(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> str:
    """Return a table as aligned text, two blanks between the columns."""
    lines = [[shown(str(cell)) for cell in row] for row in (header, *rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(header))]
    aligned = [
        [
            cell.rjust(width) if name in right else cell.ljust(width)
            for cell, width, name in zip(line, widths, header, strict=True)
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
