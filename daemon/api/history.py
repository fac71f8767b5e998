"""`/server/{id}/history`, `/events`: what happened to servers, why, and what comes next."""

import json
import time

from starlette.responses import Response

from supervisor import ServiceStatus

from ..access import Identity
from ..described import JSON, Content, Param, described, described_socket, json_of, ref
from ..errors import ApiError
from ..eventreader import CONSOLE, EventReader
from ..eventstream import BEGIN, HEADERS, STILL_HERE, event, place
from ..happening import Past, next_of
from ..logquery import InvalidLogQuery, moment_of
from ..parts import Answer, Call, SocketCall
from ..shapes import FLAG, TEXT, shape, text, whole
from ..socketstream import MOST_ID, Send, number_of, tell
from ..streams import Streamed, Write

MOST = 500
USUAL = 50

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
    limit = number_of(call.query("limit") or str(USUAL), "limit", MOST)
    before = call.query("before")
    last = None if before is None else number_of(before, "before", MOST_ID)

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
    begin = None if since is None else number_of(since, "since", MOST_ID)
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
    query = call.socket.query_params

    def prepare(who: Identity) -> EventReader:
        since = query.get("since")
        begin = None if since is None else number_of(since, "since")
        return EventReader(call.parts.chronicle, who, query.get("server"), begin)

    def code(reader: EventReader, who: Identity) -> int:
        return 4401 if who.over else 1001 if reader.over else 1000

    await tell(call, prepare, _tell, code)


async def _tell(reader: EventReader, send: Send) -> None:
    while not reader.over:
        told = [body for _, body in await reader.receive()]
        for body in told or ['{"type":"alive"}']:
            await send(body)


def _moment(call: Call) -> float | None:
    try:
        return moment_of(call.request.query_params, "from", time.time())
    except InvalidLogQuery as exc:
        raise ApiError(400, "invalid-query", f"{exc}") from exc
