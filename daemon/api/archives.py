"""`/compress` and `/decompress`: archives are made and taken apart by jobs, waited for or not."""

import json
import stat
from collections.abc import Awaitable, Callable, Mapping

import anyio
from starlette.responses import JSONResponse, Response

from filemgr import ROOT, BadArchive, FileError, InvalidPath, NoSuchFile, RelPath, Root

from ..archivekinds import KINDS
from ..described import Content, Param, described, either, json_of
from ..errors import ApiError, saying
from ..job import Job, Phase
from ..jobs import NoSuchJob
from ..jsontext import InvalidJson
from ..parts import Call
from ..schemas import ASYNC, IN_FOLDER, JSON_BODY, LONG, path_to
from ..shapes import TEXT, listed, one_of
from ..streams import Streamed, Write

COMPRESS = "server.files.compress"
DECOMPRESS = "server.files.decompress"

HEAD_AFTER = 6.0
"""Seconds after which the head of an answer is sent although its end is open: browsers give up after ten."""


@described(
    "Archives",
    query=(
        path_to("the new archive", "backup.zip"),
        Param("basePath", "Path of the folder that the names in the body begin in", TEXT),
        Param("archiveType", "`zip` without it", one_of("The format", *KINDS)),
        Param("compress", "`true` without it", one_of("How it is compressed", *KINDS["tar"])),
        ASYNC,
    ),
    body=json_of(listed(TEXT, "Names"), "Files and folders, below `basePath`", example='["world"]'),
    answers={200: json_of(either("Success", "Started"), "The archive is there, or begun")},
    errors=(
        *(IN_FOLDER, LONG, JSON_BODY),
        {400: "invalid-archive-type invalid-compression no-such-file file-exists not-a-folder not-a-file"},
        {403: "forbidden", 404: "no-such-file", 409: "file-exists", 413: "too-large"},
    ),
)
async def compress(call: Call) -> Response:
    """Make an archive of some files and folders."""
    kinds = KINDS.get(call.query("archiveType") or "zip")
    if kinds is None:
        raise ApiError(400, "invalid-archive-type", "Invalid archive type!")
    kind = kinds.get(call.query("compress") or "true")
    if kind is None:
        raise ApiError(400, "invalid-compression", "Invalid compression type!")
    base, archive = call.path("basePath", "base"), call.path("path", "archive")
    names = await _names(call)
    fields = {"archive": str(archive), "archiveType": kind, "basePath": str(base), "files": json.dumps(names)}
    recorded = call.recording(COMPRESS, **fields)
    paths = [_below(base, name) for name in names]

    def look(root: Root) -> None:
        for name, path in zip(names, paths, strict=True):
            try:
                root.stat(path, follow=False)
            except NoSuchFile as exc:
                raise ApiError(400, "no-such-file", f"The file {name} does not exist!") from exc
            except InvalidPath as exc:
                raise ApiError(400, "invalid-path", f"Invalid file path {name}: {exc}") from exc
        if _is_there(root, archive):
            sentence = "A file/folder already exists at the path of requested archive!"
            raise ApiError(400, "file-exists", sentence)

    await call.inside(look)
    arguments = {"paths": [*map(str, paths)], "base": str(base), "dest": str(archive), "format": kind}
    order = await call.order("pack", "compress", arguments, {"path": str(archive)})
    job = call.parts.jobs.start(order, recorded)
    if call.query("async") == "true":
        return JSONResponse({"token": job.id, "job": job.id})
    await job.outcome()
    return JSONResponse({"success": True})


