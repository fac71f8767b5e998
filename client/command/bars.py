"""How far something is, seen in a terminal; elsewhere there is silence."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from .output import shown

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE = 0.4
"""Seconds until something is shown: what is done at once needs no bar, and rich takes a while to import."""


class Bar:
    """One bar on standard error, for one thing after the other. What is quick is not seen at all."""

    def __init__(self, *, quiet: bool = False, unit: str = "bytes") -> None:
        """`quiet`: show nothing; `unit`: `bytes`, or what else is counted."""
        self._quiet = quiet or not sys.stderr.isatty()
        self._unit = unit
        self._begun = time.monotonic()
        self._drawn: Progress | None = None
        self._task: TaskID | None = None
        self._what = ""

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

    def __call__(self, done: int, total: int | None) -> None:
        """Tell how far it is."""
        if self._quiet:
            return
        if self._drawn is None:
            if time.monotonic() - self._begun < PATIENCE:
                return
            self._draw()
        if self._drawn is not None and self._task is not None:
            self._drawn.update(self._task, completed=done, total=total)

    def _draw(self) -> None:
        from rich.console import Console  # noqa: PLC0415  (takes a while)
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            DownloadColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        columns = [TextColumn("{task.description}", markup=False), BarColumn(bar_width=None)]
        if self._unit == "bytes":
            columns += [DownloadColumn(binary_units=True), TransferSpeedColumn()]
        else:
            columns += [MofNCompleteColumn()]
        self._drawn = Progress(
            *columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True, expand=True
        )
        self._task = self._drawn.add_task(self._what, total=None)
        self._drawn.start()
