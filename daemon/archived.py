"""A folder, or some of what is in it, as a download: an archive that is made while it is sent.

There is no file in between.
"""

import fcntl
import json
import os
from collections.abc import Mapping
from contextlib import ExitStack

import anyio
from starlette.responses import Response

from filemgr import NoSuchFile, RelPath, fence_around

from .disposition import attachment
from .errors import ApiError, NotPermitted, naming, saying
from .hardening import FOREIGN
from .parts import Call
from .query import paths_in
from .shares import Share
from .streams import Streamed, Write

TYPES: Mapping[str, str] = {"zip": "application/zip", "tar.zst": "application/zstd"}
DOWNLOAD = "server.files.download"

_PIPE = 1 << 20
_READ = 256 << 10


async def archived(call: Call, path: RelPath, kind: str) -> Response:
    """Return the answer that is an archive of what is at a path, `kind` being `zip` or `tar.zst`.

    With `name` in the query, once or several times, it holds only these of the folder. What is wrong before
    the first byte is an ordinary error; later, the connection is cut.
    """
    if isinstance(call.who.holder, Share):
        raise NotPermitted
    if kind not in TYPES:
        raise ApiError(400, "invalid-archive", "Invalid archive type!")
    names = _names(call)
    paths = [RelPath((*path.names, *name.names)) for name in names] or [path]
    base = path if names else path.parent
    arguments = {"paths": [*map(str, paths)], "base": str(base), "format": kind}
    order = await call.order("stream", "download", arguments, {"path": str(path)})
    for one in paths:
        fence_around(order.fences, one)  # before the answer begins, which a HEAD is all of

    async def produce(write: Write) -> None:
        # Not before somebody reads: what is never read would never be closed.
        reading, writing = os.pipe2(os.O_CLOEXEC)
        with ExitStack() as stack:
            stack.callback(_close, reading)
            _widen(writing)
            async with call.parts.jobs.attended(order, writing) as job:
                with stack:  # closed first, so that a worker that waits for us to read hears of it
                    await _pass_on(reading, write)
                with saying({NoSuchFile: (404, "This file does not exist!")}):
                    await job.outcome()

    chosen = {"files": json.dumps([*map(str, names)], ensure_ascii=False)} if names else {}
    call.record(DOWNLOAD, server=call.server, path=str(path), **chosen)
    headers = {
        "content-type": TYPES[kind],
        "content-disposition": attachment(f"{path.name or call.server}.{kind}"),
        "content-security-policy": FOREIGN,
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
    return Streamed(produce, call.who, headers)


def _names(call: Call) -> list[RelPath]:
    with naming("file"):
        return list(paths_in(call.head.scope["query_string"], "name"))


async def _pass_on(reading: int, write: Write) -> None:
    """Send what comes through the pipe until its other end is closed by all who had it."""
    while True:
        await anyio.wait_readable(reading)
        data = os.read(reading, _READ)
        if not data:
            return
        await write(data)


def _close(pipe: int) -> None:
    anyio.notify_closing(pipe)
    os.close(pipe)


def _widen(pipe: int) -> None:
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)
    except OSError:
        return  # the user's share of pipe memory is used up: pipe(7)
