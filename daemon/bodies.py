"""The body of a request that is read as a whole, for as long as its sender may send it.

Rules:
- Who loses his right while his body is still coming is cut off, and what he asked for does not happen: else
  he could hold a request back, and complete it whenever he likes.
- A body that does not come to an end is given up.
"""

import anyio
from starlette.requests import Request

from .access import Identity
from .errors import ApiError, NotAuthenticated
from .unread import hurry

PATIENCE = 60.0
"""Seconds in which a body must have come."""

AT_ONCE = 0.02
"""Seconds in which most have."""


async def read_body(request: Request, identity: Identity | None, limit: int) -> bytes:
    """Return it; raises `ApiError` 413 as soon as it is longer than `limit` bytes, 408, 400, and 401."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    reading = _Reading(request, limit)
    with anyio.move_on_after(AT_ONCE):
        await reading.run()
    if not reading.done:
        await _wait(reading, identity)
    if identity is not None and identity.over:
        hurry(request.scope)
        raise NotAuthenticated
    return bytes(reading.body)


class _Reading:
    """One body; it may be gone on with after it was cancelled."""

    def __init__(self, request: Request, limit: int) -> None:
        self._request = request
        self._limit = limit
        self.body = bytearray()
        self.done = False

    async def run(self) -> None:
        while not self.done:
            message = await self._request.receive()
            if message["type"] == "http.disconnect":
                raise ApiError(400, "disconnected", "The request was cut off!")
            self.body += message.get("body", b"")
            if len(self.body) > self._limit:
                raise _too_large(self._limit)
            self.done = not message.get("more_body", False)


async def _wait(reading: _Reading, identity: Identity | None) -> None:
    failure: Exception | None = None
    with anyio.move_on_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            if identity is not None:
                tasks.start_soon(_end_with, identity, tasks.cancel_scope)
            try:
                await reading.run()
            except ApiError as exc:  # a task group would make a group of it
                failure = exc
            tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
    if not reading.done and not (identity is not None and identity.over):
        raise ApiError(408, "too-slow", f"The body did not come within {PATIENCE:.0f} seconds!")


async def _end_with(identity: Identity, scope: anyio.CancelScope) -> None:
    await identity.ended()
    scope.cancel()


def _too_large(limit: int) -> ApiError:
    return ApiError(413, "too-large", f"The request body may have at most {limit} bytes!")
