"""`/server/{id}/file`: the content of one file, out and in."""

import time
from contextlib import ExitStack, closing
from functools import partial

from starlette.responses import JSONResponse, Response

from filemgr import (
    Accepts,
    Download,
    Incoming,
    Modified,
    RelPath,
    Root,
    current_etag,
    open_download,
)

from ..archived import TYPES, archived
from ..conditions import accepts, date_of, outcome, wants_range
from ..described import Content, Param, described, empty, json_of
from ..disposition import attachment
from ..errors import NO_FILE, ApiError, error, naming, saying
from ..hardening import FOREIGN
from ..multipart import Form, boundary_of
from ..parts import Call
from ..ranges import Piece, Range, in_parts, parse_ranges
from ..receiving import INTO, Batch, Body, declared
from ..schemas import ETAG, IF_MATCH, IN_FOLDER, LONG, path_to
from ..sending import Sending
from ..shapes import BYTES, TEXT, listed, one_of, shape

_ABOUT = (ETAG, Param("Last-Modified", "When it was changed last", TEXT))
_INCOMING = {
    400: "not-a-file not-a-folder",
    404: "no-such-file",
    408: "too-slow",
    413: "too-large",
}


@described(
    "Files",
    query=(
        path_to("the file"),
        Param("archive", "A file or a folder as an archive", one_of("Its format", *TYPES)),
        Param(
            "name", "With `archive`: only this of the folder; once or several times", listed(TEXT, "Names")
        ),
    ),
    headers=(
        Param("Range", "One range of bytes, or several", TEXT),
        Param("If-Range", "The range only if the file has this ETag or date, else all of it", TEXT),
        Param("If-None-Match", "Not if the file has this ETag", TEXT),
        Param("If-Modified-Since", "Not if the file is not younger", TEXT),
        IF_MATCH,
        Param("If-Unmodified-Since", "Only if the file is not younger", TEXT),
    ),
    answers={
        200: Content("The file", {"*/*": BYTES}, _ABOUT),
        206: Content("Ranges of it", {"*/*": BYTES}, (*_ABOUT, Param("Content-Range", "Which one", TEXT))),
        304: empty("The client has it already", *_ABOUT),
    },
    errors=(
        *(IN_FOLDER, LONG),
        {400: "not-a-file invalid-archive", 404: "no-such-file", 412: "modified", 416: "no-such-range"},
    ),
)
async def download(call: Call) -> Response:
    """The file, or ranges of it; with `archive`, a file or a folder as an archive."""
    path = call.path("path", "file")
    if (kind := call.query("archive")) is not None:
        return await archived(call, path, kind)

    def work(root: Root) -> Response:
        with ExitStack() as stack:
            opened = stack.enter_context(open_download(root, path))
            answer = _answer(call, opened)
            if isinstance(answer, Sending):
                answer.prepare()
                stack.pop_all()  # it closes the file
            return answer

    with saying(NO_FILE):
        answer = await call.inside(work)
    if isinstance(answer, Sending):
        call.record("server.files.download", server=call.server, path=str(path))
    return answer


def _answer(call: Call, opened: Download) -> Response:
    asked, modified = call.request.headers, opened.mtime_ns // 10**9
    headers = {
        "Accept-Ranges": "bytes",
        # Browsers guess how long a file with a date stays as it is; an editor must not believe that.
        "Cache-Control": "private, no-cache",
        "ETag": opened.etag,
        "Last-Modified": date_of(modified),
    }
    status = outcome(asked, opened.etag, modified)
    if status == 304:
        return Response(status_code=304, headers=headers)
    if status is not None:
        return _modified(headers)
    headers |= {
        "Content-Type": opened.mime,
        "Content-Disposition": attachment(opened.name),
        "Content-Security-Policy": FOREIGN,
        "X-Content-Type-Options": "nosniff",
    }
    if call.request.method == "HEAD":
        return Response(headers={**headers, "Content-Length": str(opened.size)})
    ranges = None
    if wants_range(asked, opened.etag, modified, time.time()):
        ranges = parse_ranges(asked.get("range"), opened.size)
    if ranges == []:
        answer = error(416, "no-such-range", f"The file has only {opened.size} bytes!")
        answer.headers["Content-Range"] = f"bytes */{opened.size}"
        return answer
    pieces: list[Piece] = [Range(0, opened.size)]
    if ranges is None:
        return Sending(call, opened, 200, headers, pieces)
    if len(ranges) == 1:
        headers["Content-Range"] = ranges[0].within(opened.size)
        pieces = [ranges[0]]
    else:
        headers["Content-Type"], pieces = in_parts(ranges, opened.size, opened.mime)
    return Sending(call, opened, 206, headers, pieces)


