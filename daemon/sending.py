"""The bytes of a file on their way to a client.

Rules:
- What is short is read by the thread that opened the file, and leaves with the head.
- The rest goes from the file to the socket within the kernel (`wire.py`). With TLS it cannot: a block is
  read in a thread while the one before it is taken by the socket, and there are never more than two.
- A client that takes nothing holds no thread.
- What was announced is what is sent. If the file has become shorter, the connection is cut, so that nobody
  takes half a file for a whole one; what was added to it meanwhile is not sent.
- The connection is cut, too, when the token dies with which the file was asked for.
"""

from collections.abc import Sequence
from contextlib import closing
from functools import partial

import anyio
import anyio.abc
from anyio.streams.memory import MemoryObjectSendStream
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from filemgr import Download

from .parts import Call
from .ranges import Piece, Range, length_of
from .streams import STALLED, cut, until_gone
from .wire import Outlet, Wire

SHORT = 256 << 10
"""Bytes of an answer that is read before it begins."""

READ = 256 << 10
"""Bytes of one read: for more at once, the memory would be new each time."""

BLOCK = 2 * READ
"""Bytes that a thread reads before it goes back; a client that stalls keeps two of them."""

PATIENCE = STALLED
"""Seconds in which a client has to take a block."""


class Sending(Response):
    """An answer made of pieces of a file, which it closes."""

    def __init__(
        self, call: Call, download: Download, status: int, headers: dict[str, str], pieces: Sequence[Piece]
    ) -> None:
        self._length = length_of(list(pieces))
        super().__init__(status_code=status, headers={**headers, "Content-Length": str(self._length)})
        self._call = call
        self._download = download
        self._pieces = pieces
        self._ready: bytes | None = None
        self._cut = False

    def prepare(self) -> None:
        """Read what is short, in the thread that opened the file, which is not needed any more then."""
        if self._length <= SHORT:
            data = b"".join(b"".join(_read_piece(self._download, piece)) for piece in self._pieces)
            # Of a file that is shorter by now, as much is sent as there is, and then the connection is cut.
            if len(data) == self._length:
                self._ready = data
                self._download.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it all, or cut the connection."""
        head = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        if self._ready is not None:
            await send(head)
        else:
            with self._download:
                await send(head)
                await self._send_pieces(scope, receive, send)
        if self._cut:
            await cut(scope, receive)
        else:
            await send({"type": "http.response.body", "body": self._ready or b"", "more_body": False})

    async def _send_pieces(self, scope: Scope, receive: Receive, send: Send) -> None:
        wire: Wire | None = scope["state"].get("wire")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch_client, receive, tasks.cancel_scope)
            tasks.start_soon(self._watch_token, tasks.cancel_scope)
            outlet = None if wire is None else await wire.outlet()
            if outlet is None:
                await self._send_blocks(send, tasks)
            else:
                with closing(outlet):
                    await self._push(outlet)
            tasks.cancel_scope.cancel()

    async def _push(self, outlet: Outlet) -> None:
        """Let the kernel carry it, a stretch at a time."""
        pieces = self._pieces
        while pieces:
            with anyio.move_on_after(PATIENCE) as slow:
                await outlet.ready()
            if slow.cancelled_caught or outlet.is_gone:
                self._cut = True
                return
            try:
                pieces = await self._call.parts.transfers.run(partial(outlet.push, self._download, pieces))
            except anyio.EndOfStream:
                self._cut = True
                return

    async def _send_blocks(self, send: Send, tasks: anyio.abc.TaskGroup) -> None:
        filled, blocks = anyio.create_memory_object_stream[list[bytes]](0)
        tasks.start_soon(self._read_pieces, filled)
        async with blocks:
            async for block in blocks:
                with anyio.move_on_after(PATIENCE) as slow:
                    for part in block:
                        await send({"type": "http.response.body", "body": part, "more_body": True})
                if slow.cancelled_caught:
                    self._cut = True
                    break

    async def _read_pieces(self, filled: MemoryObjectSendStream[list[bytes]]) -> None:
        async with filled:
            for piece in self._pieces:
                if isinstance(piece, bytes):
                    await filled.send([piece])
                else:
                    await self._read_range(piece, filled)
                if self._cut:
                    break

    async def _read_range(self, piece: Range, filled: MemoryObjectSendStream[list[bytes]]) -> None:
        at = piece.start
        while at < piece.end:
            size = min(BLOCK, piece.end - at)
            block = await self._call.parts.transfers.run(partial(_read, self._download, at, size))
            at += sum(map(len, block))
            if sum(map(len, block)) < size:
                self._cut = True
                return
            await filled.send(block)

    async def _watch_client(self, receive: Receive, scope: anyio.CancelScope) -> None:
        await until_gone(receive)
        self._cut = True
        scope.cancel()

    async def _watch_token(self, scope: anyio.CancelScope) -> None:
        await self._call.who.ended()
        self._cut = True
        scope.cancel()


def _read_piece(download: Download, piece: Piece) -> list[bytes]:
    return [piece] if isinstance(piece, bytes) else _read(download, piece.start, piece.length)


def _read(download: Download, offset: int, size: int) -> list[bytes]:
    """Return so many bytes in blocks; fewer if the file ends, or can be read no further."""
    block: list[bytes] = []
    end = offset + size
    while offset < end:
        try:
            data = download.read(offset, min(READ, end - offset))
        except OSError:
            break
        if not data:
            break
        block.append(data)
        offset += len(data)
    return block
