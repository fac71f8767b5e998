"""How both clients come to a console."""

from typing import TYPE_CHECKING

from .streams import PATIENCE
from .target import Target

if TYPE_CHECKING:
    from .asyncconsoles import AsyncConsole
    from .consoles import Console


class Viewer:
    """One that waits."""

    target: Target

    def console(
        self,
        server: str,
        *,
        since: int | None = None,
        stream: str = "",
        history: bool = True,
        patience: float | None = PATIENCE,
    ) -> "Console":
        """Return the console of a server, for `with`: what it says, the latest lines first, and is told.

        `since` and `stream` go on at a byte (`Console.position`); without `history`, only what is new comes.
        A console that is cut is asked for anew where it was, for `patience` seconds (None: for ever).
        Raises `NoSuchServer`, `NotPermitted` when it is opened, or later when that becomes so.

        >>> with holdfast.console("chat", history=False) as console:
        ...     console.say("hello")
        """
        from .consoleprotocol import ConsoleProtocol  # noqa: PLC0415  (few need it)
        from .consoles import Console  # noqa: PLC0415

        protocol = ConsoleProtocol(server, since=since, stream=stream, history=history)
        return Console(self.target, protocol, patience)

    def say(self, server: str, line: str) -> None:
        """Give a program a line; raises `NoSuchServer`, `NotPermitted`, `NotAllowed` if it takes none.

        >>> holdfast.say("chat", "hello")
        """
        with self.console(server, history=False) as console:
            console.say(line)


class AsyncViewer:
    """One that awaits."""

    target: Target

    def console(
        self,
        server: str,
        *,
        since: int | None = None,
        stream: str = "",
        history: bool = True,
        patience: float | None = PATIENCE,
    ) -> "AsyncConsole":
        """Return the console of a server, for `async with`; as `Client.console`, under asyncio alone.

        >>> async def greet(server):
        ...     async with AsyncClient(socket="state/api.sock") as holdfast:
        ...         async with holdfast.console(server, history=False) as console:
        ...             await console.say("hello")
        """
        from .asyncconsoles import AsyncConsole  # noqa: PLC0415  (few need it)
        from .consoleprotocol import ConsoleProtocol  # noqa: PLC0415

        protocol = ConsoleProtocol(server, since=since, stream=stream, history=history)
        return AsyncConsole(self.target, protocol, patience)

    async def say(self, server: str, line: str) -> None:
        """Give a program a line; as `Client.say`."""
        async with self.console(server, history=False) as console:
            await console.say(line)
