"""`/server/{id}/uploads`: uploads that can be interrupted and resumed, by the tus protocol (`daemon/tus.py`).

An upload is nobody's in particular: whoever may upload to its place may go on with it, if he knows its ID.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial, wraps

import anyio
from starlette.responses import Response

from filemgr import (
    Busy,
    Continued,
    InvalidPath,
    Modified,
    NoSuchFile,
    RelPath,
    Root,
    TooLarge,
    Upload,
    create_upload,
    find_upload,
    remove_upload,
)

from .. import tus
from ..conditions import date_of
from ..described import Content, described, empty
from ..errors import ApiError, answer_for, naming, saying
from ..multipart import last_name
from ..parts import Call
from ..receiving import INTO, Batch, Body, declared
from ..schemas import IN_FOLDER
from ..senders import Key
from ..shapes import BYTES

Endpoint = Callable[[Call], Awaitable[Response]]

INTO_NEW = {**INTO, Modified: (412, "There is a file of this name already!")}
UPLOAD = {
    NoSuchFile: (404, "This upload does not exist!"),
    Busy: (423, "Somebody else sends this upload just now!"),
}

_CONTENT = Content("The next bytes of it", {tus.CONTENT: BYTES}, example="@mod.jar")


def _spoken(endpoint: Endpoint) -> Endpoint:
    """Let all answers say what is spoken here, also those that refuse."""

    @wraps(endpoint)
    async def speaking(call: Call) -> Response:
        try:
            tus.check_version(call.request.headers)
            answer = await endpoint(call)
        except Exception as exc:  # noqa: BLE001 - what nobody expected is logged there
            answer = answer_for(exc)
            if answer.status_code == 412:
                answer.headers["Tus-Version"] = tus.VERSION
        answer.headers["Tus-Resumable"] = tus.VERSION
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return speaking


@described("Uploads", answers={204: empty("What can be done is in the headers", *tus.ABILITIES)})
async def options(call: Call) -> Response:
    """What can be done here."""
    return Response(status_code=204, headers=tus.options(call.parts.transfers.limit))


@described(
    "Uploads",
    headers=(tus.SPOKEN, tus.METADATA, tus.LENGTH, tus.LATER, tus.CHECKSUM, tus.ONLY_NEW),
    body=replace(_CONTENT, about="The first bytes of it, or none", required=False),
    answers={201: empty("It has begun", tus.LOCATION, tus.OFFSET, tus.EXPIRES)},
    errors=(IN_FOLDER, tus.REFUSED, tus.REFUSED_ADDING),
)
@_spoken
async def create(call: Call) -> Response:
    """Begin an upload, perhaps with the first bytes of it."""
    headers, transfers = call.request.headers, call.parts.transfers
    length, path = tus.length(headers), _path(call)
    call.trying("server.files.upload", path=str(path))
    with_content = bool(declared(call)) or "transfer-encoding" in headers
    if with_content:
        tus.check_content_type(headers)
    if length is not None and length > transfers.limit:
        raise TooLarge(f"an upload may have at most {transfers.limit} bytes here")
    told, new = headers.get("upload-metadata", ""), tus.only_new(headers)
    begin = partial(create_upload, path=path, length=length, metadata=told, replace=not new)
    async with call.folder() as root:
        with naming("file"), saying(INTO_NEW):
            upload = await transfers.run(partial(begin, root))
        if with_content or length == 0:
            async with transfers.senders.sole((call.server, upload)) as displaced:
                await _add(call, root, upload, None, displaced)
        found = await transfers.run(partial(find_upload, root, upload))
    answer = _told(call, found, 201)
    # Relative, for it may be under /api or behind a proxy: to the folder that the client's own path is in.
    asked: bytes = call.request.scope["raw_path"]
    answer.headers["Location"] = upload if asked.endswith(b"/") else f"uploads/{upload}"
    return answer


@described(
    "Uploads",
    headers=(tus.SPOKEN,),
    answers={200: empty("How far it is, in the headers", tus.OFFSET, tus.EXPIRES)},
    errors=(IN_FOLDER, tus.REFUSED, tus.REFUSED_UPLOAD),
)
@_spoken
async def show(call: Call) -> Response:
    """How far an upload has come. Who asks that has lost the connection by which it was sent."""
    await _must_be_inside(call)
    await call.parts.transfers.senders.displace(_key(call))
    found = await _found(call)
    answer = _told(call, found, 200)
    if found.length is None:
        answer.headers["Upload-Defer-Length"] = "1"
    else:
        answer.headers["Upload-Length"] = str(found.length)
    if found.metadata:
        answer.headers["Upload-Metadata"] = found.metadata
    return answer


@described(
    "Uploads",
    headers=(
        tus.SPOKEN,
        replace(tus.OFFSET, required=True, example="0"),
        tus.LENGTH,
        tus.CHECKSUM,
        tus.ONLY_NEW,
    ),
    body=_CONTENT,
    answers={204: empty("How far it is now, in the headers", tus.OFFSET, tus.EXPIRES)},
    errors=(IN_FOLDER, tus.REFUSED, tus.REFUSED_UPLOAD, tus.REFUSED_ADDING),
)
@_spoken
async def add(call: Call) -> Response:
    """Go on with an upload; with its last byte the file is at its place."""
    headers, transfers = call.request.headers, call.parts.transfers
    tus.check_content_type(headers)
    offset = tus.whole(headers, "Upload-Offset")
    if offset is None:
        raise ApiError(400, "invalid-header", "Invalid Upload-Offset header!")
    await _must_be_inside(call)
    async with transfers.senders.sole(_key(call)) as displaced:
        found = await _found(call)
        if found.offset != offset:
            raise ApiError(409, "wrong-offset", f"The upload goes on at {found.offset}!")
        if not found.done:
            async with call.folder() as root:
                await _add(call, root, found.id, offset, displaced)
                found = await transfers.run(partial(find_upload, root, found.id))
        elif declared(call) or "transfer-encoding" in headers:
            raise TooLarge("the upload is complete")
    return _told(call, found, 204)


@described(
    "Uploads",
    headers=(tus.SPOKEN,),
    answers={204: empty("It is gone")},
    errors=(IN_FOLDER, tus.REFUSED, tus.REFUSED_UPLOAD),
)
@_spoken
async def remove(call: Call) -> Response:
    """Give an upload up."""
    upload: str = call.values["upload"]
    await _must_be_inside(call)
    given_up = call.recording("server.files.discardUpload")
    await call.parts.transfers.senders.displace(_key(call))
    with saying(UPLOAD):
        await call.inside(lambda root: remove_upload(root, upload))
    given_up()
    return Response(status_code=204)


@described(
    "Uploads",
    headers=(tus.SPOKEN, tus.MEANT, tus.OFFSET, tus.LENGTH, tus.CHECKSUM, tus.ONLY_NEW),
    body=replace(_CONTENT, about="As with the method that is meant", required=False),
    answers={
        200: empty("As for HEAD", tus.OFFSET, tus.EXPIRES),
        204: empty("As for PATCH and DELETE", tus.EXPIRES),
    },
    errors=(IN_FOLDER, tus.REFUSED, tus.REFUSED_UPLOAD, tus.REFUSED_ADDING, {400: "invalid-request"}),
)
@_spoken
async def override(call: Call) -> Response:
    """A client that can send only POST says in a header what it means."""
    meant = {"PATCH": add, "DELETE": remove, "HEAD": show}
    endpoint = meant.get(call.request.headers.get("x-http-method-override", "").upper())
    if endpoint is None:
        raise ApiError(400, "invalid-request", "POST needs an X-HTTP-Method-Override here!")
    return await endpoint(call)


async def _must_be_inside(call: Call) -> None:
    """Refuse who is kept to other folders before somebody else's connection is ended for him."""
    if call.fences is not None:
        with suppress(NoSuchFile):
            await call.inside(partial(find_upload, upload=call.values["upload"]))


