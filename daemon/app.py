"""The HTTP application: the table of all routes, and the layers around them.

Each row names who may use it; there is no default for that. A request passes CORS, errors, the path, the
method, the row's rule, and then reaches its endpoint: in this order, so that nobody learns what exists who
may not know.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from .access import LOGGED_IN, OPEN, Rule, needs
from .api import (
    accounts,
    archives,
    config,
    console,
    files,
    jobs,
    operations,
    search,
    servers,
    session,
    system,
    transfer,
    trash,
    uploads,
)
from .errors import ApiError, answer_for, error
from .parts import Call, Parts, SocketCall
from .tus import REQUEST_HEADERS, RESPONSE_HEADERS
from .unread import Unread

Endpoint = Callable[[Call], Awaitable[Response]]
SocketEndpoint = Callable[[SocketCall], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Row:
    """One route: its method, its path, who may use it, and what it does."""

    method: str
    path: str
    rule: Rule
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class SocketRow:
    """One WebSocket route. Its endpoint hears of a refusal and tells it in its own protocol."""

    path: str
    rule: Rule
    endpoint: SocketEndpoint


CONSOLE = needs("server.console.view", ticket=True)
DOWNLOAD = needs("server.files.download", ticket=True)
UPLOAD = needs("server.files.upload")
VIEW = needs("server.files.view")
MODIFY = needs("server.files.modify")
COMPRESS = needs("server.files.compress")

ROUTES: Sequence[Row] = (
    Row("GET", "/", OPEN, system.version),
    Row("GET", "/login", OPEN, session.login),
    Row("POST", "/login", OPEN, session.login),
    Row("GET", "/logout", LOGGED_IN, session.logout),
    Row("POST", "/logout", LOGGED_IN, session.logout),
    Row("GET", "/ott", LOGGED_IN, session.ticket),
    Row("GET", "/accounts", needs("accounts.view"), accounts.names),
    Row("POST", "/accounts", needs("accounts.create"), accounts.create),
    Row("PATCH", "/accounts", needs("accounts.update"), accounts.update),
    Row("DELETE", "/accounts", needs("accounts.delete"), accounts.delete),
    Row("GET", "/config", needs("config.view"), config.show),
    Row("PATCH", "/config", needs("config.edit"), config.edit),
    Row("GET", "/config/reload", needs("config.reload"), config.reload),
    Row("POST", "/config/reload", needs("config.reload"), config.reload),
    Row("GET", "/servers", needs("server.view"), servers.list_all),
    Row("GET", "/server/{id}", needs("server.view"), servers.show),
    Row("POST", "/server/{id}", needs("server.control"), servers.operate),
    Row("GET", "/server/{id}/console", CONSOLE, console.upgrade_needed),
    Row("GET", "/server/{id}/files", VIEW, files.contents),
    Row("PATCH", "/server/{id}/files", MODIFY, operations.bulk),
    Row("GET", "/server/{id}/file", DOWNLOAD, transfer.download),
    Row("POST", "/server/{id}/file", UPLOAD, transfer.upload),
    Row("PUT", "/server/{id}/file", UPLOAD, transfer.replace),
    Row("PATCH", "/server/{id}/file", MODIFY, operations.operate),
    Row("DELETE", "/server/{id}/file", MODIFY, operations.delete),
    Row("GET", "/server/{id}/folder", VIEW, search.size),
    Row("POST", "/server/{id}/folder", needs("server.files.createFolder"), operations.folder),
    Row("GET", "/server/{id}/search", VIEW, search.search),
    Row("GET", "/server/{id}/compress", COMPRESS, archives.progress),
    Row("POST", "/server/{id}/compress", COMPRESS, archives.compress),
    Row("GET", "/server/{id}/compress/v2", COMPRESS, archives.progress),
    Row("POST", "/server/{id}/compress/v2", COMPRESS, archives.compress),
    Row("POST", "/server/{id}/decompress", needs("server.files.decompress"), archives.decompress),
    Row("GET", "/server/{id}/trash", VIEW, trash.entries),
    Row("PATCH", "/server/{id}/trash", MODIFY, trash.restore),
    Row("DELETE", "/server/{id}/trash", MODIFY, trash.purge),
    Row("OPTIONS", "/server/{id}/uploads", UPLOAD, uploads.options),
    Row("POST", "/server/{id}/uploads", UPLOAD, uploads.create),
    Row("HEAD", "/server/{id}/uploads/{upload}", UPLOAD, uploads.show),
    Row("PATCH", "/server/{id}/uploads/{upload}", UPLOAD, uploads.add),
    Row("POST", "/server/{id}/uploads/{upload}", UPLOAD, uploads.override),
    Row("DELETE", "/server/{id}/uploads/{upload}", UPLOAD, uploads.remove),
    Row("GET", "/jobs", VIEW, jobs.list_all),
    Row("GET", "/jobs/events", VIEW, jobs.events),
    Row("GET", "/jobs/{job}", VIEW, jobs.show),
    Row("GET", "/jobs/{job}/events", VIEW, jobs.events_of),
    Row("DELETE", "/jobs/{job}", VIEW, jobs.cancel),
)

ALLOWED = (
    "X-Requested-With, Content-Type, Authorization, Username, Password, If-Match, If-Modified-Since, "
    f"If-None-Match, If-Range, If-Unmodified-Since, Range, {REQUEST_HEADERS}"
)
"""What pages of other origins may send."""

EXPOSED = f"Accept-Ranges, Content-Disposition, Content-Range, ETag, {RESPONSE_HEADERS}"
"""What they may read, beside the body."""

SOCKET_ROUTES: Sequence[SocketRow] = (SocketRow("/server/{id}/console", CONSOLE, console.view),)


class Resource:
    """All methods of one path."""

    def __init__(self, path: str, parts: Parts) -> None:
        self._parts = parts
        self._rows = {row.method: row for row in ROUTES if row.path == path}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        row = self._rows.get(request.method)
        if row is None and request.method == "OPTIONS":
            await Response(headers={"allow": ", ".join([*self._rows, "OPTIONS"])})(scope, receive, send)
            return
        if row is None and request.method == "HEAD":
            row = self._rows.get("GET")
        if row is None:
            raise ApiError(405, "wrong-method", f"Only {_listed(list(self._rows))} allowed!")
        identity = self._parts.access.check(row.rule, request, request.path_params.get("id"))
        response = await row.endpoint(Call(self._parts, request, identity))
        await response(scope, receive, send)


class SocketResource:
    """One WebSocket path."""

    def __init__(self, row: SocketRow, parts: Parts) -> None:
        self._row = row
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        socket = WebSocket(scope, receive, send)
        identity, refusal = None, None
        try:
            identity = self._parts.access.check(self._row.rule, socket, socket.path_params.get("id"))
        except ApiError as exc:
            refusal = exc
        await self._row.endpoint(SocketCall(self._parts, socket, identity, refusal))


class Errors:
    """Turns exceptions into answers, and paths into their plain form."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and answer for what is raised."""
        # Doubled and trailing slashes are normal in clients' URLs, and a redirect would lose their bodies.
        scope["path"] = re.sub("/{2,}", "/", scope["path"]).rstrip("/") or "/"
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as exc:
            if started:
                raise
            await answer_for(exc)(scope, receive, send)


