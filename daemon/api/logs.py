"""`/server/{id}/logs`: what a server has said, from its files and from the console's memory."""

from starlette.responses import Response

from ..described import Content, Param, described, either
from ..errors import ApiError
from ..logquery import MOST_TAIL, InvalidLogQuery, LogQuery
from ..parts import Call
from ..shapes import FLAG, TEXT, one_of, whole
from ..streams import Streamed, Write

VIEW = "server.console.logs"

_TYPES = {False: "text/plain; charset=utf-8", True: "application/x-ndjson"}
_MOMENT = "Unix seconds, ISO 8601, or how long ago, such as `10m`"


@described(
    "Console",
    query=(
        Param("since", f"From then on: {_MOMENT}", TEXT, example="10m"),
        Param("until", f"Before then: {_MOMENT}", TEXT),
        Param("grep", "Only lines in which this regular expression (RE2) is found", TEXT),
        Param("case", "`false`: capitals do not matter for `grep`", FLAG),
        Param("tail", "So many lines at the end", whole("All without it", maximum=MOST_TAIL), example="100"),
        Param("timestamps", "`true`: each line begins with its time", FLAG),
        Param("format", "Text, or a line of JSON for each line", one_of("Form", "text", "json")),
        Param("follow", "`true`: go on with what comes", FLAG),
        Param("after", "Only what came behind the line with this `stream:end`, each byte once", TEXT),
        Param("marks", "`true`, in JSON: tell at the beginning and now and then how far it is", FLAG),
    ),
    answers={
        200: Content(
            "The lines, the oldest first",
            {"text/plain": TEXT, "application/x-ndjson": either("LogLine", "LogMark")},
        )
    },
    errors=({400: "invalid-search"},),
)
async def read(call: Call) -> Response:
    """Tell what a server has said, the oldest first: from its log files, and from the console's memory.

    Times are known to the second. Bytes that are no UTF-8 are sent as they are, unless JSON is asked for. A
    line that begins with `[Holdfast]` may tell that output is missing; in JSON, it has `notice`. Who was cut
    off goes on with `after`: nothing is missing then, and nothing is there twice.
    """
    try:
        query = LogQuery.read(call.request.query_params)
    except InvalidLogQuery as exc:
        raise ApiError(400, "invalid-search", f"{exc}!") from exc
    await call.parts.mirror.service(call.server)
    reading = call.parts.logs.reading(call.server, query)

    async def produce(write: Write) -> None:
        call.record(VIEW, server=call.server)
        await reading.tell(write)

    headers = {
        "content-type": _TYPES[query.json],
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-accel-buffering": "no",
    }
    return Streamed(produce, call.who, headers)
