"""A console, for those who await: what a program says, and what it is told. Under asyncio alone."""

import asyncio
import contextlib
from types import TracebackType
from typing import TYPE_CHECKING, Self

import anyio
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from .consoleevents import Event
from .consoleprotocol import DEAF, PING, PINGING, ConsoleProtocol, bytes_of, resizing
from .consoles import ANSWERING, answered
from .consoleway import address, options, said
from .failures import ConnectionLost, Failure, TimedOut
from .streams import PATIENCE
from .target import Target
from .watching import Watching

if TYPE_CHECKING:
    from anyio.abc import TaskGroup


class AsyncConsole(Watching):
    """Use it in `async with`, and iterate over what comes. It is asked for anew where it was when it is cut.

    Other tasks may send meanwhile, and close it.
    """

    def __init__(self, target: Target, protocol: ConsoleProtocol, patience: float | None = PATIENCE) -> None:
        super().__init__(target, protocol, patience)
        self._connection: ClientConnection | None = None
        self._closing: anyio.Event | None = None
        self._tasks: TaskGroup | None = None

    async def __aenter__(self) -> Self:
        """Connect, and wait for the settings; raises `NoSuchServer`, `NotPermitted`, `Failure`."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            raise RuntimeError("a console can be awaited under asyncio alone") from None
        self._closing = anyio.Event()
        try:
            while self._protocol.settings is None:
                await self._advance()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self.close()
            raise
        self._tasks = await anyio.create_task_group().__aenter__()
        self._tasks.start_soon(self._ping)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks, self._tasks = self._tasks, None
        try:
            with anyio.CancelScope(shield=True):
                await self.close()
        finally:
            if tasks is not None:
                tasks.cancel_scope.cancel()
                await tasks.__aexit__(None, None, None)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        """Return what comes next; raises `Failure` if the console is no more, or away for too long."""
        while not self._pending:
            if self._over:
                raise StopAsyncIteration
            try:
                await self._advance()
            except Failure as exc:
                await self._drop()
                if not self._over:
                    await self._wait(self._broke(exc))
        return self._pending.popleft()

    async def send_line(self, text: str) -> str:
        """Send a line, and return its id: a `Taken` or a `Notice` with it says what became of it.

        Raises `ConnectionLost` if there is no connection just now, `ValueError` for a line too long.
        """
        name, message = self._protocol.line(text)
        try:
            await self._send(message)
        except ConnectionLost:
            self._protocol.not_sent(name)
            raise
        return name

    async def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are: keys, where there is a terminal; raises `ConnectionLost`."""
        for part in bytes_of(data):
            await self._send(part)

    async def mark(self) -> str:
        """Return an id: a `Taken` with it comes when all that was sent before was given, or refused."""
        name, message = self._protocol.mark()
        await self._send(message)
        return name

    async def resize(self, rows: int, columns: int) -> None:
        """Make the terminal that large; raises `ConnectionLost`, `ValueError`."""
        await self._send(resizing(rows, columns))

    async def say(self, text: str, timeout: float = ANSWERING) -> None:
        """Send a line and return when the program was given it. What comes meanwhile is dropped.

        Raises `NotPermitted`, `NotAllowed` if it is not taken, `ConnectionLost` if nobody knows, `TimedOut`.
        """
        name = await self.send_line(text)
        try:
            with anyio.fail_after(timeout):
                async for event in self:
                    if answered(event, name):
                        return
        except TimeoutError:
            raise TimedOut("nothing was said in time") from None
        raise ConnectionLost("the console was closed")

    async def close(self) -> None:
        """Have no more of it; another task may do that, too."""
        self._over = True
        if self._closing is not None:
            self._closing.set()
        await self._drop()

    async def _advance(self) -> None:
        """Wait for one message."""
        if self._connection is None:
            again = self._protocol.settings is not None
            self._connection = await self._open()
            if self._over:
                raise ConnectionLost("the console was closed")
            if again:
                self._goes_on()
        try:
            with anyio.fail_after(DEAF):
                message = await self._connection.recv()
        except TimeoutError:
            raise ConnectionLost("nothing was heard, not even an answer to a ping") from None
        except ConnectionClosed as exc:
            closed = exc.rcvd
            raise self._protocol.closed(
                closed.code if closed else None, closed.reason if closed else ""
            ) from exc
        self._take(message)

    async def _open(self) -> ClientConnection:
        target, request = self._target, self._protocol.request
        uri = address(target, request)
        try:
            if target.socket:
                opened = await unix_connect(target.socket, uri, **options(target))
            elif target.secure:
                opened = await connect(uri, ssl=target.trust(), **options(target))
            else:
                opened = await connect(uri, **options(target))
        except (OSError, ValueError, WebSocketException) as exc:
            raise said(exc, target) from exc
        try:
            self._protocol.opened(opened.subprotocol)
        except Failure:
            await _end(opened)
            raise
        return opened

    async def _send(self, message: str | bytes) -> None:
        connection = self._connection
        if connection is None:
            raise self._away()
        try:
            await connection.send(message)
        except (ConnectionClosed, OSError) as exc:
            raise self._away() from exc

    async def _ping(self) -> None:
        while True:
            await anyio.sleep(PINGING)
            with contextlib.suppress(ConnectionLost):  # who iterates hears of it
                await self._send(PING)

    async def _wait(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            if self._closing is not None:
                await self._closing.wait()

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await _end(connection)


async def _end(connection: ClientConnection) -> None:
    await connection.close()
    await connection.wait_closed()
