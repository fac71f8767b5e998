"""`/server/{id}/trash`: what was deleted, and may come back."""

from starlette.responses import JSONResponse, Response

from filemgr import AlreadyExists, NoSuchFile, RelPath, Root, Trash, Trashed

from ..described import Param, described, either, json_of
from ..errors import ApiError, saying
from ..fileorders import path_of
from ..parts import Call
from ..schemas import ASYNC, IN_FOLDER, JSON_BODY, LONG
from ..shapes import TEXT

RESTORE, PURGE = "server.files.restore", "server.files.purge"


@described("Trash", answers={200: json_of("Trash", "What is in it")}, errors=(IN_FOLDER,))
async def entries(call: Call) -> Response:
    """List what is in the trash, the latest first."""
    found = await call.inside(lambda root: Trash(root).entries())
    listed = sorted(found, key=lambda one: one.deleted_at, reverse=True)
    return JSONResponse({"contents": [_told(one) for one in listed]})


@described(
    "Trash",
    body=json_of("Restoring", "What, and where to", example='{"id":"ID"}'),
    answers={200: json_of("Restored", "It is back")},
    errors=(
        *(IN_FOLDER, JSON_BODY),
        {400: "no-id not-a-folder", 403: "forbidden", 404: "no-such-file", 409: "file-exists"},
    ),
)
async def restore(call: Call) -> Response:
    """Put something back where it was, or to `dest`."""
    told = await call.texts("id", "dest")
    if "id" not in told:
        raise ApiError(400, "no-id", "No id provided!")
    call.trying(RESTORE, **told)
    dest = path_of(told["dest"], "destination") if "dest" in told else None

    def work(root: Root) -> RelPath:
        return Trash(root).restore(told["id"], dest)

    try:
        with saying({AlreadyExists: (409, "This file already exists!")}):
            path = await call.inside(work)
    except NoSuchFile as exc:
        sentence = "This is not in the trash!"
        if exc.role == "dest":
            sentence = "Destination parent folder does not exist!"
        raise ApiError(404, "no-such-file", sentence) from exc
    call.record(RESTORE, server=call.server, path=str(path))
    return JSONResponse({"success": True, "path": str(path)})


@described(
    "Trash",
    query=(Param("id", "What is deleted; all of it without", TEXT, example="ID"), ASYNC),
    answers={200: json_of(either("Success", "Started"), "It is gone, or going")},
    errors=(IN_FOLDER, LONG, {404: "no-such-file"}),
)
async def purge(call: Call) -> Response:
    """Delete for good what `id` names, or without one, all."""
    key = call.query("id")
    about = {"id": key} if key else {}
    recorded = call.recording(PURGE, **about)
    # Of the job nothing but what it does: it has an id of its own.
    order = await call.order("purge", "purge", {"id": key}, {}, light=True)
    job = call.parts.jobs.start(order, recorded)
    if call.query("async") == "true":
        return JSONResponse({"success": True, "token": job.id, "job": job.id})
    with saying({NoSuchFile: (404, "This is not in the trash!")}):
        await job.outcome()
    return JSONResponse({"success": True})


def _told(one: Trashed) -> dict[str, object]:
    return {
        "id": one.id,
        "path": str(one.path),
        "name": one.name,
        "folder": one.folder,
        "size": one.size,
        "deletedAt": int(one.deleted_at),
        "deletedBy": one.deleted_by,
    }
