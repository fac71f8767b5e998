"""Making, moving, copying, deleting: `/folder`, `DELETE` and `PATCH` of `/file`, `PATCH` of `/files`.

What may take long is a job, which the answer waits for unless `async=true`; what cannot is done at once.
"""

import json
import re
import stat
from collections.abc import Sequence
from os import stat_result

import anyio
from starlette.responses import JSONResponse, Response

from filemgr import (
    AlreadyExists,
    FileError,
    NoSuchFile,
    OperationFailed,
    Progress,
    RelPath,
    Root,
    RootForbidden,
    Trash,
    change_mode,
    copy,
    discard,
    make_folder,
    move,
)

from ..bulk import Bulk
from ..described import JSON, Content, described, either, json_of, ref
from ..errors import ApiError, answer_for, saying
from ..fileorders import FileOrder, path_of, read_order
from ..job import Ended, Order
from ..parts import Call
from ..schemas import ASYNC, IN_FOLDER, JSON_BODY, LONG, TRASH, path_to
from ..shapes import text

CREATE = "server.files.createFolder"
DELETE, MOVE, COPY, BULK = (f"server.files.{word}" for word in ("delete", "move", "copy", "bulk"))
CHANGE_MODE = "server.files.changeMode"

LONGEST_NOTE = 4096
"""Characters of a list of operations that are kept for the audit log, which shows the beginning."""

SMALL = 16 << 20
"""Bytes of a file that is copied at once."""

GONE_AFTER = 6.0
"""Seconds after which a deletion is answered although the disk is not free yet: it cannot fail any more."""

_DONE = json_of(either("Success", "Started"), "It is done, or with `async` begun")


@described(
    "Files",
    query=(path_to("the new folder", "backups"),),
    answers={200: json_of("Success", "The folder is there")},
    errors=(IN_FOLDER, {400: "file-exists", 403: "forbidden", 404: "no-such-file"}),
)
async def folder(call: Call) -> Response:
    """Make an empty folder."""
    path = call.path("path", "folder")
    said = {
        AlreadyExists: (400, "This folder already exists!"),
        NoSuchFile: (404, "The folder that it would be in does not exist!"),
    }
    recorded = call.recording(CREATE, path=str(path))
    with saying(said):
        await call.inside(lambda root: make_folder(root, path))
    recorded()
    return JSONResponse({"success": True})


@described(
    "Files",
    query=(path_to("the file or the folder"), TRASH, ASYNC),
    answers={200: _DONE},
    errors=(IN_FOLDER, LONG, {403: "forbidden", 404: "no-such-file"}),
)
async def delete(call: Call) -> Response:
    """Delete a file, or a folder with all that is in it; into the trash if there is one."""
    path = call.path("path", "file")
    recorded = call.recording(DELETE, path=str(path))
    if path.is_root:
        raise RootForbidden
    trash = _wants_trash(call)

    def work(root: Root) -> bool:
        """Tell whether it is done; a folder is left to a job, since it may hold much."""
        if trash:
            Trash(root).put(path, call.who.user)
            return True
        if stat.S_ISDIR(root.stat(path, follow=False).st_mode):
            return False
        discard(root, path).purge(root, Progress())
        return True

    with saying({NoSuchFile: (404, "This file does not exist!")}):
        if await call.inside(work):
            recorded()
            return JSONResponse({"success": True})
        about = {"path": str(path)}
        order = await call.order("delete", "delete", about, about, cancellable=False, light=True)
        return await _answer(call, order, recorded, patience=GONE_AFTER)


@described(
    "Files",
    query=(ASYNC,),
    body=Content(
        "What shall be done, in JSON or in three lines",
        {
            JSON: ref("FileOrder"),
            "text/plain": text(
                "`mv` or `cp`, source, destination; or `chmod`, mode, path", example="mv\\na\\nb"
            ),
        },
        example='{"operation":"mv","src":"a","dest":"b"}',
    ),
    answers={200: _DONE},
    errors=(
        *(IN_FOLDER, LONG, JSON_BODY),
        {400: "no-such-file no-such-folder not-a-folder not-a-file into-itself invalid-mode"},
        {403: "forbidden", 404: "no-such-file", 405: "invalid-operation", 409: "file-exists"},
    ),
)
async def operate(call: Call) -> Response:
    """Move or copy a file or a folder, or change its mode."""
    told = read_order(await call.body(), call.depth)
    if told.operation == "chmod":
        return await _change_mode(call, told)
    copying = told.operation == "cp"
    call.trying(COPY if copying else MOVE, src=told.src, dest=told.dest)
    src, dest = path_of(told.src, "source"), path_of(told.dest, "destination")
    recorded = call.recording(COPY if copying else MOVE, src=str(src), dest=str(dest))
    arguments = {"src": str(src), "dest": str(dest)}
    kind = "copy" if copying else "move"

    def work(root: Root) -> bool:
        """Tell whether it is done; what may take long is left to a job."""
        quick = _is_quick(root, src, dest, copying=copying)
        if quick:
            (copy if copying else move)(root, src, dest, Progress())
        return quick

    try:
        if await call.inside(work):
            recorded()
            return JSONResponse({"success": True})
        return await _answer(call, await call.order(kind, kind, arguments, arguments), recorded)
    except FileError as exc:
        raise octyne_error(exc) from exc


