"""The HTTP application: what a request passes before the routes of `routes.py`, and its answer behind them.

A request passes the proxies, CORS, errors, the path, the method, the row's rule, and then reaches its
endpoint: in this order, so that nobody learns what exists who may not know. The answer gets its headers.

There are two ways through, and one check: what waits is a task as ASGI has it; what needs nothing to wait for
is answered within the call (`at_once`), which is most of what clients poll.
"""

import re
from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .asked import Asked
from .cors import preflight
from .envelope import Envelope, Outlet, Whole
from .errors import answer_for, error
from .forwarded import believe
from .head import Head
from .parts import Parts
from .paths import Paths
from .quotas import Place
from .requestcounts import OTHER, UNKNOWN
from .resources import Answering, Begun, Resource, SocketResource
from .routes import ROUTES, SOCKET_ROUTES
from .unread import heard_out

_SLASHES = re.compile("/{2,}")


class Tables:
    """What answers for each path: the same for all ways in."""

    def __init__(self, parts: Parts) -> None:
        paths = dict.fromkeys(row.path for row in ROUTES)
        self.resources: Paths[Answering] = Paths({path: Resource(path, parts) for path in paths})
        self.sockets = Paths({row.path: SocketResource(row, parts) for row in SOCKET_ROUTES})


class Application:
    """Answers requests and serves WebSockets."""

    def __init__(self, parts: Parts, tables: Tables | None = None) -> None:
        tables = tables or Tables(parts)
        self._resources = tables.resources
        self._sockets = tables.sockets
        self._count = parts.metrics.requests.count
        self._way = parts.transport

    def find(self, path: str) -> tuple[Answering, Mapping[str, str]] | None:
        """Return what answers a request for a path, and what the path says.

        Doubled and trailing slashes are normal in clients' URLs, and a redirect would lose their bodies.
        """
        return self._resources.find(plain(path))

    def find_socket(self, path: str) -> tuple[SocketResource, Mapping[str, str]] | None:
        """Return the same for a WebSocket."""
        return self._sockets.find(plain(path))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or serve a WebSocket."""
        believe(scope, self._way.proxies)
        head = Head(scope)
        envelope = Envelope(head, self._way)
        outlet = Outlet(scope, send, envelope)
        if scope["type"] != "http":
            await self._serve(head, receive, outlet)
            return
        watched = heard_out(head, receive, outlet.send)
        if watched is not None:
            receive, _ = watched
        begun = self._begin(head, receive, envelope, self.find(scope["path"]))
        await _finish(
            begun, _place_of(begun), outlet, scope, receive, None if watched is None else watched[1]
        )

    def understood(self, scope: Scope) -> Asked | None:
        """Return what a request without a body asks for; None if whatever answers it has to wait."""
        found = self.find(scope["path"])
        if found is not None and found[0].waits(scope["method"]):
            return None
        believe(scope, self._way.proxies)
        head = Head(scope)
        return Asked(head, Envelope(head, self._way), found, self._way.generation)

    def holds(self, asked: Asked) -> bool:
        """Tell whether it would be understood in the same way now."""
        return asked.generation == self._way.generation

    def at_once(self, asked: Asked) -> Whole | ASGIApp:
        """Return the answer to a request, or what is to be called if the answer has to wait after all."""
        begun = self._begin(asked.head, None, asked.envelope, asked.found)
        if (whole := asked.whole(begun.answer if isinstance(begun, Begun) else begun)) is not None:
            return whole
        place = _place_of(begun)

        async def go_on(scope: Scope, receive: Receive, send: Send) -> None:
            await _finish(begun, place, Outlet(scope, send, asked.envelope), scope, receive, None)

        return go_on

    def _begin(
        self,
        head: Head,
        receive: Receive | None,
        envelope: Envelope,
        found: tuple[Answering, Mapping[str, str]] | None,
    ) -> Begun | Response:
        if envelope.told is not None and (answer := preflight(head, envelope.told)) is not None:
            return answer
        if found is None:
            return self._unknown()
        return found[0].begin(head, receive, found[1])

    async def _serve(self, head: Head, receive: Receive, outlet: Outlet) -> None:
        """Serve a WebSocket."""
        scope = head.scope
        found = self.find_socket(scope["path"])
        try:
            if found is None:
                await self._unknown()(scope, receive, outlet.send)
                return
            resource, values = found
            scope["path_params"] = values
            await resource.serve(head, receive, outlet.send, values)
        except Exception as exc:
            if outlet.begun:
                raise
            await answer_for(exc)(scope, receive, outlet.send)

    def _unknown(self) -> Response:
        self._count(UNKNOWN, OTHER, 404)
        return error(404, "no-such-endpoint", "This endpoint does not exist!")


async def _finish(
    begun: Begun | Response, place: Place, outlet: Outlet, scope: Scope, receive: Receive, send: Send | None
) -> None:
    """Wait for an answer and send it, by `send` if that is given; the account's place is taken until then."""
    with place:
        try:
            answer = await begun.wait() if isinstance(begun, Begun) else begun
            if send is not None or not await outlet.sent_whole(answer):
                await answer(scope, receive, send or outlet.send)
        except Exception as exc:
            if outlet.begun:
                raise
            await answer_for(exc)(scope, receive, send or outlet.send)


def _place_of(begun: Begun | Response) -> Place:
    return begun.place() if isinstance(begun, Begun) else Place()


def plain(path: str) -> str:
    """Return the plain form of a path."""
    if "//" not in path and not path.endswith("/"):
        return path
    return _SLASHES.sub("/", path).rstrip("/") or "/"
