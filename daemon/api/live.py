"""`/live`: all that a page shows, as it happens, by one connection."""

import contextlib
from collections.abc import Awaitable

import anyio
from starlette.responses import Response
from starlette.websockets import WebSocketDisconnect

from ..access import Identity
from ..described import JSON, Content, Param, described, described_socket, ref
from ..errors import ApiError, NotAuthenticated, answer_for
from ..eventstream import BEGIN, HEADERS, STILL_HERE, event
from ..livereader import MOST_USAGE, PING, USUAL_USAGE, LiveReader
from ..parts import Call, Parts, SocketCall
from ..query import whole_number
from ..shapes import TEXT, shape, text, whole
from ..streams import Streamed, Write

STUCK = 30.0
"""Seconds in which a client must take a message."""

MOST_ID = (1 << 53) - 1

_MESSAGE = text("A message", contentMediaType=JSON, contentSchema=ref("LiveMessage"))
_MESSAGES = Content(
    "Messages, each as an event of its type", {"text/event-stream": shape({"event": TEXT, "data": _MESSAGE})}
)
_QUERY = (
    Param(
        "usage",
        f"Seconds between two `usage` messages, {USUAL_USAGE:.0f} without it; 0 for none",
        whole("Seconds", maximum=MOST_USAGE),
    ),
    Param("since", "Events after the one of this id; without it, from the next one on", whole("An id")),
)


@described("Servers", query=_QUERY, answers={200: _MESSAGES}, errors=({400: "invalid-query"},))
async def stream(call: Call) -> Response:
    """Tell all that a page shows, and each change from now on, as server-sent events.

    First come `servers`, `usage`, `sparks` and `jobs`; then `server`, `removed`, `job`, `event` as they
    happen, and `usage` now and then. Of many changes in a short time only the latest is told.
    """
    reader = _reader(call.parts, call.who, call.query("usage"), call.query("since"))

    async def produce(write: Write) -> None:
        async def send(kind: str, body: str) -> None:
            await write(STILL_HERE if kind == PING else event(kind, body))

        await write(BEGIN)
        await reader.run(send)

    return Streamed(produce, call.who, HEADERS)


@described_socket(
    "Servers",
    protocols={"": 'JSON messages as of `GET /live`, and `{"type":"ping"}` after 15 s of silence'},
    query=_QUERY,
    closes={
        4401: "Not, or no longer, authenticated",
        1012: "You have other rights now, or the daemon ends; come back",
        1001: "The daemon ends, or is replaced; come back",
    },
)
async def follow(call: SocketCall) -> None:
    """Tell all that a page shows, and each change from now on, as messages."""
    query, who, refusal = call.socket.query_params, call.identity, call.refusal
    reader: LiveReader | None = None
    if refusal is None and who is not None:
        try:
            reader = _reader(call.parts, who, query.get("usage"), query.get("since"))
        except ApiError as exc:
            refusal = exc
    if reader is None or who is None:
        await call.socket.send_denial_response(answer_for(refusal or NotAuthenticated()))
        return
    await call.socket.accept()

    async def send(_: str, body: str) -> None:
        with anyio.fail_after(STUCK):
            await call.socket.send_text(body)

    async with anyio.create_task_group() as tasks:

        async def until(waited: Awaitable[None]) -> None:
            await waited
            tasks.cancel_scope.cancel()

        tasks.start_soon(until, who.ended())
        tasks.start_soon(until, _gone(call))
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            await reader.run(send)
        tasks.cancel_scope.cancel()
    with contextlib.suppress(WebSocketDisconnect, RuntimeError), anyio.move_on_after(1.0):
        await call.socket.close(_code(call.parts, who))


def _code(parts: Parts, who: Identity) -> int:
    if who.holder.ended.is_set():
        return 4401
    if who.over:
        return 1012
    return 1001 if parts.live.closing.is_set() else 1000


async def _gone(call: SocketCall) -> None:
    while (await call.socket.receive())["type"] != "websocket.disconnect":
        pass


def _reader(parts: Parts, who: Identity, usage: str | None, since: str | None) -> LiveReader:
    seconds = USUAL_USAGE if usage is None else _number(usage, "usage", MOST_USAGE)
    begin = None if since is None else _number(since, "since", MOST_ID)
    return LiveReader(parts.live, parts.sparks, parts.chronicle, parts.jobs, who, seconds, begin)


def _number(given: str, name: str, most: int) -> int:
    """Return a whole number of the query; raises `ApiError` 400."""
    if (number := whole_number(given, 0, most)) is None:
        raise ApiError(400, "invalid-query", f"{name} must be a whole number from 0 to {most}")
    return number
