"""The dashboard itself: looks again and again, shows what it sees, and does what the keys say."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar, cast

import anyio
from rich.text import Text
from textual.app import App, ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.widgets import Footer, Input, Static

from ...clients import AsyncClient
from ...failures import AWAY, Failure
from ...refusals import NotAllowedTo, NotKnown
from ...target import Target
from ..exits import sentence_of
from ..output import shown
from .departure import leave_to
from .figures import BUCKET, KEPT, ORDERS, Figures, Order
from .numbers import happened, machine
from .screens import Details, Question
from .serverlist import ServerList

HISTORY = 30
"""Lines of what happened that are shown of one server."""

SHARE = 0.2
"""Of the time, what looking may take."""


class Dashboard(App[None]):
    """The servers, full screen."""

    ENABLE_COMMAND_PALETTE = False

    CSS = """
    #host { height: 1; }
    #why, #status { height: 1; }
    #status { text-style: bold; }
    #filter { height: 1; border: none; display: none; padding: 0; }
    ServerList { height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "console", "Console"),
        Binding("l", "logs", "Logs"),
        Binding("s", "order('start')", "Start"),
        Binding("t", "order('stop')", "Stop"),
        Binding("r", "order('restart')", "Restart"),
        Binding("k", "kill", "Kill"),
        Binding("p", "pause", "Pause"),
        Binding("i", "details", "Info"),
        Binding("slash", "filter", "Find", key_display="/"),
        Binding("o", "sort", show=False),
        Binding("O", "reverse", show=False),
        Binding("n", "sort('name')", show=False),
        Binding("C", "sort('cpu')", show=False),
        Binding("m", "sort('memory')", show=False),
        Binding("u", "sort('uptime')", show=False),
        Binding("escape", "everybody", show=False),
        Binding("q,ctrl+c", "quit", "Quit", key_display="q"),
        Binding("ctrl+z", "suspend_process", show=False),
    ]

    def __init__(self, open_client: Callable[[], AsyncClient], target: Target, interval: float) -> None:
        """`open_client` returns who asks; `interval`: seconds between two looks."""
        super().__init__(ansi_color=True)
        self.figures = Figures()
        # Kept, not looked for by name: the last look may end when the screen is gone already.
        self.list = ServerList(self.figures)
        self._host, self._why, self._status = (Static(id=name) for name in ("host", "why", "status"))
        self._open_client = open_client
        self._target = target
        self._interval = interval
        self._holdfast: AsyncClient | None = None
        self._remembered: set[str] = set()
        self._hosts = True
        self._histories = True
        self._away = True

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield self._host
        yield self.list
        yield self._why
        yield self._status
        yield Input(id="filter", placeholder="part of a name; Enter keeps it, Escape shows all")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Begin to look."""
        self.theme = "ansi-dark"
        self.list.focus()
        self.say(f"asking {self._target.where} …")
        self.run_worker(self._look())

    def say(self, text: str) -> None:
        """Write into the line for what is not usual."""
        self._status.update(Text(shown(text), no_wrap=True))

    # Looking.

    async def _look(self) -> None:
        async with self._open_client() as self._holdfast:
            while True:
                begin = time.monotonic()
                await self._look_once(self._holdfast)
                took = time.monotonic() - begin
                await anyio.sleep(max(self._interval, took / SHARE - took))

    async def _look_once(self, holdfast: AsyncClient) -> None:
        try:
            self.figures.update(await holdfast.servers.list())
            await self._look_at_host(holdfast)
            self.list.renew()
            self._show_why()
            if self._away:
                self._away = False
                self.say("")
            await self._look_back(holdfast)
        except AWAY as exc:
            self._away = True
            self.say(f"{sentence_of(exc)}; trying again")
        except Failure as exc:
            self._away = True
            self.say(sentence_of(exc))

    async def _look_at_host(self, holdfast: AsyncClient) -> None:
        line = self._target.where
        if self._hosts:
            try:
                line = f"{machine(await holdfast.system.host(since=-1))}   {line}"
            except (NotAllowedTo, NotKnown):
                self._hosts = False
        states: dict[str, int] = {}
        for one in self.figures.servers.values():
            states[one.state] = states.get(one.state, 0) + 1
        said = " ".join(f"{count} {state}" for state, count in sorted(states.items()))
        self._host.update(Text(shown(f"{said}   {line}"), no_wrap=True))

    async def _look_back(self, holdfast: AsyncClient) -> None:
        """Ask what those on the screen used before; each is asked about once."""
        for name in [one for one in self.list.seen if one not in self._remembered] if self._histories else ():
            self._remembered.add(name)
            try:
                said = await holdfast.usage.get(name, since=-BUCKET * KEPT, step=int(BUCKET))
            except (NotAllowedTo, NotKnown):
                self._histories = False
                return
            self.figures.remember(name, said.columns)
            self.list.refresh()

    def _show_why(self) -> None:
        chosen = self.figures.servers.get(self.list.chosen)
        said = f"{self.list.chosen}: {chosen.reason}" if chosen else ""
        self._why.update(Text(shown(said), no_wrap=True))

    def on_key(self) -> None:
        """Tell why the one that is chosen now is as it is."""
        self.call_later(self._show_why)

    def on_click(self) -> None:
        """Tell why the one that is chosen now is as it is."""
        self.call_later(self._show_why)

    # Which, and in which order.

    def action_sort(self, order: str = "") -> None:
        """Sort by the next column, or a certain one; by the same one again, the other way round."""
        now = self.figures.order
        if order == now:
            self.figures.reverse = not self.figures.reverse
        else:
            following = ORDERS[(ORDERS.index(now) + 1) % len(ORDERS)]
            self.figures.order = cast("Order", order) if order else following
            self.figures.reverse = False
        self.list.renew()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.action_sort(self.figures.order)

    def on_server_list_sorted(self, event: ServerList.Sorted) -> None:
        """Sort by the column that was clicked."""
        self.action_sort(event.order)

    def action_filter(self) -> None:
        """Ask for a part of the names."""
        field = self.query_one("#filter", Input)
        field.display = True
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show whose names have it."""
        self.figures.wanted = event.value
        self.list.renew()

    def on_input_submitted(self) -> None:
        """Keep the filter, and go back to the list."""
        self.query_one("#filter", Input).display = bool(self.figures.wanted)
        self.list.focus()

    def action_everybody(self) -> None:
        """Show all."""
        field = self.query_one("#filter", Input)
        field.value = ""
        field.display = False
        self.list.focus()

    # What is done with the chosen one.

    def on_server_list_opened(self) -> None:
        """Open its console."""
        self.action_console()

    def action_console(self) -> None:
        """Leave the screen to its console."""
        self._leave_to("console")

    def action_logs(self) -> None:
        """Leave the screen to its logs."""
        self._leave_to("logs", "-f")

    def action_order(self, order: str) -> None:
        """Start, stop, restart, pause or resume it."""
        if self._holdfast is not None and (name := self.list.chosen):
            servers = self._holdfast.servers
            orders: Mapping[str, Callable[[str], Awaitable[object]]] = {
                "start": servers.start,
                "stop": servers.stop,
                "restart": servers.restart,
                "kill": servers.kill,
                "pause": servers.pause,
                "resume": servers.resume,
            }
            self.run_worker(self._carry_out(f"{order} {name}", orders[order](name)))

    async def _carry_out(self, what: str, order: Awaitable[object]) -> None:
        self.say(f"{what} …")
        try:
            said = await order
        except Failure as exc:
            self.say(f"{what}: {sentence_of(exc)}")
        else:
            self.say(f"{what}: {said}" if said else f"{what}: done")
        if self._holdfast is not None:
            await self._look_once(self._holdfast)

    def action_kill(self) -> None:
        """Kill it, if that is meant."""
        if name := self.list.chosen:
            self.push_screen(
                Question(f"Kill {shown(name)}, without letting it save anything?"),
                lambda sure: self.action_order("kill") if sure else None,
            )

    def action_pause(self) -> None:
        """Let it stand still, or go on."""
        if (one := self.figures.servers.get(self.list.chosen)) is not None:
            self.action_order("resume" if one.paused else "pause")

    def action_details(self) -> None:
        """Show all about it."""
        if self.list.chosen in self.figures.servers:
            self.run_worker(self._show_details(self.list.chosen))

    async def _show_details(self, name: str) -> None:
        assert self._holdfast is not None  # noqa: S101  (a server is known)
        try:
            history = happened((await self._holdfast.history.get(name, limit=HISTORY)).history)
        except Failure as exc:
            history = [sentence_of(exc)]
        if (one := self.figures.servers.get(name)) is not None:
            self.push_screen(Details(name, one, history))

    def _leave_to(self, command: str, *options: str) -> None:
        """Run another command in this terminal, and come back."""
        name = self.list.chosen
        if not name:
            return
        try:
            with self.suspend():
                leave_to(self._target, command, *options, "--", name)
        except SuspendNotSupported:
            self.say("this terminal cannot be left to another command")
