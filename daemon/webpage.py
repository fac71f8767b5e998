"""The web page: its files, each with the headers that make a browser trust nothing else.

Rules:
- Nothing is read before somebody asks. Then all files are, in a thread; from there on answers come from
  memory, so a flood of requests costs no thread and no disk.
- `index.html` has a fresh nonce in each answer, which alone lets what is no file of ours be a
  script or a style; so it is kept nowhere, and compressed when it is sent.
- A page that was built anew is noticed when it is asked for, `LOOK` seconds after the last look at most.
- What is large goes out bit by bit, as the client takes it: many that take nothing hold next to nothing.
"""

import gzip
import logging
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping

import anyio
import anyio.to_thread
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .conditions import outcome
from .config import Config
from .encodings import encoding_for
from .errors import error
from .head import Head
from .requestcounts import OTHER, RequestCounts
from .webfiles import INDEX, Stamp, WebFile, read_files, stamp_of

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "webui")
"""Where `webui/` is built into, and the wheel has it."""

PLACEHOLDER = b"__CSP_NONCE__"

LOOK = 0.5
"""Seconds for which a look at the disk is good."""

PART = 64 << 10
"""Bytes that are given to a connection at once."""

COUNTED = "webUI"
"""The path of its requests in the counts: not what a client has written."""

NOT_BUILT = (
    "Holdfast runs, but its web page was not built. In a checkout, python3 scripts/webui.py build does it,"
    " and so does scripts/run; an installed package has it. The API is below /api."
)

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'nonce-{nonce}'",
        "style-src 'self' 'nonce-{nonce}'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_WORKER = "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'"
"""A worker has the policy that its own script came with. It opens no page that way."""

_ALWAYS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), usb=()"
    ),
}

log = logging.getLogger("holdfast.webui")


class WebPage:
    """Answers for a folder that the page is built into."""

    def __init__(self, counts: RequestCounts, folder: str = FOLDER) -> None:
        self.on_api_port = False
        """Whether it is served at `/ui/` of the API's port, too."""
        self._folder = folder
        self._count = counts.count
        self._files: Mapping[str, WebFile] = {}
        self._stamp: Stamp | None = None
        self._looked: float | None = None
        self._looking = anyio.Lock()
        self._told = False

    async def configure(self, config: Config) -> None:
        """Follow a new config; say it, once, if there is no page to serve."""
        self.on_api_port = config.web_ui.on_api_port
        if (config.web_ui.enabled or self.on_api_port) and not self._told and stamp_of(self._folder) is None:
            self._told = True
            log.warning("the web page was not built: %s/index.html is missing", self._folder)

    def waits(self, method: str) -> bool:
        """Tell whether the answer waits before it begins: never, since it looks at the disk by itself."""
        del method
        return False

    def begin(self, head: Head, receive: Receive | None, values: Mapping[str, str]) -> Response:
        """Answer a request for `values["path"]`, a path in the folder."""
        del receive
        path, method = values["path"], head.method
        if method not in ("GET", "HEAD"):
            self._count(COUNTED, OTHER, 405)
            answer = error(405, "wrong-method", "Only GET and HEAD are allowed!")
            answer.headers["Allow"] = "GET, HEAD"
            return answer
        if path == "/":
            path = INDEX
        # The page is asked for first, so its files are looked for when it is.
        if self._looked is None or (path == INDEX and time.monotonic() - self._looked > LOOK):
            return _Late(lambda: self._after_look(head, path))
        return self._answer(head, path)

    def redirect(self, head: Head) -> Response:
        """Send a browser from `/ui` to `/ui/`: the page's own addresses are relative."""
        self._count(COUNTED, head.method if head.method in ("GET", "HEAD") else OTHER, 308)
        query: bytes = head.scope["query_string"]
        # Relative, for it may be behind a proxy that puts it below another path.
        where = b"ui/" + (b"?" + query if query else b"")
        return Response(
            status_code=308, headers={"Location": where.decode("latin-1"), "Cache-Control": "no-cache"}
        )

    async def _after_look(self, head: Head, path: str) -> Response:
        await self._look()
        return self._answer(head, path)

    async def _look(self) -> None:
        """Take in what is built now, if that is not what we have; one look serves all who ask meanwhile."""
        asked = time.monotonic()
        async with self._looking:
            if self._looked is not None and self._looked >= asked:
                return
            began = time.monotonic()
            stamp = await anyio.to_thread.run_sync(stamp_of, self._folder)
            if stamp != self._stamp:
                # If it is being built just now, the index changes again, and then we look again.
                files = {} if stamp is None else await anyio.to_thread.run_sync(read_files, self._folder)
                self._stamp, self._files = stamp, files
            self._looked = began

    def _answer(self, head: Head, path: str) -> Response:
        file = self._files.get(path)
        if file is not None:
            answer = self._index(head, file) if path == INDEX else _file(head, file)
        elif path == INDEX and self._stamp is None:
            answer = Response(f"{NOT_BUILT}\n", 503, {"Cache-Control": "no-store"}, "text/plain")
        else:
            answer = error(404, "no-such-endpoint", "This endpoint does not exist!")
        self._count(COUNTED, head.method, answer.status_code)
        return answer

    def _index(self, head: Head, file: WebFile) -> Response:
        nonce = secrets.token_urlsafe(18)
        body = file.forms[""].replace(PLACEHOLDER, nonce.encode())
        headers = {
            **_ALWAYS,
            "Content-Security-Policy": _POLICY.format(nonce=nonce),
            "Cache-Control": "no-store",
            "Vary": "Accept-Encoding",
        }
        if encoding_for(head.text(b"accept-encoding"), ("gzip",)):
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, 5, mtime=0)
        return Response(body, headers=headers, media_type=file.media_type)


def _file(head: Head, file: WebFile) -> Response:
    encoding = encoding_for(head.text(b"accept-encoding"), file.forms)
    lasts = "public, max-age=31536000, immutable" if file.lasting else "no-cache"
    headers = {**_ALWAYS, "Cache-Control": lasts, "ETag": file.etag(encoding)}
    if len(file.forms) > 1:
        headers["Vary"] = "Accept-Encoding"
    # There is no date to compare with: all that was built together has the same.
    status = outcome(Headers(raw=head.scope["headers"]), headers["ETag"], 0) if _asks(head) else None
    if status == 412:
        return error(412, "modified", "The file is not what it was!")
    if status == 304:
        return Response(status_code=304, headers=headers)
    if encoding:
        headers["Content-Encoding"] = encoding
    if file.media_type.startswith("text/javascript"):
        headers["Content-Security-Policy"] = _WORKER
    body = file.forms[encoding]
    kind = _InParts if len(body) > PART and head.method == "GET" else Response
    return kind(body, headers=headers, media_type=file.media_type)


def _asks(head: Head) -> bool:
    return b"if-none-match" in head.headers or b"if-match" in head.headers


class _Late(Response):
    """An answer that is not known before the disk was looked at."""

    def __init__(self, answer: Callable[[], Awaitable[Response]]) -> None:
        super().__init__()
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find the answer, and send it."""
        await (await self._answer())(scope, receive, send)


class _InParts(Response):
    """An answer from memory that is sent as fast as it is taken."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; each part waits until the ones before it have left, but for what the socket holds."""
        del scope, receive
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body = memoryview(bytes(self.body))
        for at in range(0, len(body), PART):
            part = {"type": "http.response.body", "body": bytes(body[at : at + PART]), "more_body": True}
            await send(part)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
