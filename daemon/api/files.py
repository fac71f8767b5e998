"""`/server/{id}/files`: what is in a folder."""

from collections.abc import Iterator
from itertools import islice
from json.encoder import encode_basestring

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from filemgr import Listed, Root, list_folder

from ..described import described, json_of
from ..errors import NO_FOLDER, saying
from ..parts import Call
from ..schemas import IN_FOLDER, path_to

_SLICE = 500
"""Entries that become JSON at once: while they do, nothing else runs."""


@described(
    "Files",
    query=(path_to("the folder", "logs"),),
    answers={200: json_of("Listing", "What is in it")},
    errors=(IN_FOLDER, {400: "not-a-folder", 404: "no-such-file"}),
)
async def contents(call: Call) -> Response:
    """What is in a folder. The JSON is made in the thread, and in slices: a folder may be very large."""
    path = call.path("path", "folder")

    def work(root: Root) -> list[bytes]:
        return list(_json(list_folder(root, path)))

    with saying(NO_FOLDER):
        return _Slices(await call.inside(work))


class _Slices(Response):
    """A JSON answer that is not joined, since that would hold up the event loop."""

    media_type = "application/json"

    def __init__(self, slices: list[bytes]) -> None:
        super().__init__(headers={"Content-Length": str(sum(map(len, slices)))})
        self._slices = slices

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        head = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        await send(head)
        for part in self._slices:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _json(entries: Iterator[Listed]) -> Iterator[bytes]:
    yield b'{"contents":['
    comma = b""
    while rows := ",".join([_row(entry) for entry in islice(entries, _SLICE)]):
        yield comma + rows.encode()
        comma = b","
    yield b"]}"


def _row(entry: Listed) -> str:
    # As json.dumps would write it, in half of the time that a dictionary of each row takes.
    name, mime = encode_basestring(entry.name), encode_basestring(entry.mime)
    folder = "true" if entry.folder else "false"
    return (
        f'{{"name":{name},"size":{entry.size},"mimeType":{mime},"folder":{folder},'
        f'"lastModified":{entry.modified},"mode":"{entry.mode:03o}"}}'
    )
