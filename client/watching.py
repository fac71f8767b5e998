"""What every viewer of a console knows, whether he waits or awaits: what came, and how long to try again."""

from collections import deque
from typing import TYPE_CHECKING

from .consoleevents import Event, Settings
from .consoleprotocol import ConsoleProtocol
from .failures import ConnectionLost, Failure
from .servers import Size
from .streams import PATIENCE, Retry, passes
from .target import Target

if TYPE_CHECKING:
    from collections.abc import Callable


class Watching:
    """One viewer of one console."""

    def __init__(self, target: Target, protocol: ConsoleProtocol, patience: float | None = PATIENCE) -> None:
        """`patience`: seconds for which a console that was cut is asked for anew; None for ever."""
        self._target = target
        self._protocol = protocol
        self._pending: deque[Event] = deque()
        self._retry = Retry(patience)
        self._over = False
        self.on_break: Callable[[Failure | None], object] | None = None
        """Is told why the connection was cut, and with None when it goes on."""

    @property
    def server(self) -> str:
        """The name of the server."""
        return self._protocol.server

    @property
    def settings(self) -> Settings:
        """What was told at the beginning of the latest connection."""
        if self._protocol.settings is None:
            raise RuntimeError("a console is opened by `with`")
        return self._protocol.settings

    @property
    def read_only(self) -> bool:
        """Whether one may only look."""
        return self.settings.read_only

    @property
    def terminal(self) -> Size | None:
        """How large the terminal of the server was at the beginning; None if it has none."""
        return self.settings.terminal

    @property
    def position(self) -> int:
        """The offset of the byte that comes next. With `stream` it says where to go on, some other time."""
        return self._protocol.position or 0

    @property
    def stream(self) -> str:
        """The name of the stream whose offset the position is."""
        return self._protocol.stream

    def _take(self, message: str | bytes) -> None:
        self._pending += self._protocol.hear(message)
        self._retry.worked()

    def _broke(self, failure: Failure) -> float:
        """Return the seconds to wait; raises the failure if it is final, or has lasted too long."""
        self._pending += self._protocol.lost()
        if self._protocol.settings is None or not passes(failure):
            self._over = True
            raise failure
        if self.on_break is not None:
            self.on_break(failure)
        return self._retry.after(failure)

    def _goes_on(self) -> None:
        if self.on_break is not None:
            self.on_break(None)

    def _away(self) -> ConnectionLost:
        return ConnectionLost(f"there is no connection to the console of {self.server} just now")
