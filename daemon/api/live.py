"""`/live`: all that a page shows, as it happens, by one connection."""

from starlette.responses import Response

from ..access import Identity
from ..described import JSON, Content, Param, described, described_socket, ref
from ..eventstream import BEGIN, HEADERS, STILL_HERE, event
from ..livereader import MOST_USAGE, PING, USUAL_USAGE, LiveReader
from ..parts import Call, Parts, SocketCall
from ..shapes import TEXT, shape, text, whole
from ..socketstream import Send, number_of, tell
from ..streams import Streamed, Write

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
    query, parts = call.socket.query_params, call.parts

    def prepare(who: Identity) -> LiveReader:
        return _reader(parts, who, query.get("usage"), query.get("since"))

    async def run(reader: LiveReader, send: Send) -> None:
        await reader.run(lambda _, body: send(body))

    await tell(call, prepare, run, lambda _, who: _code(parts, who))


def _code(parts: Parts, who: Identity) -> int:
    if who.holder.ended.is_set():
        return 4401
    if who.over:
        return 1012
    return 1001 if parts.live.closing.is_set() else 1000


def _reader(parts: Parts, who: Identity, usage: str | None, since: str | None) -> LiveReader:
    seconds = USUAL_USAGE if usage is None else number_of(usage, "usage", MOST_USAGE)
    begin = None if since is None else number_of(since, "since")
    return LiveReader(parts.live, parts.sparks, parts.chronicle, parts.jobs, who, seconds, begin)
