"""`/server/{id}/search` and the size of a folder: work that ends when nobody waits for it."""

import json
from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

from filemgr import FileError, fence_around

from ..described import Content, Param, described, json_of, ref
from ..errors import NO_FOLDER, ApiError, answer_for, saying
from ..job import Order
from ..parts import Call
from ..query import whole_number
from ..schemas import IN_FOLDER, LONG, path_to
from ..shapes import FLAG, TEXT, one_of, whole
from ..streams import Streamed, Write, while_here

DOWNLOAD = "server.files.download"
"""Who sees lines of a file has as good as downloaded it."""

MOST, USUAL = 10_000, 1000
LARGEST = 64 << 20


@described(
    "Files",
    query=(
        Param(
            "q",
            "A part of a name, a pattern with `*`, `?`, `[…]`, or a text",
            TEXT,
            True,
            "*.log",
        ),
        path_to("the folder where it begins", "logs"),
        Param("in", "In names, or in what stands in files", one_of("Where", "name", "content")),
        Param("regex", "`true`: `q` is a regular expression", FLAG),
        Param("case", "`true`: capitals matter", FLAG),
        Param("limit", "How many are found at most", whole(f"Else {USUAL}", minimum=1, maximum=MOST)),
        Param(
            "maxSize",
            "Bytes of a file that is looked into",
            whole("64 MiB without it", minimum=1, maximum=1 << 40),
        ),
    ),
    answers={
        200: Content(
            "One object in each line, the last one has `done`", {"application/x-ndjson": ref("Found")}
        )
    },
    errors=(IN_FOLDER, LONG, {400: "nothing-to-search invalid-search not-a-folder", 404: "no-such-file"}),
)
async def search(call: Call) -> Response:
    """Find files by name, or with `in=content` by what stands in them: a line of JSON for each.

    The last line says how many there were, and whether these are all: `{"done":true,"count":3,
    "complete":true}`.
    """
    text = call.query("q")
    if not text:
        raise ApiError(400, "nothing-to-search", "No search text (q) provided!")
    within = call.query("in") or "name"
    if within not in ("name", "content"):
        raise ApiError(400, "invalid-search", "Search in can be name or content!")
    path, content = call.path("path", "folder"), within == "content"
    arguments = {
        "path": str(path),
        "text": text,
        "content": content,
        "regex": call.query("regex") == "true",
        "case": call.query("case") == "true",
        "most": _whole(call, "limit", USUAL, MOST),
        "largest": _whole(call, "maxSize", LARGEST, 1 << 40),
    }
    about = {"path": str(path), "query": text}
    also = [DOWNLOAD] if content else []
    order = await call.order("search", "search", arguments, about, also=also)
    fence_around(order.fences, path)  # without a process, and also if only the head is asked for

    async def produce(write: Write) -> None:
        async with call.parts.jobs.attended(order) as job:
            found = False
            async for item in job.items:
                found = True
                await write(_line(item))
            try:
                result = await job.outcome()
            except FileError as exc:
                if not found:
                    with saying(NO_FOLDER):
                        raise
                answer = bytes(answer_for(exc).body)
                await write(_line({"done": True, "complete": False, **json.loads(answer)}))
            else:
                await write(_line({"done": True, **result}))

    return Streamed(produce, call.who, {"content-type": "application/x-ndjson", "cache-control": "no-store"})


@described(
    "Files",
    query=(path_to("the folder", "logs"),),
    answers={200: json_of("FolderSize", "How much it is")},
    errors=(IN_FOLDER, LONG, {400: "not-a-folder", 404: "no-such-file"}),
)
async def size(call: Call) -> Response:
    """Tell how much is in a folder: `size` is what its files say, `onDisk` what they take, in bytes."""
    path = call.path("path", "folder")
    about = {"path": str(path)}
    order = await call.order("size", "size", about, about)
    fence_around(order.fences, path)

    async def measure() -> Mapping[str, object]:
        return await _outcome(call, order)

    return JSONResponse(dict(await while_here(call.request, measure)))


async def _outcome(call: Call, order: Order) -> Mapping[str, object]:
    async with call.parts.jobs.attended(order) as job:
        with saying(NO_FOLDER):
            return await job.outcome()
    raise AssertionError("an attended job swallows nothing")


def _whole(call: Call, key: str, usual: int, most: int) -> int:
    given = call.query(key)
    if given is None:
        return usual
    if (number := whole_number(given, 1, most)) is None:
        raise ApiError(400, "invalid-search", f"{key} is a whole number from 1 to {most}!")
    return number


def _line(item: Mapping[str, object]) -> bytes:
    return json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
