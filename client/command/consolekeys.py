"""A console with a terminal: ours becomes that of the program, but for the keys by which one leaves."""

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING

from .consolemode import Breaks, Detached, Ended, Ending, Mode, Sitting, killed
from .consoleshow import Tail, words
from .detaching import Detaching
from .racing import whichever
from .terminals import Terminal

if TYPE_CHECKING:
    from ..consoleevents import Event, State

CTRL_C = b"\x03"

MOST_TYPED = 64 * 1024
"""Bytes that were typed and not sent, beyond which no more are read."""

MOST_SENT = 8 * 1024
"""Bytes that are sent at once."""

MARKING = 16
"""Messages after which one waits until the program has them all."""


async def pass_keys(sitting: Sitting, tail: int | None) -> Ending:
    """Pass keys and output through, unchanged, until the person leaves."""
    with Terminal() as terminal:
        return await Passing(sitting, terminal, tail).run()


class Passing:
    """One terminal, passed through."""

    def __init__(self, sitting: Sitting, terminal: Terminal, tail: int | None) -> None:
        self._sitting = sitting
        self._console = sitting.console
        self._terminal = terminal
        settings = self._console.settings
        self._tail = Tail(settings.end, tail)
        self._run = -1
        self._typed = b""
        self._some, self._room, self._answered = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._nudged = False
        """Whether it was made a row smaller, only to be drawn anew."""

    async def run(self) -> Ending:
        """Return why it ended."""
        server, left_by = self._console.server, self._sitting.keys.shown
        if self._console.read_only:
            self._say(f"{server}, read-only: you may not type here; Ctrl-C or {left_by} leaves")
        else:
            self._say(f"the terminal of {server}; {left_by} leaves it, and it runs on")
        self._console.on_break = Breaks(self._say)
        self._terminal.raw()
        await self._draw_anew()
        return await whichever(
            killed, self._show_all, self._type, self._send, self._follow_size, self._come_back
        )

    async def _show_all(self) -> Ending:
        from ..consoleevents import Output, Settings  # noqa: PLC0415

        read_only = self._console.read_only
        async for event in self._console:
            if isinstance(event, Output):
                if data := self._tail.take(event.offset, event.data):
                    await self._terminal.show(data)
                continue
            if isinstance(event, Settings):
                self._answered.set()  # what was before this connection is not answered any more
            if isinstance(event, Settings) and (
                self._sitting.mode is not Mode.KEYS or event.read_only != read_only
            ):
                return self._sitting.mode
            await self._note(event)
        return Ended()

    async def _note(self, event: "Event") -> None:
        from ..consoleevents import Error, Gap, Notice, Reset, State, Taken, Unsure  # noqa: PLC0415
        from ..servers import Exit  # noqa: PLC0415

        match event:
            case Reset():
                self._tail = Tail(0, None)
                await self._redraw(event)
            case Gap() if event.from_:
                await self._redraw(event)
            case State():
                await self._fit(event)
            case Taken() | Unsure():
                self._answered.set()  # nothing but marks is answered here
            case Exit():
                pass  # the supervisor's own lines are among the bytes
            case _:
                if isinstance(event, Error) or (isinstance(event, Notice) and event.id):
                    self._answered.set()
                self._say(words(event, self._console.server))

    async def _redraw(self, event: "Event") -> None:
        self._terminal.clear()
        self._say(words(event, self._console.server))
        await self._draw_anew()

    async def _fit(self, state: "State") -> None:
        """Give each run our size: it begins with that of the config. And end what `_draw_anew` has begun."""
        known, self._run = self._run, state.run
        if state.terminal is None or state.pid is None:
            return
        size = (state.terminal.rows, state.terminal.columns)
        if known not in (-1, state.run) or (self._nudged and size != self._terminal.size()):
            self._nudged = False
            await self._resize()

    async def _draw_anew(self, *, again: bool = False) -> None:
        """Have the program draw itself anew, which only another size makes it do; `again`: it has ours."""
        rows, columns = self._terminal.size()
        given = self._console.terminal
        self._nudged = again or (given is not None and (given.rows, given.columns) == (rows, columns))
        if self._nudged:
            await self._resize(rows - 1 if rows > 1 else rows + 1)
        else:
            await self._resize()

    async def _resize(self, rows: int | None = None) -> None:
        from ..failures import ConnectionLost  # noqa: PLC0415

        ours, columns = self._terminal.size()
        if self._console.read_only:
            return
        try:
            await self._console.resize(rows or ours, columns)
        except ConnectionLost:
            return  # when it is back, its settings say how large it is

    async def _follow_size(self) -> Ending:
        import anyio  # noqa: PLC0415

        with anyio.open_signal_receiver(signal.SIGWINCH) as changes:
            async for _ in changes:
                await self._resize()
        return Ended()

    async def _come_back(self) -> Ending:
        """Take the terminal again after a stop (SIGSTOP, SIGTSTP): the shell has had it meanwhile."""
        import anyio  # noqa: PLC0415

        with anyio.open_signal_receiver(signal.SIGCONT) as comings:
            async for _ in comings:
                self._terminal.raw()
                await self._draw_anew(again=True)
        return Ended()

    async def _type(self) -> Ending:
        """Read keys until those by which one leaves; a program that takes none hinders nobody to leave."""
        leaving = Detaching(self._sitting.keys.data)
        async for keys in self._terminal.keys():
            data, left = leaving.feed(keys)
            if self._console.read_only:
                left, data = left or CTRL_C in data, b""
            self._typed += data
            self._some.set()
            if left:
                break
            while len(self._typed) > MOST_TYPED:
                self._room.clear()
                await self._room.wait()
        await self._send_typed()
        return Detached()

    async def _send(self) -> Ending:
        """Send what was typed, never more than the daemon keeps for a program that is slow to take it."""
        from ..failures import ConnectionLost  # noqa: PLC0415

        while True:
            for _ in range(MARKING):
                await self._some.wait()
                await self._send_typed()
            self._answered.clear()
            try:
                await self._console.mark()
            except ConnectionLost:
                continue
            await self._answered.wait()

    async def _send_typed(self) -> None:
        from ..failures import ConnectionLost  # noqa: PLC0415

        data, self._typed = self._typed[:MOST_SENT], self._typed[MOST_SENT:]
        if not self._typed:
            self._some.clear()
        self._room.set()
        if data:
            with contextlib.suppress(ConnectionLost):  # it was said already that nobody is there
                await self._console.send_bytes(data)

    def _say(self, text: str) -> None:
        """Say something, unless it would spoil a picture."""
        if text and not self._terminal.alternate:
            self._terminal.say(self._sitting.show.remark(text))
