"""What lies over the dashboard for a moment: a question, and all about one server."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from ...servers import Server
from ..amounts import duration, size
from ..output import shown


class Question(ModalScreen[bool]):
    """Asks; y is yes, everything else is no."""

    CSS = """
    Question { align: center middle; }
    Question Static { width: auto; max-width: 90%; padding: 1 2; border: round $error; }
    """

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Show the question."""
        yield Static(Text(f"{self._question}\n\ny: yes    any other key: no"))

    def on_key(self, event: object) -> None:
        """Take the answer."""
        self.dismiss(getattr(event, "key", "") in ("y", "Y"))


class Details(ModalScreen[None]):
    """All about one server; any of the keys that close things closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,i,enter", "dismiss", "Back")]

    CSS = """
    Details { align: center middle; }
    Details VerticalScroll { width: 90%; height: 90%; border: round $primary; padding: 0 1; }
    Details Static { width: 100%; height: auto; }
    """

    def __init__(self, name: str, server: Server, history: Sequence[str]) -> None:
        super().__init__()
        self._text = "\n".join((*about(name, server), "", *history))

    def compose(self) -> ComposeResult:
        """Show it."""
        with VerticalScroll():
            yield Static(Text(self._text))


def about(name: str, server: Server) -> Sequence[str]:
    """Return all about a server, a line each."""
    pairs = {"name": name, "state": "paused" if server.paused else server.state, "why": server.reason}
    if server.cause is not None:
        pairs["by"] = " ".join((server.cause.kind, server.cause.who, server.cause.detail)).strip()
    if server.hint:
        pairs["hint"] = server.hint
    if server.next is not None:
        when = f" in {duration(server.next.in_)}" if server.next.in_ is not None else ""
        pairs["next"] = f"{server.next.action}{when}"
    if server.waits_for:
        pairs["waits for"] = ", ".join(server.waits_for)
    if server.pid:
        pairs["process"] = str(server.pid)
        pairs["up"] = duration(server.uptime / 1e9)
        pairs["memory"] = size(server.memory_usage)
    if server.last_exit is not None:
        ended = server.last_exit
        how = f"signal {ended.signal}" if ended.signal is not None else f"code {ended.code}"
        pairs["last end"] = f"{how} after {duration(ended.ran)} {ended.note}".strip()
    if server.restarts:
        pairs["restarts"] = str(server.restarts)
    for one in server.survivors:
        pairs[f"still there {one.pid}"] = f"{one.command} {one.reason}".strip()
    width = max(map(len, pairs))
    return [f"{key.rjust(width)}  {shown(value)}" for key, value in pairs.items()]
