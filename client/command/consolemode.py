"""What the ways to show a console to a person have in common: how they end, and who tells of breaks."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from .detaching import Keys
from .racing import until_killed

if TYPE_CHECKING:
    from ..asyncconsoles import AsyncConsole
    from ..failures import Failure
    from .consoleshow import Show


class Mode(Enum):
    """How a console is shown."""

    LINES = auto()
    """A line to edit, below the output."""
    KEYS = auto()
    """Every key goes to the program, whose terminal ours becomes."""
    LOOK = auto()
    """Nothing can be typed."""


@dataclass(frozen=True)
class Detached:
    """The person has had enough."""


@dataclass(frozen=True)
class Killed:
    """A signal asks us to end."""

    number: int


@dataclass(frozen=True)
class Ended:
    """The console is over without a failure."""


Ending = Detached | Killed | Ended | Mode
"""Why a mode ends; another mode takes over."""


@dataclass(frozen=True)
class Sitting:
    """A person at a terminal in front of a console."""

    console: "AsyncConsole"
    show: "Show"
    keys: Keys
    history: str
    """The file with the lines that were typed."""
    lines_only: bool
    """Whether a terminal is to be shown as lines."""

    @property
    def mode(self) -> Mode:
        """How the console is to be shown now."""
        if self.console.terminal is not None and not self.lines_only:
            return Mode.KEYS
        return Mode.LOOK if self.console.read_only else Mode.LINES


async def killed() -> Ending:
    """Wait for a signal that asks us to end."""
    return Killed(await until_killed())


class Breaks:
    """Tells once that a console is away, and once that it is back."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._away = False

    def __call__(self, failure: "Failure | None") -> None:
        """Take note of why it was cut, or, with None, that it goes on."""
        if failure is None:
            if self._away:
                self._tell("connected again")
        elif not self._away:
            self._tell(f"{failure}; it is tried again")
        self._away = failure is not None
