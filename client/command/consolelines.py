"""A console of lines: a line to edit, and the output above it.

However much a program says, what is typed comes first: output is written in batches, and nothing more is
taken from the connection while a batch is full. What waits, waits with the daemon.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from .consolemode import Breaks, Detached, Ended, Ending, Mode, Sitting, killed
from .racing import whichever
from .typedlines import MOST_LINES, add_to_history, read_history

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import Completer
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
    from prompt_toolkit.output import Output

MOST_BATCH = 64 * 1024
"""Characters that are written at once."""

PACE = 0.03
"""Seconds between two batches."""

QUIET = 0.3
"""Seconds after which a line that has no end is taken for a question."""

PROMPT = "> "

_MOST_WORDS = 40


class Paper(Protocol):
    """Where lines are written."""

    def write(self, text: str) -> None:
        """Write whole lines, now."""


class Batch:
    """Lines on their way to the terminal."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self._text: list[str] = []
        self._size = 0
        self._some = asyncio.Event()
        self._room = asyncio.Event()

    def add(self, lines: Sequence[str]) -> None:
        """Have lines written soon."""
        for line in lines:
            self._text.append(f"{line}\n")
            self._size += len(line) + 1
        if lines:
            self._some.set()

    def stir(self) -> None:
        """Have the paper drawn anew, as something else has changed."""
        self._some.set()

    async def room(self) -> None:
        """Wait until there is room for more."""
        while self._size >= MOST_BATCH:
            self._room.clear()
            await self._room.wait()

    def flush(self) -> None:
        """Write what is there."""
        text, self._text, self._size = "".join(self._text), [], 0
        self._room.set()
        self._some.clear()
        self._paper.write(text)

    async def carry(self) -> Ending:
        """Write until cancelled."""
        while True:
            await self._some.wait()
            self.flush()
            await asyncio.sleep(PACE)


async def show_all(sitting: Sitting, batch: Batch, mode: Mode) -> Ending:
    """Show what comes until it ends, or is to be shown in another way."""
    from ..consoleevents import Settings  # noqa: PLC0415

    def settle(question: str) -> None:
        if sitting.show.question != question:
            sitting.show.question = question
            batch.stir()

    rest, loop = "", asyncio.get_running_loop()
    timer = loop.call_later(0, settle, "")
    async for event in sitting.console:
        batch.add(sitting.show.lines(event))
        if isinstance(event, Settings) and sitting.mode is not mode:
            batch.flush()
            return sitting.mode
        if rest != (rest := sitting.show.rest):
            timer.cancel()
            settle("")
            timer = loop.call_later(QUIET, settle, rest)
        await batch.room()
    return Ended()


async def edit_lines(sitting: Sitting) -> Ending:
    """Show a console, and send what is typed, line by line."""
    desk = Desk(sitting)
    batch = Batch(desk)
    sitting.console.on_break = Breaks(lambda text: batch.add([sitting.show.remark(text)]))
    jobs: Iterable[Callable[[], Awaitable[Ending]]] = (
        killed,
        partial(show_all, sitting, batch, Mode.LINES),
        partial(desk.edit, batch),
        batch.carry,
    )
    try:
        return await whichever(*jobs)
    finally:
        batch.flush()


class Desk:
    """The line that is edited, below what was written."""

    def __init__(self, sitting: Sitting) -> None:
        self._sitting = sitting
        self._asked_to_leave = False
        self._past = read_history(sitting.history)
        self._output = _screen()
        self._session = self._made()

    def write(self, text: str) -> None:
        """Write above the line that is edited."""
        app = self._session.app
        if not app.is_running:
            self._output.write_raw(text)
            self._output.flush()
            return
        if text:
            app.renderer.erase()
            self._output.write_raw(text)
            self._output.flush()
        app.invalidate()

    async def edit(self, batch: Batch) -> Ending:
        """Read lines and send them, until the person leaves."""
        show, server = self._sitting.show, self._sitting.console.server
        while True:
            try:
                line = await self._session.prompt_async()
            except EOFError:
                return Detached()
            except KeyboardInterrupt:
                if self._asked_to_leave:
                    return Detached()
                self._asked_to_leave = True
                batch.add([show.remark(f"Ctrl-C again leaves the console; {server} runs on")])
                continue
            self._asked_to_leave = False
            await self._send(line, batch)

    async def _send(self, line: str, batch: Batch) -> None:
        from ..failures import ConnectionLost  # noqa: PLC0415

        if line.strip() and not line.startswith(" ") and self._past[-1:] != [line]:
            self._past.append(line)
            del self._past[:-MOST_LINES]
            add_to_history(self._sitting.history, line)
        for one in line.split("\n"):  # a paste of several lines
            try:
                await self._sitting.console.send_line(one)
            except ConnectionLost as exc:
                batch.add([self._sitting.show.remark(f"not sent: {exc}")])
                return
            except ValueError as exc:
                batch.add([self._sitting.show.remark(f"not sent: {exc}")])

    def _made(self) -> "PromptSession[str]":
        from prompt_toolkit import PromptSession  # noqa: PLC0415
        from prompt_toolkit.formatted_text import ANSI  # noqa: PLC0415
        from prompt_toolkit.history import InMemoryHistory  # noqa: PLC0415
        from prompt_toolkit.shortcuts import CompleteStyle  # noqa: PLC0415

        show = self._sitting.show
        return PromptSession(
            message=lambda: ANSI(show.question or PROMPT),
            history=InMemoryHistory(self._past),
            completer=_completer(self._past),
            complete_style=CompleteStyle.READLINE_LIKE,
            complete_while_typing=False,
            enable_suspend=True,
            key_bindings=self._bindings(),
            output=self._output,
        )

    def _bindings(self) -> "KeyBindings":
        from prompt_toolkit.key_binding import KeyBindings  # noqa: PLC0415

        made = KeyBindings()

        @made.add("c-c")
        @made.add("<sigint>")
        def _(event: "KeyPressEvent") -> None:
            """Clear the line; if there is nothing on it, think of leaving."""
            buffer = event.current_buffer
            if buffer.text:
                self._asked_to_leave = False
                buffer.reset()
            else:
                event.app.exit(exception=KeyboardInterrupt)

        return made


def _screen() -> "Output":
    from prompt_toolkit.data_structures import Size  # noqa: PLC0415
    from prompt_toolkit.output.vt100 import Vt100_Output  # noqa: PLC0415

    def size() -> Size:
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
        return Size(rows=rows or 24, columns=columns or 80)  # some terminals do not know

    # To ask where the cursor is would be answered among the keys, or never.
    return Vt100_Output(sys.stdout, size, term=os.environ.get("TERM"), enable_cpr=False)


def _completer(past: Sequence[str]) -> "Completer":
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion  # noqa: PLC0415
    from prompt_toolkit.document import Document  # noqa: PLC0415

    class Earlier(Completer):
        """Completes to words of earlier lines, the latest first."""

        def get_completions(
            self,
            document: Document,
            complete_event: CompleteEvent,  # noqa: ARG002
        ) -> Iterable[Completion]:
            word = document.get_word_before_cursor(WORD=True)
            if not word:
                return
            words = (one for line in reversed(past) for one in line.split())
            found = dict.fromkeys(one for one in words if one.startswith(word) and one != word)
            for one in list(found)[:_MOST_WORDS]:
                yield Completion(one, -len(word))

    return Earlier()