@described(
    "Files",
    query=(TRASH, ASYNC),
    body=json_of(
        "Operations",
        "At most 10,000 operations, done in order",
        example='{"operations":[{"operation":"mv","src":"a","dest":"b"}]}',
    ),
    answers={200: _DONE},
    errors=(IN_FOLDER, LONG, JSON_BODY, dict.fromkeys((400, 403, 404, 409, 500, 507), "operation-failed")),
)
async def bulk(call: Call) -> Response:
    """Carry out several operations, all of them or none."""
    wanted = Bulk.read(await call.body(), call.depth)
    recorded = call.recording(BULK, operations=wanted.text[:LONGEST_NOTE])
    if wanted.mistakes:
        return _failed(400, wanted.mistakes)
    arguments = {"operations": wanted.data, "trashBy": call.who.user if _wants_trash(call) else None}
    order = await call.order("bulk", "bulk", arguments, {"operations": str(len(wanted.data))}, light=True)
    try:
        return await _answer(call, order, recorded)
    except OperationFailed as exc:
        cause = octyne_error(exc.cause) if isinstance(exc.cause, FileError) else exc.cause
        answer = answer_for(cause)
        message = json.loads(bytes(answer.body))["error"]
        return _failed(answer.status_code, [(exc.index, message)])


def octyne_error(exc: FileError) -> Exception:
    """Return the error of moving or copying in the words that Octyne's clients know; any other as it is."""
    match exc:
        case NoSuchFile(role="src"):
            return ApiError(400, "no-such-file", "The file specified in src does not exist!")
        case NoSuchFile(role="dest"):
            return ApiError(400, "no-such-folder", "Destination parent folder does not exist!")
        case AlreadyExists():
            return ApiError(409, "file-exists", "This file already exists!")
    return exc


async def _change_mode(call: Call, told: FileOrder) -> Response:
    call.trying(CHANGE_MODE, path=told.src, mode=told.mode)
    path = path_of(told.src, "file")
    recorded = call.recording(CHANGE_MODE, path=str(path), mode=told.mode)
    if not re.fullmatch("0?[0-7]{3}", told.mode):
        raise ApiError(400, "invalid-mode", "The mode is three octal digits such as 755!")
    mode = int(told.mode, 8)
    with saying({NoSuchFile: (404, "This file does not exist!")}):
        await call.inside(lambda root: change_mode(root, path, mode))
    recorded()
    return JSONResponse({"success": True})


async def _answer(call: Call, order: Order, recorded: Ended, patience: float = float("inf")) -> Response:
    """Have it done, and answer when it is; after `patience` seconds also if it is well under way."""
    job = call.parts.jobs.start(order, recorded)
    if call.query("async") == "true":
        return JSONResponse({"success": True, "token": job.id, "job": job.id})
    with anyio.move_on_after(patience):
        await job.outcome()
    while not job.phase.over and not job.entries:
        await job.change()
    if job.phase.over:
        await job.outcome()
    return JSONResponse({"success": True})


def _is_quick(root: Root, src: RelPath, dest: RelPath, *, copying: bool) -> bool:
    """Tell whether it takes no time; also if it fails, with the right words, when it is tried."""
    try:
        info = root.stat(src, follow=False)
        if copying:
            return not stat.S_ISDIR(info.st_mode) and info.st_size <= SMALL
        return info.st_dev == _where_it_goes(root, dest).st_dev
    except FileError:
        return True


def _where_it_goes(root: Root, dest: RelPath) -> stat_result:
    try:
        return root.stat(dest)
    except NoSuchFile:
        return root.stat(dest.parent)


def _wants_trash(call: Call) -> bool:
    wanted = call.query("trash")
    return call.parts.reloader.config.files.trash.enabled if wanted is None else wanted == "true"


def _failed(status: int, errors: Sequence[tuple[int, str]]) -> Response:
    told = [{"index": index, "message": message} for index, message in errors]
    sentence = "; ".join(f"operation {index}: {message}" for index, message in errors)
    body = {"success": False, "errors": told, "error": sentence, "kind": "operation-failed"}
    return JSONResponse(body, status)
