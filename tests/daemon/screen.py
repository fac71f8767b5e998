"""A small screen, on which tests see what a program has drawn: what `top`, a shell or an editor needs."""

import re

_TOKEN = re.compile(
    r"\x1b\[(?P<parameters>[?>!0-9;]*)(?P<final>[@-~])|\x1b[()].|\x1b\].*?(?:\x07|\x1b\\)|\x1b.|(?P<one>.)",
    re.DOTALL,
)


class Screen:
    """Rows of characters, without colours."""

    def __init__(self, rows: int, columns: int) -> None:
        self.rows = rows
        self.columns = columns
        self._cells = self._blank()
        self._other = self._blank()
        self._y = self._x = 0

    def feed(self, data: bytes) -> "Screen":
        """Draw what a program has written, from a place between two sequences to another one."""
        for token in _TOKEN.finditer(data.decode("utf-8", "replace")):
            if token["final"]:
                self._control(token["parameters"], token["final"])
            elif token["one"]:
                self._put(token["one"])
        return self

    def text(self) -> str:
        """Return what is seen, without the blanks at the ends."""
        return "\n".join("".join(row).rstrip() for row in self._cells).rstrip()

    def _blank(self) -> list[list[str]]:
        return [[" "] * self.columns for _ in range(self.rows)]

    def _put(self, one: str) -> None:
        if one == "\r":
            self._x = 0
        elif one == "\n":
            self._down()
        elif one == "\b":
            self._x = max(0, self._x - 1)
        elif one == "\t":
            self._x = min(self.columns - 1, self._x // 8 * 8 + 8)
        elif one.isprintable():
            if self._x >= self.columns:
                self._x = 0
                self._down()
            self._cells[self._y][self._x] = one
            self._x += 1

    def _down(self) -> None:
        if self._y == self.rows - 1:
            self._cells = [*self._cells[1:], [" "] * self.columns]
        else:
            self._y += 1

    def _control(self, parameters: str, final: str) -> None:
        if parameters[:1] in ("?", ">", "!"):
            if parameters == "?1049" and final in "hl":
                self._cells, self._other = self._other, self._cells
            return
        first, second = ([int(part or 0) for part in parameters.split(";")] + [0, 0])[:2]
        match final:
            case "H" | "f":
                self._y = min(max(first, 1), self.rows) - 1
                self._x = min(max(second, 1), self.columns) - 1
            case "d":
                self._y = min(max(first, 1), self.rows) - 1
            case "G":
                self._x = min(max(first, 1), self.columns) - 1
            case "A":
                self._y = max(0, self._y - max(first, 1))
            case "B":
                self._y = min(self.rows - 1, self._y + max(first, 1))
            case "C":
                self._x = min(self.columns - 1, self._x + max(first, 1))
            case "D":
                self._x = max(0, self._x - max(first, 1))
            case _:
                self._edit(final, first)

    def _edit(self, final: str, first: int) -> None:
        row, x = self._cells[self._y], min(self._x, self.columns - 1)
        match final:
            case "K":
                first_cell, last = {0: (x, self.columns), 1: (0, x + 1)}.get(first, (0, self.columns))
                row[first_cell:last] = [" "] * (last - first_cell)
            case "J" if first >= 2:
                self._cells = self._blank()
            case "J":
                row[x:] = [" "] * (self.columns - x)
                self._cells[self._y + 1 :] = self._blank()[self._y + 1 :]
            case "P":
                count = max(first, 1)
                row[x:] = (row[x + count :] + [" "] * count)[: self.columns - x]
            case "@":
                row[x:] = ([" "] * max(first, 1) + row[x:])[: self.columns - x]