@described(
    "Archives",
    query=(Param("token", "What the request was answered with that began it", TEXT, True, "TOKEN"),),
    answers={200: json_of("Finished", "How far it is")},
    errors=({400: "no-token invalid-token", 500: "failed"},),
)
async def progress(call: Call) -> Response:
    """Tell whether an archive is finished: Octyne's view of a job."""
    token = call.query("token")
    if not token:
        raise ApiError(400, "no-token", "No token provided!")
    try:
        job = call.parts.jobs.find(token)
    except NoSuchJob as exc:
        raise ApiError(400, "invalid-token", "Invalid token!") from exc
    if job.order.server != call.server or job.order.needs != COMPRESS or not job.seen_by(call.who):
        raise ApiError(400, "invalid-token", "Invalid token!")
    if job.error is not None:
        raise ApiError(500, "failed", str(job.error))
    return JSONResponse({"finished": job.phase is Phase.DONE})


@described(
    "Archives",
    query=(path_to("the archive", "backup.zip"), ASYNC),
    body=Content("Path of the folder that it goes into", {"text/plain": TEXT}, example="world"),
    answers={
        200: json_of(
            "Unpacked",
            "What came out; if it takes longer than six seconds, only `success` says how it went",
        )
    },
    errors=(
        *(IN_FOLDER, LONG),
        {
            400: "no-such-file not-a-file not-a-folder unsupported-archive",
            403: "forbidden",
            404: "no-such-file",
        },
        {409: "file-exists", 413: "too-large", 500: "bad-archive"},
    ),
)
async def decompress(call: Call) -> Response:
    """Take an archive apart into a folder, which the body names."""
    archive = call.path("path", "archive")
    try:
        dest = RelPath.parse((await call.body()).decode())
    except (UnicodeDecodeError, InvalidPath) as exc:
        raise ApiError(400, "invalid-path", f"Invalid destination path: {exc}") from exc
    recorded = call.recording(DECOMPRESS, archive=str(archive), destPath=str(dest))

    def look(root: Root) -> None:
        with saying({NoSuchFile: (400, "The requested archive does not exist!")}):
            info = root.stat(archive)
        if archive == ROOT or stat.S_ISDIR(info.st_mode):
            raise ApiError(400, "not-a-file", "The requested archive is a folder!")
        if _is_there(root, dest) and not stat.S_ISDIR(root.stat(dest).st_mode):
            sentence = "There is a file at the requested unpack destination!"
            raise ApiError(400, "not-a-folder", sentence)

    await call.inside(look)
    arguments = {
        "archive": str(archive),
        "dest": str(dest),
        "limits": call.parts.reloader.config.files.extract.to_dict(),
    }
    about = {"path": str(archive), "dest": str(dest)}
    order = await call.order("unpack", "decompress", arguments, about)
    job = call.parts.jobs.start(order, recorded)
    if call.query("async") == "true":
        return JSONResponse({"token": job.id, "job": job.id})
    return Streamed(_told(job), call.who, {"content-type": "application/json"})


def _told(job: Job) -> Callable[[Write], Awaitable[None]]:
    """Return what answers with the outcome: an ordinary error if it comes soon, else one in the body."""

    async def produce(write: Write) -> None:
        with anyio.move_on_after(HEAD_AFTER):
            while not job.phase.over:
                await job.change()
        waited = not job.phase.over
        if waited:
            await write(b" ")
        try:
            result = await job.outcome()
        except FileError as exc:
            sentence = "An error occurred while decompressing archive!"
            detail = str(exc)
            if not waited:
                if isinstance(exc, BadArchive):
                    raise ApiError(500, "bad-archive", sentence, detail=detail) from exc
                raise
            await write(_json({"success": False, "error": sentence, "detail": detail}))
        else:
            await write(_json({"success": True, "error": "", **result}))

    return produce


def _json(data: Mapping[str, object]) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()


async def _names(call: Call) -> list[str]:
    names = await call.json()
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidJson("it is not a list of strings")
    return names


def _below(base: RelPath, name: str) -> RelPath:
    try:
        return RelPath((*base.names, *RelPath.parse(name).names))
    except InvalidPath as exc:
        raise ApiError(400, "invalid-path", f"Invalid file path {name}: {exc}") from exc


def _is_there(root: Root, path: RelPath) -> bool:
    try:
        root.stat(path, follow=False)
    except NoSuchFile:
        return False
    return True
