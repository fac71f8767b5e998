"""Answers that are made while they are sent, and end when their client goes or may not know any more."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias, TypeVar

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from .access import Identity
from .errors import ApiError

T = TypeVar("T")

STALLED = 120.0
"""Seconds in which a client has to take what is sent."""

LAST_WORDS = 1.0
"""Seconds until a connection that we cut must be gone."""

log = logging.getLogger("holdfast.api")

Write: TypeAlias = Callable[[bytes], Awaitable[None]]
"""Sends a part of the body, and returns when there is room for the next."""


class Streamed(Response):
    """An answer whose body `produce` writes. It is cancelled when the client goes, or its identity ends.

    What `produce` raises before it has written anything becomes an ordinary error answer; later, the
    connection is cut, so that nobody takes a part for the whole.
    """

    def __init__(
        self,
        produce: Callable[[Write], Awaitable[None]],
        identity: Identity,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(headers=headers)
        del self.headers["content-length"]
        self._produce = produce
        self._identity = identity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        started = False
        gone = False
        failure: Exception | None = None

        async def write(data: bytes) -> None:
            nonlocal started
            if not started:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                started = True
            with anyio.fail_after(STALLED):
                await send({"type": "http.response.body", "body": data, "more_body": True})

        async with anyio.create_task_group() as tasks:

            async def end_with(waited: Callable[[], Awaitable[None]]) -> None:
                nonlocal gone
                await waited()
                gone = True
                tasks.cancel_scope.cancel()

            tasks.start_soon(end_with, lambda: until_gone(receive))
            tasks.start_soon(end_with, self._identity.ended)
            if scope["method"] != "HEAD":
                try:
                    await self._produce(write)
                except Exception as exc:  # noqa: BLE001  (a task group would make a group of it)
                    failure = exc
            tasks.cancel_scope.cancel()
        if failure is not None and not started:
            raise failure
        if failure is not None or gone:
            if failure is not None:
                log.warning("an answer was cut off: %s", failure)
            await cut(scope, receive)
            return
        await write(b"")
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def cut(scope: Scope, receive: Receive) -> None:
    """Cut the connection, and wait until it is cut: the server would complain of half an answer."""
    scope["state"]["abort"]()
    with anyio.move_on_after(LAST_WORDS):
        await until_gone(receive)


async def until_gone(receive: Receive) -> None:
    """Wait until the client has closed the connection. What it still sends is read and forgotten."""
    message: Message = {"type": ""}
    while message["type"] != "http.disconnect":
        message = await receive()


async def while_here(request: Request, work: Callable[[], Awaitable[T]]) -> T:
    """Do something that nobody needs without the client; raises `ApiError` if it goes before the end."""
    found: list[T] = []
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:

        async def end_with_client() -> None:
            await until_gone(request.receive)
            tasks.cancel_scope.cancel()

        tasks.start_soon(end_with_client)
        try:
            found.append(await work())
        except Exception as exc:  # noqa: BLE001  (a task group would make a group of it)
            failure = exc
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
    if not found:
        raise ApiError(400, "disconnected", "The client has gone!")
    return found[0]
