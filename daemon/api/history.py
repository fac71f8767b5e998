"""`/server/{id}/history`, `/events`: what happened to servers, why, and what comes next."""

import contextlib
import json
import time
from collections.abc import Awaitable

import anyio
from starlette.responses import Response
from starlette.websockets import WebSocketDisconnect

from supervisor import ServiceStatus

from ..described import JSON, Content, Param, described, described_socket, json_of, ref
from ..errors import ApiError, NotAuthenticated, answer_for
from ..eventreader import CONSOLE, EventReader
from ..eventstream import BEGIN, HEADERS, STILL_HERE, event, place
from ..happening import Past, next_of
from ..logquery import InvalidLogQuery, moment_of
from ..parts import Answer, Call, SocketCall
from ..query import whole_number
from ..shapes import FLAG, TEXT, shape, text, whole
from ..streams import Streamed, Write

STUCK = 30.0
"""Seconds in which a client must take a message."""

MOST = 500
USUAL = 50
MOST_ID = (1 << 53) - 1

_EVENT = text("An event", contentMediaType=JSON, contentSchema=ref("Event"))
_EVENTS = Content(
    "Events, in their order",
    {"text/event-stream": shape({"id": TEXT, "event": TEXT, "data": _EVENT})},
)
_SINCE = Param("since", "Begin after the event of this id; without it, with the next one", whole("An id"))
_FROM = Param("from", "Begin with what happened then: Unix seconds, ISO 8601, or how long ago (`10m`)", TEXT)
_FOLLOW = Param("follow", "`false`: end with what has happened by now", FLAG)
_SERVER = Param("server", "Only of this server", TEXT)


@described(
    "Servers",
    query=(
        Param("limit", f"How many, {USUAL} without it", whole("At most", maximum=MOST)),
        Param("before", "Only what came before the event of this id", whole("An id", maximum=MOST_ID)),
    ),
    answers={200: json_of("History", "What happened, and what comes next")},
    errors=({400: "invalid-query"},),
)
def show(call: Call) -> Answer:
    """Tell what happened to a server, why, how its runs ended, and what happens next."""
    limit = _number(call.query("limit") or str(USUAL), "limit", MOST)
    before = call.query("before")
    last = None if before is None else _number(before, "before", MOST_ID)

    def tell(status: ServiceStatus) -> Answer:
        known = call.parts.chronicle.latest_of(call.server, limit) if last is None else None
        return _read(call, status, last, limit) if known is None else _told(call, status, known, limit)

    return call.with_server(tell)


async def _read(call: Call, status: ServiceStatus, last: int | None, limit: int) -> Response:
    found = await call.parts.chronicle.of(call.server, last, limit)
    return _told(call, status, Past(found), limit)


def _told(call: Call, status: ServiceStatus, past: Past, most: int) -> Response:
    now = {
        "server": call.server,
        "state": str(status.state),
        "reason": status.reason,
        "next": next_of(status),
    }
    front = json.dumps(now, ensure_ascii=False, separators=(",", ":"))
    history = past.json(most, lines=call.who.may(CONSOLE, call.server))
    return Response(f'{front[:-1]},"history":{history}}}', media_type="application/json")


@described(
    "Servers",
    query=(_SINCE, _FROM, _SERVER, _FOLLOW),
    headers=(Param("Last-Event-ID", "As `since`: what a browser sends when it comes back", whole("An id")),),
    answers={200: _EVENTS},
    errors=({400: "invalid-query"},),
)
async def events(call: Call) -> Response:
    """Tell what happens to the servers that the caller may see, as server-sent events.

    It begins with an event that has nothing but the `id` behind which the first one comes: so who is cut off
    before that can go on, too.
    """
    since = call.query("since") or call.request.headers.get("last-event-id")
    begin = None if since is None else _number(since, "since", MOST_ID)
    if begin is None and (moment := _moment(call)) is not None:
        begin = await call.parts.chronicle.before(moment)
    reader = EventReader(call.parts.chronicle, call.who, call.query("server"), begin)
    follow = call.query("follow") != "false"

    async def produce(write: Write) -> None:
        await write(BEGIN + place(reader.last))
        while True:
            told = await reader.receive(wait=follow)
            for one, body in told:
                await write(event(one.type, body, one.id))
            if not told:
                if not follow or reader.over:
                    return
                await write(STILL_HERE)

    return Streamed(produce, call.who, HEADERS)


@described_socket(
    "Servers",
    protocols={"": 'JSON messages: one for each event, and `{"type":"alive"}` now and then'},
    query=(_SINCE, _SERVER),
    closes={4401: "Not, or no longer, authenticated", 1001: "The daemon ends, or is replaced; come back"},
)
async def follow(call: SocketCall) -> None:
    """Tell what happens to the servers that the caller may see, as messages."""
    query, who = call.socket.query_params, call.identity
    refusal = call.refusal
    reader: EventReader | None = None
    if refusal is None and who is not None:
        try:
            since = query.get("since")
            begin = None if since is None else _number(since, "since", MOST_ID)
            reader = EventReader(call.parts.chronicle, who, query.get("server"), begin)
        except ApiError as exc:
            refusal = exc
    if reader is None or who is None:
        await call.socket.send_denial_response(answer_for(refusal or NotAuthenticated()))
        return
    await call.socket.accept()
    async with anyio.create_task_group() as tasks:

        async def until(waited: Awaitable[None]) -> None:
            await waited
            tasks.cancel_scope.cancel()

        tasks.start_soon(until, who.ended())
        tasks.start_soon(until, _gone(call))
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            await _tell(call, reader)
        tasks.cancel_scope.cancel()
    with contextlib.suppress(WebSocketDisconnect, RuntimeError), anyio.move_on_after(1.0):
        await call.socket.close(4401 if who.over else 1001 if reader.over else 1000)


async def _tell(call: SocketCall, reader: EventReader) -> None:
    while not reader.over:
        told = [body for _, body in await reader.receive()]
        for body in told or ['{"type":"alive"}']:
            with anyio.fail_after(STUCK):
                await call.socket.send_text(body)


async def _gone(call: SocketCall) -> None:
    while (await call.socket.receive())["type"] != "websocket.disconnect":
        pass


def _moment(call: Call) -> float | None:
    try:
        return moment_of(call.request.query_params, "from", time.time())
    except InvalidLogQuery as exc:
        raise ApiError(400, "invalid-query", f"{exc}") from exc


def _number(given: str, name: str, most: int) -> int:
    """Return a whole number of the query; raises `ApiError` 400."""
    if (number := whole_number(given, 0, most)) is None:
        raise ApiError(400, "invalid-query", f"{name} must be a whole number from 0 to {most}")
    return number
