"""`/audit`: who did what, when, from where, and what came of it."""

import sqlite3

import anyio
import anyio.to_thread
from starlette.responses import Response

from ..auditsearch import AuditSearch, InvalidSearch, Search
from ..described import Content, Param, described, ref
from ..errors import ApiError
from ..parts import Call
from ..shapes import TEXT, WHOLE, one_of
from ..streams import Streamed, Write

VIEW = "audit.view"

_AT_ONCE = anyio.CapacityLimiter(2)
"""Searches that read at the same time: one that finds little reads much."""

_HEADERS = {"content-type": "application/x-ndjson", "cache-control": "no-store"}


@described(
    "Access",
    query=(
        Param("user", "Who it was", TEXT, example="ann"),
        Param("server", "With which server", TEXT),
        Param("action", "An action or a group of them", TEXT, example="server.files"),
        Param("address", "From where", TEXT),
        Param("result", "What became of it", one_of("", "success", "failed", "denied")),
        Param("since", "From then on: Unix seconds or ISO 8601", TEXT),
        Param("until", "Before then", TEXT),
        Param("limit", "How many at most; 1000 if nothing is said", WHOLE),
        Param("before", "Only those with a smaller `seq`", WHOLE),
    ),
    answers={200: Content("Lines of JSON, the newest first", {"application/x-ndjson": ref("AuditEntry")})},
    errors=({400: "invalid-search", 503: "no-audit-log"},),
)
async def entries(call: Call) -> Response:
    """Tell the entries that fit and that the caller may see, the newest first, a line of JSON for each."""
    try:
        wanted = Search.read(call.request.query_params)
    except InvalidSearch as exc:
        raise ApiError(400, "invalid-search", f"{exc}!") from exc
    path = call.parts.audit.database
    if path is None:
        raise ApiError(503, "no-audit-log", "There is no audit log that could be searched!")

    async def produce(write: Write) -> None:
        search = AuditSearch(path, wanted)
        try:
            await _tell(call, search, wanted.limit, write)
        except sqlite3.Error as exc:
            raise ApiError(503, "no-audit-log", f"The audit log cannot be read: {exc}!") from exc
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(search.close, limiter=_AT_ONCE)

    return Streamed(produce, call.who, _HEADERS)


async def _tell(call: Call, search: AuditSearch, limit: int, write: Write) -> None:
    seen: dict[str | None, bool] = {}  # by server
    first = True
    while limit > 0:
        found = await anyio.to_thread.run_sync(search.next, limiter=_AT_ONCE)
        if first:
            call.record(VIEW)  # not among what it shows
            first = False
        if not found:
            return
        for server in {entry.server for entry in found} - seen.keys():
            seen[server] = call.who.may(VIEW, server)
        lines = [entry.line for entry in found if seen[entry.server]][:limit]
        limit -= len(lines)
        if lines:
            await write("\n".join([*lines, ""]).encode("ascii", "replace"))
