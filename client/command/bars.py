"""How far something is, seen in a terminal; elsewhere there is silence."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from .amounts import size
from .output import shown

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE = 0.4
"""Seconds until something is shown: what is done at once needs no bar, and rich takes a while to import."""


PACE = 0.05
"""Seconds between two changes of it."""


class Bar:
    """One bar on standard error, for one thing after the other. What is quick is not seen at all."""

    def __init__(self, *, quiet: bool = False) -> None:
        """`quiet`: show nothing."""
        self._quiet = quiet or not sys.stderr.isatty()
        self._begun = time.monotonic()
        self._drawn: Progress | None = None
        self._task: TaskID | None = None
        self._what = ""
        self._told = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._drawn is not None:
            self._drawn.stop()
            self._drawn = None

    def about(self, what: str) -> None:
        """Say what is being done now."""
        self._what = shown(what)
        if self._drawn is not None and self._task is not None:
            self._drawn.reset(self._task, description=self._what, total=None)

    def note(self, text: str) -> None:
        """Write lines to standard error, above the bar if there is one; they do not steer the terminal."""
        text = "\n".join(map(shown, text.split("\n")))
        if self._drawn is not None:
            self._drawn.console.print(text, markup=False, highlight=False, soft_wrap=True)
            return
        sys.stdout.flush()
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def __call__(self, done: int, total: int | None, unit: str = "") -> None:
        """Tell how far it is: in bytes, or in another unit."""
        now = time.monotonic()
        if self._quiet or (now - self._told < PACE and done != total):
            return
        self._told = now
        if self._drawn is None:
            if now - self._begun < PATIENCE:
                return
            self._draw()
        if self._drawn is not None and self._task is not None:
            amount = _amount(done, total, unit)
            self._drawn.update(self._task, completed=done, total=total, amount=amount, unit=unit)

    def _draw(self) -> None:
        from rich.console import Console  # noqa: PLC0415  (takes a while)
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            Progress,
            ProgressColumn,
            Task,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.text import Text  # noqa: PLC0415

        class Speed(ProgressColumn):
            def render(self, task: Task) -> Text:
                speed = task.finished_speed or task.speed
                return Text(f"{_number(speed, str(task.fields['unit']))}/s" if speed else "")

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[amount]}", markup=False),
            Speed(),
            TimeRemainingColumn(compact=True),
        )
        self._drawn = Progress(*columns, console=Console(stderr=True), transient=True, expand=True)
        self._task = self._drawn.add_task(self._what, total=None, amount="", unit="")
        self._drawn.start()


def _amount(done: int, total: int | None, unit: str) -> str:
    whole = "" if total is None else f" of {_number(total, unit)}"
    return f"{_number(done, unit)}{whole}{f' {unit}' if unit else ''}"


def _number(count: float, unit: str) -> str:
    return f"{count:.0f}" if unit else size(count)