class Cors:
    """Lets pages of any origin call us: they need a token for whatever matters."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the header to every answer; answer preflights here, without asking who it is."""
        names = {name for name, _ in scope["headers"]}
        if scope["type"] != "http" or b"origin" not in names:
            await self._app(scope, receive, send)
            return

        async def allowed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Access-Control-Allow-Origin"] = "*"
                headers["Access-Control-Expose-Headers"] = EXPOSED
            await send(message)

        if scope["method"] == "OPTIONS" and b"access-control-request-method" in names:
            headers = {
                "Access-Control-Allow-Methods": "GET, POST, PUT, HEAD, OPTIONS, PATCH, DELETE",
                "Access-Control-Allow-Headers": ALLOWED,
            }
            await Response(headers=headers)(scope, receive, allowed)
            return
        await self._app(scope, receive, allowed)


def build(parts: Parts) -> ASGIApp:
    """Return the application."""
    paths = dict.fromkeys(row.path for row in ROUTES)
    routes = [Route(path, Resource(path, parts)) for path in paths]
    sockets = [WebSocketRoute(row.path, SocketResource(row, parts)) for row in SOCKET_ROUTES]
    return Cors(Unread(Errors(Router([*routes, *sockets], redirect_slashes=False, default=_unknown))))


async def _unknown(scope: Scope, receive: Receive, send: Send) -> None:
    await error(404, "no-such-endpoint", "This endpoint does not exist!")(scope, receive, send)


def _listed(methods: Sequence[str]) -> str:
    *most, last = methods
    return f"{', '.join(most)} and {last} are" if most else f"{last} is"
