"""The HTTP application: the routes of `routes.py`, and the layers around them.

A request passes the proxies, the headers, CORS, errors, the path, the method, the row's rule, and then
reaches its endpoint: in this order, so that nobody learns what exists who may not know.
"""

import re
from collections.abc import Sequence
from contextlib import ExitStack
from time import perf_counter

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from .access import Identity, Refused, address_of
from .attempt import Attempt
from .cors import Cors
from .errors import ApiError, answer_for, error
from .forwarded import Forwarded
from .hardening import Hardened
from .parts import Call, Parts, SocketCall
from .requestcounts import OTHER, UNKNOWN, WEBSOCKET
from .routes import ROUTES, SOCKET_ROUTES, SocketRow
from .unread import Unread


class Resource:
    """All methods of one path."""

    def __init__(self, path: str, parts: Parts) -> None:
        self._parts = parts
        self._path = path
        self._count = parts.metrics.requests.count
        self._rows = {row.method: row for row in ROUTES if row.path == path}
        head = ["HEAD"] if "GET" in self._rows else []
        self._allowed = ", ".join(dict.fromkeys([*self._rows, *head, "OPTIONS"]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        begin = perf_counter()
        request = Request(scope, receive)
        row = self._rows.get(request.method)
        if row is None and request.method == "OPTIONS":
            self._count(self._path, request.method, 200)
            await Response(headers={"Allow": self._allowed})(scope, receive, send)
            return
        if row is None and request.method == "HEAD":
            row = self._rows.get("GET")
        if row is None:
            answer = error(405, "wrong-method", f"Only {_listed(list(self._rows))} allowed!")
            answer.headers["Allow"] = self._allowed  # RFC 9110, section 15.5.6
            self._count(self._path, OTHER, 405)
            await answer(scope, receive, send)
            return
        server = request.path_params.get("id")
        attempt = Attempt(self._parts.audit, row.action, server)
        identity: Identity | None = None
        response: Response
        with ExitStack() as place:
            try:
                identity = self._parts.access.check(row.rule, request, server)
                place.enter_context(self._parts.transport.quotas.request(identity))
                response = await row.endpoint(Call(self._parts, request, identity, row.rule, attempt))
            except Exception as exc:  # noqa: BLE001  (answered, and logged where nobody expected it)
                if isinstance(exc, Refused):
                    identity = exc.who
                response = answer_for(exc)
            attempt.answered(response, identity, address_of(request), changes=row.changes)
            self._count(self._path, row.method, response.status_code, perf_counter() - begin)
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
        with ExitStack() as place:
            try:
                identity = self._parts.access.check(self._row.rule, socket, socket.path_params.get("id"))
                place.enter_context(self._parts.transport.quotas.web_socket(identity))
            except ApiError as exc:
                refusal = exc
                who = exc.who if isinstance(exc, Refused) else None
                attempt = Attempt(self._parts.audit, self._row.action, socket.path_params.get("id"))
                attempt.answered(answer_for(exc), who, address_of(socket), changes=False)
            status = 101 if refusal is None else refusal.status
            self._parts.metrics.requests.count(self._row.path, WEBSOCKET, status)
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


def build(parts: Parts) -> ASGIApp:
    """Return the application."""
    paths = dict.fromkeys(row.path for row in ROUTES)
    routes = [Route(path, Resource(path, parts)) for path in paths]
    sockets = [WebSocketRoute(row.path, SocketResource(row, parts)) for row in SOCKET_ROUTES]
    way = parts.transport
    unknown = _Unknown(parts)
    app: ASGIApp = Errors(Router([*routes, *sockets], redirect_slashes=False, default=unknown))
    app = Cors(Unread(app), way.callers)
    return Forwarded(Hardened(app, lambda: way.hsts), way.proxies)


class _Unknown:
    def __init__(self, parts: Parts) -> None:
        self._count = parts.metrics.requests.count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._count(UNKNOWN, OTHER, 404)
        await error(404, "no-such-endpoint", "This endpoint does not exist!")(scope, receive, send)


def _listed(methods: Sequence[str]) -> str:
    *most, last = methods
    return f"{', '.join(most)} and {last} are" if most else f"{last} is"