async def _found(call: Call) -> Upload:
    upload: str = call.values["upload"]
    transfers = call.parts.transfers
    with saying(UPLOAD):
        found = await call.inside(lambda root: find_upload(root, upload))
    if found.touched < transfers.expired:
        raise ApiError(410, "expired", "This upload has expired!")
    return found


def _key(call: Call) -> Key:
    return call.server, call.values["upload"]


async def _add(call: Call, root: Root, upload: str, offset: int | None, displaced: anyio.Event) -> None:
    """Add the body; what has come counts even if the rest is missing, unless it needs a checksum."""
    headers, transfers = call.request.headers, call.parts.transfers
    checksum, length = tus.checksum(headers), tus.whole(headers, "Upload-Length")
    with saying(UPLOAD):
        continued = await transfers.run(partial(Continued, root, upload))
    recorded = call.recording("server.files.upload", path=str(continued.path))
    try:
        if offset is not None:
            if continued.offset != offset:
                raise ApiError(409, "wrong-offset", f"The upload goes on at {continued.offset}!")
            if length is not None:
                await transfers.run(partial(_set_length, continued, length, transfers.limit))
        await transfers.run(partial(continued.begin, declared(call), transfers.limit, checksum))
        try:
            await Body(call).give_to(partial(_write, continued), displaced)
        except ApiError:
            if checksum is None:
                await transfers.finish(continued.end)
            raise
        await transfers.finish(continued.end)
        if continued.is_whole:
            with saying(INTO_NEW):
                await transfers.finish(partial(continued.publish, replace=not tus.only_new(headers)))
            recorded()
    finally:
        await transfers.finish(continued.close)


def _set_length(continued: Continued, length: int, limit: int) -> None:
    if continued.length not in (None, length):
        raise ApiError(400, "invalid-header", "The length of an upload can be said once!")
    if length > limit:
        raise TooLarge(f"an upload may have at most {limit} bytes here")
    continued.set_length(length)


def _write(continued: Continued, batch: Batch) -> None:
    for chunk in batch:
        continued.write(chunk)


def _path(call: Call) -> RelPath:
    """Return where the file shall be: `path` names the folder, `filename` the file."""
    said = tus.metadata(call.request.headers)
    with naming("file"):
        try:
            folder = RelPath.parse(said.get("path", b"").decode())
        except UnicodeDecodeError as exc:
            raise InvalidPath("it is not UTF-8") from exc
        if name := last_name(said.get("filename", b"")):
            return folder / name
    raise tus.invalid("Upload-Metadata")


def _told(call: Call, upload: Upload, status: int) -> Response:
    expires = date_of(call.parts.transfers.expires(upload.touched))
    return Response(
        status_code=status, headers={"Upload-Offset": str(upload.offset), "Upload-Expires": expires}
    )