def _modified(headers: dict[str, str]) -> Response:
    answer = error(412, "modified", "The file is not what it was!")
    answer.headers.update(headers)
    return answer


@described(
    "Files",
    query=(path_to("the folder", "mods"),),
    body=Content(
        "A form, whose fields named `upload` are the files",
        {"multipart/form-data": shape({"upload": listed(BYTES, "At most 100 files")})},
        example="-F upload=@mod.jar",
    ),
    answers={200: json_of("Success", "The files are at their places, and on the disk")},
    errors=(IN_FOLDER, _INCOMING, {400: "invalid-form"}),
)
async def upload(call: Call) -> Response:
    """The files of a form, into a folder."""
    folder = call.path("path", "folder")
    call.trying("server.files.upload", path=str(folder))
    transfers, size, body = call.parts.transfers, declared(call) or 0, Body(call)

    def begin(root: Root) -> Form:
        boundary = boundary_of(call.request.headers.get("content-type", ""))
        form = Form(root, folder, boundary, transfers.limit)
        form.make_room(size)
        return form

    def all_at_once(root: Root, form: Batch) -> list[RelPath]:
        with closing(begin(root)) as files:
            files.feed(form)
            return files.publish()

    with naming("file"), saying(INTO):
        if (whole := await body.at_once()) is not None:
            paths = await call.deliver(partial(all_at_once, form=whole))
        else:
            async with call.folder() as root, transfers.closing(partial(begin, root)) as form:
                await body.give_to(form.feed)
                paths = await transfers.finish(form.publish)
    for path in paths:
        call.record("server.files.upload", server=call.server, path=str(path))
    return JSONResponse({"success": True})


@described(
    "Files",
    query=(path_to("the file"),),
    headers=(IF_MATCH, Param("If-None-Match", "`*`: only if there is no such file yet", TEXT)),
    body=Content("The new content", {"application/octet-stream": BYTES}, example="@latest.log"),
    answers={200: json_of("Replaced", "The new content is at its place, and on the disk", ETAG)},
    errors=(IN_FOLDER, _INCOMING, {400: "invalid-request", 403: "forbidden", 412: "modified"}),
)
async def replace(call: Call) -> Response:
    """The content of one file, new or replaced, if it is what the client believes."""
    path = call.path("path", "file")
    recorded = call.recording("server.files.upload", path=str(path))
    if "content-range" in call.request.headers:
        raise ApiError(400, "invalid-request", "A file can only be replaced as a whole!")
    demanded, size, body = accepts(call.request.headers), declared(call) or 0, Body(call)
    new = call.request.headers.get("if-none-match", "").strip() == "*"
    transfers = call.parts.transfers

    def begin(root: Root) -> Incoming:
        return _begin(root, path, transfers.limit, size, demanded)

    def all_at_once(root: Root, content: Batch) -> str:
        with begin(root) as file:
            _write(file, content)
            return file.publish(demanded, replace=not new)

    with saying({**INTO, Modified: (412, "The file is not what it was!")}):
        if (whole := await body.at_once()) is not None:
            etag = await call.deliver(partial(all_at_once, content=whole))
        else:
            async with call.folder() as root, transfers.closing(partial(begin, root)) as file:
                await body.give_to(partial(_write, file))
                etag = await transfers.finish(partial(file.publish, demanded, replace=not new))
    recorded()
    return JSONResponse({"success": True, "etag": etag}, headers={"ETag": etag})


def _begin(root: Root, path: RelPath, limit: int, size: int, demanded: Accepts | None) -> Incoming:
    """Begin to replace a file, unless it is clear by now that it cannot be."""
    if demanded is not None and not demanded(current_etag(root, path)):
        raise Modified(f"{path}: is not what it was")
    file = Incoming(root, path, limit)
    try:
        file.make_room(size)
    except BaseException:
        file.close()
        raise
    return file


def _write(file: Incoming, batch: Batch) -> None:
    for chunk in batch:
        file.write(chunk)
