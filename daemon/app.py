"""The HTTP application: the routes of `routes.py`, and the layers around them.

A request passes CORS, errors, the path, the
method, the row's rule, and then reaches its endpoint: in this order, so that nobody learns what exists who
may not know.
"""

import re
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from .errors import ApiError, answer_for, error
from .parts import Call, Parts, SocketCall
from .routes import ROUTES, SOCKET_ROUTES, SocketRow
from .tus import REQUEST_HEADERS, RESPONSE_HEADERS
from .unread import Unread

ALLOWED = (
    "X-Requested-With, Content-Type, Authorization, Username, Password, X-OTP, If-Match, If-Modified-Since, "
    f"If-None-Match, If-Range, If-Unmodified-Since, Range, {REQUEST_HEADERS}"
)
"""What pages of other origins may send."""

EXPOSED = f"Accept-Ranges, Content-Disposition, Content-Range, ETag, Retry-After, {RESPONSE_HEADERS}"
"""What they may read, beside the body."""


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
        response = await row.endpoint(Call(self._parts, request, identity, row.rule))
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
