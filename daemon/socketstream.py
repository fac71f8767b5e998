"""What a WebSocket is told from its first message to its last; what the client says means nothing there.

It ends when the client is gone, takes nothing any more, or is nobody any more.
"""

import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

import anyio
from starlette.websockets import WebSocketDisconnect

from .access import Identity
from .errors import ApiError, NotAuthenticated, answer_for
from .parts import SocketCall
from .query import whole_number

STUCK = 30.0
"""Seconds in which a client must take a message."""

MOST_ID = (1 << 53) - 1
"""The largest whole number that every client has."""

Send: TypeAlias = Callable[[str], Awaitable[None]]
T = TypeVar("T")


async def tell(
    call: SocketCall,
    prepare: Callable[[Identity], T],
    run: Callable[[T, Send], Awaitable[None]],
    code: Callable[[T, Identity], int],
) -> None:
    """Serve a client: `run` sends what `prepare` has made until it ends; `code` says why it is closed.

    A refusal, also an `ApiError` of `prepare`, is answered instead of the handshake.
    """
    who, refusal = call.identity, call.refusal or NotAuthenticated()
    told: T | None = None
    if call.refusal is None and who is not None:
        try:
            told = prepare(who)
        except ApiError as exc:
            refusal = exc
    if told is None or who is None:
        await call.socket.send_denial_response(answer_for(refusal))
        return
    await call.socket.accept()

    async def send(body: str) -> None:
        with anyio.fail_after(STUCK):
            await call.socket.send_text(body)

    async with anyio.create_task_group() as tasks:

        async def until(waited: Awaitable[None]) -> None:
            await waited
            tasks.cancel_scope.cancel()

        tasks.start_soon(until, who.ended())
        tasks.start_soon(until, _gone(call))
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            await run(told, send)
        tasks.cancel_scope.cancel()
    with contextlib.suppress(WebSocketDisconnect, RuntimeError), anyio.move_on_after(1.0):
        await call.socket.close(code(told, who))


def number_of(given: str, name: str, most: int = MOST_ID) -> int:
    """Return a whole number of the query; raises `ApiError` 400."""
    if (number := whole_number(given, 0, most)) is None:
        raise ApiError(400, "invalid-query", f"{name} must be a whole number from 0 to {most}")
    return number


async def _gone(call: SocketCall) -> None:
    while (await call.socket.receive())["type"] != "websocket.disconnect":
        pass
