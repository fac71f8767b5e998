"""A viewer's wishes how large a terminal shall be: carried out one after the other, the latest one surely."""

from collections.abc import Awaitable, Callable, Mapping

import anyio

from supervisor import NoSuchService, NotAllowed, SupervisorUnreachable, Terminal

from .mirror import Mirror

LARGEST = 1000


class Resizing:
    """Who draws at the corner of a window asks faster than anybody can answer."""

    def __init__(self, mirror: Mirror, server: str, tell: Callable[[str], Awaitable[None]]) -> None:
        """`tell` hears why a wish could not be fulfilled."""
        self._mirror = mirror
        self._server = server
        self._tell = tell
        self._wish: Terminal | None = None
        self._wished = anyio.Event()

    def ask(self, size: Terminal) -> None:
        """Wish for a size, in place of one that nobody came to yet."""
        self._wish = size
        self._wished.set()

    async def run(self) -> None:
        """Carry out wishes until cancelled."""
        while True:
            await self._wished.wait()
            self._wished = anyio.Event()
            if (size := self._wish) is None:
                continue
            self._wish = None
            try:
                await self._mirror.resize(self._server, size.rows, size.columns)
            except (NotAllowed, NoSuchService, SupervisorUnreachable) as exc:
                await self._tell(f"The size was not taken: {exc}")


def size_of(said: Mapping[str, object]) -> Terminal | None:
    """Return the size in a message; None for one that no terminal has."""
    rows, columns = said.get("rows"), said.get("columns")
    if type(rows) is not int or type(columns) is not int:
        return None
    if not (1 <= rows <= LARGEST and 1 <= columns <= LARGEST):
        return None
    return Terminal(rows, columns)
