"""The list of the dashboard: only those lines are made that are seen, however many servers there are."""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ..amounts import duration, percent, size
from ..listing import COLOURS, health_of, word_of
from ..output import shown, wide
from .figures import Figures

HEAD = 1
"""Lines of the header."""


class Column:
    """A column: its title, its width, and to which side it is aligned."""

    def __init__(self, title: str, width: int, *, right: bool = False, order: str = "") -> None:
        self.title = title
        self.width = width
        self.right = right
        self.order = order

    def fit(self, text: str) -> str:
        """Return a text as wide as the column."""
        cut = text if wide(text) <= self.width else f"{set_cell_size(text, self.width - 1)}…"
        blanks = " " * (self.width - wide(cut))
        return f"{blanks}{cut}" if self.right else f"{cut}{blanks}"


def columns(width: int, longest: int) -> Sequence[Column]:
    """Return the columns for a terminal of so many characters and names of so many."""
    spark = 6 if width < 100 else 12 if width < 140 else 24
    fixed = [
        Column("STATE", 9, order="state"),
        Column("UPTIME", 7, right=True, order="uptime"),
        Column("CPU", 6, right=True, order="cpu"),
        Column("", spark),
        Column("MEMORY", 9, right=True, order="memory"),
        Column("", spark),
        Column("RST", 3, right=True),
    ]
    rest = width - sum(one.width + 1 for one in fixed)
    if rest > 60:
        fixed.append(Column("HEALTH", 9))
        rest -= 10
    name = max(8, min(longest, 32, rest - 1))
    why = rest - name - 2
    more = [Column("WHY", why)] if why >= 12 else []
    return [Column("NAME", name, order="name"), *fixed, *more]


class ServerList(ScrollView, can_focus=True):
    """The servers, a line each, below a line with the titles; one is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "move(-1000000)", show=False),
        Binding("end", "move(1000000)", show=False),
        Binding("enter", "open", show=False),
    ]

    class Opened(Message):
        """A server was opened: by Enter, or by a second click."""

    class Sorted(Message):
        """The title of a column was clicked."""

        def __init__(self, order: str) -> None:
            super().__init__()
            self.order = order

    def __init__(self, figures: Figures) -> None:
        super().__init__()
        self._figures = figures
        self._names: Sequence[str] = ()
        self._columns: Sequence[Column] = columns(80, 8)
        self.chosen = ""

    @property
    def index(self) -> int:
        """Where the chosen one is."""
        return self._names.index(self.chosen) if self.chosen in self._names else 0

    @property
    def seen(self) -> Sequence[str]:
        """The names on the screen."""
        top = int(self.scroll_offset.y)
        return self._names[top : top + max(1, self.size.height - HEAD)]

    def renew(self) -> None:
        """Show how it is now; who was chosen stays chosen, wherever he is."""
        was = self.index
        self._names = self._figures.shown
        if self.chosen not in self._names:
            self.chosen = self._names[min(was, len(self._names) - 1)] if self._names else ""
        longest = max((wide(shown(name)) for name in self._names), default=8)
        self._columns = columns(self.size.width, longest)
        self.virtual_size = Size(self.size.width, len(self._names) + HEAD)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Make one line of the screen."""
        if y < HEAD:
            return self._made(self._titles(), Style(bold=True, reverse=True))
        at = y - HEAD + int(self.scroll_offset.y)
        if at >= len(self._names):
            said = "" if self._names or at else self._nobody()
            return Strip([Segment(said.ljust(self.size.width), self.rich_style)])
        name = self._names[at]
        return self._made(self._row(name), Style(reverse=True) if name == self.chosen else Style())

    def action_move(self, by: int) -> None:
        """Choose another one."""
        if self._names:
            at = max(0, min(len(self._names) - 1, self.index + by))
            self.chosen = self._names[at]
            self.scroll_to_region(Region(0, at, 1, HEAD + 1), animate=False, force=True)
            self.refresh()

    def action_page(self, by: int) -> None:
        """Choose one that is a page away."""
        self.action_move(by * max(1, self.size.height - HEAD - 1))

    def action_open(self) -> None:
        """Open the chosen one."""
        self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked; open it if that was chosen already; sort by a title."""
        if event.y < HEAD:
            end = 0
            for column in self._columns:
                end += column.width + 1
                if event.x < end:
                    if column.order:
                        self.post_message(self.Sorted(column.order))
                    return
            return
        at = event.y - HEAD + int(self.scroll_offset.y)
        if at < len(self._names):
            self.chosen = self._names[at]
            self.refresh()
            if event.chain > 1:
                self.action_open()

    def on_resize(self) -> None:
        """Fit the columns to the new width."""
        self.renew()

    def _nobody(self) -> str:
        if self._figures.servers:
            return f"no server is called like {shown(self._figures.wanted)}"
        return "there are no servers that you may see"

    def _titles(self) -> Sequence[tuple[str, str]]:
        arrow = "▴" if self._figures.reverse else "▾"
        return [
            (f"{one.title}{arrow if one.order == self._figures.order else ''}", "") for one in self._columns
        ]

    def _row(self, name: str) -> Sequence[tuple[str, str]]:
        one = self._figures.servers[name]
        sparks = self._columns[4].width
        health = health_of(one)
        cells = {
            "STATE": (word_of(one), COLOURS.get(one.state, "")),
            "UPTIME": (duration(one.uptime / 1e9) if one.uptime else "", ""),
            "CPU": (percent(one.cpu_usage) if one.pid else "", ""),
            "MEMORY": (size(one.memory_usage) if one.pid else "", ""),
            "RST": (str(one.restarts) if one.restarts else "", ""),
            "HEALTH": (health, getattr(health, "style", "")),
            "WHY": (one.reason, ""),
        }
        row = [cells.get(column.title, ("", "")) for column in self._columns]
        row[0] = (name, "bold")
        row[4] = (self._figures.cpu(name, sparks), "cyan")
        row[6] = (self._figures.memory(name, sparks), "blue")
        return row

    def _made(self, cells: Sequence[tuple[str, str]], line: Style) -> Strip:
        base = self.rich_style
        segments = []
        for column, (text, colour) in zip(self._columns, cells, strict=True):
            style = base + (Style.parse(colour) if colour else Style()) + line
            segments.append(Segment(f"{column.fit(shown(text))} ", style))
        return Strip(segments).adjust_cell_length(self.size.width, base + line)
